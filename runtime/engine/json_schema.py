"""A small JSON Schema: what inputs and responses of actions need, in time that grows with the value only.

Known are type, enum, const, required, properties, additionalProperties, items, nullable, minimum, maximum,
exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern (RE2), minItems, maxItems; notes such as title and
description say nothing. There are no references and no combinations, so each part of a value meets one schema.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeGuard

from runtime.engine.comparing import NotComparable, compiled, matches
from runtime.engine.values import UNKNOWN, PartlyKnown, deeper_than, excerpt, to_text, walk

MAX_DEPTH = 20
LARGEST_SCHEMA = 5_000  # keys, texts and numbers
MOST_ENUM = 500
MOST_ERRORS = 50
NOTES = frozenset(("title", "description", "default", "example", "examples", "format", "$schema", "$id", "$comment",
                   "readOnly", "writeOnly", "deprecated"))  # fmt: skip

Issue = tuple[str, str]  # (JSON Pointer, message)

_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("a text", lambda value: isinstance(value, str)),
    "number": ("a number", lambda value: type(value) in (int, float)),
    "integer": ("a whole number", lambda value: type(value) is int or (type(value) is float and value.is_integer())),
    "boolean": ("true or false", lambda value: type(value) is bool),
    "object": ("an object", lambda value: isinstance(value, Mapping)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "null": ("null", lambda value: value is None),
}
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def validate(value: Any, schema: Any) -> Iterator[Issue]:
    """What in `value` does not match, at most 50 issues. UNKNOWN and partly known values match what they may become.

    Parts of a schema that mean nothing here are passed over; `check_schema` names them.
    """
    return islice(_validate(value, schema, "", MAX_DEPTH), MOST_ERRORS)


def check_schema(schema: Any) -> Iterator[Issue]:
    """What in a schema cannot be read or is not known here, at most 50 issues."""
    if deeper_than(schema, MAX_DEPTH * 2):
        return iter([("", f"The schema nests deeper than {MAX_DEPTH} levels.")])
    if sum(1 for _ in islice(walk(schema), LARGEST_SCHEMA + 1)) > LARGEST_SCHEMA:
        return iter([("", "The schema is too large.")])
    return islice(_check(schema, "", MAX_DEPTH), MOST_ERRORS)


def _validate(value: Any, schema: Any, at: str, depth: int) -> Iterator[Issue]:
    if value is UNKNOWN or not isinstance(schema, Mapping) or depth < 0:
        return
    if value is None and schema.get("nullable") is True:
        return
    types = _types(schema)
    if types and not any(_TYPES[name][1](value) for name in types):
        yield at, f"It must be {' or '.join(_TYPES[name][0] for name in types)}, not {_shown(value)}."
        return
    if not isinstance(value, PartlyKnown):
        yield from _choice_issues(value, schema, at)
    if isinstance(value, str):
        yield from _text_issues(value, schema, at)
    elif type(value) in (int, float):
        yield from _number_issues(value, schema, at)
    elif isinstance(value, list):
        yield from _list_issues(value, schema, at, depth)
    elif isinstance(value, Mapping):
        yield from _object_issues(value, schema, at, depth)


def _choice_issues(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[Issue]:
    choices = schema.get("enum")
    if isinstance(choices, list) and not any(_same(value, choice) for choice in choices[:MOST_ENUM]):
        named = ", ".join(_shown(choice) for choice in choices[:10])
        yield at, f"It must be one of {named}{', …' if len(choices) > 10 else ''}, not {_shown(value)}."
    if "const" in schema and not _same(value, schema["const"]):
        yield at, f"It must be {_shown(schema['const'])}, not {_shown(value)}."


def _text_issues(value: str, schema: Mapping[str, Any], at: str) -> Iterator[Issue]:
    if isinstance(value, PartlyKnown):
        return
    low, high, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if _is_count(low) and len(value) < low:
        yield at, f"It must have at least {low:,} characters."
    if _is_count(high) and len(value) > high:
        yield at, f"It must have at most {high:,} characters."
    if isinstance(pattern, str):
        try:
            found = matches(value, pattern)
        except NotComparable as error:
            yield at, str(error)
        else:
            if not found:
                yield at, f"It must match the pattern {_shown(pattern)}."


def _number_issues(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[Issue]:
    tests: Iterable[tuple[str, str, Callable[[Any], bool]]] = (
        ("minimum", "at least", lambda limit: value >= limit),
        ("maximum", "at most", lambda limit: value <= limit),
        ("exclusiveMinimum", "more than", lambda limit: value > limit),
        ("exclusiveMaximum", "less than", lambda limit: value < limit),
    )
    for name, words, holds in tests:
        limit = schema.get(name)
        if type(limit) in (int, float) and not holds(limit):
            yield at, f"It must be {words} {limit}, not {_shown(value)}."


def _list_issues(value: list[Any], schema: Mapping[str, Any], at: str, depth: int) -> Iterator[Issue]:
    low, high = schema.get("minItems"), schema.get("maxItems")
    if _is_count(low) and len(value) < low:
        yield at, f"It must have at least {low:,} items."
    if _is_count(high) and len(value) > high:
        yield at, f"It must have at most {high:,} items."
    if isinstance(schema.get("items"), Mapping):
        for position, item in enumerate(value):
            yield from _validate(item, schema["items"], f"{at}/{position}", depth - 1)


def _object_issues(value: Mapping[Any, Any], schema: Mapping[str, Any], at: str, depth: int) -> Iterator[Issue]:
    properties = schema.get("properties")
    known: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
    others = schema.get("additionalProperties", True)
    some_unknown = any(name is UNKNOWN or isinstance(name, PartlyKnown) for name in value)
    for name in _names(schema.get("required")):
        if name not in value and not some_unknown:
            yield at, f"It has no {name!r}."
    for name, item in value.items():
        pointer = f"{at}/{escaped(str(name))}"
        if name in known:
            yield from _validate(item, known[name], pointer, depth - 1)
        elif isinstance(others, Mapping):
            yield from _validate(item, others, pointer, depth - 1)
        elif others is False and isinstance(name, str) and not isinstance(name, PartlyKnown):
            yield pointer, f"There is no {name[:80]!r} in the schema."


def _check(schema: Any, at: str, depth: int) -> Iterator[Issue]:
    if not isinstance(schema, Mapping):
        yield at, "A schema is an object."
        return
    if depth < 0:
        yield at, f"The schema nests deeper than {MAX_DEPTH} levels."
        return
    for name, value in schema.items():
        pointer = f"{at}/{escaped(str(name))}"
        if name == "properties" and isinstance(value, Mapping):
            for property_name, inner in value.items():
                yield from _check(inner, f"{pointer}/{escaped(str(property_name))}", depth - 1)
        elif name == "items" or (name == "additionalProperties" and not isinstance(value, bool)):
            yield from _check(value, pointer, depth - 1)
        elif name not in NOTES and (message := _keyword_issue(name, value)):
            yield pointer, message


def _keyword_issue(name: str, value: Any) -> str | None:
    """What is wrong with one keyword of a schema."""
    if name == "type":
        names = value if isinstance(value, list) and value else [value]
        wrong = [each for each in names if not isinstance(each, str) or each not in _TYPES]
        return f"A type is one of {', '.join(_TYPES)}, not {_shown(wrong[0])}." if wrong else None
    if name == "pattern":
        return _pattern_issue(value)
    if name not in _KEYWORDS:
        return f"{name!r} is not known here; there are {', '.join(_KEYWORDS)}."
    holds, words = _KEYWORDS[name]
    return None if holds(value) else f"{name!r} must be {words}."


def _pattern_issue(value: Any) -> str | None:
    try:
        compiled(value if isinstance(value, str) else "(")
    except NotComparable as error:
        return str(error)
    return None


def _types(schema: Mapping[str, Any]) -> list[str]:
    return [name for name in _names(schema.get("type")) if name in _TYPES]


def _names(value: Any) -> list[str]:
    return [name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str)]


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _same(left: Any, right: Any) -> bool:
    """Equality of JSON: true is not 1."""
    return (type(left) is bool) == (type(right) is bool) and bool(left == right)


def escaped(name: str) -> str:
    """A name as a part of a JSON Pointer."""
    return name[:200].replace("~", "~0").replace("/", "~1")


def _shown(value: Any) -> str:
    shown = excerpt(value, 60)
    return repr(shown) if isinstance(shown, str | list | dict) else to_text(shown) or "null"


_KEYWORDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "type": (bool, ""),
    "enum": (
        lambda value: isinstance(value, list) and 0 < len(value) <= MOST_ENUM,
        f"1 to {MOST_ENUM} values",
    ),
    "const": (lambda value: True, ""),
    "required": (_is_names, "a list of names"),
    "properties": (lambda value: isinstance(value, Mapping), "an object of schemas"),
    "additionalProperties": (lambda value: isinstance(value, bool), "true, false or a schema"),
    "items": (lambda value: isinstance(value, Mapping), "a schema"),
    "nullable": (lambda value: isinstance(value, bool), "true or false"),
    "pattern": (lambda value: isinstance(value, str), "a pattern"),
    **dict.fromkeys(_LIMITS, (lambda value: type(value) in (int, float), "a number")),
    **dict.fromkeys(_COUNTS, (_is_count, "a count")),
}
