"""JSON texts with placeholders (SETTLED 7.13): inside quotes a placeholder is escaped text, outside it is JSON.

Placeholders are found first, so quotes inside them do not count. Publishing parses the text with every outside
placeholder read as null; rendering parses what came out, so a transcript can never break a body.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runtime.engine.errors import StepError, TemplateError
from runtime.engine.placeholder import Placeholder, Rendering
from runtime.engine.template_text import (
    LARGEST_OUTPUT,
    SMALL,
    Scope,
    Template,
    Warnings,
    compile_template,
    fitting,
    too_large,
)
from runtime.engine.values import UNKNOWN, BadJson, PartlyKnown, safe_dumps, safe_loads

Piece = tuple[str, Placeholder | None, bool]  # (literal text, the placeholder after it, whether that is inside quotes)
_OUTSIDE, _INSIDE = "\ue0fa\ue0fb\ue0fa", "\ue0fb\ue0fa\ue0fb"  # private characters: marks in an outline


def render_json(text: str, scope: Scope, warnings: Warnings, secure: Mapping[str, Any] | None = None) -> Any:
    """The JSON value of `text`. Raises TemplateError where it cannot be read, StepError where it is no JSON."""
    rendering = Rendering(scope, warnings, secure)
    made, size = [], 0
    for literal, placeholder, quoted in _pieces(text):
        made.append(literal)
        size += len(literal)
        if placeholder is not None:
            made.append(_inside(placeholder, rendering) if quoted else _outside(placeholder, rendering))
            size += len(made[-1])
        if size > LARGEST_OUTPUT:
            raise too_large()
    try:
        return safe_loads(fitting("".join(made)))
    except BadJson as error:
        raise StepError(f"The body is no valid JSON: {error}", code="bad_json") from None


def check_json(text: str) -> str | None:
    """What stops `text` from being JSON once its placeholders have values; None if nothing does."""
    try:
        safe_loads(_filled(text))
    except TemplateError as error:
        return error.message
    except BadJson as error:
        return f"This is no valid JSON: {error}"
    return None


def json_outline(text: str) -> Any:
    """What is known of the value before it is rendered: UNKNOWN outside quotes, PartlyKnown texts inside.

    Raises TemplateError or BadJson where `check_json` has something to say.
    """
    marked = "".join(
        literal if placeholder is None else literal + (_INSIDE if quoted else f'"{_OUTSIDE}"')
        for literal, placeholder, quoted in _pieces(text)
    )
    return _unmarked(safe_loads(marked))


def _inside(placeholder: Placeholder, rendering: Rendering) -> str:
    return safe_text(placeholder.as_text(rendering))


def _outside(placeholder: Placeholder, rendering: Rendering) -> str:
    try:
        return safe_dumps(placeholder.as_json(rendering))
    except BadJson as error:
        raise StepError(f"{placeholder.text}: {error}", code="bad_json") from None


def safe_text(text: str) -> str:
    """`text` as it stands between the quotes of a JSON text."""
    try:
        return safe_dumps(text)[1:-1]
    except BadJson as error:
        raise StepError(str(error), code="bad_json") from None


def _pieces(text: str) -> tuple[Piece, ...]:
    return _small(text) if len(text) <= SMALL else _split(compile_template(text))


@lru_cache(maxsize=1_024)
def _small(text: str) -> tuple[Piece, ...]:
    return _split(compile_template(text))


def _split(template: Template) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    literal, quoted = "", False
    for part in template.parts:
        if isinstance(part, Placeholder):
            pieces.append((literal, part, quoted))
            literal = ""
        else:
            literal, quoted = part, _ends_quoted(part, quoted)
    return (*pieces, (literal, None, quoted))


def _ends_quoted(text: str, quoted: bool) -> bool:
    """Whether the end of `text` is inside quotes. Raises TemplateError where a backslash waits for a character."""
    at = 0
    while at < len(text):
        if quoted:
            stop = _first_of(text, at)
            if stop < 0:
                return True
            if text[stop] == "\\":
                if stop + 1 == len(text):
                    raise TemplateError("A backslash stands right before a placeholder.", stop)
                at = stop + 2
                continue
            at, quoted = stop + 1, False
        else:
            start = text.find('"', at)
            if start < 0:
                return False
            at, quoted = start + 1, True
    return quoted


def _first_of(text: str, at: int) -> int:
    quote, backslash = text.find('"', at), text.find("\\", at)
    return max(quote, backslash) if quote < 0 or backslash < 0 else min(quote, backslash)


def _filled(text: str) -> str:
    """`text` with its placeholders replaced, each as long as it was, so that places in messages are those of `text`."""
    return "".join(
        literal + ("" if placeholder is None else _as_long(placeholder.text, quoted))
        for literal, placeholder, quoted in _pieces(text)
    )


def _as_long(written: str, quoted: bool) -> str:
    if quoted:
        return "x" * len(written)
    return "null" + "".join(char if char == "\n" else " " for char in written[len("null") :])


def _unmarked(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value == _OUTSIDE else PartlyKnown(value) if _INSIDE in value else value
    if isinstance(value, dict):
        return {_unmarked(name): _unmarked(item) for name, item in value.items()}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value
