"""The Start nodes: what a flow listens to. A trigger's step hands on what came; matching decides who is started."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine.fields import (
    AgentRefs,
    Choice,
    Conditions,
    Duration,
    JsonValue,
    List,
    LongText,
    MultiChoice,
    Number,
    Object,
    Schema,
    TextField,
    Toggle,
)
from runtime.engine.json_schema import check_schema
from runtime.engine.node_type import NEXT, NodeType
from runtime.engine.outcomes import Done, Outcome
from runtime.engine.starting import reason_of
from runtime.engine.values import items_of

START_APP = {"id": "start", "label": "Start", "icon": "phone"}
SIGNATURES = (  # how each is checked: runtime/hook_signatures.py
    ("none", "None: whoever knows the address may call"), ("standard_webhooks", "Standard Webhooks"),
    ("github", "GitHub"), ("stripe", "Stripe"), ("bearer", "Bearer token"),
)  # fmt: skip
CALL_STATUSES = (
    ("completed", "Completed"), ("no_answer", "No answer"), ("busy", "Busy"), ("failed", "Failed"),
    ("canceled", "Canceled"), ("voicemail", "Voicemail"), ("transferred", "Transferred"),
)  # fmt: skip
ACTION_NAME = r"[A-Za-z0-9_-]{1,63}"


class Trigger(NodeType):
    """What all Start nodes share."""

    app = START_APP
    group = "trigger"
    trigger = True
    can_disable = False
    ports = NEXT
    gives = "trigger"  # the part of what came that its step hands on

    def run(self, step: Any) -> Outcome:
        given = step.scope.get(self.gives) or {}
        return Done(output=dict(given), reason=reason_of(self.type, step.config, self.came(step)))

    def came(self, step: Any) -> Mapping[str, Any]:
        """What started the run, as runtime.engine.starting asks about it."""
        came: Mapping[str, Any] = step.came
        return came


class CallEnded(Trigger):
    """Starts when a call or chat has ended, with its summary, transcript and everything the agent collected.

    By default the run waits for the vendor's analysis where one is announced (at most 10 minutes).
    """

    type, label, icon, order = "call_ended", "Call ended", "phone", 1
    kinds = ("post_call",)
    keywords = ("hang up", "conversation ended", "after the call", "post-call")
    agents = AgentRefs("Agents", help="None chosen: every agent.", default=[])
    statuses = MultiChoice("Call status", options=CALL_STATUSES, default=["completed"])
    moment = Choice(
        "Start at", default="analysed", advanced=True,
        options=[("analysed", "When the analysis is there"), ("ended", "At once"), ("each", "At every report")],
    )  # fmt: skip
    minimum_seconds = Number("Shortest call, in seconds", default=0, min=0, max=86_400, advanced=True)
    include_test = Toggle("Test calls too", default=False, advanced=True)
    conditions = Conditions("Only if", help="Other calls are passed over, with the reason kept.", advanced=True)
    summary = ({"field": "agents"}, " · ", {"field": "statuses"})
    example = {
        "type": "call_ended", "key": "start", "label": "Call ended",
        "config": {"agents": [], "statuses": ["completed"], "moment": "analysed", "minimum_seconds": 0,
                   "include_test": False, "conditions": None},
    }  # fmt: skip


class ActionCalled(Trigger):
    """Starts when the agent calls this action during a conversation, and answers it before the deadline.

    Name and description tell the agent when to use it; the inputs are collected from the conversation and checked.
    If the flow fails or takes too long, the agent gets the fallback response.
    """

    type, label, icon, order = "action_called", "Action called", "bolt", 2
    gives = "args"
    kinds = ("action",)
    keywords = ("tool", "function", "during the call", "@")
    name = TextField("Name", required=True, template=False, pattern=ACTION_NAME, max_length=63,
                     help="What the agent calls it: letters, digits, - and _.")  # fmt: skip
    description = LongText("Description", template=False, max_length=500, help="When the agent should use it.")
    agents = AgentRefs("Agents", default=[])
    inputs = List(
        "Inputs", default=[], max_items=50,
        item=Object(fields={
            "name": TextField("Name", required=True, template=False, pattern=r"[A-Za-z_][A-Za-z0-9_]{0,63}"),
            "type": Choice("Type", default="string",
                           options=["string", "number", "integer", "boolean", "object", "array"]),
            "required": Toggle("Required", default=False),
            "description": TextField("Description", template=False, max_length=500),
            "enum": JsonValue("Allowed values"),
        }),
    )  # fmt: skip
    response_schema = Schema("Response schema", default={}, help="Respond's answer is checked against it.")
    deadline_seconds = Duration("Deadline", default=30, min=1, max=60)
    fallback_response = JsonValue(
        "Fallback response", default={}, help="What the agent gets when the flow cannot answer."
    )
    while_running = Object(
        "While it runs", advanced=True, default={"mode": "default"},
        fields={
            "mode": Choice("The agent says", options=["default", "custom", "none"], default="default"),
            "message": TextField("Message", template=False, max_length=300,
                                 visible_if={"field": "mode", "in": ["custom"]}),
        },
    )  # fmt: skip
    respond_then_continue = Toggle("After the deadline, go on", default=False, advanced=True,
                                   help="The agent gets the fallback; the steps after it still run.")  # fmt: skip
    summary = ("@", {"field": "name"})
    outputs = ({"each": "inputs", "name": "name", "type": "type", "scope": "args"},)
    example = {
        "type": "action_called", "key": "start", "label": "Cancel an order",
        "config": {
            "name": "cancel_order", "description": "Cancels an order that has not been shipped.", "agents": [],
            "inputs": [{"name": "order_id", "type": "string", "required": True, "description": "The order's number"}],
            "response_schema": {"type": "object", "required": ["cancelled"],
                                "properties": {"cancelled": {"type": "boolean"}, "message": {"type": "string"}}},
            "deadline_seconds": 30, "fallback_response": {"cancelled": False}, "respond_then_continue": False,
        },
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        schema = node.config.get("response_schema") or {}
        for pointer, message in check_schema(schema):
            yield "F006", f"/config/response_schema{pointer}", message
        names = [row.get("name") for row in items_of(node.config.get("inputs")) if isinstance(row, Mapping)]
        for position, name in enumerate(names):
            if name in names[:position]:
                yield "F006", f"/config/inputs/{position}/name", f"Two inputs are called {name!r}."


class Webhook(Trigger):
    """Starts when another system calls this flow's own address; its body, headers and query are at hand.

    With a signature only calls of who knows the secret come in: others get 401 and start nothing, and what was signed
    more than five minutes ago is refused. A call that is repeated with the same id starts one run.
    """

    type, label, icon, order = "webhook", "Webhook", "link", 3
    kinds = ("automation", "post_call", "action")
    keywords = ("http", "catch hook", "incoming")
    app = START_APP
    methods = MultiChoice("Methods", options=["POST", "PUT", "PATCH", "GET", "DELETE"], default=["POST"])
    content_types = MultiChoice(
        "Content types", default=[], advanced=True, help="None chosen: all of these.",
        options=["application/json", "application/x-www-form-urlencoded", "text/plain"],
    )  # fmt: skip
    signature = Choice(
        "Signature", default="none", options=SIGNATURES,
        help="How callers prove who they are. The secret is kept beside the flow, never in it.",
    )  # fmt: skip
    respond = Choice(
        "Answer", default="at_once", options=[("at_once", "At once"), ("when_done", "When the flow has ended")]
    )
    deadline_seconds = Duration(
        "Longest wait", default=30, min=1, max=60, visible_if={"field": "respond", "in": ["when_done"]}
    )
    conditions = Conditions("Only if", advanced=True)
    summary = ({"field": "methods"}, " · answer: ", {"field": "respond"})
    outputs = (
        {"name": "body", "label": "Body", "type": "any", "scope": "trigger", "sample": {}},
        {"name": "headers", "label": "Headers", "type": "object", "scope": "trigger", "sample": {}},
        {"name": "query", "label": "Query", "type": "object", "scope": "trigger", "sample": {}},
        {"name": "method", "label": "Method", "type": "text", "scope": "trigger", "sample": "POST"},
    )
    example = {
        "type": "webhook", "key": "start", "label": "Order came in",
        "config": {"methods": ["POST"], "content_types": [], "signature": "none", "respond": "at_once",
                   "deadline_seconds": 30, "conditions": None},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        if (node.config.get("signature") or "none") == "none":
            yield "W111", "/config/signature", "Calls are not signed: whoever knows the address can start this flow."
