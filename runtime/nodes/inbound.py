"""Start before the agent answers: give it variables about who is calling."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine.fields import AgentRefs, Choice, Duration, JsonValue, List, Object, TextField
from runtime.engine.json_schema import validate
from runtime.engine.values import items_of
from runtime.nodes.triggers import Trigger

TYPES = ["string", "number", "integer", "boolean", "object", "array"]
EMPTY: dict[str, Any] = {"string": "", "number": 0, "integer": 0, "boolean": False, "object": {}, "array": []}


class InboundCall(Trigger):
    """Starts when a call comes in, before the agent picks up, and gives the agent variables: the caller's name, their
    open orders. Whatever goes wrong, the agent gets the defaults you declare here, in time.

    Respond gives the variables; those it leaves out, and those of another type than declared, get their default.
    """

    type, label, icon, order = "inbound_call", "Inbound call", "inbound_call", 3
    kinds = ("inbound",)
    keywords = ("before the call", "caller id", "greet", "variables", "screen")
    agents = AgentRefs("Agents", help="None chosen: every agent.", default=[])
    to_numbers = List("Called numbers", default=[], max_items=100, item=TextField(
        "Number", required=True, template=False, pattern=r"\+[1-9][0-9]{4,14}",
    ), help="None: every number.")  # fmt: skip
    deadline_seconds = Duration("Deadline", default=7, min=1, max=20)
    variables = List("Variables", default=[], max_items=50, item=Object(fields={
        "name": TextField("Name", required=True, template=False, pattern=r"[A-Za-z_][A-Za-z0-9_]{0,62}"),
        "type": Choice("Type", options=TYPES, default="string"),
        "default": JsonValue("Default"),
    }))  # fmt: skip
    summary = ("gives ", {"field": "variables", "as": "names"})
    outputs = ({"name": "sip_headers", "label": "SIP headers", "type": "object", "scope": "trigger", "sample": {}},)
    example = {
        "type": "inbound_call", "key": "start", "label": "Known caller?",
        "config": {"agents": [], "to_numbers": [], "deadline_seconds": 7,
                   "variables": [{"name": "first_name", "type": "string", "default": ""}]},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        for position, row in enumerate(items_of(node.config.get("variables"))):
            if not isinstance(row, Mapping) or row.get("default") is None:
                continue
            for _, message in validate(row["default"], {"type": row.get("type") or "string"}):
                yield "F006", f"/config/variables/{position}/default", f"The default does not fit its type: {message}"

    def came(self, step: Any) -> Mapping[str, Any]:
        return {**step.came, "called_number": step.called_number}


def variables_of(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the agent gets: every declared variable, as the flow gave it or with its default; nothing undeclared
    unless nothing is declared at all.
    """
    declared = [row for row in items_of(config.get("variables")) if isinstance(row, Mapping)]
    if not declared:
        return dict(given)
    found = {}
    for row in declared:
        kind = row.get("type") or "string"
        default = row.get("default") if row.get("default") is not None else EMPTY[kind]
        value = given.get(row["name"])
        found[row["name"]] = default if value is None or any(validate(value, {"type": kind})) else value
    return found
