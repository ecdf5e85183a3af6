"""Speak in a chat: messages with buttons, pictures and quick replies, in the visitor's language; and its end."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine import chat
from runtime.engine.fields import List, LongText, Object, TextField
from runtime.engine.node_type import NodeType
from runtime.engine.outcomes import Done, End, Outcome
from runtime.engine.values import items_of
from runtime.nodes.chat_start import CHAT_APP

LONG_MESSAGE = 600
WEB = r"https?://.+"
BUTTONS = Object(fields={
    "label": TextField("Label", required=True, max_length=80),
    "url": TextField("Opens", max_length=2000, pattern=WEB, help="An address; empty: the label is sent as a reply."),
    "value": TextField("Sent as", max_length=200, advanced=True, help="Empty: the label."),
})  # fmt: skip
VARIANTS = Object(fields={
    "language": TextField("Language", required=True, template=False, pattern=r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?",
                          help="Such as de or pt-BR."),
    "text": LongText("Text", required=True, max_length=chat.LONGEST_TEXT),
})  # fmt: skip


class ChatStep(NodeType):
    """What all steps that talk with a visitor share."""

    app, group = CHAT_APP, "conversation"
    kinds = ("conversation",)

    def spoken(self, step: Any, text: str = "text") -> str:
        """A text of the config in the visitor's language."""
        variants = items_of(step.config.get("translations"))
        return step.text(chat.in_language(step.config[text] or "", variants, language_of(step)))

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        config = self.config_of(node.config)
        rows = items_of(config.get("translations"))
        texts = [("/config/text", config.get("text"))] + [
            (f"/config/translations/{at}/text", row.get("text")) for at, row in enumerate(rows) if isinstance(row, dict)
        ]
        for pointer, text in texts:
            if isinstance(text, str) and len(text) > LONG_MESSAGE:
                words = (
                    f"This message has {len(text):,} characters: few people read more than {LONG_MESSAGE} in a chat."
                )
                yield "W107", pointer, words


def language_of(step: Any) -> str:
    """The visitor's language, as far as it is known."""
    scope = step.scope
    for part, name in (("contact", "language"), ("visitor", "language"), ("interaction", "language")):
        if value := (scope.get(part) or {}).get(name):
            return str(value)
    return ""


def buttons_of(step: Any) -> list[dict[str, Any]]:
    found = []
    for row in items_of(step.config.get("buttons")):
        label, url = step.text(row.get("label") or ""), step.text(row.get("url") or "").strip()
        if url.lower().startswith(("https://", "http://")):
            found.append({"label": label, "url": url})
        else:
            found.append({"label": label, "value": step.text(row.get("value") or "") or label})
    return found


def speak(step: Any, message: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The change that says `message`; none once a person took over: then the flow stays silent."""
    if step.handed_over:
        step.warn("silent", "A person has taken over this conversation, so the flow says nothing.")
        return ()
    return (message,)


class SendMessage(ChatStep):
    """Says something to the visitor: a text, with buttons, a picture or quick replies if you like.

    Buttons open an address or answer with their label; quick replies are short answers to tap. Variants in other
    languages are taken where the visitor's language is known.

    In an action it speaks beside whoever leads the conversation: a chat kept here shows it at once, and the agent that
    called the action is handed the texts with the answer, as `say`.
    """

    type, label, icon, order = "send_message", "Send message", "message", 1
    kinds = ("conversation", "action")
    keywords = ("say", "text", "reply", "buttons", "image", "quick reply", "rich")
    text = LongText("Text", required=True, max_length=chat.LONGEST_TEXT)
    buttons = List("Buttons", default=[], max_items=10, item=BUTTONS)
    quick_replies = List(
        "Quick replies", default=[], max_items=10, item=TextField("Reply", required=True, max_length=80)
    )
    image = TextField("Picture", default="", max_length=2000, pattern=WEB, help="The address of a picture.")
    translations = List("In other languages", default=[], max_items=30, item=VARIANTS, advanced=True)
    summary = ({"field": "text"},)
    outputs = ({"name": "text", "label": "Text", "type": "text", "scope": "steps", "sample": "Hello!"},)
    example = {
        "type": "send_message", "key": "hello", "label": "Say hello",
        "config": {"text": "Hi {{contact.name | default: \"there\"}}! Looking for a plan?", "image": "",
                   "buttons": [{"label": "See prices", "url": "https://example.com/pricing"}],
                   "quick_replies": ["Yes", "No"], "translations": [{"language": "de", "text": "Hallo!"}]},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        text = self.spoken(step)
        image = step.text(step.config.get("image") or "").strip()
        replies = [step.text(reply) for reply in items_of(step.config.get("quick_replies"))]
        quick = [{"label": reply, "value": reply, "quick": True} for reply in replies if reply]
        shown = image if image.lower().startswith(("https://", "http://")) else ""
        aloud = step.kind == "action"  # its caller may be an agent on the phone, who has to say it
        said = chat.say(text, buttons=[*buttons_of(step), *quick], image=shown, aloud=aloud)
        return Done(output={"text": text}, chat=speak(step, said))


class CustomReply(SendMessage):
    """Answers with a fixed reply, the same words every time, with links if you like: opening hours, how to return
    something, a promise to call back.
    """

    type, label, icon, order = "custom_reply", "Custom reply", "reply", 8
    kinds = ("conversation",)
    keywords = ("canned", "template", "answer", "snippet", "links")
    example = {
        "type": "custom_reply", "key": "hours", "label": "Opening hours",
        "config": {"text": "We are here from 9 to 17 and answer within a day.",
                   "buttons": [{"label": "Help pages", "url": "https://example.com/help"}]},
    }  # fmt: skip


class EndConversation(ChatStep):
    """Ends the conversation, with a last word if you like. Flows that start after conversations start now."""

    type, label, icon, order = "end_conversation", "End conversation", "stop", 10
    keywords = ("close", "finish", "goodbye", "resolve")
    can_disable = False
    text = LongText("Last words", default="", max_length=chat.LONGEST_TEXT)
    translations = List("In other languages", default=[], max_items=30, item=VARIANTS, advanced=True)
    outcome = TextField("Outcome", default="", max_length=200)
    ports = ()
    summary = ({"field": "outcome"},)
    example = {"type": "end_conversation", "key": "bye", "label": "Say goodbye",
               "config": {"text": "Thank you, bye!", "translations": [], "outcome": "done"}}  # fmt: skip

    def run(self, step: Any) -> Outcome:
        outcome, text = step.text(step.config["outcome"] or "")[:200], self.spoken(step)
        said = speak(step, chat.say(text)) if text else ()
        return End(outcome=outcome, chat=(*said, {"do": "end", "reason": outcome or "flow"}))


class TransferCall(NodeType):
    """Answers the agent of a call with where to put the caller through: `{"transfer": {"to", "message"}}`."""

    type, label, icon, order = "transfer_call", "Transfer call", "phone", 9
    app, group, kinds = CHAT_APP, "conversation", ("action",)
    keywords = ("forward", "put through", "human", "queue")
    to = TextField("To", required=True, max_length=200, help="A phone number or SIP address.")
    message = TextField("The agent says", default="", max_length=500)
    ports = ({"id": "next", "label": "Then", "required": False},)
    summary = ("to ", {"field": "to"})
    example = {"type": "transfer_call", "key": "transfer", "label": "To sales",
               "config": {"to": "+14155550100", "message": "I put you through."}}  # fmt: skip

    def run(self, step: Any) -> Outcome:
        directive: Mapping[str, Any] = {"to": step.text(step.config["to"]).strip(),
                                        "message": step.text(step.config["message"] or "")}  # fmt: skip
        return Done(output={"transfer": directive}, response={"transfer": directive})
