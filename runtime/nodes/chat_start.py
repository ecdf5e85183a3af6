"""Start a chat flow: when a conversation begins, or when a visitor says something."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from runtime.engine.comparing import NotComparable, compiled
from runtime.engine.fields import (
    AgentRefs,
    Choice,
    Conditions,
    ConnectionRef,
    DateTime,
    Issue,
    List,
    LongText,
    MultiChoice,
    Number,
    TextField,
    Time,
    TimeZone,
    Toggle,
)
from runtime.engine.intents import MODES
from runtime.engine.outcomes import Done, Outcome
from runtime.engine.starting import reason_of
from runtime.engine.starting_chats import heard, text_of
from runtime.nodes.events import CHANNELS
from runtime.nodes.triggers import Trigger
from runtime.nodes.waiting import DAYS

CHAT_APP = {"id": "chat", "label": "Conversation", "icon": "chat"}
_HOURS = {"field": "only_within", "in": [True]}
FREQUENCIES = [("once_per_contact", "Once for each contact"), ("once_per_conversation", "Once in a conversation"),
               ("always", "Every time")]  # fmt: skip


def _given(scope: str, *rows: tuple[str, str, str, Any]) -> tuple[dict[str, Any], ...]:
    return tuple({"name": name, "type": type_, "label": label, "scope": scope, "sample": sample}
                 for name, type_, label, sample in rows)  # fmt: skip


GIVEN = (
    *_given(
        "visitor", ("page", "text", "Page", "https://example.com/pricing"),
        ("referrer", "text", "Came from", "https://www.example.org/"), ("visits", "number", "Visits", 3),
        ("seconds_on_page", "number", "Seconds on the page", 40), ("online", "boolean", "Is online", True),
        ("identified", "boolean", "Is identified", False), ("phone_verified", "boolean", "Phone is verified", False),
        ("country", "text", "Country", "DE"), ("language", "text", "Language", "de"),
        ("browser", "text", "Browser", "Chrome 126.0"), ("browser_version", "number", "Browser's version", 126),
        ("os", "text", "System", "Windows"), ("device", "text", "Device", "Desktop"),
        ("ip", "text", "Address", "203.0.113.7"), ("people_online", "boolean", "People are online", True),
        ("weekday", "text", "Day of the week", "mon"), ("hour", "number", "Hour", 14),
    ),
    *_given("message", ("text", "text", "Last message", "I want to cancel"), ("choice", "text", "Last choice", "")),
    *_given("contact", ("tags", "list", "Tags", ["vip"]), ("references", "list", "Last references", ["Ticket 35436"])),
)  # fmt: skip


class _Network(TextField):
    def check_filled(self, value: Any) -> Iterator[Issue]:
        try:
            ip_network(str(value).strip(), strict=False)
        except ValueError:
            yield "", f"{str(value)[:60]!r} is no range of addresses; an example is 203.0.113.0/24."


class ChatTrigger(Trigger):
    """What both have in common: for whom, when, how often, before which others."""

    agents = AgentRefs("Agents", help="None chosen: every agent.", default=[])
    channels = MultiChoice("Channels", options=CHANNELS, default=[], help="None chosen: every channel.")
    conditions = Conditions(
        "Only if", help="Visitor, contact and its tags, by AND and OR; why a flow did not start is kept."
    )
    people = Choice(
        "People", default="any", section="When",
        options=[("any", "Online or not"), ("online", "Only while somebody is online"),
                 ("offline", "Only while nobody is online")],
        help="Who is online, and when, is set in the workspace's settings.",
    )  # fmt: skip
    only_within = Toggle("Only within hours", default=False, section="When")
    hours_from = Time("From", default="09:00", section="When", visible_if=_HOURS)
    hours_to = Time("To", default="17:00", section="When", visible_if=_HOURS)
    days = MultiChoice("On", options=DAYS, default=[day for day, _ in DAYS], section="When", visible_if=_HOURS)
    time_zone = TimeZone("Time zone", default="", section="When", visible_if=_HOURS, help="Empty: the workspace's.")
    date_from = DateTime("Not before", default="", section="When", template=False, advanced=True)
    date_to = DateTime("Not after", default="", section="When", template=False, advanced=True)
    frequency = Choice("How often", options=FREQUENCIES, default="once_per_conversation", section="Among flows")
    priority = Number("Priority", default=50, min=0, max=100, section="Among flows",
                      help="Of several flows that could start, the one with the highest does.")  # fmt: skip


class ConversationStarted(ChatTrigger):
    """Starts when a visitor's chat begins, if everything asked for here holds: the page they are on, who they are,
    where they come from, the hour, whether your people are online.

    One flow leads a conversation at a time: of several that could, the one with the highest priority starts.
    """

    type, label, icon, order = "conversation_started", "Conversation started", "chat", 1
    gives = "visitor"
    kinds = ("conversation",)
    keywords = ("chat", "visitor", "widget", "welcome", "proactive", "page")
    ip_ranges = List("Only from these addresses", default=[], max_items=50, section="When", advanced=True,
                     item=_Network("Range", required=True, template=False, max_length=50))  # fmt: skip
    summary = ({"field": "conditions"},)
    outputs = GIVEN
    example = {
        "type": "conversation_started", "key": "start", "label": "Chat on the pricing page",
        "config": {"agents": [], "channels": ["chat"], "people": "online", "frequency": "once_per_contact",
                   "priority": 50, "conditions": {"all": [
                       {"left": "{{visitor.page}}", "operator": "contains", "right": "/pricing"},
                       {"left": "{{visitor.device}}", "operator": "equals", "right": "Desktop"}]}},
    }  # fmt: skip


class MessageReceived(ChatTrigger):
    """Starts when a visitor says something: by what the message means, by a word or a pattern in it, or by what is
    remembered of the contact. With nothing to match, any message starts it.

    A conversation flow starts while no other leads the conversation, and leads it. An action starts beside whoever
    leads it, each that fits, also by a `conversation.message` that a platform reports; nobody waits for its answer.
    *By likeness* compares words; *AI* asks a model; *both* asks the model only where likeness is not sure. An action
    goes by likeness.
    """

    type, label, icon, order = "message_received", "Message received", "message", 2
    gives = "message"
    kinds = ("conversation", "action")
    keywords = ("intent", "keyword", "says", "phrase", "memory")
    phrases = List("Phrases that mean it", default=[], max_items=50, section="What is said",
                   item=TextField("Phrase", required=True, template=False, max_length=200))  # fmt: skip
    mode = Choice(
        "Compared", default="intent", section="What is said",
        options=list(zip(MODES, ("By likeness", "By an AI model", "Both"), strict=True)),
    )  # fmt: skip
    threshold = Number("How sure", default=0.7, min=0, max=1, section="What is said", help="From 0 to 1.")
    connection = ConnectionRef("AI model", types=["openai_compatible"], section="What is said",
                               visible_if={"field": "mode", "in": ["ai", "hybrid"]},
                               help="Where it does not answer in time, likeness decides.")  # fmt: skip
    keywords_any = List("Or one of these words", default=[], max_items=50, section="What is said",
                        item=TextField("Word", required=True, template=False, max_length=100))  # fmt: skip
    pattern = LongText("Or this pattern", default="", template=False, max_length=500, section="What is said",
                       advanced=True, help="A regular expression (RE2).")  # fmt: skip
    summary = ({"field": "phrases"}, {"field": "keywords_any"})
    outputs = (
        *GIVEN,
        {"name": "text", "label": "Text", "type": "text", "scope": "steps", "sample": "I want to cancel"},
        {"name": "score", "label": "Score", "type": "number", "scope": "steps", "sample": 0.93},
        {"name": "phrase", "label": "Matched phrase", "type": "text", "scope": "steps", "sample": "cancel my order"},
    )
    example = {
        "type": "message_received", "key": "start", "label": "Wants to cancel",
        "config": {"phrases": ["cancel my order", "stop my subscription"], "mode": "intent", "threshold": 0.7,
                   "keywords_any": ["cancel"], "pattern": "", "frequency": "once_per_conversation", "priority": 50,
                   "conditions": {"any": [
                       {"left": "{{contact.plan}}", "operator": "equals", "right": "enterprise"},
                       {"left": "{{contact.tags}}", "operator": "contains", "right": "vip"}]}},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        came = self.came(step)
        match = heard(step.config, came)
        found = {"score": match.score, "phrase": match.phrase} if match else {}
        given = {"text": text_of(came), **(step.scope.get("message") or {}), **found}
        return Done(output=given, reason=reason_of(self.type, step.config, came))

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        try:
            compiled(str(node.config.get("pattern") or ""))
        except NotComparable as error:
            yield "F006", "/config/pattern", str(error)
        if _asks_a_model(node.config) and not node.config.get("connection"):
            text = ("Choose an AI model, or compare by likeness. A new one is made under Connections, New connection, "
                    "AI model.")  # fmt: skip
            yield "F011", "/config/connection", text

    def check_kind(self, config: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
        if kind == "action" and _asks_a_model(config):
            text = ("An action that hears messages goes by likeness: choose By likeness, or make it a flow that leads "
                    "conversations, which can ask a model.")  # fmt: skip
            yield "/config/mode", text


def _asks_a_model(config: Mapping[str, Any]) -> bool:
    return config.get("mode") in ("ai", "hybrid") and bool(config.get("phrases"))
