"""Values of fields as a person wrote them, and what differs between two of them: for the texts of a review.

Conditions read as a sentence, rows of a list by their names, members of an object by their labels; JSON is the last
resort.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from builder.ops import same
from runtime.engine.conditions import OPERATORS

LONGEST_VALUE = 60
MOST_PARTS = 4
# What a row of a list is called by, the first that it has.
_NAMES = ("label", "name", "variable", "path", "key", "id")
_IDS = ("id", "name", "variable", "path", "key")
_UNITS = {"max_attempts": "attempts", "backoff_seconds": "seconds apart", "factor": "times longer each"}


def value(field: Any, given: Any) -> str:
    """`given` in words: an option by its label, long things shortened to a line."""
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return "on" if given else "off"
    options = getattr(field, "options", None) or []
    label = next((option["label"] for option in options if same(option["value"], given)), None)
    if label is not None:
        return f"“{label}”"
    if _is_conditions(given):
        return f"“{shortened(conditions(given))}”"
    if isinstance(given, list):
        return shortened(", ".join(_row(item) for item in given)) or "nothing"
    if isinstance(given, Mapping):
        return shortened(_members(given))
    return str(given) if not isinstance(given, str) else f"“{shortened(given)}”"


def difference(field: Any, was: Any, now: Any) -> str:
    """What happened to a structured value, part by part; "" where one sentence of before and after says it better."""
    if isinstance(was, list) and isinstance(now, list) and all(isinstance(item, Mapping) for item in [*was, *now]):
        return _joined(_rows(field, was, now))
    plain = isinstance(was, Mapping) and isinstance(now, Mapping)
    if plain and not _is_conditions(was) and not _is_conditions(now):
        return _joined(_parts(getattr(field, "fields", None) or {}, was, now))
    return ""


def conditions(given: Mapping[str, Any]) -> str:
    """`{"all": [...]}` as a sentence."""
    for name, word in (("all", " and "), ("any", " or ")):
        if isinstance(given.get(name), list):
            inner = [conditions(each) for each in given[name] if isinstance(each, Mapping)]
            return word.join(f"({text})" if " or " in text and word == " and " else text for text in inner) or "always"
    operator = OPERATORS.get(str(given.get("operator")))
    right = given.get("right")
    text = f"{_operand(given.get('left'))} {operator.label if operator else given.get('operator')}"
    return text if right in (None, "") else f"{text} {_operand(right)}"


def shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"


def _rows(field: Any, was: list[Any], now: list[Any]) -> Iterator[str]:
    old, new = _by_name(was), _by_name(now)
    fields = getattr(getattr(field, "item", None), "fields", None) or {}
    for name, row in new.items():
        if name not in old:
            yield f"added {_row(row)}"
        elif not same(old[name], row):
            yield f"{_title(row)}: {_joined(_parts(fields, old[name], row))}"
    for name, row in old.items():
        if name not in new:
            yield f"removed {_row(row)}"
    kept = [name for name in new if name in old]
    if kept != [name for name in old if name in new]:
        yield "in another order"


def _parts(fields: Mapping[str, Any], was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in [*now, *(name for name in was if name not in now)]:
        before, after = was.get(name), now.get(name)
        if same(before, after):
            continue
        declared = fields.get(name)
        label = (getattr(declared, "label", "") or name.replace("_", " ")).lower()
        told = difference(declared, before, after)
        first, second = value(declared, before), value(declared, after)
        if told:
            yield f"{label} {told}"
        elif before in (None, "", [], {}):
            yield f"{label} set to {second}"
        else:
            yield f"{label} changed" if first == second else f"{label} changed from {first} to {second}"


def _by_name(rows: list[Any]) -> dict[str, Any]:
    """Rows by what tells them apart; two of one name are numbered."""
    found: dict[str, Any] = {}
    for position, row in enumerate(rows):
        name = next((str(row[each]) for each in _IDS if row.get(each)), f"#{position}")
        found[name if name not in found else f"{name} #{position}"] = row
    return found


def _title(row: Mapping[str, Any]) -> str:
    name = next((str(row[each]) for each in _NAMES if row.get(each)), "")
    return f"“{shortened(name)}”" if name else "a row"


def _row(row: Any) -> str:
    if not isinstance(row, Mapping):
        return value(None, row)
    if isinstance(row.get("path"), str) and row.get("variable"):
        return f"{row['path']} as {row['variable']}"
    shown = row.get("value")
    return f"{_title(row)} = {value(None, shown)}" if shown not in (None, "") else _title(row)


def _members(given: Mapping[str, Any]) -> str:
    if given.keys() <= _UNITS.keys():
        return ", ".join(f"{number} {_UNITS[name]}" for name, number in given.items())
    if any(isinstance(item, Mapping | list) for item in given.values()):
        return json.dumps(given, ensure_ascii=False)
    return ", ".join(f"{name.replace('_', ' ')} {value(None, item)}" for name, item in given.items())


def _is_conditions(given: Any) -> bool:
    return isinstance(given, Mapping) and any(isinstance(given.get(name), list) for name in ("all", "any"))


def _operand(given: Any) -> str:
    """A lone placeholder by the last words of its path."""
    text = str(given).strip()
    if text.startswith("{{") and text.endswith("}}") and "}}" not in text[:-2]:
        return text[2:-2].split("|")[0].strip().rsplit(".", 1)[-1].replace("_", " ")
    return text


def _joined(parts: Iterator[str]) -> str:
    found = list(parts)
    more = len(found) - MOST_PARTS
    return "; ".join(found[:MOST_PARTS]) + (f"; and {more} more" if more > 0 else "")
