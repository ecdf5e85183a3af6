"""What became of a program, for its author: what it returned, or what went wrong, in which line, and what to do."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.pool import ANSWERED, DIED, TOO_LONG, TOO_SLOW, Answer
from runtime.engine.errors import StepError
from runtime.engine.values import safe_loads

_PLACE = re.compile(r"<input>:(\d+):(\d+)")
LINES_BEFORE = 1  # of the wrapper around the program
OUT_OF_MEMORY = "The program needed more than 64 MB of memory. Work on smaller pieces, or choose fewer inputs."


@dataclass(frozen=True, slots=True)
class Returned:
    """The value, the lines printed, and whether the program ended without returning anything."""

    result: Any
    console: list[str] = field(default_factory=list)
    nothing: bool = False


def read(answer: Answer, source: str, seconds: float) -> Returned:
    """What the program returned; a StepError for every other end. `detail` is {"line", "console"}."""
    if answer.kind != ANSWERED:
        raise StepError(*_UNANSWERED[answer.kind](answer, seconds), detail={"line": None, "console": []})
    head, _, result = answer.payload.partition(b"\n")
    told = _head(head)
    if told["state"] == "done":
        return Returned(_value(result, told["console"]), told["console"], told["nothing"])
    message, code, line = _wrong(told, source, seconds)
    raise StepError(message, code, detail={"line": line, "console": told["console"]})


def syntax_problem(answer: Answer, source: str) -> str:
    """What is wrong with a program that was only compiled; empty when nothing is."""
    error = answer.payload.decode("utf-8", "replace") if answer.kind == ANSWERED else ""
    return _syntax(error, source)[0] if error else ""


def _head(text: bytes) -> dict[str, Any]:
    """Written by a process that ran a stranger's program: nothing in it is taken for granted."""
    try:
        told = json.loads(text)
        console = [_storable(line)[:16_400] for line in told["console"][:201]]
        said = {name: _storable(told.get(name) or "") for name in ("state", "error", "stack")}
        return {**said, "nothing": told.get("nothing") is True, "console": console}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {"state": "unreadable", "error": "", "stack": "", "nothing": False, "console": []}


def _storable(text: Any) -> str:
    """A text that every database keeps: no NUL, no half of a character."""
    return str(text).encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _value(text: bytes, console: list[str]) -> Any:
    try:
        return safe_loads(text)
    except ValueError as error:
        text = f"The program returned something that JSON cannot keep: {error}"
        raise StepError(text, "bad_result", detail={"line": None, "console": console}) from None


def _wrong(told: dict[str, Any], source: str, seconds: float) -> tuple[str, str, int | None]:
    error, state = told["error"], told["state"]
    if state == "time" or "InternalError: interrupted" in error:
        return _too_slow(seconds), "timeout", None
    if state == "memory" or "InternalError: out of memory" in error:
        return OUT_OF_MEMORY, "out_of_memory", None
    if state == "syntax":
        message, line = _syntax(error, source)
        return message, "syntax", line
    if state == "result":
        return f"{error.rstrip('.')}.", "bad_result", None
    if state == "pending":
        text = "The program awaits something that never comes: there are no timers, files or network in here."
        return text, "never_ends", None
    if state == "jobs":
        return "The program made more than 100,000 promises; it was stopped.", "timeout", None
    line = _line(f"{error}\n{told['stack']}", source)
    first = error.split("\n")[0][:500].removeprefix("Error: ") or "something without a message"
    return f"{f'Line {line}' if line else 'The program'}: {first}", "javascript", line


def _syntax(error: str, source: str) -> tuple[str, int | None]:
    line = _line(error, source)
    first = error.split("\n")[0].removeprefix("SyntaxError: ")[:300]
    found = _PLACE.search(error)
    if found and int(found[1]) - LINES_BEFORE > source.count("\n") + 1:
        first = f"the program ends in the middle of something; is a bracket not closed? ({first})"
    return f"Line {line}: {first}", line


def _line(text: str, source: str) -> int | None:
    found = _PLACE.search(text)
    return max(1, min(int(found[1]) - LINES_BEFORE, source.count("\n") + 1)) if found else None


def _too_slow(seconds: float) -> str:
    return f"The program was stopped after {seconds:.1f} s. Is there a loop that does not end?"


def _died(answer: Answer, seconds: float) -> tuple[str, str]:
    if answer.payload in (b"-24", b"-9"):  # SIGXCPU, or SIGKILL by the kernel's memory or processor limits
        return f"The program was stopped by the system: it took more than {seconds:.1f} s or 256 MB.", "timeout"
    if answer.payload == b"1":
        return OUT_OF_MEMORY, "out_of_memory"
    return f"The JavaScript engine broke down in this program (exit {answer.payload.decode()}).", "engine"


_UNANSWERED = {
    TOO_SLOW: lambda answer, seconds: (f"{_too_slow(seconds)} What it had printed is lost.", "timeout"),
    TOO_LONG: lambda answer, seconds: ("The program's answer is larger than 1 MiB.", "bad_result"),
    DIED: _died,
}
