"""A node type is declared once: one class in one file is the palette entry, the form, the ports, the checks, the run.

Subclassing with a `type` registers it. Class attributes that are Fields become the form, in the order of declaration;
the docstring is the help text. `ports` and `outputs` are data (SETTLED section 2), so that Python and JavaScript
derive the same thing from them. An output `named_by` a field has the name that is written there, if one is.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from runtime.engine import registry
from runtime.engine.field import Field
from runtime.engine.fields import check_config, config_texts
from runtime.engine.outcomes import Done, Outcome
from runtime.engine.values import items_of

if TYPE_CHECKING:
    from runtime.engine.graph import Graph, Node

GROUPS: dict[str, dict[str, Any]] = {
    "trigger": {"id": "trigger", "label": "Triggers", "order": 1, "color": "violet"},
    "logic": {"id": "logic", "label": "Logic", "order": 2, "color": "amber"},
    "data": {"id": "data", "label": "Data and AI", "order": 3, "color": "blue"},
    "conversation": {"id": "conversation", "label": "Conversation", "order": 4, "color": "teal"},
    "services": {"id": "services", "label": "Services", "order": 5, "color": "green"},
    "answer": {"id": "answer", "label": "Answer and end", "order": 6, "color": "slate"},
}
FLOW_APP = {"id": "flow", "label": "Flow", "icon": "branch"}
NEXT = ({"id": "next", "label": "Next", "required": True},)
SUCCESS_OR_ERROR = (
    {"id": "success", "label": "Success", "required": True},
    {"id": "error", "label": "On error", "when": {"setting": "on_error", "in": ["branch"]}},
)


@dataclass(frozen=True, slots=True)
class Port:
    """One way out of a node; at most one edge leaves by it. An unconnected optional port ends the run."""

    id: str
    label: str
    required: bool


class Step(Protocol):
    """What a running node sees: its config rendered on demand, the visit it is in, and nothing of the runner."""

    config: Mapping[str, Any]
    scope: Mapping[str, Any]
    attempt: int
    now: datetime
    mode: str
    timeout: float
    idempotency_key: str
    contact_zone: str | None
    workspace_id: Any
    zone: tzinfo
    kind: str
    handed_over: bool

    @property
    def came(self) -> Mapping[str, Any]: ...
    @property
    def called_number(self) -> str: ...
    @property
    def waited_for(self) -> Mapping[str, Any]: ...

    def text(self, value: str) -> str: ...
    def value(self, value: Any) -> Any: ...
    def json(self, text: str) -> Any: ...
    def url(self, text: str) -> str: ...
    def header(self, text: str) -> str: ...
    def conditions(self, value: Any, quietly: bool = False) -> tuple[bool, list[dict[str, Any]]]: ...
    def warn(self, code: str, message: str) -> None: ...
    def record_request(self, request: Mapping[str, Any]) -> None: ...
    def reference(self, label: str, value: Any) -> None: ...
    def connection(self, connection_id: str | None) -> Any: ...


class NodeType:
    """The contract. `effect` is none | repeatable | keyed | once (ARCHITECTURE section 6)."""

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1
    label: ClassVar[str] = ""
    app: ClassVar[Mapping[str, str]] = FLOW_APP
    group: ClassVar[str] = "logic"
    order: ClassVar[int] = 50
    icon: ClassVar[str] = "zap"
    keywords: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[tuple[str, ...]] = ()
    trigger: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    can_disable: ClassVar[bool] = True
    effect: ClassVar[str] = "none"
    calls_out: ClassVar[bool] = False  # HTTP, mail, a database; /metrics counts how it went
    timeout_seconds: ClassVar[float] = 10
    attempts: ClassVar[int] = 1  # unless the node's settings say otherwise
    longest_pause: ClassVar[float] = 3600  # seconds between two tries, whatever a peer asks for
    summary: ClassVar[tuple[Any, ...]] = ()
    ports: ClassVar[tuple[Mapping[str, Any], ...]] = NEXT
    outputs: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    example: ClassVar[Mapping[str, Any]] = {}
    fields: ClassVar[Mapping[str, Field]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        inherited = dict(cls.fields)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        cls.fields = {**inherited, **own}
        if cls.type and "type" in vars(cls):
            registry.register(cls())

    def run(self, step: Step) -> Outcome:
        """Do the step. Expected failures are raised as StepError or returned as Fail."""
        raise NotImplementedError(f"{self.type} does not run.")

    def resume(self, step: Step, event: Mapping[str, Any] | None) -> Outcome:
        """Go on after a Wait; the default leaves at the first port with what came."""
        return Done(output=dict(event or {}), port=self.ports_of(step.config, {})[0].id)

    def check(self, node: "Node", graph: "Graph") -> Iterator[tuple[str, str, str]]:
        """Problems only this type knows of: (code, JSON Pointer from the node, message)."""
        return iter(())

    def check_kind(self, config: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
        """What this type cannot do in a flow of `kind`, though it may stand there: (JSON Pointer, message)."""
        return iter(())

    def effect_of(self, config: Mapping[str, Any]) -> str:
        """What a node so configured does to the world; `effect` is the most that any of this type does."""
        return self.effect

    @property
    def help(self) -> str:
        return inspect.cleandoc(type(self).__doc__ or "")

    @property
    def group_order(self) -> int:
        return int(GROUPS[self.group]["order"])

    def config_of(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Every field's stored value or its default."""
        return {name: field.value_in(config) for name, field in self.fields.items()}

    def check_fields(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        return check_config(self.fields, config)

    def texts_of(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        return config_texts(self.fields, config)

    def ports_of(self, config: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Port]:
        values = self.config_of(config)
        return [port for declared in self.ports for port in _ports(declared, values, settings)]

    def outputs_of(self, config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """What the node gives: {"name", "label", "type", "sample", "scope", "ports"}."""
        values = self.config_of(config)
        for declared in self.outputs:
            if "each" not in declared:
                name = values.get(declared["named_by"]) if "named_by" in declared else declared["name"]
                if isinstance(name, str) and name:
                    kept = {"label": name, "sample": None, "scope": "steps", "ports": None, **declared}
                    yield {**kept, "name": name}
                continue
            for row in items_of(values.get(declared["each"])):
                if isinstance(row, dict) and isinstance(row.get(declared["name"]), str):
                    name = row[declared["name"]]
                    kind = row.get(declared.get("type", ""), "any")
                    yield {"name": name, "label": name, "type": _VARIABLE_TYPES.get(kind, kind), "sample": None,
                           "scope": declared["scope"], "ports": None}  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """This type as the catalogue shows it (SETTLED section 2)."""
        return {
            "type": self.type, "version": self.version, "label": self.label, "app": dict(self.app),
            "group": GROUPS[self.group], "icon": self.icon, "help": self.help, "keywords": list(self.keywords),
            "trigger": self.trigger, "kinds": list(self.kinds), "effect": self.effect, "waits": self.waits,
            "can_disable": self.can_disable, "summary": list(self.summary),
            "fields": [field.describe() for field in self.fields.values()],
            "ports": [dict(port) for port in self.ports], "outputs": [dict(output) for output in self.outputs],
            "example": dict(self.example),
        }  # fmt: skip


_VARIABLE_TYPES = {"string": "text", "integer": "number", "array": "list", "json": "any", "enum": "text"}


def _ports(declared: Mapping[str, Any], config: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Port]:
    when = declared.get("when")
    if when is not None and not _applies(when, config, settings):
        return
    if "each" in declared:
        for row in items_of(config.get(declared["each"])):
            if isinstance(row, dict) and isinstance(row.get(declared["id"]), str):
                yield Port(row[declared["id"]], str(row.get(declared["label"]) or row[declared["id"]]), True)
        return
    yield Port(declared["id"], declared["label"], bool(declared.get("required", False)))


def _applies(when: Mapping[str, Any], config: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    if "all" in when:
        return all(_applies(part, config, settings) for part in when["all"])
    if "any" in when:
        return any(_applies(part, config, settings) for part in when["any"])
    if "setting" in when:
        return settings.get(when["setting"]) in when["in"]
    return config.get(when["field"]) in when["in"]
