"""The four things a node can report. Data only; `interpreter.advance` says what they mean for the run."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """The step worked. `output` becomes `steps.<key>`, `variables` are merged into `vars`, the run leaves at `port`.

    `chat` is what the step does to its conversation, recorded with the step: {"do": "say" | "tag" | "contact" |
    "hand_over" | "end", ...} (runtime/engine/chat.py has the shapes).
    `response` (set by Respond) is what a waiting caller is answered, under `response_status` where HTTP shows through
    (webhooks); `reason` is SETTLED section 3's record of why.
    """

    output: dict[str, Any] = field(default_factory=dict)
    port: str = "next"
    variables: dict[str, Any] = field(default_factory=dict)
    reason: dict[str, Any] | None = None
    response: Any = None
    response_status: int = 200
    chat: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Pause: until a moment, for a number of seconds from the step's start, and/or for what `for_` describes.

    `for_` is {"kind": "event" | "approval" | "children" | "reply" | "connection", ...}; what came is handed to the
    node's `resume`.
    `chat` as in Done: what a question says before it waits.
    """

    until: datetime | None = None
    seconds: float | None = None
    for_: dict[str, Any] | None = None
    chat: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Fail:
    """The step did not work. Retryable failures are tried again as the node's settings say; a retry is a wait."""

    message: str
    code: str = ""
    retryable: bool = False
    retry_after: float | None = None
    detail: Any = None


@dataclass(frozen=True, slots=True)
class End:
    """The run is over and went well; `outcome` is its business label, `chat` as in Done."""

    response: Any = None
    outcome: str = ""
    chat: tuple[dict[str, Any], ...] = ()


Outcome = Done | Wait | Fail | End
