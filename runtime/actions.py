"""Actions: an agent asks during a conversation and waits. The request itself drives the run, until the deadline.

The run is written before its first effect, its lease held by this process, and before it is answered, so nothing that
anybody notices is off the record. The answer comes from the flow's Respond step; if the flow fails, ends without one,
or the deadline passes, it is the fallback. A repeated `tool_call_id` gets the first call's answer and has no effect: of
two that arrive together the one that is written first goes on, the other has done nothing yet.
"""

import asyncio
import json
import os
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from runtime import active, present, tallies
from runtime.active import ActiveRun
from runtime.claiming import keeper
from runtime.deadlines import answer
from runtime.engine import json_schema
from runtime.engine.state import WAITING
from runtime.group_commit import loader, recorder
from runtime.intake import Arrival, event_of
from runtime.models import Run, Status, Trigger
from runtime.models.base import time_ordered_id
from runtime.rows import execute, id_of, marks
from runtime.runner import Then, begin, drive, waited_for

THREADS = 32
GRACE_SECONDS = 0.2
_pools: dict[int, ThreadPoolExecutor] = {}


@dataclass(slots=True)
class Call:
    """One request for an answer: who is asked (by action name or by trigger) and with what."""

    arrival: Arrival
    name: str = ""
    trigger: Trigger | None = None
    tool_call_id: str = ""
    body_hash: str = ""  # set where the repetition must have the same body (an Idempotency-Key)
    before: str = ""  # another id under which this call may have come already
    within: float = 60.0  # seconds that who asks waits at most, whatever the flow's deadline


@dataclass(slots=True)
class Started:
    """What became of a Call: a run to drive, the key of an earlier run to wait for, or a refusal."""

    run: ActiveRun | None = None
    earlier: Any = None
    deadline: float = 30.0
    fallback: Any = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)
    unknown: bool = False
    reused: bool = False  # the key came before with another body


_REUSED = {"code": "idempotency_key_reused", "detail": "This Idempotency-Key came before with another body."}


async def invoke(call: Call) -> tuple[int, dict[str, Any]]:
    """(HTTP status, body): the answer within the deadline, always."""
    asked = time.monotonic()
    driven, then = waited_for()
    started: Started = await asyncio.wrap_future(loader().submit(start, call, partial(_begin, asked, then)))
    if started.unknown:
        return 404, {"code": "unknown_action", "detail": f"There is no published action {call.name!r}."}
    if started.errors:
        return 422, {"code": "invalid_arguments", "detail": started.errors[0]["message"], "errors": started.errors}
    if started.reused:
        return 422, _REUSED
    until = asked + started.deadline
    if started.run is None:
        return 200, await _answer_of(started, until)
    given = await _answered(started.run, driven, until)
    if given is not None:
        return 200, given
    return await _answer_of_first(call, started, until)


async def _answer_of_first(call: Call, started: Started, until: float) -> tuple[int, dict[str, Any]]:
    """Another call with this key was written while this one was being prepared."""
    assert started.run is not None
    started.earlier = (started.run.flow_id, call.tool_call_id)
    first: Run = await asyncio.wrap_future(loader().submit(_firsts, started.earlier))
    if call.body_hash and call.body_hash != first.options.get("body_hash"):
        return 422, _REUSED
    return 200, await _answer_of(started, until)


def _begin(asked: float, then: Then, future: Future) -> None:
    """What a call has become is driven from there: on the loader's thread, once all that was read with it stands."""
    if future.cancelled() or future.exception() is not None:
        return
    started: Started = future.result()
    if started.run is not None:
        started.run.deadline = asked + started.deadline
        keeper().hold([started.run])
        begin(started.run, then, _pool())


async def _answered(run: ActiveRun, driven: asyncio.Future[None], until: float) -> dict[str, Any] | None:
    """The answer; None if another run with the same key came first."""
    while True:
        finished, _ = await asyncio.wait([driven], timeout=max(0.0, until - time.monotonic()))
        if not finished:
            return await _too_late(run, driven)
        if run.superseded:
            return None
        if run.answer is not None:
            return run.answer
        pause = _pause(run, until)
        if pause is None:
            return await _give_up(run, until)
        keeper().hold([run])  # anew each time: driving ends with letting go of the lease
        await asyncio.sleep(pause)
        driven, then = waited_for()
        _pool().submit(drive, run, then)


async def _too_late(run: ActiveRun, driven: asyncio.Future[None]) -> dict[str, Any]:
    """The deadline passed under a running step. Either time-out or answer was decided first; there is only one."""
    if run.decide("timed_out"):
        return answer(run, late=True)
    await asyncio.wait([driven], timeout=GRACE_SECONDS)
    return run.answer or answer(run)


def _pause(run: ActiveRun, until: float) -> float | None:
    """How long a run that waits or retries still waits, if that is over before the deadline."""
    if run.state.status != WAITING or run.state.wait is None or not run.state.wait["until"]:
        return None
    seconds = (datetime.fromisoformat(run.state.wait["until"]) - present.now()).total_seconds()
    return max(0.0, seconds) + 0.001 if time.monotonic() + seconds < until else None


async def _give_up(run: ActiveRun, until: float) -> dict[str, Any]:
    """The run waits beyond the deadline, or could not be driven: the fallback, and the worker sees to the rest."""
    run.decide("timed_out")
    given = answer(run, late=True) if run.state.status == WAITING else {**answer(run), "status": "fallback"}
    run.answer, run.held = given, False
    goes_on = bool(run.options.get("respond_then_continue"))
    await asyncio.wrap_future(recorder().submit(_release, (run, goes_on)))
    return given


def _release(items: list[tuple[ActiveRun, bool]]) -> list[int]:
    results = []
    for run, goes_on in items:
        mine = Run.objects.filter(pk=run.id, fence=run.fence)
        if goes_on and run.state.wait:
            results.append(mine.update(answer=run.answer, status=Status.WAITING, claimed_by="",
                                       due_at=datetime.fromisoformat(run.state.wait["until"])))  # fmt: skip
            continue
        error = {"message": "The flow would have waited past the deadline.", "code": "deadline", "node": run.node.id}
        end = {"status": Status.TIMED_OUT, "due_at": None, "claimed_by": "", "finished_at": present.now()}
        results.append(mine.update(answer=run.answer, response=run.answer["response"], error=error, **end))
        if results[-1]:
            tallies.ended(Status.TIMED_OUT, run.started_at)
    return results


def start(calls: list[Call]) -> list[Started]:
    """What each call becomes. On the loader's lane: nothing is written yet."""
    triggers = _triggers(calls)
    earlier = _earlier(calls, triggers)
    results = []
    for call in calls:
        trigger = _asked(call.trigger) if call.trigger else triggers.get((call.arrival.workspace_id, call.name))
        started = _checked(call, trigger)
        if trigger is not None and not started.errors and not started.unknown:
            key = (trigger.flow_id, call.tool_call_id)
            known = next((one for one in (key, (trigger.flow_id, call.before)) if one[1] and one in earlier), None)
            if known is not None:
                started.earlier = known
                started.reused = call.body_hash != earlier[known] and bool(call.body_hash)
            else:
                started.run = _unborn(call, trigger, started)
                earlier[key] = call.body_hash
        results.append(started)
    return results


@dataclass(frozen=True, slots=True)
class Asked:
    """A trigger that somebody asks and waits for."""

    workspace_id: Any
    flow_id: Any
    version_id: Any
    kind: str
    type: str
    agents: Any
    config: Mapping[str, Any]


def _asked(trigger: Trigger) -> Asked:
    flow = trigger.flow
    return Asked(
        flow.workspace_id, flow.pk, trigger.version_id, flow.kind, trigger.type, trigger.agents, trigger.config
    )


def _unborn(call: Call, trigger: Asked, started: Started) -> ActiveRun:
    event = event_of(call.arrival)
    options = {
        "deadline_at": present.now().timestamp() + started.deadline, "fallback": started.fallback,
        "respond_then_continue": bool(trigger.config.get("respond_then_continue")),
        **({"body_hash": call.body_hash} if call.body_hash else {}),
    }  # fmt: skip
    stored = active.Stored(
        time_ordered_id(), trigger.workspace_id, trigger.flow_id, trigger.version_id, event.pk, trigger.kind, "live",
        state=None, options=options, seq=0, created_at=present.now(), started_at=None, answer=None, parent_id=None,
        parent_index=None, history_bytes=0,
        payload=event.payload, secure_sealed=event.secure_sealed, event_type=event.type,
        agent=event.agent, interaction_id=event.interaction_id,
    )  # fmt: skip
    run = active.make_ready(stored, active.Claimed(stored.id, fence=1, took_over=False, suspect=False))
    run.held, run.unborn = True, active.Unborn(event, call.tool_call_id or None)
    return run


_ASKED = """SELECT asked.name, asked.workspace_id, asked.flow_id, asked.version_id, flow.kind, asked.type, asked.agents,
asked.config FROM runtime_trigger AS asked JOIN runtime_flow AS flow ON flow.id = asked.flow_id
WHERE asked.type = 'action_called' AND flow.enabled AND flow.deleted_at IS NULL
AND asked.workspace_id IN ({workspaces}) AND asked.name IN ({names})"""


def _triggers(calls: list[Call]) -> dict[tuple[Any, str], Asked]:
    names = {call.name for call in calls if call.name}
    if not names:
        return {}
    workspaces = {call.arrival.workspace_id for call in calls}
    sql = _ASKED.format(workspaces=marks(len(workspaces)), names=marks(len(names)))
    found = {}
    for name, *ids, kind, type, agents, config in execute(sql, [*workspaces, *names]):
        workspace_id, flow_id, version_id = map(id_of, ids)
        found[workspace_id, name] = Asked(
            workspace_id, flow_id, version_id, kind, type, json.loads(agents), json.loads(config)
        )
    return found


Key = tuple[Any, str]  # (flow, tool call id)


def _earlier(calls: list[Call], triggers: Mapping[Any, Asked]) -> dict[Key, str]:
    """{key: hash of its body} of the runs that these calls may repeat."""
    keys = {key for call in calls for key in (call.tool_call_id, call.before) if key}
    if not keys:
        return {}
    flows = {trigger.flow_id for trigger in triggers.values()} | {
        call.trigger.flow_id for call in calls if call.trigger
    }
    return {key: run.options.get("body_hash", "") for key, run in _runs_of(flows, keys).items()}


def _runs_of(flows: Collection[Any], keys: Collection[str]) -> dict[Key, Run]:
    found = Run.objects.filter(flow_id__in=flows, call_key__in=keys).only("flow_id", "call_key", "options", "answer")
    return {(run.flow_id, run.call_key or ""): run for run in found}


def _firsts(keys: list[Key]) -> list[Run | None]:
    """The run with each key."""
    found = _runs_of({flow for flow, _ in keys}, {key for _, key in keys})
    return [found.get(key) for key in keys]


def _checked(call: Call, trigger: Asked | None) -> Started:
    if trigger is None:
        return Started(unknown=True)
    config = trigger.config
    errors = []
    if trigger.type == "action_called":
        arguments = call.arrival.payload.setdefault("args", {})
        errors = list(_argument_errors(config.get("inputs") or [], arguments))
        if trigger.agents and call.arrival.agent and call.arrival.agent not in trigger.agents:
            return Started(unknown=True)
    deadline = min(float(config.get("deadline_seconds") or 30), call.within)
    return Started(deadline=deadline, fallback=config.get("fallback_response") or {}, errors=errors)


def _argument_errors(inputs: list[Mapping[str, Any]], arguments: Any):
    """Every input that is missing or of the wrong type, named."""
    if not isinstance(arguments, Mapping):
        yield {"pointer": "/arguments", "code": "type", "message": "arguments must be an object."}
        return
    for declared in inputs:
        name, pointer = declared["name"], f"/arguments/{declared['name']}"
        value = arguments.get(name)
        if value is None:
            if declared.get("required"):
                yield {"pointer": pointer, "code": "required", "message": f"The input {name!r} is required."}
            continue
        schema: dict[str, Any] = {"type": declared.get("type") or "string"}
        if declared.get("enum"):
            schema["enum"] = declared["enum"]
        for at, message in json_schema.validate(value, schema):
            yield {"pointer": pointer + at, "code": "invalid", "message": f"The input {name!r}: {message}"}


async def _answer_of(started: Started, until: float) -> dict[str, Any]:
    """An earlier call's answer, once it is there."""
    pause = 0.01
    while True:
        first: Run | None = await asyncio.wrap_future(loader().submit(_firsts, started.earlier))
        if first is not None and first.answer is not None:
            return dict(first.answer)
        if time.monotonic() + pause >= until:
            run_id = str(first.pk) if first else None
            return {"run": run_id, "status": "timed_out", "response": started.fallback, "continues": False}
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def _pool() -> ThreadPoolExecutor:
    if os.getpid() not in _pools:
        _pools[os.getpid()] = ThreadPoolExecutor(THREADS, thread_name_prefix="action")
    return _pools[os.getpid()]
