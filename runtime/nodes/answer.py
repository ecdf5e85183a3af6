"""Respond to who is waiting, and end."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine import json_schema, template
from runtime.engine.errors import StepError
from runtime.engine.fields import JsonBody, Number, TextField
from runtime.engine.node_type import NodeType
from runtime.engine.outcomes import Done, End, Outcome

ANSWER_APP = {"id": "answer", "label": "Answer and end", "icon": "reply"}


class Respond(NodeType):
    """Answers the agent (or the caller of a webhook) with a JSON object. The flow may go on afterwards."""

    type, label, icon, order = "respond", "Respond", "reply", 1
    app, group = ANSWER_APP, "answer"
    kinds = ("action", "inbound", "automation", "post_call")
    keywords = ("return", "answer", "result", "reply")
    can_disable = False
    response = JsonBody("Response", required=True, default="{}", max_length=200_000,
                        help="A JSON object; checked against the action's response schema.")  # fmt: skip
    status = Number(
        "HTTP status", default=200, min=200, max=599, advanced=True, help="For webhooks that answer when done."
    )
    ports = ({"id": "next", "label": "Then", "required": False},)
    summary = ({"field": "response"},)
    example = {
        "type": "respond", "key": "answer", "label": "Tell the agent",
        "config": {"response": '{"cancelled": true, "message": "Order {{args.order_id}} is cancelled"}', "status": 200},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        schema = _schema_of(graph)
        if not schema or template.check_json(node.config.get("response") or "{}"):
            return
        answer = template.json_outline(node.config.get("response") or "{}")
        for pointer, message in json_schema.validate(answer, schema):
            yield "F010", "/config/response", f"The response does not match the schema{_at(pointer)}: {message}"

    def run(self, step: Any) -> Outcome:
        response = step.json(step.config["response"])
        if not isinstance(response, dict):
            raise StepError("A response is a JSON object.", code="response_not_an_object")
        wrong = list(json_schema.validate(response, step.response_schema or {}))
        if wrong:
            text = "; ".join(f"{pointer or '/'}: {message}" for pointer, message in wrong[:5])
            raise StepError(f"The response does not match the action's schema: {text}", code="response_schema")
        status = step.config["status"] or 200
        return Done(output={"response": response, "status": status}, response=response, response_status=int(status))


class EndFlow(NodeType):
    """Ends the run; the outcome is the label that history and dashboards count by."""

    type, label, icon, order = "end", "End", "stop", 2
    app, group = ANSWER_APP, "answer"
    kinds = ("post_call", "action", "inbound", "conversation", "automation")
    keywords = ("stop", "finish", "exit")
    can_disable = False
    outcome = TextField("Outcome", default="", max_length=200, help="For example: ticket {{vars.ticket_no}}.")
    ports = ()
    summary = ({"field": "outcome"},)
    example = {"type": "end", "key": "done", "label": "Done", "config": {"outcome": "ticket {{vars.ticket_no}}"}}

    def run(self, step: Any) -> Outcome:
        return End(outcome=step.text(step.config["outcome"] or "").strip()[:200])


def _schema_of(graph: Any) -> Mapping[str, Any]:
    if not graph.triggers or graph.trigger.type != "action_called":
        return {}
    schema = graph.trigger.config.get("response_schema")
    return schema if isinstance(schema, Mapping) else {}


def _at(pointer: str) -> str:
    return f" at {pointer}" if pointer else ""
