"""Flows that run flows: the trigger of one that is called, and the step that calls it."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine import json_schema
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, FlowRef, KeyValues, List, Number, Object, TextField, Toggle
from runtime.engine.node_type import SUCCESS_OR_ERROR, NodeType
from runtime.engine.outcomes import Done, Fail, Outcome, Wait
from runtime.engine.values import safe_dumps

MOST_ITEMS = 1000
LARGEST_ITEMS = 1_000_000  # characters of JSON
TYPES = ["string", "number", "integer", "boolean", "object", "array"]


class Called(NodeType):
    """Starts when another flow runs this one with **Run flow**. What it is given is `{{args.<name>}}`; what it gives
    back is the object of its Respond step, or nothing.
    """

    type, label, icon, order = "called", "Called by a flow", "run_flow", 9
    group, trigger, kinds = "trigger", True, ("automation",)
    keywords = ("sub-flow", "child", "reuse", "function")
    inputs = List("Inputs", default=[], max_items=50, item=Object(fields={
        "name": TextField("Name", required=True, template=False, pattern=r"[A-Za-z_][A-Za-z0-9_]{0,62}"),
        "type": Choice("Type", options=TYPES, default="string"),
        "required": Toggle("Required", default=False),
        "description": TextField("Description", template=False, max_length=500),
    }))  # fmt: skip
    outputs = ({"each": "inputs", "name": "name", "type": "type", "scope": "args"},)
    summary = ("given ", {"field": "inputs", "as": "names"})
    example = {"type": "called", "key": "start", "label": "Called",
               "config": {"inputs": [{"name": "phone", "type": "string", "required": True}]}}  # fmt: skip

    def run(self, step: Any) -> Outcome:
        args = step.scope.get("args") or {}
        for declared in step.config["inputs"] or []:
            value = args.get(declared["name"])
            if value is None and declared.get("required"):
                raise StepError(f"The input {declared['name']!r} is missing.", code="missing_input")
            schema = {"type": declared.get("type") or "string"}
            for _, message in json_schema.validate(value, schema) if value is not None else ():
                raise StepError(f"The input {declared['name']!r}: {message}", code="wrong_input")
        return Done(output=dict(args))


class RunFlow(NodeType):
    """Runs another published flow and goes on when it has ended: once, or for each item of a list, a few at a time.

    An item that is an object becomes the flow's inputs; any other is its input `item`. A failed item does not stop the
    others unless you say so; the results say which ones failed, and the run can be retried for those alone.
    """

    type, label, icon, order = "run_flow", "Run flow", "run_flow", 5
    kinds = ("post_call", "action", "conversation", "automation")
    keywords = ("sub-flow", "loop", "each", "call", "batch", "list")
    waits = True
    flow = FlowRef("Flow", required=True, help="A published flow that begins with Called by a flow.")
    mode = Choice("Run it", options=[("once", "Once"), ("each", "For each item of a list")], default="once")
    items = TextField("List", required=True, visible_if={"field": "mode", "in": ["each"]},
                      help="One placeholder that is a list, such as {{steps.leads.body.results}}.")  # fmt: skip
    inputs = KeyValues("Inputs", default=[], max_items=50, help="Given to every run; an item's own values win.")
    concurrency = Number("At the same time", default=5, min=1, max=50, visible_if={"field": "mode", "in": ["each"]})
    on_item_error = Choice(
        "When an item fails", options=[("continue", "Go on with the others"), ("stop", "Start no more")],
        default="continue", visible_if={"field": "mode", "in": ["each"]},
    )  # fmt: skip
    ports = SUCCESS_OR_ERROR
    outputs = (
        {"name": "response", "label": "Response", "type": "object", "sample": {}, "scope": "steps",
         "ports": ["success"]},
        {"name": "results", "label": "Results", "type": "list", "scope": "steps", "ports": ["success"],
         "sample": [{"item": 0, "status": "succeeded", "response": {}, "error": None}]},
        {"name": "succeeded", "label": "Succeeded", "type": "number", "sample": 2, "scope": "steps",
         "ports": ["success"]},
        {"name": "failed", "label": "Failed", "type": "number", "sample": 0, "scope": "steps", "ports": ["success"]},
    )  # fmt: skip
    summary = ({"field": "flow"}, " · ", {"field": "mode"})
    example = {
        "type": "run_flow", "key": "add_leads", "label": "Add each lead",
        "config": {"flow": "01900000-0000-7000-8000-000000000000", "mode": "each", "items": "{{trigger.body.leads}}",
                   "inputs": [{"name": "source", "value": "form"}], "concurrency": 5, "on_item_error": "continue"},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        config = step.config
        given = {row["name"]: step.value(row.get("value") or "") for row in config["inputs"] or [] if row.get("name")}
        items = [given] if config["mode"] == "once" else [{**given, **_args(item)} for item in _items(step)]
        if not items:
            return Done(output={"response": {}, "results": [], "succeeded": 0, "failed": 0}, port="success")
        scope = {name: step.scope.get(name) for name in ("interaction", "contact") if step.scope.get(name)}
        concurrency = 1 if config["mode"] == "once" else int(config["concurrency"] or 5)
        stop = config["mode"] == "each" and config["on_item_error"] == "stop"
        return Wait(for_={"kind": "children", "flow": config["flow"], "items": items, "concurrency": concurrency,
                          "stop": stop, "scope": scope})  # fmt: skip

    def resume(self, step: Any, event: Mapping[str, Any] | None) -> Outcome:
        came = event or {}
        if came.get("kind") == "skipped":
            return Done(output={"response": {}, "results": [], "succeeded": 0, "failed": 0}, port="success")
        results = list(came.get("results") or [])
        failed = [row for row in results if row["status"] != "succeeded"]
        if came.get("problem"):
            return Fail(str(came["problem"]), code="flow_not_live", detail={"results": results})
        if step.config["mode"] == "once" and failed:
            return Fail(f"The flow failed: {failed[0]['error']}", code="flow_failed", detail=failed[0])
        if failed and step.config["on_item_error"] == "stop":
            text = f"Item {failed[0]['item'] + 1} failed: {failed[0]['error']}"
            return Fail(text, code="item_failed", detail={"results": results})
        response = results[0]["response"] if results and step.config["mode"] == "once" else {}
        output = {"response": response, "results": results, "succeeded": len(results) - len(failed),
                  "failed": len(failed)}  # fmt: skip
        return Done(output=output, port="success")

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        config = self.config_of(node.config)
        text = config["items"]
        if config["mode"] == "each" and isinstance(text, str) and text and "{{" not in text:
            yield "F006", "/config/items", "The list is a placeholder, such as {{trigger.body.leads}}."


def _args(item: Any) -> dict[str, Any]:
    return dict(item) if isinstance(item, Mapping) else {"item": item}


def _items(step: Any) -> list[Any]:
    items = step.value(step.config["items"])
    if not isinstance(items, list):
        raise StepError(f"The list to work through is no list, but {type(items).__name__}.", code="not_a_list")
    if len(items) > MOST_ITEMS:
        raise StepError(f"At most {MOST_ITEMS:,} items in one step; this list has {len(items):,}.", code="too_many")
    if len(safe_dumps(items)) > LARGEST_ITEMS:
        raise StepError("The items hold more than a megabyte of data together.", code="too_large")
    return items
