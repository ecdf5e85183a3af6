"""What a table's columns may be, and turning what a flow or a file gives into values of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from runtime.engine.values import safe_dumps, safe_loads, to_boolean, to_datetime, to_number, to_text

NAME = r"\A[a-z][a-z0-9_]{0,62}\Z"
TYPES = {"text": "Text", "number": "Number", "boolean": "Yes or no", "datetime": "Date and time", "json": "JSON"}
MOST_COLUMNS = 50
LARGEST_ROW = 64 * 1024
LONGEST_KEY = 255

Column = Mapping[str, Any]


class BadValue(ValueError):
    """A value does not fit its column; the message says which and why."""


def column_problems(columns: Any, key_column: str) -> Iterator[tuple[str, str]]:
    """(pointer, what is wrong) of a table's declared columns."""
    if not isinstance(columns, list) or not 1 <= len(columns) <= MOST_COLUMNS:
        yield "/columns", f"A table has 1 to {MOST_COLUMNS} columns."
        return
    names: list[str] = []
    for position, column in enumerate(columns):
        name = column.get("name") if isinstance(column, Mapping) else None
        if not isinstance(name, str) or not re.match(NAME, name):
            text = "A column's name is small letters, digits and _, begins with a letter and has at most 63."
            yield f"/columns/{position}/name", text
        elif name in names:
            yield f"/columns/{position}/name", f"There is a column {name!r} above already."
        elif column.get("type") not in TYPES:
            yield f"/columns/{position}/type", f"A column's type is one of {', '.join(TYPES)}."
        else:
            names.append(name)
    if key_column and key_column not in names:
        yield "/key_column", f"There is no column {key_column!r} to be the key."


def row_values(columns: Iterable[Column], given: Mapping[str, Any], whole: bool = True) -> dict[str, Any]:
    """`given` as values of the columns. `whole`: a new row, so required ones must be there. Raises BadValue."""
    declared = {column["name"]: column for column in columns}
    if unknown := sorted(set(given) - set(declared)):
        raise BadValue(f"The table has no column {unknown[0]!r}; it has {', '.join(declared)}.")
    values = {name: value_of(declared[name], value) for name, value in given.items()}
    for name, column in declared.items():
        if column.get("required") and (whole or name in values) and values.get(name) in (None, ""):
            raise BadValue(f"{name} is required.")
    if len(safe_dumps(values)) > LARGEST_ROW:
        raise BadValue(f"The row is larger than {LARGEST_ROW // 1024} KiB.")
    return values


def value_of(column: Column, value: Any) -> Any:
    """One value in its column's type; empty is null. Raises BadValue."""
    if value is None or value == "":
        return None
    try:
        read = _READERS[column["type"]](value)
    except ValueError:
        read = None
    if read is None:
        raise BadValue(f"{column['name']} takes {_WORDS[column['type']]}, not {to_text(value)[:60]!r}.")
    return read


def lookup_of(value: Any) -> str | None:
    """A key's value as the text rows are found by. Raises BadValue."""
    if value in (None, ""):
        return None
    text = to_text(value)
    if len(text) > LONGEST_KEY:
        raise BadValue(f"A key has at most {LONGEST_KEY} characters.")
    return text


def _moment(value: Any) -> str | None:
    moment = to_datetime(value)
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _json(value: Any) -> Any:
    return safe_loads(value) if isinstance(value, str) else value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": to_text, "number": to_number, "boolean": to_boolean, "datetime": _moment, "json": _json,
}  # fmt: skip
_WORDS = {"text": "a text", "number": "a number", "boolean": "yes or no", "datetime": "a date and time",
          "json": "JSON"}  # fmt: skip
