"""RunState: everything a run needs to go on, as one immutable, JSON-able value."""

from collections.abc import Mapping
from typing import Any, NamedTuple

RUNNING, WAITING, SUCCEEDED, FAILED = "running", "waiting", "succeeded", "failed"
FINAL = frozenset((SUCCEEDED, FAILED))
_NOTHING: dict[str, Any] = {}  # of all states together: a state is never changed, only another made from it


class RunState(NamedTuple):
    """Where the run is and what it knows.

    `node` is the cursor (never leaves the graph), `index` counts node visits from 0, `attempt` counts tries of this
    visit from 1, `taken` counts every outcome so far (the step limit is on it). `wait` is None or
    {"kind": "retry" | "turn" | "time" | "event" | "approval" | "children" | "reply", "until": iso | None,
    "for": {...} | None}.
    `as_of` is the moment of the last recorded step: templates see it instead of a clock, so a repeated step renders the
    same text. `chat` is what the run did to its conversation and heard in it, for the steps that follow:
    {"contact": what it learned, "message": the last reply, "handed_over": whether a person took over,
    "said": what the caller of an action is to say}.
    """

    node: str
    status: str = RUNNING
    index: int = 0  # type: ignore[assignment]  # nobody asks a state for the place of a value in it
    attempt: int = 1
    taken: int = 0
    vars: Mapping[str, Any] = _NOTHING
    steps: Mapping[str, Any] = _NOTHING
    wait: Mapping[str, Any] | None = None
    response: Any = None
    response_status: int = 200
    responded: bool = False
    outcome: str = ""
    error: Mapping[str, Any] | None = None
    as_of: str = ""
    chat: Mapping[str, Any] = _NOTHING

    @property
    def finished(self) -> bool:
        return self.status in FINAL

    def to_json(self) -> dict[str, Any]:
        """The stored form; defaults are left out, so that rows stay small."""
        return {name: value for name, value in self._asdict().items() if not _is_default(name, value)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "RunState":
        return cls(**value)


def _is_default(name: str, value: Any) -> bool:
    return name in _DEFAULTS and value == _DEFAULTS[name] and type(value) is type(_DEFAULTS[name])


_DEFAULTS = {name: value for name, value in RunState._field_defaults.items() if name != "status"}
