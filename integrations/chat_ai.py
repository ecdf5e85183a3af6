"""AI in conversations: the node type `assign_ai`, and the judge who says which phrase a message means."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from integrations.calling import masked
from integrations.chat_completions import Talk
from integrations.exchange import Exchange, NotSent
from integrations.given import given
from integrations.prompting import asking
from integrations.prompting.reading import Unfit
from integrations.services.ai_model import AiModel, told
from runtime.engine import chat
from runtime.engine.errors import StepError
from runtime.engine.fields import Duration, LongText, Number
from runtime.engine.outcomes import Done, Outcome, Wait
from runtime.nodes.chat_start import CHAT_APP

MOST_REMEMBERED = 40  # messages that the model reads
REPLY_SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["reply", "next"],
    "properties": {"reply": {"type": "string"}, "next": {"type": "string", "enum": ["go_on", "done", "human"]}},
}  # fmt: skip


class AssignAi(AiModel):
    """Hands the turns to an AI model, until it is done, the visitor wants a person, or it has answered so often as you
    allow. It knows what you write here and what was said in the conversation, and nothing that is secret.
    """

    type, label, icon, order = "assign_ai", "Assign AI", "assign_ai", 4
    app, group, kinds, service = CHAT_APP, "conversation", ("conversation",), AiModel.service
    keywords = (*AiModel.keywords, "assistant", "bot", "answer questions", "knowledge")
    waits, timeout_seconds = True, 20
    text = LongText("Says first", default="", max_length=chat.LONGEST_TEXT, help="Empty: it waits for the visitor.")
    instructions = LongText("What it should do, and know", required=True, max_length=20_000,
                            help="Who it is, how it speaks, the facts it may use, when it is done.")  # fmt: skip
    most_turns = Number("Answers at most", default=10, min=1, max=100)
    waits_for = Duration("Waits for the visitor", default=3600, min=5, max=30 * 86_400)
    ports = (
        {"id": "done", "label": "Done", "required": True},
        {"id": "human", "label": "Person", "required": True},
        {"id": "turns", "label": "Enough", "required": False},
        {"id": "timeout", "label": "No reply", "required": False},
        {"id": "error", "label": "On error", "when": {"setting": "on_error", "in": ["branch"]}},
    )
    outputs = (
        {"name": "turns", "label": "Answers given", "type": "number", "sample": 3},
        {"name": "last", "label": "Its last answer", "type": "text", "sample": "You are welcome!"},
    )
    summary = ({"field": "instructions"},)
    filled = {"instructions": "You answer questions about our plans. A plan costs 10 euros a month.",
              "text": "What would you like to know?", "sample": "A sample answer."}  # fmt: skip

    def run(self, step: Any) -> Outcome:
        if step.handed_over:
            text = "A person has taken over this conversation, so no AI is assigned."
            raise StepError(text, code="handed_over")
        self.credentials(step)
        text = step.text(step.config["text"] or "")
        return self._pause(step, text)

    def resume(self, step: Any, event: Mapping[str, Any] | None) -> Outcome:
        if event is None or event["kind"] != "reply":
            before = step.waited_for
            return Done(output={"turns": before.get("turn", 0), "last": before.get("last", "")}, port="timeout")
        turn = int(event.get("turn") or 0) + 1
        answer = self._asked(step, event.get("history") or [])
        port = {"done": "done", "human": "human"}.get(answer["next"])
        if port is None and turn >= int(step.config["most_turns"] or 10):
            port = "turns"
        if port is None:
            return self._pause(step, answer["reply"], turn, answer["reply"])
        said = (chat.say(answer["reply"]),) if answer["reply"].strip() else ()
        return Done(output={"turns": turn, "last": answer["reply"]}, port=port, chat=said)

    def _pause(self, step: Any, text: str, turn: int = 0, last: str = "") -> Outcome:
        """Say `text` and wait for the visitor; `turn` answers were given, the last of them `last`."""
        awaited = {"kind": "reply", "status": "with_ai", "turn": turn, "last": last, "history": MOST_REMEMBERED,
                   "expects": {"kind": "text", "choices": [], "fields": []}}  # fmt: skip
        said = (chat.say(text),) if text.strip() else ()
        return Wait(seconds=float(step.config["waits_for"] or 3600), for_=awaited, chat=said)

    def _asked(self, step: Any, history: list[Mapping[str, Any]]) -> dict[str, str]:
        exchange = Exchange(self, step, self.credentials(step))
        values = given(self.fields, step.config, step)
        talk = Talk(exchange, values.model or exchange.credentials.values["model"], int(values.most_tokens))
        rows = [{"role": each["role"], "text": told(str(each["text"]), step)} for each in history]
        messages = asking.conversing(told(values.instructions, step), rows)
        try:
            return talk.agree(messages, REPLY_SCHEMA, True, _reply)
        except NotSent:
            step.warn("dry_run", "Dry run: nothing was sent; the answer is the step's sample.")
            sample = values.sample
            return {"reply": sample if isinstance(sample, str) else "A sample answer.", "next": "go_on"}
        except StepError as error:
            raise masked(error, exchange.mask) from None
        finally:
            if exchange.shown:
                step.record_request(exchange.mask.value(exchange.history()))


def _reply(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not isinstance(value.get("reply"), str):
        raise Unfit("reply is a text.")
    if value.get("next") not in ("go_on", "done", "human"):
        raise Unfit("next is go_on, done or human.")
    return {"reply": value["reply"][: chat.LONGEST_TEXT], "next": value["next"]}


class _Judge(AiModel):
    """Not a step: what the one door needs to know of who asks."""


def judge(credentials: Any, message: str, phrases: list[str]) -> Mapping[str, Any] | None:
    """{"phrase", "confidence"} as a connection's model sees it; None where it is no connection to a model."""
    if credentials is None or credentials.kind.name != "openai_compatible":
        return None
    step = SimpleNamespace(mode="live", timeout=8.0, idempotency_key="", warn=lambda code, words: None, secure={})
    talk = Talk(Exchange(_Judge(), step, credentials), credentials.values["model"], 200)
    return talk.agree(asking.meaning(message, phrases), asking.MEANING_SCHEMA, True, _meaning)


def _meaning(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or "confidence" not in value:
        raise Unfit("phrase and confidence are asked for.")
    return {"phrase": value.get("phrase"), "confidence": value["confidence"]}
