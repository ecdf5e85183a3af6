"""Runs that somebody waits for: what they are answered, and what becomes of them when the one who asked is gone."""

import time
from typing import Any

from runtime import present
from runtime.active import ActiveRun
from runtime.engine.state import FAILED


def answer(run: ActiveRun, late: bool = False) -> dict[str, Any]:
    """The caller's answer as things stand: the flow's response, or the fallback (`late`: the deadline has passed).

    What Send message said before that is for the agent to say: `say`. A webhook's caller is answered with the
    `http_status` that Respond names; an agent never sees one.
    """
    answered = run.state.responded and not late
    status = "timed_out" if late else ("succeeded" if answered else "fallback")
    goes_on = (answered and not run.state.finished) or (late and bool(run.options.get("respond_then_continue")))
    given = {
        "run": str(run.id),
        "status": status,
        "response": run.state.response if answered else run.options.get("fallback") or {},
        "continues": goes_on,
    }
    if answered and run.state.chat.get("said"):
        given["say"] = list(run.state.chat["said"])
    if run.graph.trigger.type != "webhook":
        return given
    return {**given, "http_status": run.state.response_status, "failed": not answered and run.state.status == FAILED}


def adopt(run: ActiveRun) -> None:
    """A worker claimed a run that a request was waiting for: keep its deadline.

    Past it, nothing new is started (unless the flow says "respond, then continue"): the caller was given the fallback.
    """
    until = run.options.get("deadline_at")
    if until is None or run.answer is not None:
        return
    left = until - present.now().timestamp()
    if left > 0:
        run.deadline = time.monotonic() + left
    elif not run.state.responded:
        run.stopped = "" if run.options.get("respond_then_continue") else "timed_out"
        run.answer = answer(run, late=True)
