"""What a step does to its conversation, as data, and what a visitor's reply means. Pure.

A step that speaks puts changes on its outcome; they are recorded in one transaction with it (runtime/chatting.py):
{"do": "say", "text", "buttons", "image", "form", "aloud": whether the caller of an action is to say it} ·
{"do": "tag", "on": "contact" | "conversation", "add", "remove", "now"} · {"do": "contact", "set": {name: value}} ·
{"do": "hand_over", "queue", "reason", "transcript"} · {"do": "end", "reason"}.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from runtime.engine import dates
from runtime.engine.values import to_datetime, to_number

KINDS = ("text", "choice", "number", "email", "phone", "date")
LONGEST_TEXT = 4_000  # characters of one message
MOST_TAGS, LONGEST_TAG = 50, 60
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,24}\Z")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{5,24}\Z")

Change = Mapping[str, Any]


def after(chat: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """What a run knows of its conversation (RunState.chat) once it has made `changes`."""
    known = dict(chat)
    for change in changes:
        if change["do"] == "contact":
            known["contact"] = {**known.get("contact", {}), **change["set"]}
        elif change["do"] == "tag" and change["on"] == "contact":
            known["contact"] = {**known.get("contact", {}), "tags": change["now"]}
        elif change["do"] == "hand_over":
            known["handed_over"] = True
        elif change["do"] == "say" and change.get("aloud"):
            known["said"] = [*known.get("said", ()), change["text"]]
    return known


def say(text: str, **parts: Any) -> dict[str, Any]:
    """A message of the flow; parts that are empty are left out."""
    return {"do": "say", "text": text[:LONGEST_TEXT], **{name: value for name, value in parts.items() if value}}


def in_language(text: str, variants: Sequence[Mapping[str, Any]], language: Any) -> str:
    """The variant of a language ("de-AT" takes "de" where it has no own), or the text itself."""
    wanted = str(language or "").lower().replace("_", "-")
    by_language = {str(row.get("language") or "").lower(): row.get("text") for row in variants}
    return str(by_language.get(wanted) or by_language.get(wanted.split("-")[0]) or text)


def read(kind: str, reply: Mapping[str, Any], choices: Sequence[Mapping[str, Any]] = (), zone: Any = None) -> Any:
    """What a reply {"text", "choice"} means as an answer of `kind`; None if it is no answer.

    A choice gives its row {"value", "label"}; it may be clicked, or written as it reads.
    """
    said = str(reply.get("choice") or reply.get("text") or "").strip()
    if not said:
        return None
    if kind == "choice":
        folded = said.casefold()
        return next((row for row in choices if folded in (row["value"].casefold(), row["label"].casefold())), None)
    return _READERS[kind](said, zone)


def _number(said: str, zone: Any) -> Any:
    number = to_number(said.replace(" ", ""))
    return number if number is not None else to_number(said.replace(" ", "").replace(",", "."))


def _email(said: str, zone: Any) -> str | None:
    return said if _EMAIL.match(said) else None


def _phone(said: str, zone: Any) -> str | None:
    return re.sub(r"[ ()./-]", "", said) if _PHONE.match(said) else None


def _date(said: str, zone: Any) -> str | None:
    moment = to_datetime(said, zone or UTC)
    if moment is None and (found := re.match(r"(\d{1,2})[./](\d{1,2})[./](\d{4})\Z", said)):
        day, month, year = found.groups()
        moment = to_datetime(f"{year}-{int(month):02d}-{int(day):02d}", zone or UTC)
    return dates.format_moment(moment, "%Y-%m-%d") if moment else None


_READERS = {"text": lambda said, zone: said, "number": _number, "email": _email, "phone": _phone, "date": _date}


def wrong_fields(
    fields: Sequence[Mapping[str, Any]], form: Mapping[str, Any], zone: Any = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """({name: value} of what was filled in rightly, {name: words} of what was not), for a form's fields."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in fields:
        name, given = field["name"], form.get(field["name"])
        if given in (None, "", False) and field.get("required"):
            wrong[name] = f"{field['label']} is needed."
        elif given in (None, ""):
            continue
        elif field["kind"] == "toggle":
            values[name] = given is True or str(given).lower() in ("true", "yes", "on", "1")
        else:
            value = read(field["kind"], {"text": str(given)}, field.get("choices") or (), zone)
            if value is None:
                wrong[name] = f"{field['label']} {_NOT[field['kind']]}"
            else:
                values[name] = value["value"] if isinstance(value, Mapping) else value
    return values, wrong


_NOT = {
    "text": "is empty.", "choice": "is not one of the choices.", "number": "is no number.",
    "email": "is no e-mail address.", "phone": "is no phone number.", "date": "is no date.",
}  # fmt: skip


def tags_after(tags: Iterable[str], add: Iterable[str], remove: Iterable[str]) -> list[str]:
    """Tags with some added and some taken away, each once, in their order; MOST_TAGS at most."""
    gone = {each.casefold() for each in remove}
    kept: dict[str, str] = {}
    for tag in (*tags, *add):
        word = str(tag).strip()[:LONGEST_TAG]
        if word and word.casefold() not in gone:
            kept.setdefault(word.casefold(), word)
    return list(kept.values())[:MOST_TAGS]


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def people_online(availability: Mapping[str, Any], queue: str, now: datetime) -> bool:
    """Whether a person of `queue` (or of any) can take a conversation now.

    `availability`: {"mode": "online" | "offline" | "hours", "days", "opens", "closes", "queues": {name: the same}};
    `now` is in the workspace's time zone.
    """
    own = (availability.get("queues") or {}).get(queue) if queue else None
    rule = own if isinstance(own, Mapping) else availability
    mode = rule.get("mode", "online")
    if mode != "hours":
        return bool(mode == "online")
    return within(rule, now)


def within(rule: Mapping[str, Any], now: datetime) -> bool:
    """Whether the local moment `now` is on one of the days and between the hours {"days", "opens", "closes"}."""
    opens, closes = str(rule.get("opens") or "00:00"), str(rule.get("closes") or "24:00")
    clock, today = now.strftime("%H:%M"), now.weekday()
    days = rule.get("days") or DAYS
    if opens <= closes:
        return DAYS[today] in days and opens <= clock < closes
    return (clock >= opens and DAYS[today] in days) or (clock < closes and DAYS[today - 1] in days)
