"""Hand a conversation over to a person."""

from collections.abc import Mapping
from typing import Any

from runtime.engine import chat
from runtime.engine.fields import Duration, List, LongText, TextField, Toggle
from runtime.engine.outcomes import Done, Outcome, Wait
from runtime.nodes.chat_ask import LONGEST_WAIT
from runtime.nodes.chat_say import VARIANTS, ChatStep, speak

MOST_ASKED = 3  # how often the contact details are asked for; then the person does without


class Escalate(ChatStep):
    """Hands the conversation to a person of a queue. From then on the flow says nothing, and no other flow starts,
    until the conversation is resolved (`POST /api/v1/conversations/<id>/resolve/`) or has ended. Steps after it still
    run, to open the conversation in your help desk for example.

    While nobody of the queue is online the run leaves by **Nobody online**, and nothing is handed over. The hand-over
    is an event, `handoff.requested`, which other flows and systems can listen to.
    """

    type, label, icon, order = "escalate", "Escalate to a person", "escalate", 7
    keywords = ("handoff", "human", "agent", "transfer", "support", "queue", "department")
    waits = True
    queue = TextField("Queue", default="", max_length=80, help="Or department; empty: anybody.")
    reason = TextField("Reason", default="", max_length=300)
    text = LongText("Says", default="I connect you with a colleague.", max_length=chat.LONGEST_TEXT)
    translations = List("In other languages", default=[], max_items=30, item=VARIANTS, advanced=True)
    collect = Toggle("Ask for contact details first", default=False, help="Name and e-mail, if they are not known.")
    timeout = Duration("Waits for them", default=600, min=5, max=LONGEST_WAIT,
                       visible_if={"field": "collect", "in": [True]})  # fmt: skip
    transcript = Toggle("With the transcript", default=True)
    ports = (
        {"id": "next", "label": "Handed over", "required": False},
        {"id": "offline", "label": "Nobody online", "required": False},
    )
    summary = ({"field": "queue"},)
    outputs = (
        {"name": "handed_over", "label": "Handed over", "type": "boolean", "scope": "steps", "sample": True},
        {"name": "queue", "label": "Queue", "type": "text", "scope": "steps", "sample": "Sales"},
    )
    example = {
        "type": "escalate", "key": "sales", "label": "To sales",
        "config": {"queue": "Sales", "reason": "Large company", "text": "I connect you with sales.",
                   "collect": True, "timeout": 600, "transcript": True},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        queue = step.text(step.config["queue"] or "").strip()
        availability = (step.scope.get("workspace") or {}).get("availability") or {}
        if not chat.people_online(availability, queue, step.now.astimezone(step.zone)):
            return Done(output={"handed_over": False, "queue": queue}, port="offline")
        if step.config["collect"] and not (step.scope.get("contact") or {}).get("email") and not step.handed_over:
            return self._ask(step, "How can we reach you?", 0, "")
        return self._hand_over(step, ())

    def resume(self, step: Any, event: Mapping[str, Any] | None) -> Outcome:
        if event is None or event["kind"] != "reply":
            return self._hand_over(step, ())
        values, wrong = chat.wrong_fields(_DETAILS, event.get("form") or {"email": event.get("text")})
        if wrong and int(event["wrong"]) + 1 < MOST_ASKED:
            return self._ask(step, " ".join(wrong.values()), int(event["wrong"]) + 1, wrong.get("email", ""))
        return self._hand_over(step, ({"do": "contact", "set": values},) if values else ())

    def _ask(self, step: Any, text: str, wrong: int, error: str) -> Outcome:
        fields = [{**field, "error": error} if error and field["name"] == "email" else field for field in _DETAILS]
        expects = {"kind": "form", "choices": [], "fields": fields}
        return Wait(seconds=float(step.config["timeout"] or 600),
                    for_={"kind": "reply", "expects": expects, "wrong": wrong},
                    chat=(chat.say(text, form={"fields": fields}),))  # fmt: skip

    def _hand_over(self, step: Any, learned: tuple[dict[str, Any], ...]) -> Outcome:
        queue, reason = step.text(step.config["queue"] or "").strip(), step.text(step.config["reason"] or "")
        text = self.spoken(step)
        said = speak(step, chat.say(text)) if text else ()
        change = {"do": "hand_over", "queue": queue, "reason": reason, "transcript": bool(step.config["transcript"])}
        return Done(output={"handed_over": True, "queue": queue}, chat=(*learned, *said, change))


_DETAILS: list[dict[str, Any]] = [
    {"name": "name", "label": "Name", "kind": "text", "required": False, "choices": []},
    {"name": "email", "label": "E-mail", "kind": "email", "required": True, "choices": []},
]
