"""Ask a person before going on."""

from collections.abc import Mapping
from typing import Any

from runtime.engine.fields import Duration, LongText, TextField
from runtime.engine.node_type import NodeType
from runtime.engine.outcomes import Done, Outcome, Wait
from runtime.nodes.waiting import LONGEST_WAIT


class Approval(NodeType):
    """Pauses the run until a person approves or denies it on the page **Waiting**, or the time is up.

    The person sees the message and exactly what is going to happen. The first answer counts; a second click changes
    nothing.
    """

    type, label, icon, order = "approval", "Approval", "approval", 6
    kinds = ("post_call", "action", "conversation", "automation")
    keywords = ("person", "human", "confirm", "review", "permission")
    waits = True
    who = TextField("Who decides", default="", max_length=200, template=False,
                    help="A name or a team, for those who read it; who may publish may decide.")  # fmt: skip
    message = LongText("Message", required=True, max_length=2000)
    payload = LongText("What it is about", default="", max_length=10_000,
                       help="What is going to happen if it is approved: amounts, addresses, texts.")  # fmt: skip
    timeout = Duration("Time to decide", default=86_400, min=60, max=LONGEST_WAIT)
    ports = (
        {"id": "approved", "label": "Approved", "required": True},
        {"id": "denied", "label": "Denied", "required": True},
        {"id": "timeout", "label": "No answer in time", "required": False},
    )
    outputs = (
        {"name": "decision", "label": "Decision", "type": "text", "sample": "approved", "scope": "steps"},
        {"name": "by", "label": "Decided by", "type": "text", "sample": "Jane", "scope": "steps"},
        {"name": "at", "label": "Decided at", "type": "datetime", "sample": "2026-01-21T09:00:00Z", "scope": "steps"},
        {"name": "note", "label": "Note", "type": "text", "sample": "", "scope": "steps"},
    )
    summary = ({"field": "message"},)
    example = {
        "type": "approval", "key": "refund_ok", "label": "Refund allowed?",
        "config": {"who": "Billing", "message": "Refund {{args.amount}} to {{contact.name}}?",
                   "payload": "Order {{args.order_id}}", "timeout": 600},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        config = step.config
        shown = {"who": config["who"] or "", "message": step.text(config["message"]),
                 "payload": step.text(config["payload"] or "")}  # fmt: skip
        return Wait(seconds=float(config["timeout"] or 86_400), for_={"kind": "approval", **shown})

    def resume(self, step: Any, event: Mapping[str, Any] | None) -> Outcome:
        came = event or {}
        if came.get("kind") != "decision":
            return Done(output={"decision": "timeout", "by": "", "at": None, "note": ""}, port="timeout")
        output = {name: came.get(name) for name in ("decision", "by", "at", "note")}
        return Done(output=output, port="approved" if came["decision"] == "approved" else "denied")
