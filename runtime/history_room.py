"""What history keeps: of one value, and of one run altogether.

A value of more than 64 KiB is kept as a preview that says so. A run whose steps' rows have filled 10 MB goes on as
before, and each further step still has its row: what ran, when, how it ended, which way it left, what went wrong. Only
what went in and came out is no longer written down; a warning on the row says so. What is recorded stays as it is, and
what the run itself remembers has its own limit (runtime/recording.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from runtime.engine.values import safe_dumps

LARGEST_INLINE = 64 * 1024
LARGEST_HISTORY = 10_000_000  # bytes
FULL = {
    "code": "history_full",
    "message": "This run's history has reached 10 MB, so what went into this step and what came out of it is not kept. "
    "The step itself ran as always, and what follows got its data.",
}
LONGEST_MESSAGE = 500


class Kept(NamedTuple):
    """A value as history keeps it, with its JSON text, which is what is written."""

    value: Any
    text: str


def fit(value: Any) -> Kept | None:
    """`value`, or a preview of it where it is too large to keep in history; says so."""
    if value is None:
        return None
    text = safe_dumps(value)
    if len(text) <= LARGEST_INLINE:
        return Kept(value, text)
    shown = {"truncated": True, "bytes": len(text), "preview": text[:8_192]}
    return Kept(shown, safe_dumps(shown))


def is_full(filled: int) -> bool:
    """Whether a run's later steps are kept without their data."""
    return filled >= LARGEST_HISTORY


Rows = list[dict[str, Any]]


def divide(steps: Sequence[dict[str, Any]], filled: int) -> tuple[Rows, Rows, int]:
    """(rows as they are, rows without their data, how much is filled then) of a run's next steps."""
    whole: Rows = []
    for place, step in enumerate(steps):
        filled += _size(step)
        if is_full(filled):
            return whole, [_bare(later) for later in steps[place:]], LARGEST_HISTORY
        whole.append(step)
    return whole, [], filled


def _size(step: Mapping[str, Any]) -> int:
    kept = (step["input"], step["output"], step["error"], step["reason"])
    texts = [one.text for one in kept if one is not None]
    return sum(len(text) if text.isascii() else len(text.encode()) for text in texts) + (
        len(safe_dumps(step["warnings"])) if step["warnings"] else 0
    )


def _bare(step: dict[str, Any]) -> dict[str, Any]:
    error = step["error"]
    if error is not None:
        error = fit({"message": error.value["message"][:LONGEST_MESSAGE], "code": error.value["code"], "detail": None})
    return {**step, "input": None, "output": None, "reason": None, "error": error, "warnings": [FULL]}
