"""The filters of templates: a table of small pure functions, and binding one to its arguments when compiled.

A filter takes the value before it and gives the next; nothing there (None) passes through all but `default`, `json`
and `size`. A value it cannot make sense of becomes nothing, with a warning on the step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Protocol
from urllib.parse import quote

import phonenumbers

from runtime.engine import dates
from runtime.engine.comparing import zone_of
from runtime.engine.values import excerpt, safe_dumps, to_datetime, to_number, to_text, zone_named

MOST_DECIMALS = 15
LONGEST_PHONE = 64


class Work(Protocol):
    """What a filter may know of the rendering it is part of."""

    scope: Mapping[str, Any]

    def spend(self, amount: int) -> None: ...
    def warn(self, code: str, message: str, path: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Filter:
    """How a filter is called: `arguments` as ("text" | "number" | "any"); the last `optional` may be left out."""

    name: str
    run: Callable[..., Any]
    arguments: tuple[str, ...] = ()
    optional: int = 0
    takes_nothing: bool = False
    check: Callable[..., str | None] | None = None


class Applied:
    """A filter with its arguments."""

    __slots__ = ("arguments", "filter", "name")

    def __init__(self, filter: Filter, arguments: Sequence[Any]):
        self.filter, self.name, self.arguments = filter, filter.name, tuple(arguments)

    def __call__(self, value: Any, work: Work, written: str) -> Any:
        if value is None and not self.filter.takes_nothing:
            return None
        try:
            made = self.filter.run(value, work, *self.arguments)
        except ValueError as error:
            work.warn("filter_failed", f"{{{{{written} | {self.name}}}}}: {error}", written)
            return None
        if type(made) is str:
            work.spend(len(made))
        return made


def apply(name: str, arguments: Sequence[Any]) -> Applied:
    """The filter of that name bound to arguments of the right number and types. Raises ValueError."""
    found = FILTERS.get(name)
    if found is None:
        raise ValueError(f"There is no filter {name!r}; there are {', '.join(FILTERS)}.")
    most, least = len(found.arguments), len(found.arguments) - found.optional
    if not least <= len(arguments) <= most:
        wanted = str(most) if most == least else f"{least} to {most}"
        raise ValueError(f"The filter {name!r} takes {wanted} argument{'' if wanted == '1' else 's'}.")
    for position, (argument, wanted) in enumerate(zip(arguments, found.arguments, strict=False), start=1):
        if wanted != "any" and wanted != ("text" if isinstance(argument, str) else "number"):
            raise ValueError(f"Argument {position} of the filter {name!r} must be a {wanted}.")
    if found.check is not None and (message := found.check(*arguments)):
        raise ValueError(message)
    return Applied(found, arguments)


def _default(value: Any, work: Work, other: Any) -> Any:
    return other if value is None or value == "" else value


def _upper(value: Any, work: Work) -> str:
    return to_text(value).upper()


def _lower(value: Any, work: Work) -> str:
    return to_text(value).lower()


def _trim(value: Any, work: Work) -> str:
    return to_text(value).strip()


def _date(value: Any, work: Work, pattern: str = "%Y-%m-%d", zone_name: str = "") -> str:
    """A moment without an offset is one of the zone it is shown in."""
    zone = zone_named(zone_name) or zone_of(work.scope)
    moment = to_datetime(value, zone)
    if moment is None:
        raise ValueError(f"{_shown(value)} is no date and time.")
    try:
        return dates.format_moment(moment.astimezone(zone), pattern)
    except OverflowError:
        raise ValueError(f"{_shown(value)} is out of range.") from None


def _check_date(pattern: str = "", zone_name: str = "") -> str | None:
    if zone_name and zone_named(zone_name) is None:
        return f"{zone_name!r} is no time zone; an example is Europe/Berlin."
    return dates.check_format(pattern)


def _number(value: Any, work: Work, decimals: float | None = None, point: str = ".", group: str = "") -> Any:
    """Alone a number; with a count of decimals the text of it, rounded half up."""
    number = to_number(value.strip() if isinstance(value, str) else value)
    if number is None:
        raise ValueError(f"{_shown(value)} is no number.")
    if decimals is None:
        return number
    places = Decimal(1).scaleb(-int(decimals))
    try:
        rounded = Decimal(repr(number)).quantize(places, ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError(f"{_shown(value)} has too many digits.") from None
    text = f"{rounded:,f}" if rounded else f"{abs(rounded):,f}"
    return text.translate({ord(","): group, ord("."): point})


def _check_number(decimals: float = 0, point: str = ".", group: str = "") -> str | None:
    if not (decimals == int(decimals) and 0 <= decimals <= MOST_DECIMALS):
        return f"The filter 'number' takes 0 to {MOST_DECIMALS} decimals."
    return None if len(point) <= 4 and len(group) <= 4 else "The separators of the filter 'number' are too long."


def _json(value: Any, work: Work) -> str:
    return safe_dumps(value)


def _truncate(value: Any, work: Work, length: float, ending: str = "…") -> str:
    text, most = to_text(value), int(length)
    work.spend(0 if isinstance(value, str) else len(text))
    return text if len(text) <= most else text[: max(0, most - len(ending))] + ending[:most]


def _check_truncate(length: float, ending: str = "…") -> str | None:
    return None if 0 <= length <= 1_000_000 else "The filter 'truncate' takes a length from 0 to 1,000,000."


def _join(value: Any, work: Work, separator: str = ", ") -> str:
    if not isinstance(value, list):
        return to_text(value)
    work.spend(len(value) * (1 + len(separator)))
    texts = []
    for item in value:
        texts.append(to_text(item))
        work.spend(len(texts[-1]))
    return separator.join(texts)


def _first(value: Any, work: Work) -> Any:
    if not isinstance(value, list | str):
        raise ValueError(f"{_shown(value)} is no list.")
    return value[0] if value else None


def _last(value: Any, work: Work) -> Any:
    if not isinstance(value, list | str):
        raise ValueError(f"{_shown(value)} is no list.")
    return value[-1] if value else None


def _size(value: Any, work: Work) -> int:
    return len(value) if isinstance(value, list | dict) else len(to_text(value))


def _e164(value: Any, work: Work, region: str = "") -> str:
    text = to_text(value).strip() if isinstance(value, str | int) else ""
    try:
        if not 0 < len(text) <= LONGEST_PHONE:
            raise ValueError(f"{_shown(value)} is no phone number.")
        number = phonenumbers.parse(text, region.upper() or None)
    except phonenumbers.NumberParseException:
        hint = "" if region or text.startswith("+") else ' It has no country; name one, like | e164: "US".'
        raise ValueError(f"{_shown(text)} is no phone number.{hint}") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{_shown(text)} is no phone number that can exist.")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _check_e164(region: str = "") -> str | None:
    known = not region or region.upper() in phonenumbers.SUPPORTED_REGIONS
    return None if known else f"{region!r} is no country; an example is US."


def _url(value: Any, work: Work) -> str:
    return quote(to_text(value), safe="")


def _shown(value: Any) -> str:
    return repr(excerpt(value, 60))


FILTERS: dict[str, Filter] = {
    filter.name: filter
    for filter in (
        Filter("default", _default, ("any",), takes_nothing=True),
        Filter("upper", _upper),
        Filter("lower", _lower),
        Filter("trim", _trim),
        Filter("date", _date, ("text", "text"), optional=2, check=_check_date),
        Filter("number", _number, ("number", "text", "text"), optional=3, check=_check_number),
        Filter("json", _json, takes_nothing=True),
        Filter("truncate", _truncate, ("number", "text"), optional=1, check=_check_truncate),
        Filter("join", _join, ("text",), optional=1),
        Filter("first", _first),
        Filter("last", _last),
        Filter("size", _size, takes_nothing=True),
        Filter("e164", _e164, ("text",), optional=1, check=_check_e164),
        Filter("url", _url),
    )
}
