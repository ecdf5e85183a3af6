"""Recording on PostgreSQL: a whole batch as one JSON value a statement.

A statement with a placeholder for each column of each row costs more to prepare in this process than the server needs
to run it; `jsonb_to_recordset` takes the rows as one parameter, whatever their number. What is written, and under
which conditions, is the same as in runtime/recording.py.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

UPDATE = """UPDATE runtime_run AS run SET status = news.status, state = news.state, seq = news.seq,
due_at = news.due_at, claimed_by = news.claimed_by, started_at = news.started_at, finished_at = news.finished_at,
response = news.response, answer = news.answer, outcome = news.outcome, error = news.error, changes = run.changes + 1,
claims = CASE WHEN news.progress THEN 0 ELSE run.claims END
FROM jsonb_to_recordset(%s::jsonb) AS news(status text, state jsonb, seq int, due_at timestamptz, claimed_by text,
started_at timestamptz, finished_at timestamptz, response jsonb, answer jsonb, outcome text, error jsonb,
progress boolean, id uuid, fence int)
WHERE run.id = news.id AND run.fence = news.fence RETURNING run.id"""
NAMES = (
    "status", "state", "seq", "due_at", "claimed_by", "started_at", "finished_at", "response", "answer", "outcome",
    "error", "progress", "id", "fence",
)  # fmt: skip
STEPS = """INSERT INTO runtime_steprun (run_id, "index", attempt, seq, node, type, label, status, port, input, output,
error, warnings, reason, started_at, seconds)
SELECT run_id, "index", attempt, seq, node, type, label, status, port, input, output, error, warnings, reason,
started_at, seconds FROM jsonb_to_recordset(%s::jsonb) AS step(run_id uuid, "index" int, attempt int, seq int,
node text, type text, label text, status text, port text, input jsonb, output jsonb, error jsonb, warnings jsonb,
reason jsonb, started_at timestamptz, seconds float8)
ON CONFLICT (run_id, "index", attempt) DO UPDATE SET node = excluded.node, type = excluded.type,
label = excluded.label, status = excluded.status, port = excluded.port, input = excluded.input,
output = excluded.output, error = excluded.error, warnings = excluded.warnings, reason = excluded.reason,
seconds = excluded.seconds"""
READY = frozenset(("state", "response", "answer", "error"))  # these columns' values are JSON texts already


def update(cursor, rows: Sequence[tuple[Any, ...]]) -> set[Any]:
    """Write the runs' rows; the ids of those whose fence still held."""
    cursor.execute(UPDATE, ["[" + ",".join(map(_row, rows)) + "]"])
    return {run_id for (run_id,) in cursor.fetchall()}


def insert_steps(cursor, steps: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    """`steps`: (run id, step row) of any number of runs."""
    rows = [{**step, "run_id": str(run_id), "label": step["label"][:200]} for run_id, step in steps]
    cursor.execute(STEPS, [json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_plain)])


def _row(values: tuple[Any, ...]) -> str:
    pairs = zip(NAMES, values, strict=True)
    return "{" + ",".join(f'"{name}":{_value(name, value)}' for name, value in pairs) + "}"


def _value(name: str, value: Any) -> str:
    if name in READY:
        return value if value is not None else "null"
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
