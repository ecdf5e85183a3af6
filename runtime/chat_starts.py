"""Which flow a conversation starts: by what the visitor says or where they are; why the others did not is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.engine import intents
from runtime.engine.asked import Asked
from runtime.engine.intents import Match
from runtime.engine.starting_chats import heard, text_of, word_in
from runtime.interactions import e164
from runtime.matching import first_refusal, listening, passed_over
from runtime.models import Conversation, Run, Trigger


@dataclass(slots=True)
class Occasion:
    """What may start a flow: a conversation's beginning, or a message. `came` is what triggers ask about
    (runtime.engine.asked.Came); `judged` holds what models said of the message, by trigger.
    """

    type: str
    conversation: Conversation
    came: dict[str, Any]
    judged: Mapping[str, Match] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The flow that starts, under which key, and how the message matched."""

    trigger: Trigger
    call_key: str | None
    match: Match | None


def choose(occasion: Occasion) -> tuple[Chosen | None, list[dict[str, Any]]]:
    """(the flow that starts, what the event keeps of those that do not)."""
    found: list[Chosen] = []
    skipped: list[dict[str, Any]] = []
    for trigger in triggers_of(occasion.type, occasion.conversation.workspace_id):
        match = _match(trigger, occasion)
        refusal = _refusal(trigger, occasion, match)
        if refusal is None:
            found.append(Chosen(trigger, _key(trigger, occasion.conversation), match))
        else:
            skipped.append(passed_over(trigger.flow_id, refusal))
    found.sort(key=lambda each: (-_priority(each.trigger), each.trigger.pk))
    for other in found[1:]:
        text = f"“{found[0].trigger.flow.name}” goes before it, by its priority"
        skipped.append(passed_over(other.trigger.flow_id, Asked(False, text, [])))
    return (found[0] if found else None), skipped


def triggers_of(type: str, workspace_id: Any) -> Iterable[Trigger]:
    """Those of flows that lead a conversation; an action that hears messages runs beside it."""
    live = listening([workspace_id]).get(workspace_id, ())
    return [each for each in live if each.type == type and each.flow.kind == "conversation"]


def _refusal(trigger: Trigger, occasion: Occasion, match: Match | None) -> Asked | None:
    """What keeps this flow from starting; None if nothing does."""
    refusal = first_refusal(trigger, {**occasion.came, "match": match})
    if refusal is not None:
        return refusal
    key = _key(trigger, occasion.conversation)
    if key is not None and Run.objects.filter(flow_id=trigger.flow_id, call_key=key).exists():
        return Asked(False, ran_already(key), [])
    return None


def ran_already(key: str) -> str:
    """Why a flow does not start a second time, by the key of its first run."""
    words = {"conversation": "in this conversation", "contact": "for this contact"}[key.partition(":")[0]]
    return f"it ran already {words}"


def _match(trigger: Trigger, occasion: Occasion) -> Match | None:
    """How the message fits what the trigger waits for; None where any message will do."""
    if occasion.type != "message_received":
        return None
    own = heard(trigger.config, occasion.came)
    if own is None or word_in(trigger.config, text_of(occasion.came)) is not None:
        return own
    return occasion.judged.get(str(trigger.pk)) or own


def to_be_judged(trigger: Trigger, text: str) -> Match | None:
    """The open decision that a model of the trigger's connection is to make; None where there is nothing to ask."""
    config = trigger.config
    if config.get("mode") not in ("ai", "hybrid") or not config.get("connection") or not config.get("phrases"):
        return None
    found = intents.decide(text, config["phrases"], float(config.get("threshold") or 0), config["mode"])
    return found if found.matched is None else None


def _key(trigger: Trigger, conversation: Conversation) -> str | None:
    frequency = trigger.config.get("frequency") or "once_per_conversation"
    if frequency == "always" or conversation.mode != "live":
        return None
    if frequency == "once_per_contact" and conversation.contact_id:
        return f"contact:{conversation.contact_id}"
    return f"conversation:{conversation.pk}"


def key_beside(trigger: Trigger, payload: Mapping[str, Any]) -> str | None:
    """The same for an action that hears the message of an event, whoever reported it; None: every time."""
    frequency = trigger.config.get("frequency") or "once_per_conversation"
    interaction, contact = payload.get("interaction") or {}, payload.get("contact") or {}
    known = contact.get("id") or e164(interaction.get("contact_number") or contact.get("phone"))
    if frequency == "once_per_contact" and known:
        return f"contact:{known}"[:255]
    return f"conversation:{interaction['id']}"[:255] if frequency != "always" and interaction.get("id") else None


def _priority(trigger: Trigger) -> float:
    value = trigger.config.get("priority")
    return float(50 if value is None else value)
