"""What may be said at the doors of conversations: bodies read, with everything that is wrong in them named."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from runtime.arrivals import BadEvent, known_agent
from runtime.conversing import Opening
from runtime.engine.chat import LONGEST_TEXT
from runtime.engine.values import safe_dumps
from runtime.replying import Reply
from runtime.visitors import wrong_in

LONGEST_ID, MOST_FIELDS, LONGEST_VALUE, LARGEST_PART = 100, 50, 2_000, 20_000
CHANNELS = ("phone", "web_call", "chat", "whatsapp", "sms", "email")
OPENING = frozenset(("agent", "channel", "contact", "visitor", "variables"))
SAYING = frozenset(("id", "text", "choice", "form", "role"))
Problem = dict[str, str]


async def read_opening(workspace_id: Any, value: Any) -> Opening:
    """What a conversation begins with. Raises BadEvent naming each thing that is wrong."""
    errors = list(_unknown(value, OPENING)) or list(_wrong_shapes(value))
    errors = errors or [*_wrong_values(value), *await _unknown_agent(workspace_id, value.get("agent") or "")]
    if errors:
        raise BadEvent(errors)
    return Opening(
        workspace_id, value.get("agent") or "", value.get("channel") or "chat", value.get("contact") or {},
        value.get("visitor") or {}, value.get("variables") or {},
    )  # fmt: skip


def _wrong_shapes(value: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("contact", "visitor", "variables"):
        if not isinstance(value.get(name), Mapping | None):
            yield _error(f"/{name}", "type", f"{name} must be an object.")
        elif len(safe_dumps(value.get(name) or {})) > LARGEST_PART:
            yield _error(f"/{name}", "too_long", f"{name} is larger than {LARGEST_PART:,} characters.")
    for name in ("agent", "channel"):
        if not isinstance(value.get(name), str | None):
            yield _error(f"/{name}", "type", f"{name} is a text.")


def _wrong_values(value: Mapping[str, Any]) -> Iterator[Problem]:
    if (value.get("channel") or "chat") not in CHANNELS:
        yield _error("/channel", "invalid", f"channel is one of {', '.join(CHANNELS)}.")
    for name, words in wrong_in(value.get("visitor") or {}):
        yield _error(f"/visitor/{name}", "invalid", words)


async def _unknown_agent(workspace_id: Any, agent: str) -> list[Problem]:
    if not agent or await known_agent(workspace_id, agent):
        return []
    return [_error("/agent", "unknown_agent", f"There is no agent {agent!r}.")]


def read_reply(conversation_id: UUID, value: Any, by_token: bool) -> Reply:
    """What somebody says; `by_token`: a visitor. Raises BadEvent naming each thing that is wrong."""
    errors = list(_unknown(value, SAYING)) or list(_wrong(value, by_token))
    if errors:
        raise BadEvent(errors)
    text = value.get("text") if isinstance(value.get("text"), str) else ""
    form = value.get("form")
    return Reply(
        conversation_id, value["id"], value.get("role") or "user", text or "", str(value.get("choice") or ""),
        dict(form) if form is not None else None,
    )  # fmt: skip


def _wrong(value: Mapping[str, Any], by_token: bool) -> Iterator[Problem]:
    client_id, role = value.get("id"), value.get("role")
    if not isinstance(client_id, str) or not 1 <= len(client_id) <= LONGEST_ID:
        yield _error("/id", "required", f"id is your own name for the message, {LONGEST_ID} characters at most.")
    if role not in (None, "user") and (by_token or role != "human"):
        yield _error(
            "/role", "invalid", "role is user, or human where a program with an API key speaks for a colleague."
        )
    given = [name for name in ("text", "choice", "form") if value.get(name) not in (None, "")]
    if len(given) != 1:
        yield _error("", "required", "Say one thing: a text, a choice, or a form.")
    for name, longest in (("text", LONGEST_TEXT), ("choice", 200)):
        if not isinstance(value.get(name) or "", str):
            yield _error(f"/{name}", "type", f"{name} is a text.")
        elif len(value.get(name) or "") > longest:
            yield _error(f"/{name}", "too_long", f"{name} has at most {longest:,} characters.")
    yield from _wrong_form(value.get("form"))


def _wrong_form(form: Any) -> Iterator[Problem]:
    if form is None:
        return
    if not isinstance(form, Mapping):
        yield _error("/form", "type", "form is an object: the fields by their names.")
    elif len(form) > MOST_FIELDS:
        yield _error("/form", "too_long", f"A form has at most {MOST_FIELDS} fields.")
    else:
        for name, value in form.items():
            if not isinstance(value, str | int | float | bool | None):
                yield _error(f"/form/{name}", "type", "A field is a text, a number, or true or false.")
            elif len(str(value)) > LONGEST_VALUE or len(name) > LONGEST_ID:
                yield _error(f"/form/{name[:LONGEST_ID]}", "too_long",
                             f"A field has at most {LONGEST_VALUE:,} characters.")  # fmt: skip


def _unknown(value: Any, members: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield _error("", "type", "The body must be a JSON object.")
        return
    for name in sorted(set(value) - members):
        yield _error(f"/{name}", "unknown", f"There is no member {name!r} here.")


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}
