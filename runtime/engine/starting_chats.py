"""What the triggers of conversations ask besides what all do: hours, dates, addresses, people, what a message means."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any
from zoneinfo import ZoneInfo

from runtime.engine import chat, comparing, intents
from runtime.engine.asked import Asked, Came, Config, one
from runtime.engine.intents import Match
from runtime.engine.values import to_datetime


def hours(config: Config, came: Came) -> Asked | None:
    """Only on these days, between these hours."""
    if not config.get("only_within"):
        return None
    rule = {"days": config.get("days"), "opens": config.get("hours_from"), "closes": config.get("hours_to")}
    now = _now(config, came)
    wanted = [rule["opens"] or "00:00", rule["closes"] or "24:00", *(rule["days"] or ())]
    said = f"{now:%A %H:%M}"
    return one("now", said, "in_list", wanted, chat.within(rule, now), f"it was {said}")


def first_day(config: Config, came: Came) -> Asked | None:
    return _day(config, came, "date_from", "at_least", "it starts on")


def last_day(config: Config, came: Came) -> Asked | None:
    return _day(config, came, "date_to", "at_most", "it ended on")


def _day(config: Config, came: Came, name: str, operator: str, words: str) -> Asked | None:
    now = _now(config, came)
    moment = to_datetime(config.get(name) or None, now.tzinfo or ZoneInfo("UTC"))
    if moment is None:
        return None
    holds = now >= moment if operator == "at_least" else now <= moment
    shown, wanted = (f"{each:%Y-%m-%d %H:%M}" for each in (now, moment))
    return one("now", shown, operator, wanted, holds, f"{words} {moment:%Y-%m-%d}")


def _now(config: Config, came: Came) -> datetime:
    """When it came, on the clock of the trigger or the workspace."""
    zone = ZoneInfo(str(config.get("time_zone") or (came.get("workspace") or {}).get("time_zone") or "UTC"))
    return datetime.fromisoformat(came["at"]).astimezone(zone)


def address(config: Config, came: Came) -> Asked | None:
    """Only visitors of these ranges of addresses."""
    wanted = config.get("ip_ranges")
    if not wanted:
        return None
    given = str(_visitor(came).get("ip") or "")
    try:
        visitor = ip_address(given)
    except ValueError:
        return one("visitor.ip", given or None, "in_list", wanted, False, "the visitor's address is not known")
    inside = any(visitor in ip_network(each.strip(), strict=False) for each in wanted)
    return one("visitor.ip", given, "in_list", wanted, inside, f"the visitor's address is {visitor}")


def people(config: Config, came: Came) -> Asked | None:
    """Only while somebody, or nobody, takes conversations over."""
    wanted = config.get("people") or "any"
    if wanted == "any":
        return None
    online = bool(_visitor(came).get("people_online"))
    operator, holds = ("is_true", online) if wanted == "online" else ("is_false", not online)
    words = "nobody is online" if wanted == "online" else "somebody is online"
    return one("visitor.people_online", online, operator, None, holds, words)


def said(config: Config, came: Came) -> Asked | None:
    """Only messages that hold a word, fit a pattern, or mean a phrase."""
    match = came.get("match") or heard(config, came)
    if match is None:
        return None
    likest = f": {match.score:.2f} like “{match.phrase}”" if match.phrase else ""
    words = f"the message is not one it waits for{likest}"
    threshold, phrase = float(config.get("threshold") or 0), match.phrase
    asked = one(f"likeness to “{phrase}”" if phrase else "message.score", match.score, "at_least", threshold,
                bool(match.matched), words)  # fmt: skip
    if word_in(config, text_of(came)) is not None:
        return one("message.text", text_of(came), "contains", phrase, True, words)
    return asked


def heard(config: Config, came: Came) -> Match | None:
    """How a message fits what its trigger waits for, without asking a model; None where any message will do.

    What was found when it started this flow stands: `heard` has it, by flow.
    """
    if not any(config.get(name) for name in ("keywords_any", "pattern", "phrases")):
        return None
    found, text = (came.get("heard") or {}).get(str(came.get("flow"))), text_of(came)
    if isinstance(found, Mapping):
        return Match(float(found["score"]), found["phrase"], True)
    word = word_in(config, text)
    if word is not None:
        return Match(1.0, word, True)
    threshold = float(config.get("threshold") or 0)
    return intents.settled(intents.decide(text, config.get("phrases") or [], threshold), None, threshold)


def word_in(config: Config, text: str) -> str | None:
    """The word, or the pattern, for which a message is heard whatever it means."""
    found = next((each for each in config.get("keywords_any") or [] if _says(text, each)), None)
    pattern = str(config.get("pattern") or "")
    return found if found is not None or not pattern or not comparing.matches(text, pattern) else pattern


def text_of(came: Came) -> str:
    """What the visitor said, wherever who reported it puts that."""
    for part in ("message", "data"):
        value = came.get(part)
        if isinstance(value, Mapping) and isinstance(value.get("text"), str):
            return str(value["text"])
    return ""


def _says(text: str, word: str) -> bool:
    """Whether the word, or the words in their order, stand in the text as words of their own."""
    spoken, wanted = (f" {' '.join(intents.words(each))} " for each in (text, word))
    return bool(wanted.strip()) and wanted in spoken


def _visitor(came: Came) -> Mapping[str, Any]:
    return came.get("visitor") or {}
