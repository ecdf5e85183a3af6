"""Actions: an agent asks during a conversation and waits. The request itself drives the run, until the deadline.

The run's row is written first, its lease held by this process, so whatever happens the call is on record. The answer
comes from the flow's Respond step; if the flow fails, ends without one, or the deadline passes, it is the fallback.
A repeated `tool_call_id` gets the first call's answer and starts nothing.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from runtime import active
from runtime.active import ActiveRun
from runtime.claiming import keeper, me
from runtime.deadlines import answer
from runtime.engine import json_schema
from runtime.engine.state import WAITING
from runtime.group_commit import loader, recorder
from runtime.intake import Arrival, event_of, run_of
from runtime.models import Event, Run, Status, Trigger
from runtime.runner import drive

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


@dataclass(slots=True)
class Started:
    """What became of a Call: a run to drive, an earlier run to wait for, or a refusal."""

    run: ActiveRun | None = None
    earlier: Any = None
    deadline: float = 30.0
    fallback: Any = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)
    unknown: bool = False
    reused: bool = False  # the key came before with another body


async def invoke(call: Call) -> tuple[int, dict[str, Any]]:
    """(HTTP status, body): the answer within the deadline, always."""
    asked = time.monotonic()
    started: Started = await asyncio.wrap_future(recorder().submit(start, call))
    if started.unknown:
        return 404, {"code": "unknown_action", "detail": f"There is no published action {call.name!r}."}
    if started.errors:
        return 422, {"code": "invalid_arguments", "detail": started.errors[0]["message"], "errors": started.errors}
    if started.reused:
        return 422, {
            "code": "idempotency_key_reused",
            "detail": "This Idempotency-Key came before with another body.",
        }
    until = asked + started.deadline
    if started.run is None:
        return 200, await _answer_of(started, until)
    started.run.deadline = until
    return 200, await _drive(started.run, until)


async def _drive(run: ActiveRun, until: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    while True:
        keeper().hold([run])  # anew each time: driving ends with letting go of the lease
        future = loop.run_in_executor(_pool(), drive, run)
        done, _ = await asyncio.wait([future], timeout=max(0.0, until - time.monotonic()))
        if not done:
            return await _too_late(run, future)
        if run.answer is not None:
            return run.answer
        pause = _pause(run, until)
        if pause is None:
            return await _give_up(run, until)
        keeper().hold([run])
        await asyncio.sleep(pause)


async def _too_late(run: ActiveRun, future: asyncio.Future) -> dict[str, Any]:
    """The deadline passed under a running step. Either time-out or answer was decided first; there is only one."""
    if run.decide("timed_out"):
        return answer(run, late=True)
    await asyncio.wait([future], timeout=GRACE_SECONDS)
    return run.answer or answer(run)


def _pause(run: ActiveRun, until: float) -> float | None:
    """How long a run that waits or retries still waits, if that is over before the deadline."""
    if run.state.status != WAITING or run.state.wait is None or not run.state.wait["until"]:
        return None
    seconds = (datetime.fromisoformat(run.state.wait["until"]) - timezone.now()).total_seconds()
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
        end = {"status": Status.TIMED_OUT, "due_at": None, "claimed_by": "", "finished_at": timezone.now()}
        results.append(mine.update(answer=run.answer, response=run.answer["response"], error=error, **end))
    return results


def start(calls: list[Call]) -> list[Started]:
    """Event and run of each call, the run claimed by this process; the recorder's transaction is open."""
    triggers = _triggers(calls)
    earlier = _earlier(calls, triggers)
    results, events, runs = [], [], []
    for call in calls:
        trigger = call.trigger or triggers.get((call.arrival.workspace_id, call.name))
        started = _checked(call, trigger)
        if trigger is not None and not started.errors:
            key = (trigger.flow_id, call.tool_call_id)
            if call.tool_call_id and key in earlier:
                started.earlier, body_hash = earlier[key]
                started.reused = call.body_hash != body_hash and bool(call.body_hash)
            else:
                event, run = _rows(call, trigger, started)
                events.append(event)
                runs.append(run)
                earlier[key] = run.pk, call.body_hash
                started.run = _held(run, event)
        results.append(started)
    Event.objects.bulk_create(events)
    Run.objects.bulk_create(runs)
    return results


def _rows(call: Call, trigger: Trigger, started: Started):
    event = event_of(call.arrival)
    lease = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    options = {
        "deadline_at": time.time() + started.deadline, "fallback": started.fallback,
        "respond_then_continue": bool(trigger.config.get("respond_then_continue")),
        **({"body_hash": call.body_hash} if call.body_hash else {}),
    }  # fmt: skip
    run = run_of(
        trigger.flow, trigger.version_id, event, status=Status.RUNNING, due_at=lease, fence=1, claims=1,
        claimed_by=me(), options=options, call_key=call.tool_call_id or None,
    )  # fmt: skip
    return event, run


def _held(run: Run, event) -> ActiveRun:
    loaded = active.make_ready(run, event, took_over=False)
    loaded.held = True
    return loaded


def _triggers(calls: list[Call]) -> dict[tuple[Any, str], Trigger]:
    names = {call.name for call in calls if call.name}
    workspaces = {call.arrival.workspace_id for call in calls}
    found = Trigger.objects.filter(
        type="action_called", workspace_id__in=workspaces, name__in=names, flow__enabled=True, flow__deleted_at=None
    ).select_related("flow").only(
        "workspace_id", "version_id", "type", "name", "agents", "config", "flow__workspace_id", "flow__kind"
    )  # fmt: skip
    return {(trigger.workspace_id, trigger.name): trigger for trigger in found}


def _earlier(calls: list[Call], triggers) -> dict[tuple[Any, str], tuple[Any, str]]:
    """{(flow, key): (run, hash of its body)} of the runs that these calls may repeat."""
    keys = {call.tool_call_id for call in calls if call.tool_call_id}
    if not keys:
        return {}
    flows = {trigger.flow_id for trigger in triggers.values()} | {
        call.trigger.flow_id for call in calls if call.trigger
    }
    found = Run.objects.filter(flow_id__in=flows, call_key__in=keys).only("flow_id", "call_key", "options")
    return {(run.flow_id, run.call_key or ""): (run.pk, run.options.get("body_hash", "")) for run in found}


def _checked(call: Call, trigger: Trigger | None) -> Started:
    if trigger is None:
        return Started(unknown=True)
    config = trigger.config
    errors = []
    if trigger.type == "action_called":
        arguments = call.arrival.payload.setdefault("args", {})
        errors = list(_argument_errors(config.get("inputs") or [], arguments))
        if trigger.agents and call.arrival.agent and call.arrival.agent not in trigger.agents:
            return Started(unknown=True)
    return Started(deadline=float(config.get("deadline_seconds") or 30), fallback=config.get("fallback_response") or {},
                   errors=errors)  # fmt: skip


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
        found = await asyncio.wrap_future(loader().submit(_answers, started.earlier))
        if found is not None:
            return found
        if time.monotonic() + pause >= until:
            return {
                "run": str(started.earlier),
                "status": "timed_out",
                "response": started.fallback,
                "continues": False,
            }
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def _answers(run_ids: list[Any]) -> list[dict[str, Any] | None]:
    found = dict(Run.objects.filter(pk__in=run_ids).values_list("pk", "answer"))
    return [found.get(run_id) for run_id in run_ids]


def _pool() -> ThreadPoolExecutor:
    if os.getpid() not in _pools:
        _pools[os.getpid()] = ThreadPoolExecutor(THREADS, thread_name_prefix="action")
    return _pools[os.getpid()]
