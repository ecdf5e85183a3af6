"""The one `interaction` (CONTRACT): every member there, absent is null, transcript and turns made from each other."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import phonenumbers

LONGEST_NUMBER = 250  # characters; phonenumbers reads no longer ones

MEMBERS = (
    "id", "channel", "direction", "from", "to", "contact_number", "agent_number", "started_at", "ended_at",
    "duration_seconds", "status", "ended_reason", "disposition", "sentiment", "summary", "transcript", "turns",
    "recording_url", "language", "agent", "variables", "raw",
)  # fmt: skip
ROLES = {
    "agent": "agent", "assistant": "agent", "bot": "agent", "ai": "agent", "assistent": "agent",
    "user": "user", "human": "user", "customer": "user", "kunde": "user", "contact": "user", "caller": "user",
    "tool": "tool", "system": "system",
}  # fmt: skip
AS_WRITTEN = {write(name): role for name, role in ROLES.items() for write in (str, str.capitalize, str.upper)}


def complete(given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with every member present and the derivable ones derived; members of its own stay."""
    interaction = {**dict.fromkeys(MEMBERS), **given}
    if interaction["id"] is not None:
        interaction["id"] = str(interaction["id"])
    _sides(interaction)
    if interaction["turns"] is None and isinstance(interaction["transcript"], str):
        interaction["turns"] = turns_of(interaction["transcript"])
    if interaction["transcript"] is None and isinstance(interaction["turns"], list):
        interaction["transcript"] = transcript_of(interaction["turns"])
    interaction["turns"] = interaction["turns"] or []
    interaction["variables"] = interaction["variables"] or {}
    return interaction


def turns_of(transcript: str) -> list[dict[str, Any]]:
    """One turn per "Speaker: words" line; a line without a known speaker belongs to the turn before it."""
    turns: list[dict[str, Any]] = []
    for line in transcript.splitlines():
        speaker, colon, words = line.partition(":")
        role = (AS_WRITTEN.get(speaker) or ROLES.get(speaker.strip().lower())) if colon else None
        if role:
            turns.append({"role": role, "text": words.strip(), "at_seconds": None})
        elif words := line.strip():
            if turns:
                turns[-1]["text"] += "\n" + words
            else:
                turns.append({"role": "unknown", "text": words, "at_seconds": None})
    return turns


def transcript_of(turns: list[Any]) -> str:
    rows = [turn for turn in turns if isinstance(turn, Mapping)]
    return "\n".join(f"{str(row.get('role') or 'unknown').capitalize()}: {row.get('text') or ''}" for row in rows)


def e164(number: Any) -> str:
    """A phone number as E.164 where it is one, else the text as it came; for looking up."""
    text = str(number or "").strip()
    return _e164(text) if len(text) <= LONGEST_NUMBER else text[:40]


@lru_cache(maxsize=1024)
def _e164(text: str) -> str:
    """Remembered: a call is reported several times."""
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text[:40]
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _sides(interaction: dict[str, Any]) -> None:
    """Who called whom, and which of the two is the contact, from each other and the direction."""
    caller, callee = ("contact_number", "agent_number"), ("agent_number", "contact_number")
    by_direction = {"inbound": caller, "outbound": callee}.get(str(interaction["direction"]))
    if by_direction is None:
        return
    for side, end in zip(by_direction, ("from", "to"), strict=True):
        if interaction[side] is None:
            interaction[side] = interaction[end]
        elif interaction[end] is None:
            interaction[end] = interaction[side]
