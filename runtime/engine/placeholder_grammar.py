"""Reading `{{ path | filter: argument }}`.

placeholder = "{{" (path | text | number) { "|" filter } "}}"
path        = name { "." name | "[" digits "]" | "[" text "]" }
filter      = name [ ":" argument { "," argument } ]       argument = text | number
"""

import re
from collections.abc import Iterator
from typing import Any

from runtime.engine import filters
from runtime.engine.errors import TemplateError
from runtime.engine.placeholder import Placeholder, Segment

LONGEST_PATH, MOST_SEGMENTS, MOST_FILTERS = 256, 32, 10

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_TEXT = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"|' r"'([^'\\]*+(?:\\.[^'\\]*+)*+)'", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?(?![\w.])", re.ASCII)
_INDEX = re.compile(r"\[\s*(\d{1,9})\s*\]", re.ASCII)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def read_placeholder(text: str, start: int) -> Placeholder:
    """The placeholder whose "{{" stands at `start`. Raises TemplateError."""
    at = _skip(text, start + 2)
    placeholder, after = _read_subject(text, at, start)
    placeholder.written = text[at:after] if placeholder.path else ""
    at = _skip(text, after)
    while text.startswith("|", at):
        if len(placeholder.applied) == MOST_FILTERS:
            raise TemplateError(f"A placeholder has at most {MOST_FILTERS} filters.", at)
        applied, at = _read_filter(text, _skip(text, at + 1))
        placeholder.applied.append(applied)
        placeholder.has_default |= applied.name == "default"
    if not text.startswith("}}", at):
        raise _unreadable(text, start, at)
    placeholder.start, placeholder.end = start, at + 2
    placeholder.text = text[start : placeholder.end]
    return placeholder


def _read_subject(text: str, at: int, start: int) -> tuple[Placeholder, int]:
    if quoted := _TEXT.match(text, at):
        return Placeholder((), _unquoted(quoted), []), quoted.end()
    if number := _NUMBER.match(text, at):
        return Placeholder((), _number(number[0]), []), number.end()
    if not _NAME.match(text, at):
        raise _unreadable(text, start, at)
    segments, spans = [], []
    for segment, begin, end in _read_path(text, at):
        segments.append(segment)
        spans.append((begin, end))
        if len(segments) > MOST_SEGMENTS or end - at > LONGEST_PATH:
            raise TemplateError(f"A path has at most {MOST_SEGMENTS} parts and {LONGEST_PATH} characters.", at)
    return Placeholder(tuple(segments), None, spans), spans[-1][1]


def _read_path(text: str, at: int) -> Iterator[tuple[Segment, int, int]]:
    """(segment, begin, end) with the dot or brackets included, as far as the path goes."""
    name = _NAME.match(text, at)
    while name:
        yield name[0], at, name.end()
        at = name.end()
        while text.startswith("[", at):
            segment, end = _read_brackets(text, at)
            yield segment, at, end
            at = end
        name = _NAME.match(text, at + 1) if text.startswith(".", at) else None
    if text.startswith(".", at):
        hint = " A place in a list is written [0]." if text[at + 1 : at + 2].isdigit() else ""
        raise TemplateError(f"A name must follow the dot.{hint}", at)


def _read_brackets(text: str, at: int) -> tuple[Segment, int]:
    if index := _INDEX.match(text, at):
        return int(index[1]), index.end()
    quoted = _TEXT.match(text, _skip(text, at + 1))
    end = _skip(text, quoted.end()) if quoted else at
    if quoted is None or not text.startswith("]", end):
        raise TemplateError('Brackets hold a place in a list, [0], or a name in quotes, ["first name"].', at)
    return _unquoted(quoted), end + 1


def _read_filter(text: str, at: int) -> tuple[filters.Applied, int]:
    name = _NAME.match(text, at)
    if name is None:
        raise TemplateError("The name of a filter must follow |.", at)
    arguments: list[Any] = []
    after = _skip(text, name.end())
    separator = ":"
    while text.startswith(separator, after):
        argument, after = _read_argument(text, _skip(text, after + 1))
        arguments.append(argument)
        after, separator = _skip(text, after), ","
    try:
        return filters.apply(name[0], arguments), after
    except ValueError as error:
        raise TemplateError(str(error), at) from None


def _read_argument(text: str, at: int) -> tuple[Any, int]:
    if quoted := _TEXT.match(text, at):
        return _unquoted(quoted), quoted.end()
    if number := _NUMBER.match(text, at):
        return _number(number[0]), number.end()
    raise TemplateError('An argument of a filter is a number or a text in quotes, like | default: "none".', at)


def _unquoted(quoted: re.Match[str]) -> str:
    text = quoted[1] if quoted[1] is not None else quoted[2]
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), text, flags=re.DOTALL)


def _number(digits: str) -> int | float:
    return float(digits) if "." in digits else int(digits)


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _unreadable(text: str, start: int, at: int) -> TemplateError:
    if at >= len(text) or text.find("}}", at) < 0:
        return TemplateError('A placeholder opened with {{ is never closed with }}; a literal is {{ "{{" }}.', start)
    if text.startswith("}}", at):
        return TemplateError("A placeholder needs a variable, as in {{interaction.id}}.", start)
    return TemplateError(f"Only a variable and filters may stand between {{{{ and }}}}, not {text[at]!r}.", at)
