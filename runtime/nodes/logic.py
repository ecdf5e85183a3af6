"""Set variables, decide, wait."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine.errors import StepError
from runtime.engine.fields import (
    Choice,
    Conditions,
    List,
    LongText,
    Object,
    TextField,
    VariableName,
)
from runtime.engine.node_type import NodeType
from runtime.engine.outcomes import Done, Outcome
from runtime.engine.values import items_of

EVERYWHERE = ("post_call", "action", "inbound", "conversation", "automation")


class SetVariable(NodeType):
    """Sets one or more variables, from plain text, other variables, or calculations made earlier.

    Later steps read them as `{{vars.<name>}}`. A number, a truth value or JSON is kept as such.
    """

    type, label, icon, order = "set_variable", "Set variable", "pencil", 1
    kinds = EVERYWHERE
    keywords = ("assign", "remember", "let")
    assignments = List(
        "Variables", required=True, max_items=50,
        item=Object(fields={
            "name": VariableName("Name", required=True),
            "type": Choice("Type", options=["text", "number", "boolean", "json"], default="text"),
            "value": LongText("Value"),
        }),
    )  # fmt: skip
    summary = ({"field": "assignments", "as": "names"},)
    outputs = ({"each": "assignments", "name": "name", "type": "type", "scope": "vars"},)
    example = {
        "type": "set_variable", "key": "vars", "label": "Topic",
        "config": {"assignments": [{"name": "topic", "type": "text", "value": "Call {{interaction.id}}"}]},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        variables: dict[str, Any] = {}
        for row in step.config["assignments"] or []:
            variables[row["name"]] = _typed(step, row)
        return Done(output=dict(variables), variables=variables)


class Decision(NodeType):
    """Sends the run down the first branch whose conditions hold, otherwise along Otherwise.

    The run keeps the values compared, so that "why did it go here?" has an answer.
    """

    type, label, icon, order = "decision", "Decision", "branch", 2
    kinds = EVERYWHERE
    keywords = ("if", "branch", "switch", "route", "condition")
    branches = List(
        "Branches", required=True, max_items=20,
        item=Object(fields={
            "id": TextField("Id", required=True, template=False, pattern=r"[A-Za-z0-9_-]{1,64}"),
            "label": TextField("Label", template=False, max_length=80),
            "conditions": Conditions("If", required=True),
        }),
    )  # fmt: skip
    ports = ({"each": "branches", "id": "id", "label": "label"}, {"id": "else", "label": "Otherwise"})
    summary = ("if ", {"field": "branches", "as": "conditions"})
    example = {
        "type": "decision", "key": "check", "label": "Escalated?",
        "config": {"branches": [{"id": "esc", "label": "Escalated", "conditions": {"any": [
            {"left": "{{interaction.DISPOSITION}}", "operator": "equals", "right": "escalated"}]}}]},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        ids = [row.get("id") for row in items_of(node.config.get("branches")) if isinstance(row, Mapping)]
        for position, branch_id in enumerate(ids):
            if branch_id in ids[:position] or branch_id in ("else", "error"):
                yield "F006", f"/config/branches/{position}/id", f"The branch id {branch_id!r} is taken."

    def run(self, step: Any) -> Outcome:
        tried: list[dict[str, Any]] = []
        taken = "else"
        for branch in step.config["branches"] or []:
            # Those after the one that is taken are asked too, for "why not there?"; what they lack is no warning.
            holds, compared = step.conditions(branch["conditions"], quietly=taken != "else")
            tried.append({"id": branch["id"], "result": holds, "conditions": compared})
            if holds and taken == "else":
                taken = branch["id"]
        return Done(output={"branch": taken}, port=taken, reason={"branches": tried})


def _typed(step: Any, row: Mapping[str, Any]) -> Any:
    """The assignment's value as its type: a lone placeholder keeps the type it has, text is read."""
    value, kind, name = step.value(row.get("value") or ""), row.get("type", "text"), row["name"]
    if kind == "text":
        return value if isinstance(value, str) else step.text(row.get("value") or "")
    if value in (None, ""):
        return None
    if kind == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else _number(name, value)
    if kind == "boolean":
        return value if isinstance(value, bool) else _boolean(name, value)
    return step.json(row["value"])


def _number(name: str, value: Any) -> float | int:
    try:
        number = float(str(value).strip())
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError
    except ValueError:
        raise StepError(f"{name} should become a number, but is {str(value)[:80]!r}.", code="not_a_number") from None
    return int(number) if number.is_integer() and "." not in str(value) and abs(number) < 1e15 else number


def _boolean(name: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "yes", "1", "on"):
        return True
    if word in ("false", "no", "0", "off"):
        return False
    raise StepError(f"{name} should become true or false, but is {str(value)[:80]!r}.", code="not_a_boolean")
