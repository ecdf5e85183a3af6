"""A compiled `{{ path | filter }}`: looking its value up and filtering it.

A path reaches dict keys and list indexes by exact type, never attributes, so no value has members it was not given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.engine import filters
from runtime.engine.errors import StepError
from runtime.engine.values import BadJson, to_text

WORK = 8 * 1024 * 1024
MOST_WARNINGS = 100
MISSING: Any = object()
NUMBERS = {"ani": "from", "dnis": "to"}  # the names telephone people use under `interaction`

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
