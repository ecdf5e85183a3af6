"""The small rules that hold for all vendors: times, durations, speakers, tool calls, numbers of both sides."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import floor
from typing import Any

from runtime.engine.values import safe_dumps, safe_loads
from runtime.interactions import ROLES

TOOL_ROLES = {"tool_calls", "tool_call_result", "tool_call_invocation", "agent-action", "function", "function_call"}


def member(value: Any, *path: str) -> Any:
    """A member deep inside, None where the way ends early."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def table(value: Any, *path: str) -> dict[str, Any]:
    """The object at `path`, or an empty one."""
    found = member(value, *path)
    return dict(found) if isinstance(found, Mapping) else {}


def text(value: Any) -> str | None:
    """A text that says something; numbers as text; everything else is absent."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def first_text(*values: Any) -> str | None:
    return next((found for found in map(text, values) if found is not None), None)


def moment(value: Any) -> str | None:
    """ISO text or a Unix time (s or ms) as UTC with Z, milliseconds only where there are some."""
    try:
        at = _instant(value)
    except (ValueError, OverflowError, OSError):
        return None
    if at is None:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    precision = "milliseconds" if at.microsecond >= 1000 else "seconds"
    return at.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _instant(value: Any) -> datetime | None:
    if isinstance(value, str) and value.strip():
        return datetime.fromisoformat(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    return datetime.fromtimestamp(value / 1000 if value > 100_000_000_000 else value, UTC)


def seconds(value: Any, of: int = 1) -> int | None:
    """A duration as whole seconds, halves up; `of`: how many of its unit are a second."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < of * 1e9:
        return None
    return floor(value / of + 0.5)


def between(start: str | None, end: str | None) -> int | None:
    """Seconds from one `moment` to another."""
    if not start or not end:
        return None
    return seconds((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def later(start: str | None, by: int | None) -> str | None:
    """The `moment` that is `by` seconds after another."""
    if not start or by is None:
        return None
    return moment(datetime.fromisoformat(start).timestamp() + by)


def role(label: Any) -> str:
    """The vendor's word for a speaker as one of ours; what nobody knows is the system's."""
    word = str(label or "").strip().lower()
    if word in TOOL_ROLES:
        return "tool"
    return ROLES.get(word, "system" if word else "unknown")


def turn(speaker: str, words: Any, at: Any = None) -> dict[str, Any]:
    at_seconds = at if isinstance(at, int | float) and not isinstance(at, bool) else None
    return {"role": speaker, "text": words if isinstance(words, str) else safe_dumps(words), "at_seconds": at_seconds}


def call_text(name: Any, arguments: Any) -> str:
    """How a tool call reads among the turns: `find_slots({"day":"tuesday"})`."""
    return f"{name or 'tool'}({arguments if isinstance(arguments, str) else safe_dumps(arguments or {})})"


def merged(*tables: Any) -> dict[str, Any]:
    """Variables: inputs, then collected, then extracted; later wins."""
    result: dict[str, Any] = {}
    for given in tables:
        if isinstance(given, Mapping):
            result.update(given)
    return result


def tool_call(value: Any) -> dict[str, Any] | None:
    """Any vendor's shape of a call as {"tool_call_id", "name", "arguments"}; None if it is none."""
    if not isinstance(value, Mapping):
        return None
    inner = value.get("function") if isinstance(value.get("function"), Mapping) else value.get("params")
    inner = inner if isinstance(inner, Mapping) else value
    name = first_text(inner.get("name"), value.get("name"))
    if name is None:
        return None
    given = next((inner[key] for key in ("parameters", "arguments", "args", "input") if inner.get(key) is not None), {})
    call_id = first_text(value.get("id"), value.get("call_id"), value.get("toolCallId"), value.get("tool_call_id"))
    return {"tool_call_id": call_id, "name": name, "arguments": _arguments(given)}


def tool_calls(values: Any) -> list[dict[str, Any]]:
    found = (tool_call(value) for value in values) if isinstance(values, list) else ()
    return [call for call in found if call is not None]


def _arguments(given: Any) -> dict[str, Any]:
    if isinstance(given, str):
        try:
            given = safe_loads(given) if given.strip() else {}
        except ValueError:
            return {}
    return dict(given) if isinstance(given, Mapping) else {}


def status_of(reason: Any, table_: Iterable[tuple[str, str]], otherwise: str) -> str:
    """The first status whose mark is in the vendor's word."""
    word = str(reason or "").lower()
    return next((status for mark, status in table_ if mark in word), otherwise)
