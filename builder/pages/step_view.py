"""A run's steps as the page shows them: one entry a visit, each with its node type's icon and its reason in words."""

from dataclasses import dataclass, field

from runtime.engine import registry
from runtime.engine.node_type import GROUPS
from runtime.models import Run, StepRun

OPERATORS = {
    "equals": "is", "not_equals": "is not", "contains": "contains", "not_contains": "does not contain",
    "starts_with": "starts with", "ends_with": "ends with", "matches": "matches", "in_list": "is one of",
    "greater": "is greater than", "at_least": "is at least", "less": "is less than", "at_most": "is at most",
    "between": "is between", "is_empty": "is empty", "is_set": "is set", "is_true": "is true",
    "is_false": "is false", "before": "is before", "after": "is after", "within_last": "is within the last",
}  # fmt: skip
ALONE = {"is_empty", "is_set", "is_true", "is_false"}


@dataclass
class Reason:
    """One looked-at condition in words, with the value it had."""

    text: str
    value: object
    operator: str
    right: object
    result: bool


@dataclass
class BranchReason:
    title: str
    result: bool
    conditions: list[Reason] = field(default_factory=list)


@dataclass
class StepView:
    """The last try of one visit, and how many there were."""

    step: StepRun
    tries: list[StepRun]
    icon: str
    color: str
    type_label: str
    reasons: list[BranchReason]
    summary: str

    @property
    def open(self):
        return self.step.status in ("failed", "unknown", "waiting")

    @property
    def printed(self):
        """What a program wrote to its console, also where it failed."""
        error = self.step.error or {}
        for said in (self.step.output, error.get("detail")):
            if isinstance(said, dict) and isinstance(said.get("console"), list):
                return "\n".join(map(str, said["console"]))
        return ""


def steps_of(run: Run) -> list[StepView]:
    """One entry per visit, in order."""
    visits: dict[int, list[StepRun]] = {}
    for step in run.steps.all():
        visits.setdefault(step.index, []).append(step)
    names = _port_names(run.version.document)
    return [_view(tries, names) for _, tries in sorted(visits.items())]


def _view(tries, names):
    step = tries[-1]
    kind = registry.find(step.type)
    color = GROUPS[kind.group]["color"] if kind else "slate"
    reasons = [_branch(step, branch, names) for branch in (step.reason or {}).get("branches") or []]
    return StepView(
        step, tries, kind.icon if kind else "help", color, kind.label if kind else step.type, reasons,
        _summary(step, names),
    )  # fmt: skip


def compared(rows) -> list[Reason]:
    """Conditions as a step's reason and a passed over event keep them."""
    return [
        Reason(
            str(row.get("left", "")).strip("{} "),
            row.get("left_value"),
            OPERATORS.get(row.get("operator"), row.get("operator", "")),
            None if row.get("operator") in ALONE else _listed(row.get("right_value", row.get("right"))),
            bool(row.get("result")),
        )
        for row in rows or []
    ]


def _listed(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _branch(step, branch, names):
    holds = bool(branch.get("result"))
    label = names.get((step.node, branch.get("id"))) or str(branch.get("id", ""))
    title = f"Why {label}" if holds else f"Why not {label}"
    if step.reason.get("trigger"):
        title = "Why it started" if holds else "Tried by hand; live, this event would have been passed over"
    return BranchReason(title, holds, compared(branch.get("conditions")))


def _summary(step, names):
    """What happened, in a line."""
    if step.error:
        return str(step.error.get("message", ""))
    if step.reason and step.port and not step.reason.get("trigger"):
        return f"took {names.get((step.node, step.port)) or step.port}"
    output = step.output if isinstance(step.output, dict) else {}
    if "status" in output:
        return f"answered {output['status']}"
    return "on error" if step.port == "error" else ""


def _port_names(document):
    """{(node id, port id): the branch's label}."""
    names = {}
    for node in document.get("nodes") or []:
        for branch in (node.get("config") or {}).get("branches") or []:
            if isinstance(branch, dict):
                names[node.get("id"), branch.get("id")] = branch.get("label") or branch.get("id")
        names[node.get("id"), "else"] = "Otherwise"
    return names
