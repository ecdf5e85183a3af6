"""Reading what comes in as JSON: events and action calls, checked member by member, in plain words."""

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from runtime.engine.values import BadJson, safe_dumps, safe_loads
from runtime.group_commit import loader
from runtime.intake import Arrival
from runtime.interactions import complete
from runtime.models import Agent

TYPE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*\Z")
OBJECTS = ("interaction", "contact", "analysis", "variables", "secure", "data")
EVENT_MEMBERS = frozenset(("type", "id", "agent", "occurred_at", *OBJECTS))
ACTION_MEMBERS = frozenset(("arguments", "interaction", "contact", "variables", "secure", "tool_call_id", "agent"))
TEXTS = (
    "channel", "direction", "from", "to", "contact_number", "agent_number", "status", "ended_reason", "disposition",
    "sentiment", "summary", "transcript", "recording_url", "language", "agent",
)  # fmt: skip
ENDED_TYPES = ("call.ended", "conversation.ended")
REMEMBER_AGENTS_SECONDS = 2.0
LONGEST_KEY, LONGEST_TYPE = 200, 80
WRITTEN = ("type", *OBJECTS, "args", "trigger", "visitor", "message")


class BadEvent(Exception):
    """What came is no event. `errors`: [{"pointer", "code", "message"}]."""

    def __init__(self, errors: list[dict[str, str]], status: int = 422, code: str = "invalid"):
        super().__init__(errors[0]["message"])
        self.errors, self.status, self.code = errors, status, code


def parse(body: bytes) -> Any:
    """JSON or BadEvent (400)."""
    try:
        return safe_loads(body)
    except BadJson as error:
        raise BadEvent(
            [_error("", "malformed", f"The body is no valid JSON: {error}")], 400, "malformed_json"
        ) from None


def split_events(body: bytes, content_type: str, most: int) -> tuple[list[Any], bool]:
    """(events, whether there may be many): one object, an array, or one object a line."""
    if content_type == "application/x-ndjson":
        lines = [line for line in body.splitlines() if line.strip()]
        items, many = [_line(line) for line in lines], True
    else:
        json_only(content_type, "Send JSON (application/json) or one object a line (application/x-ndjson).")
        value = parse(body)
        items, many = (value, True) if isinstance(value, list) else ([value], False)
    if len(items) > most:
        raise BadEvent(
            [_error("", "too_many", f"At most {most:,} events at once; this is {len(items):,}.")], 413, "too_many"
        )
    return items, many


def json_only(content_type: str, words: str) -> None:
    """BadEvent (415) for a body that says it is something else; senders that do not say are believed."""
    if content_type and content_type not in ("application/json", "text/plain", "application/octet-stream"):
        raise BadEvent([_error("", "content_type", words)], 415, "unsupported_media_type")


def _line(line: bytes) -> Any:
    try:
        return safe_loads(line)
    except BadJson as error:
        return error  # reported at its place in the answer


async def read_event(workspace_id: Any, value: Any) -> Arrival:
    """An event of `POST /events/` as an arrival. Raises BadEvent."""
    errors = list(event_errors(value))
    if errors:
        raise BadEvent(errors)
    agent = value.get("agent") or ""
    if agent and agent not in await _agents(workspace_id):
        raise BadEvent([_error("/agent", "unknown_agent", f"There is no agent {agent!r}.")])
    payload = _payload(value)
    if agent and payload["interaction"].get("agent") is None:
        payload["interaction"]["agent"] = agent
    key = value.get("id")
    if key is None and value["type"] in ENDED_TYPES:
        key = payload["interaction"].get("id")
    return Arrival(
        workspace_id, "api", value["type"], payload, key=str(key)[:255] if key not in (None, "") else None,
        agent=agent or str(payload["interaction"].get("agent") or ""), secure=value.get("secure") or {}, route="events",
    )  # fmt: skip


async def read_action(workspace_id: Any, body: bytes) -> tuple[Arrival, str]:
    """(arrival, tool call id) of `POST /actions/<name>/`. Raises BadEvent."""
    value = parse(body) if body.strip() else {}
    errors = list(_shape_errors(value, ACTION_MEMBERS, ("interaction", "contact", "variables", "secure")))
    for name in ("tool_call_id", "agent"):
        if not errors and not isinstance(value.get(name) or "", str):
            errors = [_error(f"/{name}", "type", f"{name} is a text.")]
    if errors:
        raise BadEvent(errors)
    return action_arrival(workspace_id, "action", value, value.get("arguments")), value.get("tool_call_id") or ""


def read_inbound(body: bytes) -> dict[str, Any]:
    """The call of `POST /inbound/`: {"agent", "from", "to", "id", "sip_headers"}. Raises BadEvent."""
    value = parse(body) if body.strip() else {}
    errors = list(_shape_errors(value, frozenset(("agent", "from", "to", "id", "sip_headers")), ("sip_headers",)))
    if not errors:
        texts = ("agent", "from", "to", "id")
        errors = [_error(f"/{name}", "type", f"{name} is a text.") for name in texts
                  if not isinstance(value.get(name) or "", str)]  # fmt: skip
    if errors:
        raise BadEvent(errors)
    return dict(value)


def action_arrival(
    workspace_id: Any, source: str, value: Mapping[str, Any], arguments: Any, agent: str = ""
) -> Arrival:
    """The event of an action call."""
    payload = _payload(value)
    payload["args"] = arguments if arguments is not None else {}
    return Arrival(workspace_id, source, "action.called", payload, agent=agent or value.get("agent") or "",
                   secure=value.get("secure") or {})  # fmt: skip


def written_event(value: Mapping[str, Any]) -> dict[str, Any]:
    """An event that a person wrote for a test run or a retry, perhaps a whole one copied from a run.

    Its parts, checked and completed like those of an arriving one; nothing is required, what is not a part is left
    out. Raises BadEvent.
    """
    parts = {name: value[name] for name in WRITTEN if value.get(name) is not None}
    if "args" not in parts and value.get("arguments") is not None:
        parts["args"] = value["arguments"]  # as a call of an action names them
    if isinstance(parts.get("secure"), list):
        del parts["secure"]  # a run shows only the names of these
    errors = list(_shape_errors(parts, frozenset(WRITTEN), tuple(name for name in WRITTEN if name != "type")))
    if not isinstance(parts.get("type", ""), str) or len(parts.get("type", "")) > LONGEST_TYPE:
        errors.append(_error("/type", "type", "type is a dotted name such as call.ended."))
    if errors:
        raise BadEvent([{**error, "pointer": f"/event{error['pointer']}"} for error in errors])
    return {**parts, **_payload(parts)}


def _payload(value: Mapping[str, Any]) -> dict[str, Any]:
    payload = {name: value[name] for name in ("contact", "analysis", "variables", "data") if value.get(name)}
    payload["interaction"] = complete(value.get("interaction") or {})
    carried = payload["interaction"]["variables"]
    payload["variables"] = {**carried, **(value.get("variables") or {})} if isinstance(carried, Mapping) else {}
    if value.get("occurred_at"):
        payload["occurred_at"] = value["occurred_at"]
    return payload


def event_errors(value: Any):
    """Each member of an event that is not what CONTRACT says, as {"pointer", "code", "message"}."""
    if isinstance(value, BadJson):
        yield _error("", "malformed", f"This line is no valid JSON: {value}")
        return
    yield from _shape_errors(value, EVENT_MEMBERS, OBJECTS)
    if not isinstance(value, Mapping):
        return
    kind = value.get("type")
    if not isinstance(kind, str) or len(kind) > LONGEST_TYPE or not TYPE.match(kind):
        yield _error("/type", "type", "type is a dotted name such as call.ended.")
    if not isinstance(value.get("id"), str | int | None) or isinstance(value.get("id"), bool):
        yield _error("/id", "type", "id is a text.")
    if not isinstance(value.get("agent"), str | None):
        yield _error("/agent", "type", "agent is the slug of an agent.")
    if not _is_moment(value.get("occurred_at")):
        yield _error("/occurred_at", "type", "occurred_at is a time such as 2026-01-20T15:00:00Z.")
    if isinstance(value.get("id"), str) and len(value["id"]) > 255:
        yield _error("/id", "too_long", "id has at most 255 characters.")


def _shape_errors(value: Any, members: frozenset[str], objects: tuple[str, ...]):
    if not isinstance(value, Mapping):
        yield _error("", "type", "The body must be a JSON object.")
        return
    for name in sorted(set(value) - members):
        yield _error(f"/{name}", "unknown", f"There is no member {name!r} here.")
    for name in objects:
        if value.get(name) is not None and not isinstance(value[name], Mapping):
            yield _error(f"/{name}", "type", f"{name} must be an object.")
    interaction = value.get("interaction")
    if isinstance(interaction, Mapping):
        yield from _interaction_errors(interaction)


def _interaction_errors(interaction: Mapping[str, Any]):
    seconds = interaction.get("duration_seconds")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
        yield _error("/interaction/duration_seconds", "type", "duration_seconds is a number.")
    for name, kind, words in (("turns", list, "a list"), ("variables", Mapping, "an object")):
        if interaction.get(name) is not None and not isinstance(interaction[name], kind):
            yield _error(f"/interaction/{name}", "type", f"{name} must be {words}.")
    for name in TEXTS:
        if not isinstance(interaction.get(name), str | int | float | None):
            yield _error(f"/interaction/{name}", "type", f"{name} is a text.")
    for name in ("started_at", "ended_at"):
        if not _is_moment(interaction.get(name)):
            yield _error(f"/interaction/{name}", "type", f"{name} is a time such as 2026-01-20T15:00:00Z.")
    turns = interaction.get("turns")
    for position, turn in enumerate(turns if isinstance(turns, list) else ()):
        if not isinstance(turn, Mapping) or not isinstance(turn.get("text"), str):
            yield _error(f"/interaction/turns/{position}", "type", "A turn is an object with role and text.")


def _is_moment(value: Any) -> bool:
    try:
        return value is None or bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}


def idempotency_key(request: HttpRequest) -> str:
    """The Idempotency-Key header, "" where there is none. Raises BadEvent."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise BadEvent([_error("", "too_long", f"An Idempotency-Key has at most {LONGEST_KEY} characters.")])
    return key


def hash_of(value: Any) -> str:
    """What tells two bodies apart, however they are written."""
    readable = (
        [str(item) if isinstance(item, BadJson) else item for item in value] if isinstance(value, list) else value
    )
    return hashlib.sha256(safe_dumps(readable, sort_keys=True).encode()).hexdigest()


async def known_agent(workspace_id: Any, slug: str) -> bool:
    """Whether the workspace has an agent by this slug."""
    return slug in await _agents(workspace_id)


_known: dict[Any, tuple[float, frozenset[str]]] = {}


async def _agents(workspace_id: Any) -> frozenset[str]:
    """The workspace's agents' slugs, remembered for a moment."""
    found = _known.get(workspace_id)
    if found is None or found[0] < time.monotonic():
        slugs = await asyncio.wrap_future(loader().submit(_slugs, workspace_id))
        _known[workspace_id] = found = (time.monotonic() + REMEMBER_AGENTS_SECONDS, slugs)
    return found[1]


def _slugs(workspace_ids: list[Any]) -> list[frozenset[str]]:
    return [frozenset(Agent.objects.filter(workspace_id=each).values_list("slug", flat=True)) for each in workspace_ids]
