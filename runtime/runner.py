"""`drive` is the only loop over steps. Three callers: the worker (runtime/tasks.py), the request that waits for an
answer (runtime/actions.py), and the request that carries a visitor's reply (runtime/conversing.py).

Theory of operation. Pure steps cost microseconds and are repeatable, so they are taken in memory and recorded together
with the next effect's outcome: one commit per effect. An effect whose outcome is not recorded yet is recorded before
the next effect starts; a crash in between repeats at most that one effect, with the same idempotency key and, because
templates see the time of the last record instead of a clock, the same body. An effect of kind "once" is recorded as
started first; found started after a crash it becomes `unknown` and is never repeated. A run that somebody waits for
is written no earlier than its first effect or its end: until then nobody has been told anything and nothing was done.
"""

import logging
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
from runtime.recording import TOO_MUCH_DATA, StateTooLarge, progress, record
from runtime.stepping import perform, running_row

log = logging.getLogger("segue.runner")
MOST_UNRECORDED = 500  # steps; so that a long row of pure ones is seen to make progress


def drive(run: ActiveRun) -> ActiveRun:
    """Drive a claimed run until it ends, waits, has answered who waits for it, is handed on, or loses its lease.

    Whatever is logged meanwhile names the run.
    """
    with structlog.contextvars.bound_contextvars(run=str(run.id), flow=str(run.flow_id)):
        return _drive(run)


def _drive(run: ActiveRun) -> ActiveRun:
    run.started_at = run.started_at or present.now()
    try:
        while _goes_on(run) and not _hands_on(run):
            if not _ready(run):
                return run
            outcome = perform(run)
            _take(run, outcome)
        _settle(run)
        if not keep(run):
            run.answer = None  # whoever took the run over answers for it
    except Exception:
        # Never silent, never lost: the lease runs out, the run is claimed again, and after five times parked.
        log.exception("Run %s could not be driven on", run.id)
    finally:
        keeper().release(run)
    return run


def keep(run: ActiveRun, going_on: bool = False) -> bool:
    """Record everything since the last time; False = the lease was lost, stop at once.

    `going_on`: this driver takes the next step itself, so the lease is kept even where the state says "waiting".
    """
    crash_point("before_record")
    try:
        news = progress(run, me(), going_on)
    except StateTooLarge as error:
        _end_for_its_size(run, str(error))
        news = progress(run, me(), going_on)
    try:
        mine = recorder().submit(record, news).result()
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
    return keep(run, going_on=True) and not run.state.finished


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
