"""`drive` is the only loop over steps. Three callers: the worker (runtime/tasks.py), the request that waits for an
answer (runtime/actions.py), and the request that carries a visitor's reply (runtime/conversing.py).

Theory of operation. Pure steps cost microseconds and are repeatable, so they are taken in memory and recorded together
with the next effect's outcome: one commit per effect. An effect whose outcome is not recorded yet is recorded before
the next effect starts; a crash in between repeats at most that one effect, with the same idempotency key and, because
templates see the time of the last record instead of a clock, the same body. An effect of kind "once" is recorded as
started first; found started after a crash it becomes `unknown` and is never repeated. A run that somebody waits for
is written no earlier than its first effect or its end: until then nobody has been told anything and nothing was done.

A thread costs little while it waits for a peer, but much each time another has to wake it: Python's lock goes along.
So nobody waits for a run's last record (`_end` follows it), and a request's run takes its first steps where it was
read (`begin`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import datetime

import structlog
from django.db import IntegrityError

from runtime import leaving, live, present, tallies, tracing
from runtime.active import ActiveRun
from runtime.claiming import keeper, me
from runtime.crashing import crash_point
from runtime.deadlines import answer
from runtime.engine import interpreter
from runtime.engine.outcomes import Done, Fail
from runtime.engine.state import FAILED, WAITING
from runtime.group_commit import recorder
from runtime.history_room import fit
from runtime.recording import TOO_MUCH_DATA, Progress, StateTooLarge, progress, record
from runtime.stepping import perform, running_row

log = logging.getLogger("segue.runner")
Then = Callable[[ActiveRun], None]
QUICK_SECONDS = 0.005  # on a thread that others wait for
MOST_UNRECORDED = 500  # steps; so that a long row of pure ones is seen to make progress


def drive(run: ActiveRun, then: Then) -> None:
    """Drive a claimed run until it ends, waits, has answered who waits for it, is handed on, or loses its lease.

    `then(run)` is called once nothing more happens here, on the thread that recorded the last of it or on this one; it
    must be quick. Whatever is logged meanwhile names the run.
    """
    if not _go(run, then, _ready):
        _let_go(run, then)


def begin(run: ActiveRun, then: Then, pool: Executor) -> None:
    """`drive` a run that somebody waits for, from the thread that made it ready, which has to wait for nothing.

    Steps without effects are taken here; if an effect comes, the run is recorded and a thread of `pool` goes on. So a
    run is passed from thread to thread no more often than it has to wait, and those that came together go together.
    """
    until = time.monotonic() + QUICK_SECONDS
    if _go(run, then, lambda run: _is_quick(run) and time.monotonic() < until):
        return
    if run.node.effect == "none":  # a long row of them, or slow ones
        pool.submit(drive, run, then)
        return

    def go_on(future: Future) -> None:
        goes_on = False
        with _named(run):
            try:
                goes_on = _kept(run, news, future) and not run.state.finished
            except Exception:
                _log_failure(run)
        if goes_on:
            pool.submit(drive, run, then)
        else:
            _let_go(run, then)

    with _named(run):
        try:
            news = _news(run, going_on=True)
            recorder().submit(record, news, go_on)
        except Exception:
            _log_failure(run)
            _let_go(run, then)


def waited_for() -> tuple[asyncio.Future[None], Then]:
    """A future of this event loop, and the `then` that resolves it from whatever thread."""
    loop = asyncio.get_running_loop()
    driven: asyncio.Future[None] = loop.create_future()

    def resolve() -> None:
        if not driven.done():  # who waited has gone
            driven.set_result(None)

    def then(run: ActiveRun) -> None:
        loop.call_soon_threadsafe(resolve)

    return driven, then


def _go(run: ActiveRun, then: Then, ready: Callable[[ActiveRun], bool]) -> bool:
    """Take steps while the next one is `ready`, then record the last of them; False = it was not ready."""
    with _named(run):
        try:
            run.started_at = run.started_at or present.now()
            while _goes_on(run) and not _hands_on(run):
                if not ready(run):
                    return False
                _take(run, perform(run))
            _settle(run)
            news = _news(run)
            recorder().submit(record, news, lambda future: _end(run, news, future, then))
        except Exception:
            _log_failure(run)
            _let_go(run, then)
    return True


def _end(run: ActiveRun, news: Progress, future: Future, then: Then) -> None:
    """The last record was tried. No thread has waited for it: this is the recorder's."""
    with _named(run):
        try:
            if not _kept(run, news, future):
                run.answer = None  # whoever took the run over answers for it
        except Exception:
            _log_failure(run)
    _let_go(run, then)


def _named(run: ActiveRun) -> contextlib.AbstractContextManager[None]:
    """What is logged meanwhile names the run."""
    named: contextlib.AbstractContextManager[None] = structlog.contextvars.bound_contextvars(
        run=str(run.id), flow=str(run.flow_id)
    )
    return named


def _log_failure(run: ActiveRun) -> None:
    """Never silent, never lost: the lease runs out, the run is claimed again, and after five times parked."""
    log.exception("Run %s could not be driven on", run.id)


def _let_go(run: ActiveRun, then: Then) -> None:
    keeper().release(run)
    then(run)


def keep(run: ActiveRun) -> bool:
    """Record everything since the last time, before this driver goes on; False = the lease was lost, stop at once."""
    news = _news(run, going_on=True)
    return _kept(run, news, recorder().submit(record, news))


def _news(run: ActiveRun, going_on: bool = False) -> Progress:
    """What to record. `going_on`: the lease is kept even where the state says "waiting"."""
    crash_point("before_record")
    try:
        return progress(run, me(), going_on)
    except StateTooLarge as error:
        _end_for_its_size(run, str(error))
        return progress(run, me(), going_on)


def _kept(run: ActiveRun, news: Progress, future: Future) -> bool:
    """Whether the news were recorded, and what follows from it; False = the lease was lost, stop at once."""
    try:
        mine = future.result()
    except IntegrityError:
        if run.unborn is None or run.unborn.call_key is None:
            raise
        run.superseded = True
        return False
    crash_point("after_record")
    if not mine:
        log.warning("Run %s was taken over; what this worker did after is not recorded", run.id)
        return False
    tracing.recorded(run)
    tallies.recorded(run)
    last = run.steps[-1] if run.steps else None
    if last is not None and last["status"] == "waiting":
        run.open_row = (last["index"], last["attempt"], last["seq"], last["started_at"])
    run.steps, run.references, run.chat, run.history_bytes = [], [], [], news.history_bytes
    run.as_of, run.fresh, run.unborn = run.state.as_of, False, None
    run.effect_unrecorded = run.repeat_unrecorded = False
    return True


def _end_for_its_size(run: ActiveRun, message: str) -> None:
    """It cannot be kept with its data, so it ends without; a step that was about to start did not."""
    error = {"message": message, "code": TOO_MUCH_DATA, "node": run.state.node}
    run.state = run.state._replace(status=FAILED, wait=None, vars={}, steps={}, error=error)
    for row in run.steps:
        if row["status"] == "running":
            row.update(status="failed", error=fit({"message": message, "code": TOO_MUCH_DATA, "detail": None}))
    _settle(run)


def _goes_on(run: ActiveRun) -> bool:
    if run.state.finished or run.stopped:
        return False
    if run.state.status == WAITING:
        return run.state.wait is not None and _is_over(run)
    if run.held and run.state.responded:
        return False  # the answer goes out now; what follows Respond is the worker's
    return not (run.overdue and run.answer is None and not run.state.responded) or _late(run)


def _hands_on(run: ActiveRun) -> bool:
    """Whether the next effect is somebody else's: this process is about to go, and nobody waits for an answer."""
    run.handed_on = leaving.leaving() and not run.held and run.node.effect != "none"
    return run.handed_on


def _late(run: ActiveRun) -> bool:
    """The deadline has passed without an answer; whether the run goes on here all the same."""
    if not run.decide("timed_out"):
        return False
    goes_on = bool(run.options.get("respond_then_continue"))
    run.stopped = "" if goes_on else "timed_out"
    run.answer = answer(run, late=True)
    return goes_on and not run.held


def _settle(run: ActiveRun) -> None:
    """Fix the answer of a run somebody waits for, once there is one."""
    if run.deadline is None or run.answer is not None:
        return
    if run.state.finished or run.state.responded:
        if run.decide("answered"):
            run.answer = answer(run)
        else:
            _late(run)


def _is_over(run: ActiveRun) -> bool:
    """Whether what a waiting run waits for has come, or its time is up."""
    if run.arrived is not None:
        return True
    until = run.state.wait["until"] if run.state.wait else None
    return until is not None and datetime.fromisoformat(until) <= present.now()


def _is_quick(run: ActiveRun) -> bool:
    """Whether the next step waits for nothing: it has no effect, and nothing has to be recorded before it."""
    return run.node.effect == "none" and run.mode == "live" and len(run.steps) < MOST_UNRECORDED


def _ready(run: ActiveRun) -> bool:
    """Record what has to be recorded before the next node starts; False when there is none for this driver."""
    effect = run.node.effect
    due = run.repeat_unrecorded or (run.effect_unrecorded and effect != "none") or len(run.steps) >= MOST_UNRECORDED
    due = due or ((run.unborn is not None or bool(run.chat)) and effect != "none")
    if due and not _keep_on(run):
        return False
    if not run.unknown_try and (effect == "once" or run.mode != "live") and not _wakes(run):
        running_row(run)
        if not _keep_on(run):
            return False
    if effect != "none":
        live.started(run.id, run.node.id, run.flow_id)
        crash_point("before_effect")
    return True


def _keep_on(run: ActiveRun) -> bool:
    """Record what there is; False when the lease was lost, or when the run was too large to keep, which ends it."""
    return keep(run) and not run.state.finished


def _wakes(run: ActiveRun) -> bool:
    """Whether the step was begun before and is woken now, not tried anew."""
    return run.state.wait is not None and not interpreter.runs_anew(run.state)


def _take(run: ActiveRun, outcome) -> None:
    node, effect = run.node, run.node.effect
    if effect != "none":
        crash_point("after_effect")
    now = present.now()
    reply = run.arrived.get("message") if run.arrived else None
    state = interpreter.resume(run.state, reply) if run.state.status == WAITING else run.state
    run.state = interpreter.advance(run.graph, state, outcome, now)
    run.arrived = None
    run.chat.extend(getattr(outcome, "chat", ()))
    run.effect_unrecorded = run.effect_unrecorded or effect in ("keyed", "once")
    run.repeat_unrecorded = effect == "repeatable"
    if run.options.get("until") == node.id and isinstance(outcome, Done | Fail) and not run.state.finished:
        run.state = run.state._replace(status="succeeded", wait=None, outcome=f"stopped after {node.label or node.key}")
