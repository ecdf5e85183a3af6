"""Dates as text, the same on every machine: English names, no locale, no clock.

A format is written with % directives (%d.%m.%Y %H:%M) or, without any %, with the letters of spreadsheets
(DD.MM.YYYY HH:mm); text in [brackets] stands as it is among letters.
"""

import re
from collections.abc import Callable
from datetime import datetime

LONGEST_FORMAT = 100
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Part = Callable[[datetime], str]


def _offset(moment: datetime) -> str:
    return moment.strftime("%z")[:5] or "+0000"


DIRECTIVES: dict[str, Part] = {
    "Y": lambda m: f"{m.year:04}", "y": lambda m: f"{m.year % 100:02}", "m": lambda m: f"{m.month:02}",
    "-m": lambda m: str(m.month), "d": lambda m: f"{m.day:02}", "-d": lambda m: str(m.day), "e": lambda m: f"{m.day:2}",
    "B": lambda m: MONTHS[m.month - 1], "b": lambda m: MONTHS[m.month - 1][:3], "A": lambda m: DAYS[m.weekday()],
    "a": lambda m: DAYS[m.weekday()][:3], "H": lambda m: f"{m.hour:02}", "-H": lambda m: str(m.hour),
    "I": lambda m: f"{m.hour % 12 or 12:02}", "-I": lambda m: str(m.hour % 12 or 12), "M": lambda m: f"{m.minute:02}",
    "S": lambda m: f"{m.second:02}", "f": lambda m: f"{m.microsecond:06}", "L": lambda m: f"{m.microsecond // 1000:03}",
    "p": lambda m: "AM" if m.hour < 12 else "PM", "P": lambda m: "am" if m.hour < 12 else "pm",
    "j": lambda m: f"{m.timetuple().tm_yday:03}", "u": lambda m: str(m.isoweekday()),
    "s": lambda m: str(int(m.timestamp())),
    "V": lambda m: f"{m.isocalendar().week:02}", "G": lambda m: str(m.isocalendar().year), "z": _offset,
    ":z": lambda m: f"{_offset(m)[:3]}:{_offset(m)[3:]}", "Z": lambda m: m.tzname() or "UTC",
    "F": lambda m: m.date().isoformat(), "T": lambda m: f"{m.hour:02}:{m.minute:02}:{m.second:02}",
    "R": lambda m: f"{m.hour:02}:{m.minute:02}", "%": lambda m: "%",
}  # fmt: skip
LETTERS = {
    "YYYY": "Y", "YY": "y", "MMMM": "B", "MMM": "b", "MM": "m", "M": "-m", "DD": "d", "D": "-d", "dddd": "A",
    "ddd": "a", "HH": "H", "H": "-H", "hh": "I", "h": "-I", "mm": "M", "ss": "S", "SSS": "L", "A": "p", "a": "P",
    "ZZ": "z", "Z": ":z",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%(:z|-?[A-Za-z]|%)")
_LETTER = re.compile(r"\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|hh|h|mm|ss|SSS|A|a|ZZ|Z")


def check_format(pattern: str) -> str | None:
    """What is wrong with a format, None if nothing is."""
    if len(pattern) > LONGEST_FORMAT:
        return f"A date format has at most {LONGEST_FORMAT} characters."
    for found in _DIRECTIVE.finditer(pattern):
        if found[1] not in DIRECTIVES:
            return f"{found[0]} is no part of a date format; an example is %d.%m.%Y %H:%M."
    return None


def format_moment(moment: datetime, pattern: str) -> str:
    """`moment` written as `pattern` says."""
    if "%" in pattern:
        return _DIRECTIVE.sub(lambda found: DIRECTIVES[found[1]](moment), pattern)
    return _LETTER.sub(lambda found: DIRECTIVES[LETTERS[found[0]]](moment) if found[1] is None else found[1], pattern)
