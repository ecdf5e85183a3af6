"""Intake: an event and the runs it starts, in one transaction, before anything is answered and anything is driven.

Arrivals that come together share a transaction (runtime/group_commit.py). A repeated key finds the first event again:
an event's own id per (workspace, source, type), an Idempotency-Key header per (workspace, route) with the body
compared. Nothing is ever deduplicated by a hash of its content.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F, Q

from runtime import awaiting, broker, present, vault
from runtime.chat_starts import key_beside, ran_already
from runtime.crashing import crash_point
from runtime.engine.asked import Asked
from runtime.engine.starting_chats import text_of
from runtime.group_commit import Staged
from runtime.interactions import e164
from runtime.matching import listening, match, passed_over
from runtime.models import Event, Flow, FlowVersion, IdempotentAnswer, Run, Status, Trigger, Workspace
from runtime.models.base import time_ordered_id
from runtime.rows import Values, id_of, insert, look_up
from runtime.tables import EVENTS, RUNS, event_row, run_row

WAIT_FOR_ANALYSIS = timedelta(minutes=10)
KEYS_KEPT = timedelta(days=7)  # longer than senders go on repeating what they sent


@dataclass(slots=True)
class Arrival:
    """One event as it came in. `payload` as in Event; `moment` is ended | analysed | "" (a vendor's two reports)."""

    workspace_id: Any
    source: str
    type: str
    payload: dict[str, Any]
    key: str | None = None
    agent: str = ""
    secure: dict[str, Any] = field(default_factory=dict)
    moment: str = ""
    route: str = ""
    header_key: str = ""
    body_hash: str = ""
    only: Trigger | None = None  # a hook starts its own flow and nobody else's
    starts: bool = True  # look-alike events are kept and start nothing
    skipped: list[dict[str, Any]] = field(default_factory=list)  # who was not started, known before; as Event.skipped
    awaited: list[Any] = field(default_factory=list)  # ids of runs of its call that are there already and wait for it


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer: HTTP status and body."""

    status: int
    body: dict[str, Any]


@dataclass(slots=True)
class _Taken:
    """What a batch of arrivals comes to; nothing of it is stored yet."""

    results: list[Accepted] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    event_rows: list[Values] = field(default_factory=list)
    run_rows: list[Values] = field(default_factory=list)
    awaited: dict[Any, Any] = field(default_factory=dict)  # {run: the event that carries its analysis}
    repeated: list[Any] = field(default_factory=list)  # ids of events that came once more
    answers: list[IdempotentAnswer] = field(default_factory=list)


def _take(batch: list[Arrival]) -> _Taken:
    crash_point("before_accept")
    known = _known_events(batch)
    answered = _known_answers(batch)
    triggers = listening(arrival.workspace_id for arrival in batch if arrival.only is None)
    taken = _Taken()
    runs: list[Run] = []
    for arrival in batch:
        accepted = _repeated(arrival, known, answered, taken.repeated)
        if accepted is None:
            event = event_of(arrival)
            own = _runs(arrival, event, triggers)
            taken.events.append(event)
            runs.extend(own)
            taken.awaited |= dict.fromkeys(arrival.awaited, event.pk)
            accepted = Accepted(202, _body(event, own, duplicate=False))
            _remember(arrival, event, own, accepted, known, answered)
        taken.results.append(accepted)
    taken.event_rows = [event_row(event) for event in taken.events]
    taken.run_rows = [run_row(run) for run in runs]
    taken.answers = [answer for answer in answered.values() if answer._state.adding]
    return taken


def _store(taken: _Taken) -> list[Accepted]:
    for event_id in taken.repeated:
        Event.objects.filter(pk=event_id).update(duplicates=F("duplicates") + 1)
    given = _give_analyses(taken.awaited)
    woken = awaiting.wake(taken.events)
    insert((EVENTS, taken.event_rows), (RUNS, taken.run_rows))
    if taken.run_rows or given or woken:
        broker.hint()
    IdempotentAnswer.objects.bulk_create(taken.answers)
    crash_point("after_accept")
    return taken.results


#: Store a list of arrivals with the runs they start, in one transaction; a list of Accepted.
accept = Staged(_take, _store)


def start_test_run(
    workspace: Workspace, flow: Flow, version: FlowVersion, event: Mapping[str, Any], mode: str, until: str | None
) -> Run:
    """Run `version` (an unnumbered snapshot) on `event`, in mode `test` or `dry`; a transaction is open."""
    payload = {name: event[name] for name in _PARTS if event.get(name)}
    arrival = Arrival(workspace.pk, "test", str(event.get("type") or "test"), payload, secure=event.get("secure") or {})
    stored = event_of(arrival)
    stored.save(force_insert=True)
    run = run_of(flow, version.pk, stored, mode=mode, options={"until": until} if until else {})
    run.save(force_insert=True)
    broker.hint()
    return run


_PARTS = ("interaction", "contact", "analysis", "variables", "data", "args", "trigger", "visitor", "message")


def event_of(arrival: Arrival) -> Event:
    interaction = arrival.payload.get("interaction") or {}
    contact = arrival.payload.get("contact") or {}
    number = interaction.get("contact_number") or contact.get("phone") or interaction.get("from")
    event = Event(
        workspace_id=arrival.workspace_id, source=arrival.source, type=arrival.type, key=arrival.key,
        agent=arrival.agent[:63], interaction_id=str(interaction.get("id") or "")[:255], contact_number=e164(number),
        payload=arrival.payload, skipped=list(arrival.skipped), received_at=present.now(),
    )  # fmt: skip
    if arrival.secure:
        event.secure_sealed = vault.seal(json.dumps(arrival.secure), arrival.workspace_id, event.pk, "secure")
    return event


def secure_values(event: Event) -> dict[str, Any]:
    """What came encrypted with an event."""
    if not event.secure_sealed:
        return {}
    opened: dict[str, Any] = json.loads(vault.open_sealed(event.secure_sealed, event.workspace_id, event.pk, "secure"))
    return opened


def _runs(arrival: Arrival, event: Event, triggers: dict[Any, list[Trigger]]) -> list[Run]:
    if not arrival.starts:
        return []
    if arrival.only is not None:
        return [run_of(arrival.only.flow, arrival.only.version_id, event)]
    seen = {**arrival.payload, "type": arrival.type, "agent": arrival.agent, "moment": arrival.moment,
            "at": event.received_at.isoformat()}  # fmt: skip
    runs = []
    for trigger, refusal in match(triggers.get(arrival.workspace_id, ()), seen):
        if refusal is not None:
            event.skipped.append(passed_over(trigger.flow_id, refusal))
            continue
        run = _MAKERS.get(trigger.type, _run_of_call if arrival.moment else _run_of_event)(arrival, event, trigger)
        if run is not None:
            runs.append(run)
    return runs


def run_of(flow: Flow, version_id: Any, event: Event, **fields: Any) -> Run:
    now = present.now()
    return Run(
        id=time_ordered_id(), workspace_id=flow.workspace_id, flow_id=flow.pk, version_id=version_id,
        event_id=event.pk, kind=flow.kind, **{"created_at": now, "due_at": now, **fields},
    )  # fmt: skip


def _run_of_event(arrival: Arrival, event: Event, trigger: Trigger) -> Run:
    return run_of(trigger.flow, trigger.version_id, event)


def _run_of_message(arrival: Arrival, event: Event, trigger: Trigger) -> Run | None:
    """The run of an action that hears a message; as often in a conversation, or with a contact, as its trigger says."""
    key = key_beside(trigger, arrival.payload)
    if key is not None and Run.objects.filter(flow_id=trigger.flow_id, call_key=key).exists():
        event.skipped.append(passed_over(trigger.flow_id, Asked(False, ran_already(key), [])))
        return None
    arrival.payload.setdefault("message", {"text": text_of(arrival.payload)})
    return run_of(trigger.flow, trigger.version_id, event, call_key=key)


def _run_of_call(arrival: Arrival, event: Event, trigger: Trigger) -> Run | None:
    """The run of a call that is reported twice: ended, then analysed (in any order). One run, unless `each`."""
    moment = trigger.config.get("moment", "analysed")
    if moment == "each" or not event.interaction_id:
        return run_of(trigger.flow, trigger.version_id, event)
    call_key = f"{arrival.source}:{event.interaction_id}"[:255]
    there = Run.objects.filter(flow_id=trigger.flow_id, call_key=call_key).first()
    if there is None:
        waits = moment == "analysed" and arrival.moment == "ended"
        due_at = present.now() + WAIT_FOR_ANALYSIS if waits else present.now()
        return run_of(trigger.flow, trigger.version_id, event, call_key=call_key, due_at=due_at)
    if arrival.moment == "analysed":
        arrival.awaited.append(there.pk)
    return None


def _give_analyses(awaited: Mapping[Any, Any]) -> int:
    """{run: event}: what has not begun yet begins with the event that carries the analysis. How many did."""
    now = present.now()
    return sum(
        Run.objects.filter(pk=run_id, fence=0, status=Status.QUEUED).update(
            event_id=event_id, due_at=now, changes=F("changes") + 1
        )
        for run_id, event_id in awaited.items()
    )


_MAKERS = {"message_received": _run_of_message}
_KNOWN = "SELECT event.id FROM runtime_event AS event WHERE event.key IS NOT NULL"
_KEY = {"event.workspace_id": "uuid", "event.source": "text", "event.type": "text", "event.key": "text"}


def _known_events(batch: list[Arrival]) -> dict[tuple, tuple[Event, list[Run]]]:
    """{(workspace, source, type, key): (event, its runs)} of those in the batch that came before: rarely any."""
    named = [arrival for arrival in batch if arrival.key is not None]
    rows = look_up(_KNOWN, _KEY, [(each.workspace_id, each.source, each.type, each.key) for each in named])
    if not rows:
        return {}
    found = list(Event.objects.filter(pk__in=[id_of(event_id) for (event_id,) in rows]).defer("payload"))
    runs: dict[Any, list[Run]] = {}
    for run in Run.objects.filter(event__in=found, origin=None).only("id", "flow_id", "status", "event_id"):
        runs.setdefault(run.event_id, []).append(run)
    return {
        (event.workspace_id, event.source, event.type, event.key): (event, runs.get(event.pk, [])) for event in found
    }


def _known_answers(batch: list[Arrival]) -> dict[tuple, IdempotentAnswer]:
    wanted = Q()
    for arrival in batch:
        if arrival.header_key:
            wanted |= Q(workspace_id=arrival.workspace_id, route=arrival.route, key=arrival.header_key)
    found = IdempotentAnswer.objects.filter(wanted) if wanted else ()
    return {(answer.workspace_id, answer.route, answer.key): answer for answer in found}


def _repeated(arrival: Arrival, known, answered, repeated: list[Any]) -> Accepted | None:
    """The first answer again, if this came before; then its event is one of the `repeated`."""
    answer = answered.get((arrival.workspace_id, arrival.route, arrival.header_key)) if arrival.header_key else None
    if answer is not None:
        if answer.body_hash != arrival.body_hash:
            text = "This Idempotency-Key came before with another body."
            return Accepted(422, {"error": {"code": "idempotency_key_reused", "message": text}})
        repeated.append(answer.answer["event"])
        return Accepted(200, {**answer.answer, "duplicate": True})
    first = known.get((arrival.workspace_id, arrival.source, arrival.type, arrival.key)) if arrival.key else None
    if first is None:
        return None
    event, runs = first
    event.duplicates += 1
    repeated.append(event.pk)
    return Accepted(200, _body(event, runs, duplicate=True))


def _remember(arrival: Arrival, event: Event, runs: list[Run], accepted: Accepted, known, answered) -> None:
    """So that a repetition later in the same batch finds this one."""
    if arrival.key is not None:
        known[arrival.workspace_id, arrival.source, arrival.type, arrival.key] = (event, runs)
    if arrival.header_key:
        answered[arrival.workspace_id, arrival.route, arrival.header_key] = IdempotentAnswer(
            workspace_id=arrival.workspace_id, route=arrival.route, key=arrival.header_key,
            body_hash=arrival.body_hash, status=accepted.status, answer=accepted.body,
        )  # fmt: skip


def _body(event: Event, runs: list[Run], duplicate: bool) -> dict[str, Any]:
    in_order = sorted(runs, key=lambda run: str(run.id))  # a repetition reads them back: the same order as at first
    rows = [{"id": str(run.id), "flow": str(run.flow_id), "status": run.status} for run in in_order]
    return {"event": str(event.pk), "duplicate": duplicate, "runs": rows}
