"""One `{{ path | filter: argument }}`: its grammar, and looking its value up.

    placeholder = "{{" (path | text | number) { "|" filter } "}}"
    path        = name { "." name | "[" digits "]" | "[" text "]" }
    filter      = name [ ":" argument { "," argument } ]       argument = text | number

A path reaches dict keys and list indexes by exact type, never attributes, so no value has members it was not given.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.engine import filters
from runtime.engine.errors import StepError, TemplateError
from runtime.engine.values import BadJson, to_text

LONGEST_PATH, MOST_SEGMENTS, MOST_FILTERS = 256, 32, 10
WORK = 8 * 1024 * 1024
MOST_WARNINGS = 100
MISSING: Any = object()
NUMBERS = {"ani": "from", "dnis": "to"}  # the names telephone people use under `interaction`

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_TEXT = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"|' r"'([^'\\]*+(?:\\.[^'\\]*+)*+)'", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?(?![\w.])", re.ASCII)
_INDEX = re.compile(r"\[\s*(\d{1,9})\s*\]", re.ASCII)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}

Segment = str | int


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable a template names: `path` as keys and indexes; `text` is the placeholder, text[start:end] its place."""

    path: tuple[Segment, ...]
    text: str
    start: int
    end: int
    has_default: bool


class Rendering:
    """What one rendering shares: where warnings go, the secrets it may use, and the work it may still do."""

    __slots__ = ("scope", "secure", "warnings", "work")

    def __init__(self, scope: Mapping[str, Any], warnings: list[dict[str, Any]], secure: Mapping[str, Any] | None):
        self.scope, self.warnings, self.secure, self.work = scope, warnings, secure, WORK

    def warn(self, code: str, message: str, path: str) -> None:
        warning = {"code": code, "message": message, "path": path}
        if len(self.warnings) < MOST_WARNINGS and warning not in self.warnings:
            self.warnings.append(warning)

    def spend(self, amount: int) -> None:
        """Count characters made on the way; a template may not keep a worker busy."""
        self.work -= amount
        if self.work < 0:
            raise StepError("This template makes too much text on the way; shorten it.", code="template_too_large")


class Placeholder:
    """A compiled placeholder. `path` is empty for a literal; `spans` are the places of the path's segments."""

    __slots__ = (
        "applied", "end", "folds", "has_default", "literal", "path", "secret", "spans", "start", "text", "written",
    )  # fmt: skip

    def __init__(self, path: tuple[Segment, ...], literal: Any, spans: list[tuple[int, int]]):
        self.path, self.literal, self.spans = path, literal, spans
        self.folds = len(path) > 1 and path[0] == "interaction" and type(path[1]) is str
        self.secret = path[:1] == ("secure",)
        self.applied: list[filters.Applied] = []
        self.has_default = False
        self.text = self.written = ""
        self.start = self.end = 0

    def value(self, rendering: Rendering) -> Any:
        """The value here and now, filters applied; nothing there gives None, with a warning unless it has a default."""
        value: Any = self.literal
        if self.path:
            value = rendering.scope
            for segment in self.path:
                if isinstance(segment, str):
                    value = value.get(segment, MISSING) if type(value) is dict else MISSING
                else:
                    value = value[segment] if type(value) is list and segment < len(value) else MISSING
            if self.secret:
                value = self._secret(rendering)
            elif value is MISSING:
                value = self._unfound(rendering)
        for applied in self.applied:
            value = applied(value, rendering, self.written)
        return value

    def as_text(self, rendering: Rendering) -> str:
        value = self.value(rendering)
        try:
            return value if type(value) is str else to_text(value)
        except BadJson as error:
            raise StepError(f"{self.text}: {error}", code="bad_json") from None

    def as_json(self, rendering: Rendering) -> Any:
        """The value for a place outside quotes, where a final `| json` says what happens there anyway."""
        if self.applied and self.applied[-1].name == "json":
            shorter = Placeholder(self.path, self.literal, self.spans)
            shorter.applied, shorter.has_default, shorter.written = self.applied[:-1], self.has_default, self.written
            return shorter.value(rendering)
        return self.value(rendering)

    def reference(self) -> Reference:
        return Reference(self.path, self.text, self.start, self.end, self.has_default)

    def _unfound(self, rendering: Rendering) -> Any:
        value = self._folded(rendering.scope) if self.folds else MISSING
        if value is MISSING:
            if not self.has_default:
                rendering.warn("missing_variable", f"{{{{{self.written}}}}} has no value here.", self.written)
            return None
        return value

    def _folded(self, scope: Mapping[str, Any]) -> Any:
        """Names right under `interaction` in any case; an exact name would have been found, or ends the search."""
        found = scope.get("interaction")
        name = self.path[1]
        if type(found) is not dict or type(name) is not str or name in found:
            return MISSING
        lower = name.lower()
        for wanted in (lower, NUMBERS.get(lower, lower)):
            key = wanted if wanted in found else min((key for key in found if key.lower() == wanted), default=None)
            if key is not None:
                return look_up(self.path[2:], found[key])
        return MISSING

    def _secret(self, rendering: Rendering) -> Any:
        if rendering.secure is None or len(self.path) < 2:
            text = "secure values go only into the fields of a request that are marked for them."
            raise StepError(f"{{{{{self.written}}}}}: {text}", code="secret_in_plain_field")
        value = look_up(self.path[1:], dict(rendering.secure))
        if value is MISSING and not self.has_default:
            rendering.warn("missing_variable", f"{{{{{self.written}}}}} has no value here.", self.written)
        return None if value is MISSING else value


def look_up(path: tuple[Segment, ...], value: Any) -> Any:
    """The value under `path`, MISSING if there is none."""
    for segment in path:
        if isinstance(segment, str):
            value = value.get(segment, MISSING) if type(value) is dict else MISSING
        elif type(value) is list and segment < len(value):
            value = value[segment]
        else:
            return MISSING
    return value


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
