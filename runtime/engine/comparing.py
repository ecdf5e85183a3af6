"""Comparing two values by type: numbers, moments, booleans, texts, lists, objects; "3" equals 3.

Two texts are equal only as texts ("007" is not "7", "+49..." is not "49..."), unless both are moments. In an order,
two texts that both read as numbers are numbers. What is missing is None and equals the empty text.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

import re2

from runtime.engine.values import to_datetime, to_number, to_text, type_name, zone_named

Scope = Mapping[str, Any]
LONGEST_PATTERN = 1_000
LONGEST_SEARCHED = 100_000
_OPTIONS = re2.Options()
_OPTIONS.max_mem = 4 << 20
_OPTIONS.log_errors = False
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class NotComparable(ValueError):
    """Two values that have no order, or an operand that cannot be read; the comparison is then false."""


def zone_of(scope: Scope) -> tzinfo:
    """The workspace's time zone, that of dates without an offset."""
    workspace = scope.get("workspace")
    return (zone_named(workspace.get("time_zone")) if isinstance(workspace, Mapping) else None) or UTC


def equal(left: Any, right: Any, scope: Scope) -> bool:
    if type(left) is str and type(right) is str:
        return left == right or (_is_moment(left) and _is_moment(right) and _same_moment(left, right, scope))
    if is_empty(left) or is_empty(right):
        return is_empty(left) and is_empty(right)
    if type(left) is bool or type(right) is bool:
        truth = _truth(left)
        return truth is not None and truth is _truth(right)
    if isinstance(left, int | float) or isinstance(right, int | float):
        number = to_number(left)
        return number is not None and number == to_number(right)
    return type(left) is type(right) and left == right


def order(left: Any, right: Any, scope: Scope) -> int:
    """-1, 0 or 1. Raises NotComparable."""
    first: Any = to_number(left)
    second: Any = to_number(right)
    if (first is None or second is None) and type(left) is str and type(right) is str and left and right:
        zone = zone_of(scope)
        first, second = to_datetime(left, zone), to_datetime(right, zone)
        if (first is None or second is None) and not (_is_number(left) or _is_number(right)):
            first, second = left, right
    if first is None or second is None:
        raise NotComparable(f"{_shown(left)} and {_shown(right)} have no order.")
    return int(first > second) - int(first < second)


def is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def contains(left: Any, right: Any, scope: Scope) -> bool:
    """A list that holds the value, an object that has the key, a text that has the text in it."""
    if type(left) is list:
        return any(equal(item, right, scope) for item in left)
    if type(left) is dict:
        return to_text(right) in left
    return not is_empty(right) and to_text(right) in to_text(left)


def is_in(left: Any, right: Any, scope: Scope) -> bool:
    return any(equal(left, item, scope) for item in members(right))


def members(value: Any) -> list[Any]:
    """A list, or the items of a text with commas or line breaks between them."""
    if type(value) is list:
        return value
    if type(value) is str:
        separator = "\n" if "\n" in value else ","
        return [item.strip() for item in value.split(separator) if item.strip()]
    return [] if value is None else [value]


def bounds(value: Any) -> tuple[Any, Any]:
    """The two ends of `between`: a list of two, or a text such as "1, 10" or "1 and 10". Raises NotComparable."""
    items = members(value.replace(" and ", ",") if type(value) is str else value)
    if len(items) != 2:
        raise NotComparable(f"{_shown(value)} is not two bounds, like 1, 10.")
    return items[0], items[1]


def matches(value: Any, pattern: Any) -> bool:
    """Whether the pattern (RE2) is found in the text. Raises NotComparable for a bad pattern or an endless text."""
    text = to_text(value)
    if len(text) > LONGEST_SEARCHED:
        raise NotComparable(f"A text of more than {LONGEST_SEARCHED:,} characters is not searched.")
    return compiled(to_text(pattern)).search(text) is not None


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """A regular expression on RE2: linear in the text, bounded in memory. Raises NotComparable."""
    if len(pattern) > LONGEST_PATTERN:
        raise NotComparable(f"A pattern has at most {LONGEST_PATTERN:,} characters.")
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        text = error.args[0] if error.args else ""
        reason = text.decode(errors="replace") if isinstance(text, bytes) else text
        raise NotComparable(f"The pattern {_shown(pattern)} cannot be read: {reason}.") from None


def moment(value: Any, scope: Scope) -> datetime:
    """Raises NotComparable where the value is no date and time."""
    found = to_datetime(value, zone_of(scope))
    if found is None:
        raise NotComparable(f"{_shown(value)} is no date and time.")
    return found


def span(value: Any) -> timedelta:
    """A length of time: seconds, or a text such as 15m, 24 hours, 7d. Raises NotComparable."""
    number = to_number(value)
    try:
        if number is not None:
            return timedelta(seconds=number)
        digits, unit = value.strip().rstrip("abcdefghijklmnopqrstuvwxyz "), value.strip().lstrip("0123456789. ")
        if unit in _UNIT_WORDS:
            return timedelta(seconds=float(digits) * _UNITS[_UNIT_WORDS[unit]])
    except (AttributeError, ValueError, OverflowError):
        pass
    raise NotComparable(f"{_shown(value)} is no length of time; write seconds, or 15m, 24h, 7d.")


def _is_moment(text: str) -> bool:
    return 16 <= len(text) <= 40 and text[4] == "-" and text[10] in "T "


def _same_moment(left: str, right: str, scope: Scope) -> bool:
    zone = zone_of(scope)
    first = to_datetime(left, zone)
    return first is not None and first == to_datetime(right, zone)


def _truth(value: Any) -> bool | None:
    """A boolean, or a text that says one; the number 1 is not true."""
    if type(value) is bool:
        return value
    return _TRUTHS.get(value.strip().lower()) if type(value) is str and len(value) < 20 else None


def _is_number(text: str) -> bool:
    return to_number(text) is not None


def _shown(value: Any) -> str:
    text = type_name(value) if isinstance(value, list | dict) else to_text(value)
    return repr(text if len(text) <= 60 else text[:60] + "…")


_TRUTHS = {"true": True, "false": False}
_UNIT_WORDS = {
    word: unit
    for unit, words in {
        "s": "s sec second seconds", "m": "m min minute minutes", "h": "h hour hours", "d": "d day days",
        "w": "w week weeks",
    }.items()
    for word in words.split()
}  # fmt: skip
