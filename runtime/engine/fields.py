"""The field vocabulary: how a node type says what can be configured.

A field declared on a node type is read by the form, by saving, by publishing, by the run and by the reference page.
`check(value)` yields what is wrong with a stored value (an absent key means the default and is not checked here);
nothing is coerced, so what a person typed stays. `texts(value)` yields the template texts inside.
The kinds and the shape of `describe()` are SETTLED section 2.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import available_timezones

from runtime.engine import conditions as condition_rules
from runtime.engine import jsonpath, template
from runtime.engine.field import Field, Issue, Text, check_count, check_parsed, check_template

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


class TextField(Field):
    kind = "text"
    template_by_default = True

    def check_filled(self, value: Any) -> Iterator[Issue]:
        yield from self._check_text(value)


class LongText(TextField):
    kind = "long_text"


class JsonBody(TextField):
    """JSON text with placeholders (SETTLED 7.13)."""

    kind = "json_body"

    def check_filled(self, value: Any) -> Iterator[Issue]:
        found = list(self._check_text(value))
        yield from found
        if not found and (message := template.check_json(value)):
            yield "", message


class Code(TextField):
    kind = "code"
    template_by_default = False


class Cron(TextField):
    kind = "cron"
    template_by_default = False


class VariableName(TextField):
    kind = "variable_name"
    template_by_default = False

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, str) or not VARIABLE_NAME.match(value):
            yield "", f"{self.label} starts with a letter; letters, digits and _ follow, 64 at most."


class Number(Field):
    kind = "number"

    def value_in(self, config: Mapping[str, Any]) -> Any:
        """A number that was emptied is its default: no step can go by none."""
        value = super().value_in(config)
        return self.default if self.is_empty(value) else value

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if self.template and isinstance(value, str) and "{{" in value:
            yield from check_template(value)
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield "", f"{self.label} must be a number."
            return
        low, high = self.limits.get("min"), self.limits.get("max")
        if low is not None and value < low:
            yield "", f"{self.label} must be at least {low:,}."
        if high is not None and value > high:
            yield "", f"{self.label} must be at most {high:,}."


class Duration(Number):
    """Seconds."""

    kind = "duration"


class Toggle(Field):
    kind = "toggle"

    def is_empty(self, value: Any) -> bool:
        return value is None

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, bool):
            yield "", f"{self.label} is on or off."


class Choice(Field):
    kind = "choice"

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if self.options is not None and value not in [option["value"] for option in self.options]:
            yield "", f"{self.label} must be one of {', '.join(str(option['label']) for option in self.options)}."


class MultiChoice(Field):
    kind = "multi_choice"

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, list):
            yield "", f"{self.label} must be a list."
            return
        known = [option["value"] for option in self.options or []]
        for position, item in enumerate(value):
            if self.options is not None and item not in known:
                yield f"/{position}", f"{item!r} is not one of the choices of {self.label}."


class DateTime(TextField):
    """ISO 8601; without a zone, the workspace's."""

    kind = "date_time"

    def check_filled(self, value: Any) -> Iterator[Issue]:
        yield from check_parsed(self, value, datetime.fromisoformat, "2026-01-31T09:00:00Z")


class Time(TextField):
    kind = "time"
    template_by_default = False

    def check_filled(self, value: Any) -> Iterator[Issue]:
        yield from check_parsed(self, value, time.fromisoformat, "09:00")


class TimeZone(TextField):
    kind = "time_zone"
    template_by_default = False

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, str) or value not in available_timezones():
            yield "", f"{value!r} is no time zone; an example is Europe/Berlin."


class KeyValues(Field):
    """[{"name", "value"}]; values are templates."""

    kind = "key_values"
    template_by_default = True

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, list):
            yield "", f"{self.label} must be a list of names and values."
            return
        yield from check_count(self, value)
        for position, item in enumerate(value):
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                yield f"/{position}", f"Each row of {self.label} needs a name."
            elif not isinstance(item.get("value", ""), str):
                yield f"/{position}/value", f"The value of {item['name']!r} must be a text."
            elif not item["name"].strip():
                yield f"/{position}/name", f"Each row of {self.label} needs a name."
            else:
                yield from ((f"/{position}/value{at}", m) for at, m in check_template(item.get("value", "")))

    def texts(self, value: Any) -> Iterator[Text]:
        for position, item in enumerate(value if isinstance(value, list) else []):
            if isinstance(item, dict) and isinstance(item.get("value"), str):
                yield f"/{position}/value", item["value"]


class Conditions(Field):
    """{"all": [...]} / {"any": [...]} / {"left", "operator", "right"}; operands are templates."""

    kind = "conditions"
    template_by_default = True

    def check_filled(self, value: Any) -> Iterator[Issue]:
        yield from condition_rules.check(value)
        for pointer, text in self.texts(value):
            yield from ((pointer + at, message) for at, message in check_template(text))

    def texts(self, value: Any) -> Iterator[Text]:
        yield from condition_rules.texts(value)


class Mapping_(Field):
    """[{"path": JSONPath, "variable", "default"}]: parts of an answer kept as variables."""

    kind = "mapping"

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, list):
            yield "", f"{self.label} must be a list."
            return
        yield from check_count(self, value)
        for position, item in enumerate(value):
            yield from ((f"/{position}{at}", message) for at, message in _check_mapping(item))


class JsonValue(Field):
    """Any JSON value, taken as it is."""

    kind = "json_value"

    def is_empty(self, value: Any) -> bool:
        return value is None

    def check_filled(self, value: Any) -> Iterator[Issue]:
        return iter(())


class Schema(Field):
    """A JSON Schema."""

    kind = "schema"

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, dict):
            yield "", f"{self.label} must be a JSON Schema object."


class Object(Field):
    """An object with fields of its own."""

    kind = "object"

    def __init__(self, label: str = "", *, fields: Mapping[str, Field], **options: Any):
        super().__init__(label, **options)
        self.fields = dict(fields)
        for name, field in self.fields.items():
            field.__set_name__(type(self), name)

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, dict):
            yield "", f"{self.label} must be an object."
            return
        yield from check_config(self.fields, value)

    def texts(self, value: Any) -> Iterator[Text]:
        if isinstance(value, dict):
            yield from config_texts(self.fields, value)

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "fields": [field.describe() for field in self.fields.values()]}


class List(Field):
    """A list whose items are all of one kind of field."""

    kind = "list"

    def __init__(self, label: str = "", *, item: Field, **options: Any):
        super().__init__(label, **options)
        self.item = item
        self.item.__set_name__(type(self), "item")

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, list):
            yield "", f"{self.label} must be a list."
            return
        yield from check_count(self, value)
        for position, item in enumerate(value):
            check = self.item.check_filled if isinstance(self.item, Object) else self.item.check  # a row is never empty
            yield from ((f"/{position}{at}", message) for at, message in check(item))

    def texts(self, value: Any) -> Iterator[Text]:
        for position, item in enumerate(value if isinstance(value, list) else []):
            yield from ((f"/{position}{at}", text) for at, text in self.item.texts(item))

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "item": self.item.describe()}


class ConnectionRef(Field):
    """The id of a connection of one of `types`: their names, or what gives them once all are known; none = of any."""

    kind = "connection_ref"

    def __init__(
        self, label: str = "Connection", *, types: Sequence[str] | Callable[[], Sequence[str]] = (), **options: Any
    ):
        super().__init__(label, **options)
        self._types = types

    @property
    def types(self) -> list[str]:
        return list(self._types() if callable(self._types) else self._types)

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, str):
            yield "", f"{self.label} names a connection by its id."

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "types": self.types}


class FlowRef(ConnectionRef):
    kind = "flow_ref"


class TableRef(TextField):
    """The name of a data table of the workspace; by name, so that a flow means the same table wherever it is taken."""

    kind = "table_ref"

    def __init__(self, label: str = "Table", **options: Any):
        super().__init__(label, template=False, pattern=r"[a-z][a-z0-9_]{0,62}", **options)


class AgentRefs(Field):
    """Slugs of agents; none = any agent and none."""

    kind = "agent_refs"

    def check_filled(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, list) or not all(isinstance(slug, str) for slug in value):
            yield "", f"{self.label} must be a list of agents."


def check_config(fields: Mapping[str, Field], config: Mapping[str, Any]) -> Iterator[Issue]:
    """What is wrong in an object of fields; hidden fields keep their values and are not checked."""
    for name in sorted(set(config) - set(fields)):
        yield f"/{name}", f"There is no field {name!r} here."
    for name, field in fields.items():
        if is_visible(field, fields, config):
            value = config.get(name, field.default)
            yield from ((f"/{name}{at}", message) for at, message in field.check(value))


def config_texts(fields: Mapping[str, Field], config: Mapping[str, Any]) -> Iterator[Text]:
    for name, field in fields.items():
        if is_visible(field, fields, config):
            yield from ((f"/{name}{at}", text) for at, text in field.texts(config.get(name, field.default)))


def is_visible(field: Field, fields: Mapping[str, Field], config: Mapping[str, Any]) -> bool:
    """Whether `visible_if` ({"field", "in"} or {"all"|"any": [...]}) holds over the siblings' values."""
    return field.visible_if is None or _holds(field.visible_if, fields, config)


def _holds(rule: Mapping[str, Any], fields: Mapping[str, Field], config: Mapping[str, Any]) -> bool:
    if "all" in rule:
        return all(_holds(part, fields, config) for part in rule["all"])
    if "any" in rule:
        return any(_holds(part, fields, config) for part in rule["any"])
    sibling = fields[rule["field"]]
    return config.get(sibling.name, sibling.default) in rule["in"] and is_visible(sibling, fields, config)


def _check_mapping(item: Any) -> Iterator[Issue]:
    if not isinstance(item, dict):
        yield "", "Each row is a path and a variable."
        return
    if message := jsonpath.check(item.get("path")):
        yield "/path", message
    if not isinstance(item.get("variable"), str) or not VARIABLE_NAME.match(item["variable"]):
        yield "/variable", "A variable's name starts with a letter; letters, digits and _ follow."
