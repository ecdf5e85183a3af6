"""Recording: what happened to a run becomes rows, many runs in one transaction (runtime/group_commit.py).

The run's own row goes first, `WHERE id AND fence`: a worker whose lease was taken over writes nothing at all, neither
state nor steps. Statements are written out here because this is the hottest path of the system; the ORM's way costs
about five times as much for the same rows.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from runtime import broker, recording_postgresql
from runtime.active import ActiveRun
from runtime.engine.state import FAILED, SUCCEEDED, WAITING
from runtime.engine.values import safe_dumps
from runtime.models import Run, Status

LARGEST_STATE = 4 * 1024 * 1024
STEP_COLUMNS = (
    "run_id", "index", "attempt", "seq", "node", "type", "label", "status", "port", "input", "output", "error",
    "warnings", "reason", "started_at", "seconds",
)  # fmt: skip
_KEEP = ("run_id", "index", "attempt", "seq", "started_at")
RUN_SQL = """UPDATE runtime_run SET status = %s, state = %s, seq = %s, due_at = %s, claimed_by = %s, started_at = %s,
finished_at = %s, response = %s, answer = %s, outcome = %s, error = %s, changes = changes + 1,
claims = CASE WHEN %s THEN 0 ELSE claims END WHERE id = %s AND fence = %s"""


@dataclass(frozen=True, slots=True)
class Progress:
    """One run's news: its row's new values and the steps not recorded yet."""

    run_id: Any
    workspace_id: Any
    row: tuple[Any, ...]
    steps: list[dict[str, Any]]
    references: list[tuple[str, str]]
    wait: tuple[int, str, datetime | None] | None
    waited: bool
    due_now: bool


def progress(run: ActiveRun, claimed_by: str, going_on: bool = False) -> Progress:
    """What to record about `run`: everything since the last time."""
    state, now = run.state, timezone.now()
    status, due_at, owner = _standing(run, now, claimed_by, going_on)
    text = safe_dumps(state.to_json())
    if len(text) > LARGEST_STATE:
        raise StateTooLarge(f"The run gathered {len(text):,} bytes of data; {LARGEST_STATE:,} is the limit.")
    final = status in (Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT)
    response = run.answer["response"] if run.answer else state.response
    waiting = state.status == WAITING and state.wait is not None and state.wait["kind"] != "retry"
    until = datetime.fromisoformat(state.wait["until"]) if waiting and state.wait and state.wait["until"] else None
    row = (
        status, text, run.seq, due_at, owner, run.started_at or now, now if final else None,
        _json(response), _json(run.answer), state.outcome[:200], _json(_error(run)), bool(run.steps), run.id, run.fence,
    )  # fmt: skip
    return Progress(
        run.id, run.workspace_id, row, run.steps, run.references,
        wait=(state.index, state.node, until) if waiting else None,
        waited=any(row["index"] == run.open_row[0] for row in run.steps) if run.open_row else False,
        due_now=due_at is not None and due_at <= now and not final,
    )  # fmt: skip


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
    if state.status == WAITING:
        until = state.wait["until"] if state.wait else None
        return Status.WAITING, datetime.fromisoformat(until) if until else None, ""
    if run.held:  # answered: the rest is the worker's
        return Status.QUEUED, now, ""
    return Status.RUNNING, lease, claimed_by


def _error(run: ActiveRun) -> Any:
    if run.stopped == "timed_out":
        message = "The deadline passed before the flow could answer."
        return {"message": message, "code": "deadline", "node": run.state.node}
    return dict(run.state.error) if run.state.error else None


def record(batch: list[Progress]) -> list[bool]:
    """Write many runs' news; False for each run whose lease was lost. One transaction is open."""
    with connection.cursor() as cursor:
        mine = _update(cursor, batch)
        kept = [item for item, is_mine in zip(batch, mine, strict=True) if is_mine]
        _insert_steps(cursor, kept)
        for item in kept:
            _insert_rest(cursor, item)
    if any(item.due_now for item in kept):
        broker.hint()
    return mine


def _update(cursor, batch: list[Progress]) -> list[bool]:
    if connection.vendor == "postgresql":
        held = recording_postgresql.update(cursor, [item.row for item in batch])
        return [item.run_id in held for item in batch]
    return [_update_one(cursor, item) for item in batch]


def _update_one(cursor, item: Progress) -> bool:
    cursor.execute(RUN_SQL, [_prepare(value) for value in item.row[:-2]] + [_key(item.run_id), item.row[-1]])
    return cursor.rowcount == 1


def _insert_steps(cursor, items: list[Progress]) -> None:
    rows = [(item.run_id, step) for item in items for step in item.steps]
    if rows and connection.vendor == "postgresql":
        recording_postgresql.insert_steps(cursor, rows)
        return
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        values = [value for run_id, step in part for value in _step_values(run_id, step)]
        cursor.execute(_step_sql(len(part)), values)


def _step_sql(count: int) -> str:
    quote = connection.ops.quote_name
    row = "(" + ", ".join(["%s"] * len(STEP_COLUMNS)) + ")"
    changed = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in STEP_COLUMNS if name not in _KEEP)
    return (
        f"INSERT INTO runtime_steprun ({', '.join(map(quote, STEP_COLUMNS))}) VALUES {', '.join([row] * count)} "
        f"ON CONFLICT (run_id, {quote('index')}, attempt) DO UPDATE SET {changed}"
    )


def _step_values(run_id: Any, step: dict[str, Any]) -> list[Any]:
    values = {**step, "run_id": _key(run_id), "started_at": _prepare(step["started_at"]), "label": step["label"][:200]}
    for name in ("input", "output", "error", "reason"):
        values[name] = _json(step[name])
    values["warnings"] = json.dumps(step["warnings"])
    return [values[name] for name in STEP_COLUMNS]


def _insert_rest(cursor, item: Progress) -> None:
    """Rows that most runs do not have: references, waits opened and closed."""
    for label, value in item.references:
        cursor.execute(
            "INSERT INTO runtime_reference (workspace_id, run_id, label, value) VALUES (%s, %s, %s, %s)",
            [_key(item.workspace_id), _key(item.run_id), label, value],
        )
    if item.waited:
        cursor.execute(
            "UPDATE runtime_wait SET closed_at = %s WHERE run_id = %s AND closed_at IS NULL",
            [_prepare(timezone.now()), _key(item.run_id)],
        )
    if item.wait is not None:
        index, node, until = item.wait
        cursor.execute(
            f"INSERT INTO runtime_wait (run_id, {connection.ops.quote_name('index')}, node, until, opened_at) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [_key(item.run_id), index, node, _prepare(until), _prepare(timezone.now())],
        )


def _json(value: Any) -> str | None:
    return None if value is None else safe_dumps(value)


def _prepare(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _key(value: Any) -> Any:
    return Run._meta.pk.get_db_prep_value(value, connection)
