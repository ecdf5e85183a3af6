"""A step's settings as they are for this run: every template in them rendered, required ones checked for content."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from runtime.engine.errors import StepError
from runtime.engine.field import Field
from runtime.engine.fields import JsonBody, KeyValues, List, Number, Object, is_visible
from runtime.engine.values import items_of


def given(fields: Mapping[str, Field], config: Mapping[str, Any], step: Any) -> SimpleNamespace:
    """The values of `fields` as attributes. Texts are texts (short ones without space around them), key_values a
    {name: text}, JSON texts their value, lists and objects the same inside; a field that is hidden is None.

    Raises StepError naming a required field whose template came to nothing.
    """
    found = {}
    for name, field in fields.items():
        if not is_visible(field, fields, config):
            found[name] = None
            continue
        written = config.get(name, field.default)
        found[name] = _rendered(field, written, step)
        if field.required and field.kind != "connection_ref" and _is_blank(field, found[name]):
            raise StepError(_empty(field, written), code="empty_field")
    return SimpleNamespace(**found)


def _rendered(field: Field, written: Any, step: Any) -> Any:
    if isinstance(field, Object):
        return given(field.fields, written if isinstance(written, Mapping) else {}, step)
    if isinstance(field, List):
        return [_rendered(field.item, item, step) for item in items_of(written)]
    if isinstance(field, KeyValues):
        rows = [row for row in items_of(written) if isinstance(row, Mapping) and row.get("name")]
        return {row["name"]: step.text(row.get("value") or "") for row in rows}
    if isinstance(field, JsonBody):
        return step.json(written) if written else None
    if isinstance(field, Number):
        return _number(field, step.value(written))
    if not field.template:
        return written
    text = step.text(written) if isinstance(written, str) else ""
    return text if field.kind == "long_text" else text.strip()


def _number(field: Field, value: Any) -> int | float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = None
    if number is None or isinstance(value, bool) or number != number:
        raise StepError(f"{field.label} must be a number, but is {str(value)[:80]!r}.", code="not_a_number")
    low, high = field.limits.get("min"), field.limits.get("max")
    if (low is not None and number < low) or (high is not None and number > high):
        raise StepError(f"{field.label} is {number:g}; allowed is {low} to {high}.", code="out_of_range")
    return int(number) if number.is_integer() else number


def _is_blank(field: Field, value: Any) -> bool:
    return field.is_empty(value) or (isinstance(value, str) and not value.strip())


def _empty(field: Field, written: Any) -> str:
    if isinstance(written, str) and "{{" in written:
        return f"{field.label} is empty: {written[:120]} has no value in this run."
    return f"{field.label} is empty; fill it in."
