"""The variables a configuration names: finding them, and following a step's key to its new name."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from runtime.engine.errors import TemplateError
from runtime.engine.placeholder import Reference
from runtime.engine.template_text import compile_template

T = TypeVar("T")


def references(value: Any) -> list[Reference]:
    """Every variable named by the texts of a value, through lists and objects; texts that cannot be read name none."""
    return [reference for text in _texts(value) for reference in _named(text)]


def rename_references(value: T, old_key: str, new_key: str) -> T:
    """`value` (a text, or a whole configuration) with each `steps.<old_key>` reading `steps.<new_key>`."""
    return _replaced(value, lambda text: _renamed(text, old_key, new_key))  # type: ignore[no-any-return]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "{{" in value:
            yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _named(text: str) -> tuple[Reference, ...]:
    try:
        return compile_template(text).references()
    except TemplateError:
        return ()


def _replaced(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value) if "{{" in value else value
    if isinstance(value, dict):
        return {name: _replaced(item, change) for name, item in value.items()}
    return [_replaced(item, change) for item in value] if isinstance(value, list) else value


def _renamed(text: str, old_key: str, new_key: str) -> str:
    try:
        placeholders = compile_template(text).placeholders
    except TemplateError:
        return text  # a draft may hold half-written text; it is reported with its field
    for placeholder in reversed(placeholders):
        if placeholder.path[:2] == ("steps", old_key):
            start, end = placeholder.spans[1]
            text = f"{text[:start]}.{new_key}{text[end:]}"
    return text
