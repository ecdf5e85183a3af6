"""Field: what all kinds of the field vocabulary share (the kinds are in `fields`)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from runtime.engine import template as templates

LIMITS = ("min", "max", "max_length", "max_items", "pattern")
Issue = tuple[str, str]  # (JSON Pointer from the field's value, message)
Text = tuple[str, str]  # (JSON Pointer from the field's value, template text)


class Field:
    """One setting of a node type. `secure` marks the fields in which `secure.*` may resolve."""

    kind: ClassVar[str] = ""
    template_by_default: ClassVar[bool] = False

    def __init__(
        self, label: str = "", *, help: str = "", required: bool = False, default: Any = None,
        template: bool | None = None, secure: bool = False, section: str = "", advanced: bool = False,
        visible_if: Mapping[str, Any] | None = None, options: Sequence[Any] | None = None,
        options_from: str | None = None, **limits: Any,
    ):  # fmt: skip
        unknown = set(limits) - set(LIMITS)
        if unknown:
            raise TypeError(f"A field has no option {sorted(unknown)}.")
        self.name = ""
        self.label, self.help, self.required, self.default = label, help, required, default
        self.template = self.template_by_default if template is None else template
        self.secure, self.section, self.advanced = secure, section, advanced
        self.visible_if, self.options_from, self.limits = visible_if, options_from, limits
        self.options = [_option(option) for option in options] if options is not None else None

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.label = self.label or name.replace("_", " ").capitalize()

    def check(self, value: Any) -> Iterator[Issue]:
        """What is wrong with a stored value; a null counts as not filled in."""
        if self.is_empty(value):
            if self.required:
                yield "", f"{self.label} is required."
            return
        yield from self.check_filled(value)

    def check_filled(self, value: Any) -> Iterator[Issue]:
        raise NotImplementedError

    def value_in(self, config: Mapping[str, Any]) -> Any:
        """What a step goes by: the stored value, or the default where none is stored."""
        return config.get(self.name, self.default)

    def is_empty(self, value: Any) -> bool:
        return value is None or value == "" or value == [] or value == {}

    def texts(self, value: Any) -> Iterator[Text]:
        """Template texts inside a stored value."""
        if self.template and isinstance(value, str) and value:
            yield "", value

    def describe(self) -> dict[str, Any]:
        """This field as the catalogue shows it."""
        return {
            "name": self.name, "kind": self.kind, "label": self.label, "help": self.help, "required": self.required,
            "default": self.default, "template": self.template, "secure": self.secure, "section": self.section,
            "advanced": self.advanced, "options": self.options, "options_from": self.options_from,
            "limits": {name: self.limits.get(name) for name in LIMITS}, "visible_if": self.visible_if,
            "fields": None, "item": None,
        }  # fmt: skip

    def _check_text(self, value: Any) -> Iterator[Issue]:
        if not isinstance(value, str):
            yield "", f"{self.label} must be a text."
            return
        longest = self.limits.get("max_length")
        if longest is not None and len(value) > longest:
            yield "", f"{self.label} is longer than {longest:,} characters."
        pattern = self.limits.get("pattern")
        if pattern and not (self.template and "{{" in value) and not re.fullmatch(pattern, value):
            yield "", f"{self.label} does not have the right form."
        if self.template:
            yield from check_template(value)


def _option(option: Any) -> dict[str, Any]:
    if isinstance(option, dict):
        return {"help": "", **option}
    value, label = option if isinstance(option, tuple) else (option, str(option))
    return {"value": value, "label": label, "help": ""}


def check_template(text: str) -> Iterator[Issue]:
    try:
        templates.compile_template(text)
    except templates.TemplateError as error:
        yield "", str(error)


def check_count(field: Field, value: list[Any]) -> Iterator[Issue]:
    most = field.limits.get("max_items", 200)
    if len(value) > most:
        yield "", f"{field.label} has more than {most:,} rows."


def check_parsed(field: Field, value: Any, parse: Callable[[str], Any], example: str) -> Iterator[Issue]:
    if field.template and isinstance(value, str) and "{{" in value:
        yield from check_template(value)
        return
    try:
        parse(value)
    except (TypeError, ValueError):
        yield "", f"{field.label} must read like {example}."
