"""Which flow a conversation starts: by what the visitor says or where they are; why the others did not is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any
from zoneinfo import ZoneInfo

from runtime import present
from runtime.engine import chat, comparing, conditions, intents
from runtime.engine.intents import Match
from runtime.engine.values import to_datetime
from runtime.matching import listening
from runtime.models import Conversation, Run, Trigger


@dataclass(slots=True)
class Occasion:
    """What may start a flow: a conversation's beginning, or a message. `scope` is what conditions see; `judged` holds
    what models said of the message, by trigger.
    """

    type: str
    conversation: Conversation
    scope: dict[str, Any]
    availability: Mapping[str, Any]
    text: str = ""
    judged: Mapping[str, Match] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The flow that starts, under which key, and how the message matched."""

    trigger: Trigger
    call_key: str | None
    match: Match | None


def choose(occasion: Occasion) -> tuple[Chosen | None, list[dict[str, str]]]:
    """(the flow that starts, [{"flow", "reason"}] of those that do not)."""
    found: list[Chosen] = []
    skipped: list[dict[str, str]] = []
    for trigger in triggers_of(occasion.type, occasion.conversation.workspace_id):
        match = _match(trigger, occasion)
        reason = _reason(trigger, occasion, match)
        if reason is None:
            found.append(Chosen(trigger, _key(trigger, occasion.conversation), match))
        else:
            skipped.append({"flow": str(trigger.flow_id), "reason": reason[:300]})
    found.sort(key=lambda each: (-_priority(each.trigger), each.trigger.pk))
    for other in found[1:]:
        text = f"“{found[0].trigger.flow.name}” goes before it, by its priority"
        skipped.append({"flow": str(other.trigger.flow_id), "reason": text[:300]})
    return (found[0] if found else None), skipped


def triggers_of(type: str, workspace_id: Any) -> Iterable[Trigger]:
    return [each for each in listening([workspace_id]).get(workspace_id, ()) if each.type == type]


def _reason(trigger: Trigger, occasion: Occasion, match: Match | None) -> str | None:
    """Why this flow does not start; None if it does."""
    for check in (_agent, _channel, _hours, _dates, _address, _people, _conditions):
        reason = check(trigger.config | {"agents": trigger.agents}, occasion)
        if reason is not None:
            return str(reason)
    if match is not None and not match.matched:
        likest = f": {match.score:.2f} like “{match.phrase}”" if match.phrase else ""
        return f"the message is not one it waits for{likest}"
    key = _key(trigger, occasion.conversation)
    if key is not None and Run.objects.filter(flow_id=trigger.flow_id, call_key=key).exists():
        words = {"conversation": "in this conversation", "contact": "for this contact"}[key.partition(":")[0]]
        return f"it ran already {words}"
    return None


def _agent(config: Mapping[str, Any], occasion: Occasion) -> str | None:
    wanted, agent = config["agents"], occasion.conversation.agent
    return f"the agent is {agent or 'not known'}" if wanted and agent not in wanted else None


def _channel(config: Mapping[str, Any], occasion: Occasion) -> str | None:
    wanted, channel = config.get("channels"), occasion.conversation.channel
    return f"the channel is {channel}" if wanted and channel not in wanted else None


def _hours(config: Mapping[str, Any], occasion: Occasion) -> str | None:
    if not config.get("only_within"):
        return None
    rule = {"days": config.get("days"), "opens": config.get("hours_from"), "closes": config.get("hours_to")}
    now = _now(config, occasion)
    return None if chat.within(rule, now) else f"it was {now:%A %H:%M}"


def _dates(config: Mapping[str, Any], occasion: Occasion) -> str | None:
    now = _now(config, occasion)
    first, last = (to_datetime(config.get(name) or None, now.tzinfo or ZoneInfo("UTC"))
                   for name in ("date_from", "date_to"))  # fmt: skip
    if first is not None and now < first:
        return f"it starts on {first:%Y-%m-%d}"
    return f"it ended on {last:%Y-%m-%d}" if last is not None and now > last else None


def _now(config: Mapping[str, Any], occasion: Occasion) -> datetime:
    zone = config.get("time_zone") or occasion.scope["workspace"].get("time_zone") or "UTC"
    return present.now().astimezone(ZoneInfo(str(zone)))


def _address(config: Mapping[str, Any], occasion: Occasion) -> str | None:
    wanted = config.get("ip_ranges")
    if not wanted:
        return None
    try:
        address = ip_address(str(occasion.scope["visitor"].get("ip") or ""))
    except ValueError:
        return "the visitor's address is not known"
    inside = any(address in ip_network(each.strip(), strict=False) for each in wanted)
    return None if inside else f"the visitor's address is {address}"


def _people(config: Mapping[str, Any], occasion: Occasion) -> str | None:
    wanted = config.get("people") or "any"
    online = occasion.scope["visitor"]["people_online"]
    if wanted == "online" and not online:
        return "nobody is online"
    return "somebody is online" if wanted == "offline" and online else None


def _conditions(config: Mapping[str, Any], occasion: Occasion) -> str | None:
    result, compared = conditions.evaluate(config.get("conditions"), occasion.scope, [])
    if result:
        return None
    first = next((row for row in compared if not row["result"]), None)
    return f"{str(first['left']).strip('{} ')} was {first['left_value']!r}" if first else "the conditions do not hold"


def _match(trigger: Trigger, occasion: Occasion) -> Match | None:
    """How the message fits what the trigger waits for; None where any message will do."""
    config = trigger.config
    words, pattern = config.get("keywords_any") or [], config.get("pattern") or ""
    phrases = config.get("phrases") or []
    if occasion.type != "message_received" or not (words or pattern or phrases):
        return None
    word = next((each for each in words if _says(occasion.text, each)), None)
    if word is not None or (pattern and comparing.matches(occasion.text, pattern)):
        return Match(1.0, word or pattern, True)
    return occasion.judged.get(str(trigger.pk)) or likely(trigger, occasion.text)


def likely(trigger: Trigger, text: str) -> Match:
    """The decision by likeness, where no model was asked or none can be."""
    threshold = float(trigger.config.get("threshold") or 0)
    found = intents.decide(text, trigger.config.get("phrases") or [], threshold)
    return intents.settled(found, None, threshold)


def to_be_judged(trigger: Trigger, text: str) -> Match | None:
    """The open decision that a model of the trigger's connection is to make; None where there is nothing to ask."""
    config = trigger.config
    if config.get("mode") not in ("ai", "hybrid") or not config.get("connection") or not config.get("phrases"):
        return None
    found = intents.decide(text, config["phrases"], float(config.get("threshold") or 0), config["mode"])
    return found if found.matched is None else None


def _says(text: str, word: str) -> bool:
    """Whether the word, or the words in their order, stand in the text as words of their own."""
    said, wanted = (f" {' '.join(intents.words(each))} " for each in (text, word))
    return bool(wanted.strip()) and wanted in said


def _key(trigger: Trigger, conversation: Conversation) -> str | None:
    frequency = trigger.config.get("frequency") or "once_per_conversation"
    if frequency == "always" or conversation.mode != "live":
        return None
    if frequency == "once_per_contact" and conversation.contact_id:
        return f"contact:{conversation.contact_id}"
    return f"conversation:{conversation.pk}"


def _priority(trigger: Trigger) -> float:
    value = trigger.config.get("priority")
    return float(50 if value is None else value)
