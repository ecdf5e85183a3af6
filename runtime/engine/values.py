"""JSON values: the one way in (`safe_loads`), the one way out (`safe_dumps`), and what a value is as another type.

What both databases, JavaScript and our own recursion can hold is let in; the rest is refused with a reason: NaN and
infinities, NUL and lone surrogates (PostgreSQL cannot store them; the answer is the same on SQLite), nesting deeper
than `MAX_DEPTH`, integers of more than 4,300 digits. Long ids stay exact integers.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

MAX_DEPTH = 100
NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?\s*\Z", re.ASCII)
INTEGER = re.compile(r"\s*[+-]?\d+\s*\Z", re.ASCII)
LONGEST_NUMBER = 400  # characters; longer texts are no numbers to us
MOMENT = re.compile(r"\s*\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*(?:\s?[+-]\d\d:?\d\d)?)?\s*\Z", re.ASCII)
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MILLISECONDS_FROM = 100_000_000_000  # a larger number of seconds would be after the year 5138


class BadJson(ValueError):
    """The text is no JSON, or holds what cannot be kept; the message says what and where."""


def items_of(value: Any) -> list[Any]:
    """A list's items; nothing for what should be a list and is not, which a stored config may hold."""
    return value if isinstance(value, list) else []


class PartlyKnown(str):
    """A text that is only known in part before it is rendered."""

    __slots__ = ()


class _Unknown:
    """The type of UNKNOWN."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()  # a value that is not known before it is rendered


def safe_loads(text: str | bytes | bytearray, max_depth: int = MAX_DEPTH) -> Any:
    """`text` (UTF-8 if bytes) as a JSON value. Raises BadJson."""
    try:
        if not isinstance(text, str):
            text = text.decode("utf-8-sig")
        value = _decode(text)
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except UnicodeDecodeError as error:
        raise BadJson(f"The text is not UTF-8 (byte {error.start}).") from None
    except RecursionError:
        raise BadJson(f"It nests deeper than {max_depth} levels.") from None
    except BadJson:
        raise
    except ValueError:  # Python's own limit on converting digits
        raise BadJson("It holds a number of more than 4,300 digits.") from None
    if deeper_than(value, max_depth):
        raise BadJson(f"It nests deeper than {max_depth} levels.")
    if _SUSPECT.search(text) or not _is_encodable(text):
        _refuse_unstorable(value)
    return value


def safe_dumps(value: Any, sort_keys: bool = False) -> str:
    """`value` as compact JSON text that `safe_loads` takes back. Raises BadJson for what is no JSON value."""
    try:
        text = (_encode_sorted if sort_keys else _encode)(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadJson(f"This is no JSON value: {error}.") from None
    if "\\u0000" in text or not _is_encodable(text):
        _refuse_unstorable(value)
    return text


def deeper_than(value: Any, limit: int) -> bool:
    """Whether lists and objects nest deeper than `limit`; layer by layer, so that hostile depth is harmless."""
    layer = [value] if type(value) is dict or type(value) is list else []
    for _ in range(limit):
        layer = [
            child
            for item in layer
            for child in (item.values() if type(item) is dict else item)
            if type(child) is dict or type(child) is list
        ]
        if not layer:
            return False
    return True


def type_name(value: Any) -> str:
    """The type of a variable in a person's words: text number boolean datetime list object any (= nothing there)."""
    if isinstance(value, str):
        return "datetime" if len(value) <= 40 and "T" in value and to_datetime(value) is not None else "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, datetime):
        return "datetime"
    return "list" if isinstance(value, list | tuple) else "object" if isinstance(value, dict) else "any"


def to_text(value: Any) -> str:
    """A value as a person reads it: nothing is empty, 3.0 is 3, lists and objects are their JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if type(value) is int:
        return str(value)
    return _float_text(value) if type(value) is float else safe_dumps(value)


def to_number(value: Any) -> int | float | None:
    """A number, or a text that reads like one; None for all else (booleans too). Whole numbers stay exact."""
    if type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) is not str or len(value) > LONGEST_NUMBER:
        return None
    if value.isdecimal() and value.isascii():
        return int(value)
    if not NUMBER.match(value):
        return None
    if INTEGER.match(value):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None


def to_boolean(value: Any) -> bool | None:
    """true/false, also as the words and figures people use for them; None for all else."""
    if type(value) is bool:
        return value
    if type(value) in (int, float):
        return True if value == 1 else False if value == 0 else None
    return _WORDS.get(value.strip().lower()) if type(value) is str and len(value) < 10 else None


def to_datetime(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """ISO 8601 text (without an offset: in `zone`) or epoch seconds or milliseconds, with a zone; else None."""
    try:
        if type(value) is str:
            if len(value) > 40 or not MOMENT.match(value):
                return None
            moment = datetime.fromisoformat(value.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if type(value) in (int, float):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    return None


@lru_cache(maxsize=256)
def zone_named(name: Any) -> tzinfo | None:
    """The time zone of an IANA name, None if there is none of that name."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and 0 < len(name) <= 64 else None
    except (ValueError, OSError, KeyError):
        return None


def excerpt(value: Any, most: int = 500) -> Any:
    """`value`, or a short text in its place where it is too large to show beside others."""
    if type(value) is str:
        return value if len(value) <= most else value[:most] + "…"
    if type(value) is not dict and type(value) is not list:
        return value
    left = most
    for item in walk(value):
        left -= 8 + (len(item) if type(item) is str else 0)
        if left < 0:
            return f"({'list' if type(value) is list else 'object'} of {len(value):,})"
    return value


def _decode(text: str) -> Any:
    return _DECODER.decode(text)


def _refuse_constant(name: str) -> Any:
    raise BadJson(f"{name} is no JSON number.")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise BadJson(f"The number {digits[:20]} is too large.")
    return number


def _is_encodable(text: str) -> bool:
    return text.isascii() or not _SURROGATE.search(text)


def _refuse_unstorable(value: Any) -> None:
    for item in walk(value):
        if type(item) is str:
            if "\0" in item:
                raise BadJson("A text holds the character NUL, which cannot be kept.")
            if _SURROGATE.search(item):
                raise BadJson("A text holds half a character (a lone surrogate), which cannot be kept.")


def walk(value: Any) -> Iterator[Any]:
    """Every key, text, number and container in a value, lazily and without recursion."""
    stack = [value]
    while stack:
        item = stack.pop()
        yield item
        if type(item) is dict:
            yield from item
            stack.extend(item.values())
        elif type(item) is list:
            stack.extend(item)


def _encoder(sort_keys: bool) -> Callable[[Any], str]:
    """json's encoder, made once: `JSONEncoder.encode` makes another for each value, which takes longer than writing a
    small one. What contains itself ends in a RecursionError instead of a ValueError.
    """
    plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=sort_keys)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # only CPython has it
        return plain.encode
    parts = make(None, plain.default, json.encoder.encode_basestring, None, ":", ",", sort_keys, False, False)
    return lambda value: "".join(parts(value, 0))


def _float_text(number: float) -> str:
    """As JavaScript writes it, so that previews and runs agree: 3, 0.00001, 1e+21, 1e-7."""
    if number.is_integer() and abs(number) < 1e21:
        return str(int(number))
    if 1e-6 <= abs(number) < 1e21:
        return format(Decimal(repr(number)), "f")
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", repr(number))


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_encode, _encode_sorted = _encoder(sort_keys=False), _encoder(sort_keys=True)
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
