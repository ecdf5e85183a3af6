"""Recording: what happened to a run becomes rows, many runs in one transaction (runtime/group_commit.py).

The run's own row goes first, `WHERE id AND fence`: a worker whose lease was taken over writes nothing at all, neither
state nor steps. What is written is put together by the thread that drove the run; the recorder only writes it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from runtime import broker, present, recording_postgresql, round_trips
from runtime.active import ActiveRun
from runtime.awaiting import has_come, make_due, poll_at
from runtime.chatting import Talked, record_talk, talked
from runtime.children import settle
from runtime.crashing import crash_point
from runtime.engine.state import FAILED, SUCCEEDED, WAITING
from runtime.engine.values import safe_dumps
from runtime.history_room import Kept, divide
from runtime.models import Status
from runtime.parking import why_parked, without_connection
from runtime.rows import Table, change, insert
from runtime.tables import BARE_STEPS, EVENTS, NEWS, REFERENCES, RUNS, STEPS, event_row

LARGEST_STATE = 4 * 1024 * 1024
TOO_MUCH_DATA = "too_much_data"  # the code of a run that failed for it
RUN_SQL = """UPDATE runtime_run SET status = %s, state = %s, seq = %s, due_at = %s, claimed_by = %s, started_at = %s,
finished_at = %s, response = %s, answer = %s, outcome = %s, error = %s, history_bytes = %s, changes = changes + 1,
claims = CASE WHEN %s THEN 0 ELSE claims END WHERE id = %s AND fence = %s"""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a run begins, or goes on, to wait for."""

    index: int
    node: str
    kind: str
    until: datetime | None
    what: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Progress:
    """One run's news: its row's new values (tables.NEWS, then whether it came on, id, fence) and unrecorded steps.

    `born`: for a run that has no row yet, its event's row and what its own is born with (tables.BORN_WITH).
    """

    run_id: Any
    workspace_id: Any
    row: tuple[Any, ...]
    steps: list[list[Any]]
    bare_steps: list[list[Any]]  # beyond what history has room for (runtime/history_room.py)
    history_bytes: int
    references: list[tuple[str, str]]
    wait: Opened | None
    went_on_at: datetime | None  # when a visit that waited went on
    ended_child_of: tuple[Any, int] | None
    due_now: bool
    born: tuple[list[Any], list[Any]] | None
    talked: Talked | None = None


def progress(run: ActiveRun, claimed_by: str, going_on: bool = False) -> Progress:
    """What to record about `run`: everything since the last time."""
    state, now = run.state, present.now()
    status, due_at, owner = _standing(run, now, claimed_by, going_on)
    text = safe_dumps(state.to_json())
    if len(text) > LARGEST_STATE:
        raise StateTooLarge(f"The run gathered {len(text):,} bytes of data; {LARGEST_STATE:,} is the limit.")
    final = status in (Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT)
    response = run.answer["response"] if run.answer else state.response
    whole, bare, filled = divide(run.steps, run.history_bytes)
    row = (
        status, text, run.seq, due_at, owner, run.started_at or now, now if final else None,
        _json(response), _json(run.answer), state.outcome[:200], _json(_error(run)), filled,
        bool(run.steps) or run.handed_on, run.id, run.fence,
    )  # fmt: skip
    return Progress(
        run.id, run.workspace_id, row, [_step_values(run.id, step) for step in whole],
        [_step_values(run.id, step) for step in bare], filled, run.references,
        wait=_opened(run), ended_child_of=run.parent if final else None,
        went_on_at=_went_on_at(run),
        due_now=due_at is not None and due_at <= now and not final, born=_born(run) if run.unborn else None,
        talked=talked(run),
    )  # fmt: skip


def _opened(run: ActiveRun) -> Opened | None:
    wait, state = run.state.wait, run.state
    if state.status != WAITING or wait is None or wait["kind"] == "retry":
        return None
    until = datetime.fromisoformat(wait["until"]) if wait["until"] else None
    return Opened(state.index, state.node, wait["kind"], until, wait["for"])


def _went_on_at(run: ActiveRun) -> datetime | None:
    """When the visit that waited went on: not when that is recorded, which may be after a slow step."""
    if run.open_row is None:
        return None
    mine = [row for row in run.steps if row["index"] == run.open_row[0]]
    ended: datetime | None = mine[0]["started_at"] + timedelta(seconds=mine[0]["seconds"]) if mine else None
    return ended


class StateTooLarge(Exception):
    """What a run remembers outgrew its limit."""


def _standing(run: ActiveRun, now: datetime, claimed_by: str, going_on: bool) -> tuple[str, datetime | None, str]:
    """(status, due_at, claimed_by) of the row: who looks at this run next, and when."""
    state, lease = run.state, now + timedelta(seconds=settings.LEASE_SECONDS)
    if run.stopped == "timed_out":
        return Status.TIMED_OUT, None, ""
    if state.status == SUCCEEDED:
        return Status.SUCCEEDED, None, ""
    if state.status == FAILED:
        return Status.FAILED, None, ""
    if going_on or (run.held and not run.answer):
        return Status.RUNNING, lease, claimed_by
    if run.handed_on:
        return Status.WAITING if state.status == WAITING else Status.QUEUED, now, ""
    if state.status == WAITING and without_connection(state.wait):
        return Status.PARKED, None, ""
    if state.status == WAITING:
        return Status.WAITING, poll_at(state.wait, now) if state.wait else None, ""
    if run.held:  # answered: the rest is the worker's
        return Status.QUEUED, now, ""
    return Status.RUNNING, lease, claimed_by


def _error(run: ActiveRun) -> Any:
    if run.stopped == "timed_out":
        message = "The deadline passed before the flow could answer."
        return {"message": message, "code": "deadline", "node": run.state.node}
    if without_connection(run.state.wait):
        return why_parked(run.state)
    return dict(run.state.error) if run.state.error else None


def _born(run: ActiveRun) -> tuple[list[Any], list[Any]]:
    assert run.unborn is not None
    claims = 0 if run.steps else 1
    own = [
        run.id, run.workspace_id, run.flow_id, run.version_id, run.event_id, None, run.kind, run.mode,
        json.dumps(run.options), run.unborn.call_key, run.created_at, run.fence, claims, 1,
        None, None, None,
    ]  # fmt: skip
    return event_row(run.unborn.event), own


def record(batch: list[Progress]) -> list[bool]:
    """Write many runs' news; False for each run whose lease was lost. One transaction is open."""
    kept = _write(batch)
    for item in kept:
        _note_waits(item)
    for item in kept:
        _tell_others(item)
    for item in sorted((item for item in kept if item.talked), key=lambda item: str(item.talked.conversation_id)):
        record_talk(item.talked)
    if any(item.due_now for item in kept):
        broker.hint()
    crash_point("during_record")
    theirs = {item.run_id for item in kept}
    return [item.run_id in theirs for item in batch]


def _write(batch: list[Progress]) -> list[Progress]:
    """What most runs have; those whose fence still held, and those that were born."""
    born = [(item, *item.born) for item in batch if item.born]
    others = [item for item in batch if not item.born]
    whole = (
        (EVENTS, [event for _, event, _ in born]),
        (RUNS, [[*own, *item.row[: len(NEWS)]] for item, _, own in born]),
    )
    if others and connection.vendor == "postgresql":
        held = recording_postgresql.update(
            [item.row for item in others], [item.run_id for item, *_ in born], whole, _steps_of(batch),
            by_itself=round_trips.alone() and not any(map(_has_more, batch)),
        )  # fmt: skip
        return [item for item in batch if item.born or item.run_id in held]
    held = {item.run_id for item in others if change(RUN_SQL, item.row)}
    kept = [item for item in batch if item.born or item.run_id in held]
    insert(*whole, *_steps_of(kept))
    return kept


def _steps_of(items: list[Progress]) -> tuple[tuple[Table, list[list[Any]]], ...]:
    return (
        (STEPS, [step for item in items for step in item.steps]),
        (BARE_STEPS, [step for item in items for step in item.bare_steps]),
        (REFERENCES, [[item.workspace_id, item.run_id, *each] for item in items for each in item.references]),
    )


def _has_more(item: Progress) -> bool:
    """Whether something else is written with it."""
    return bool(item.went_on_at or item.wait or item.ended_child_of or item.talked or item.due_now)


def _step_values(run_id: Any, step: dict[str, Any]) -> list[Any]:
    return [
        run_id, step["index"], step["attempt"], step["seq"], step["node"], step["type"], step["label"][:200],
        step["status"], step["port"], _text(step["input"]), _text(step["output"]), _text(step["error"]),
        json.dumps(step["warnings"]) if step["warnings"] else "[]", _text(step["reason"]), step["started_at"],
        step["seconds"],
    ]  # fmt: skip


def _note_waits(item: Progress) -> None:
    """What most runs do not have: waits opened and closed."""
    if item.went_on_at is not None:
        change(
            "UPDATE runtime_wait SET closed_at = %s WHERE run_id = %s AND closed_at IS NULL",
            [item.went_on_at, item.run_id],
        )
    if item.wait is not None:
        wait, what = item.wait, item.wait.what or {}
        change(
            'INSERT INTO runtime_wait (workspace_id, run_id, "index", node, kind, "key", what, until, opened_at, '
            "decision, note) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '', '') ON CONFLICT (run_id, \"index\") "
            "DO UPDATE SET closed_at = NULL, \"key\" = excluded.\"key\", what = excluded.what, "
            "until = excluded.until, kind = excluded.kind, decision = '', note = '' "
            "WHERE excluded.kind IN ('turn', 'reply', 'connection')",
            [item.workspace_id, item.run_id, wait.index, wait.node, wait.kind, str(what.get("key") or ""),
             safe_dumps(what), wait.until, present.now()],
        )  # fmt: skip


def _tell_others(item: Progress) -> None:
    """Runs start and wake one another in the transaction in which one of them waits or ends."""
    if item.ended_child_of is not None:
        settle(*item.ended_child_of)
    if item.wait is None:
        return
    if item.wait.kind == "children":
        settle(item.run_id, item.wait.index)
    elif item.wait.kind == "event" and item.wait.what and has_come(item.workspace_id, item.run_id, item.wait.what):
        make_due(item.run_id)
        broker.hint()


def _text(kept: Kept | None) -> str | None:
    return None if kept is None else kept.text


def _json(value: Any) -> str | None:
    return None if value is None else safe_dumps(value)
