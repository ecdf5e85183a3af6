"""Start when something is reported: an event of any kind, or the end of a chat."""

from runtime.engine.fields import AgentRefs, Choice, Conditions, List, MultiChoice, TextField
from runtime.nodes.triggers import Trigger

CHANNELS = [("phone", "Phone"), ("web_call", "Web call"), ("chat", "Chat"), ("whatsapp", "WhatsApp"), ("sms", "SMS"),
            ("email", "E-mail")]  # fmt: skip


class EventReceived(Trigger):
    """Starts when an event of one of these types is reported to `POST /api/v1/events/` or by a platform.

    A star stands for anything: `booking.*` is every event about bookings. Events that come and are passed over keep the
    reason.
    """

    type, label, icon, order = "event", "Event", "event", 5
    kinds = ("automation", "post_call")
    keywords = ("service event", "booking", "contact updated", "custom")
    types = List("Event types", required=True, max_items=20, item=TextField(
        "Type", required=True, template=False, pattern=r"[a-z0-9_*]+(\.[a-z0-9_*]+)*", max_length=80,
    ))  # fmt: skip
    agents = AgentRefs("Agents", help="None chosen: every agent, and none.", default=[])
    conditions = Conditions("Only if", help="Other events are passed over, with the reason kept.", advanced=True)
    summary = ({"field": "types"},)
    outputs = ({"name": "data", "label": "Data", "type": "object", "scope": "trigger", "sample": {}},)
    example = {"type": "event", "key": "start", "label": "Booking made",
               "config": {"types": ["booking.created"], "agents": [], "conditions": None}}  # fmt: skip


class ConversationEnded(Trigger):
    """Starts when a conversation on one of these channels has ended; otherwise like **Call ended**."""

    type, label, icon, order = "conversation_ended", "Conversation ended", "chat", 2
    kinds = ("post_call",)
    keywords = ("chat ended", "call ended", "after")
    agents = AgentRefs("Agents", help="None chosen: every agent.", default=[])
    channels = MultiChoice("Channels", options=CHANNELS, default=[], help="None chosen: every channel.")
    moment = Choice(
        "Start at", default="analysed", advanced=True,
        options=[("analysed", "When the analysis is there"), ("ended", "At once"), ("each", "At every report")],
    )  # fmt: skip
    conditions = Conditions("Only if", help="Others are passed over, with the reason kept.", advanced=True)
    summary = ({"field": "agents"}, " · ", {"field": "channels"})
    example = {"type": "conversation_ended", "key": "start", "label": "Chat ended",
               "config": {"agents": [], "channels": ["chat"], "moment": "analysed", "conditions": None}}  # fmt: skip
