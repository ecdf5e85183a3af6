"""Facts to take from a conversation: the JSON Schema that asks for them, and judging what came."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.prompting.reading import Unfit
from runtime.engine.values import to_text

TYPES = [("text", "Text"), ("number", "Number"), ("boolean", "Yes or no"), ("datetime", "Date and time"),
         ("enum", "One of a list"), ("json", "JSON")]  # fmt: skip
_JSON = {"text": ["string", "null"], "number": ["number", "null"], "boolean": ["boolean"],
         "datetime": ["string", "null"], "enum": ["string", "null"]}  # fmt: skip
BLANK = {"text": "", "boolean": False}  # what "not sure" becomes; null for the others


def schema_of(properties: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One object with every property required, as strict structured outputs want it; "not sure" is null."""
    members = {row["name"]: _member(row) for row in properties}
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def _member(row: Mapping[str, Any]) -> dict[str, Any]:
    member: dict[str, Any] = {"description": row["description"]} if row["description"] else {}
    if row["type"] in _JSON:
        member["type"] = _JSON[row["type"]]
    if row["type"] == "enum":
        member["enum"] = [*row["options"], None]
    return member


def can_be_strict(schema: Any) -> bool:
    """Whether an endpoint can hold a model to it exactly: every object closed, every member required and typed."""
    if not isinstance(schema, Mapping) or "type" not in schema:
        return False
    if schema["type"] == "array":
        return can_be_strict(schema.get("items"))
    if schema["type"] != "object":
        return True
    members = schema.get("properties") or {}
    closed = schema.get("additionalProperties") is False and set(schema.get("required") or ()) == set(members)
    return closed and bool(members) and all(map(can_be_strict, members.values()))


def read_properties(properties: Sequence[Mapping[str, Any]], answer: Any) -> dict[str, Any]:
    """The values by name, each of its type; what is unsure is blank or false. Raises Unfit naming all that is wrong."""
    if not isinstance(answer, Mapping):
        raise Unfit("It is no JSON object.")
    values, wrong = {}, []
    for row in properties:
        try:
            values[row["name"]] = _read(row, answer)
        except Unfit as problem:
            wrong.append(str(problem))
    if wrong:
        raise Unfit(" ".join(wrong))
    return values


def _read(row: Mapping[str, Any], answer: Mapping[str, Any]) -> Any:
    name, kind = row["name"], row["type"]
    if name not in answer:
        raise Unfit(f"{name} is missing.")
    value = answer[name]
    if value is None or value == "":
        return BLANK.get(kind)
    return _READERS[kind](name, value, row)


def _text(name: str, value: Any, row: Any) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return to_text(value)
    raise Unfit(f"{name} must be a text.")


def _number(name: str, value: Any, row: Any) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value.strip())
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        raise Unfit(f"{name} must be a number.")
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _boolean(name: str, value: Any, row: Any) -> bool:
    known = {"true": True, "false": False, "yes": True, "no": False}
    found = known.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise Unfit(f"{name} must be true or false.")
    return found


def _moment(name: str, value: Any, row: Any) -> str:
    try:
        datetime.fromisoformat(value.strip())
    except (ValueError, AttributeError):
        raise Unfit(f"{name} must be a date and time such as 2026-01-20T15:00:00Z.") from None
    return str(value.strip())


def _option(name: str, value: Any, row: Mapping[str, Any]) -> str:
    for option in row["options"]:
        if isinstance(value, str) and value.strip().casefold() == option.casefold():
            return str(option)
    raise Unfit(f"{name} must be one of {', '.join(row['options'])}, but is {to_text(value)[:80]!r}.")


_READERS = {"text": _text, "number": _number, "boolean": _boolean, "datetime": _moment, "enum": _option,
            "json": lambda name, value, row: value}  # fmt: skip
