"""Conditions are data: {"all": [...]}, {"any": [...]} or {"left", "operator", "right"}, nested a few levels.

Operands are templates or plain values; they are compared by type (`comparing`). Every condition is evaluated, also
where the result is known before, so that history can show each value: "why did it go here?".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.engine import comparing
from runtime.engine.comparing import NotComparable
from runtime.engine.errors import TemplateError
from runtime.engine.template_text import Scope, Warnings, compile_template
from runtime.engine.values import BadJson, excerpt, to_boolean, to_text

MAX_DEPTH = 5
MOST_CONDITIONS = 200
GROUPS = ("all", "any")


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison. `right` says what stands on the right: value list pattern moment bounds span, or none."""

    name: str
    label: str
    right: str
    holds: Callable[[Any, Any, Scope], bool]
    quiet: bool = False  # asks whether there is a value, so a missing one is nothing to warn of

    def describe(self) -> dict[str, str]:
        return {"value": self.name, "label": self.label, "right": self.right}


def _within_last(left: Any, right: Any, scope: Scope) -> bool:
    end, moment = comparing.moment(scope.get("now"), scope), comparing.moment(left, scope)
    try:
        return end - comparing.span(right) <= moment <= end
    except OverflowError:  # longer ago than the calendar goes
        return moment <= end


def _between(left: Any, right: Any, scope: Scope) -> bool:
    low, high = comparing.bounds(right)
    return comparing.order(left, low, scope) >= 0 and comparing.order(left, high, scope) <= 0


def _starts_with(left: Any, right: Any, scope: Scope) -> bool:
    return not comparing.is_empty(right) and to_text(left).startswith(to_text(right))


def _ends_with(left: Any, right: Any, scope: Scope) -> bool:
    return not comparing.is_empty(right) and to_text(left).endswith(to_text(right))


OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        Operator("equals", "equals", "value", lambda a, b, scope: comparing.equal(a, b, scope)),
        Operator("not_equals", "does not equal", "value", lambda a, b, scope: not comparing.equal(a, b, scope)),
        Operator("contains", "contains", "value", lambda a, b, scope: comparing.contains(a, b, scope)),
        Operator(
            "not_contains", "does not contain", "value", lambda a, b, scope: not comparing.contains(a, b, scope)
        ),
        Operator("starts_with", "starts with", "value", _starts_with),
        Operator("ends_with", "ends with", "value", _ends_with),
        Operator("matches", "matches the pattern", "pattern", lambda a, b, scope: comparing.matches(a, b)),
        Operator("in_list", "is one of", "list", lambda a, b, scope: comparing.is_in(a, b, scope)),
        Operator("greater", "is greater than", "value", lambda a, b, scope: comparing.order(a, b, scope) > 0),
        Operator("at_least", "is at least", "value", lambda a, b, scope: comparing.order(a, b, scope) >= 0),
        Operator("less", "is less than", "value", lambda a, b, scope: comparing.order(a, b, scope) < 0),
        Operator("at_most", "is at most", "value", lambda a, b, scope: comparing.order(a, b, scope) <= 0),
        Operator("between", "is between", "bounds", _between),
        Operator("is_empty", "is empty", "none", lambda a, b, scope: comparing.is_empty(a), quiet=True),
        Operator("is_set", "is set", "none", lambda a, b, scope: not comparing.is_empty(a), quiet=True),
        Operator("is_true", "is true", "none", lambda a, b, scope: to_boolean(a) is True),
        Operator("is_false", "is false", "none", lambda a, b, scope: to_boolean(a) is False),
        Operator(
            "before", "is before", "moment",
            lambda a, b, scope: comparing.moment(a, scope) < comparing.moment(b, scope),
        ),
        Operator(
            "after", "is after", "moment",
            lambda a, b, scope: comparing.moment(a, scope) > comparing.moment(b, scope),
        ),
        Operator("within_last", "is within the last", "span", _within_last),
    )
}  # fmt: skip


def evaluate(conditions: Any, scope: Scope, warnings: Warnings) -> tuple[bool, list[dict[str, Any]]]:
    """(whether they hold, [{"left", "left_value", "operator", "right", "right_value", "result"}] in their order).

    No conditions at all hold. Raises TemplateError for operands that cannot be read, ValueError for what is no
    condition; `check` finds both before publishing.
    """
    records: list[dict[str, Any]] = []
    if conditions is None or conditions == {}:
        return True, records
    return _holds(conditions, scope, warnings, records, MAX_DEPTH), records


def check(value: Any) -> Iterator[tuple[str, str]]:
    """(JSON Pointer, message) for everything that is wrong with the shape, the operators and the fixed operands."""
    if value is None or value == {}:
        return
    if sum(1 for _ in _leaves(value, "", MAX_DEPTH + 1)) > MOST_CONDITIONS:
        yield "", f"There are more than {MOST_CONDITIONS} conditions."
        return
    yield from _check(value, "", MAX_DEPTH)


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """(JSON Pointer, template text) for every operand that is a text."""
    for pointer, condition in _leaves(value, "", MAX_DEPTH):
        for side in ("left", "right"):
            yield from _operand_texts(f"{pointer}/{side}", condition.get(side))


def _holds(conditions: Any, scope: Scope, warnings: Warnings, records: list[dict[str, Any]], depth: int) -> bool:
    if type(conditions) is not dict or depth < 0:
        raise ValueError("This is no condition.")
    if "operator" in conditions:
        return _compare(conditions, scope, warnings, records)
    name = "all" if "all" in conditions else "any"
    results = [_holds(item, scope, warnings, records, depth - 1) for item in conditions.get(name) or ()]
    return all(results) if name == "all" else any(results)


def _compare(condition: Mapping[str, Any], scope: Scope, warnings: Warnings, records: list[dict[str, Any]]) -> bool:
    operator = OPERATORS.get(condition["operator"])
    if operator is None:
        raise ValueError(f"There is no operator {condition['operator']!r}.")
    missing = [] if operator.quiet else warnings
    left, right = condition.get("left"), condition.get("right")
    left_value = _value(left, scope, missing)
    right_value = None if operator.right == "none" else _value(right, scope, missing)
    try:
        result = operator.holds(left_value, right_value, scope)
    except (NotComparable, BadJson) as error:
        result = False
        if not comparing.is_empty(left_value) and not comparing.is_empty(right_value):
            warnings.append({"code": "not_comparable", "message": str(error)})
    records.append({"left": left, "left_value": excerpt(left_value), "operator": operator.name,
                    "right": right, "right_value": excerpt(right_value), "result": result})  # fmt: skip
    return result


def _value(operand: Any, scope: Scope, warnings: Warnings) -> Any:
    if type(operand) is str:
        return compile_template(operand).render_value(scope, warnings) if "{{" in operand else operand
    return [_value(item, scope, warnings) for item in operand] if type(operand) is list else operand


def _check(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield pointer, "A condition is an object."
    elif depth < 0:
        yield pointer, f"Conditions nest at most {MAX_DEPTH} groups deep."
    elif "operator" in value or "left" in value:
        yield from _check_leaf(value, pointer)
    elif len(value) != 1 or next(iter(value)) not in GROUPS:
        yield pointer, 'A group is {"all": [...]} or {"any": [...]}; a condition has left, operator and right.'
    else:
        name, items = next(iter(value.items()))
        if not isinstance(items, list):
            yield f"{pointer}/{name}", "A group holds a list of conditions."
        elif not items and (pointer or name == "any"):
            yield f"{pointer}/{name}", "Add at least one condition to this group."
        else:
            for position, item in enumerate(items):
                yield from _check(item, f"{pointer}/{name}/{position}", depth - 1)


def _check_leaf(value: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    for member in sorted(set(value) - {"left", "operator", "right"}):
        yield f"{pointer}/{member}", f"A condition has no member {member!r}."
    name = value.get("operator")
    operator = OPERATORS.get(name) if isinstance(name, str) else None
    if operator is None:
        yield f"{pointer}/operator", f"There is no operator {name!r}; there are {', '.join(OPERATORS)}."
        return
    if value.get("left") in (None, ""):
        yield f"{pointer}/left", "Choose what to compare."
    right = value.get("right")
    if operator.right != "none" and operator.right != "value" and right in (None, "", []):
        yield f"{pointer}/right", f"{operator.label.capitalize()} what?"
    elif message := _check_right(operator, right):
        yield f"{pointer}/right", message


def _check_right(operator: Operator, right: Any) -> str | None:
    """What a fixed right side has wrong for its operator; one with placeholders is judged when it has a value."""
    if any("{{" in text for _, text in _operand_texts("", right)):
        return None
    read: Callable[[Any], Any] | None = _READERS.get(operator.right)
    try:
        if read is not None:
            read(right)
    except (NotComparable, BadJson) as error:
        return str(error)
    return None


def _leaves(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(value, dict) or depth < 0:
        return
    if "operator" in value or "left" in value:
        yield pointer, value
    for name in GROUPS:
        items = value.get(name)
        for position, item in enumerate(items if isinstance(items, list) else ()):
            yield from _leaves(item, f"{pointer}/{name}/{position}", depth - 1)


def _operand_texts(pointer: str, operand: Any) -> Iterator[tuple[str, str]]:
    if isinstance(operand, str):
        if operand:
            yield pointer, operand
    elif isinstance(operand, list):
        for position, item in enumerate(operand):
            if isinstance(item, str) and item:
                yield f"{pointer}/{position}", item


_READERS: dict[str, Callable[[Any], Any]] = {
    "pattern": lambda value: comparing.compiled(to_text(value)),
    "bounds": comparing.bounds,
    "span": comparing.span,
    "moment": lambda value: comparing.moment(value, {}),
}

__all__ = ["OPERATORS", "Operator", "TemplateError", "check", "evaluate", "texts"]
