"""A compiled template: literal texts and placeholders in turn. Output is never evaluated again."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runtime.engine.errors import StepError, TemplateError
from runtime.engine.placeholder import Placeholder, Reference, Rendering
from runtime.engine.placeholder_grammar import read_placeholder

LARGEST_OUTPUT = 1024 * 1024  # bytes of UTF-8
MOST_PLACEHOLDERS = 10_000
SMALL = 4_096  # longer texts are compiled anew each time but the last few, so that the cache stays small

Scope = Mapping[str, Any]
Warnings = list[dict[str, Any]]


class Template:
    """A text with placeholders, compiled. `parts` are texts and Placeholders in their order; immutable once made."""

    __slots__ = ("_references", "lone", "parts", "plain", "source")

    def __init__(self, source: str, parts: tuple[str | Placeholder, ...]):
        self.source, self.parts = source, parts
        self.plain = all(type(part) is str for part in parts)
        only = parts[0] if len(parts) == 1 else None
        self.lone = only if isinstance(only, Placeholder) else None
        self._references = tuple(part.reference() for part in parts if isinstance(part, Placeholder) and part.path)

    def render_text(self, scope: Scope, warnings: Warnings, secure: Mapping[str, Any] | None = None) -> str:
        """The text. What is missing becomes empty and is added to `warnings`. Raises StepError over 1 MiB.

        `secure` holds the values of `secure.*` and is given only for fields marked for them, at the outgoing edge.
        """
        if self.plain:
            return self.source if self.parts else ""
        rendering = Rendering(scope, warnings, secure)
        made, size = [], 0
        for part in self.parts:
            made.append(part if isinstance(part, str) else part.as_text(rendering))
            size += len(made[-1])
            if size > LARGEST_OUTPUT:
                raise too_large()
        return fitting("".join(made))

    def render_value(self, scope: Scope, warnings: Warnings, secure: Mapping[str, Any] | None = None) -> Any:
        """The typed value where the text is exactly one placeholder (None if missing), else the text.

        Lists and objects are the scope's own: read them, do not change them.
        """
        if self.lone is None:
            return self.render_text(scope, warnings, secure)
        value = self.lone.value(Rendering(scope, warnings, secure))
        return fitting(value) if type(value) is str else value

    def references(self) -> tuple[Reference, ...]:
        """The variables named, in their order; literals are none."""
        return self._references

    @property
    def placeholders(self) -> list[Placeholder]:
        return [part for part in self.parts if isinstance(part, Placeholder)]


def compile_template(text: str) -> Template:
    """The template of a text; compiled once for all its uses. Raises TemplateError(message, position)."""
    return _small(text) if len(text) <= SMALL else _large(text)


def fitting(text: str) -> str:
    """`text`, unless it is larger than a rendering may be. Raises StepError."""
    if len(text) * 4 > LARGEST_OUTPUT and len(text.encode(errors="replace")) > LARGEST_OUTPUT:
        raise too_large()
    return text


def too_large() -> StepError:
    return StepError("The text made from this template is larger than 1 MiB.", code="template_too_large")


def _compile(text: str) -> Template:
    parts: list[str | Placeholder] = []
    at = count = 0
    while (start := text.find("{{", at)) >= 0:
        if start > at:
            parts.append(text[at:start])
        placeholder = read_placeholder(text, start)
        parts.append(placeholder)
        at, count = placeholder.end, count + 1
        if count > MOST_PLACEHOLDERS:
            raise TemplateError(f"A template has at most {MOST_PLACEHOLDERS:,} placeholders.", start)
    if at < len(text):
        parts.append(text[at:])
    return Template(text, tuple(parts))


_small = lru_cache(maxsize=4_096)(_compile)
_large = lru_cache(maxsize=32)(_compile)
