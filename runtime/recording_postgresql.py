"""Recording on PostgreSQL: the news of a whole batch as one JSON value.

A statement with a placeholder for each column of each row costs more to prepare in this process than the server needs
to run it. What is written, and under which conditions, is the same as in runtime/recording.py.
"""

from collections.abc import Sequence
from typing import Any

from runtime.rows import execute, records

UPDATE = """UPDATE runtime_run AS run SET status = news.status, state = news.state, seq = news.seq,
due_at = news.due_at, claimed_by = news.claimed_by, started_at = news.started_at, finished_at = news.finished_at,
response = news.response, answer = news.answer, outcome = news.outcome, error = news.error,
history_bytes = news.history_bytes, changes = run.changes + 1,
claims = CASE WHEN news.progress THEN 0 ELSE run.claims END
FROM jsonb_to_recordset(%s::jsonb) AS news(status text, state jsonb, seq int, due_at timestamptz, claimed_by text,
started_at timestamptz, finished_at timestamptz, response jsonb, answer jsonb, outcome text, error jsonb,
history_bytes int, progress boolean, id uuid, fence int)
WHERE run.id = news.id AND run.fence = news.fence RETURNING run.id"""
NAMES = (
    "status", "state", "seq", "due_at", "claimed_by", "started_at", "finished_at", "response", "answer", "outcome",
    "error", "history_bytes", "progress", "id", "fence",
)  # fmt: skip
QUOTED = [f'"{name}"' for name in NAMES]
JSON = [name in ("state", "response", "answer", "error") for name in NAMES]


def update(rows: Sequence[tuple[Any, ...]]) -> set[Any]:
    """Write the runs' rows; the ids of those whose fence still held."""
    return {run_id for (run_id,) in execute(UPDATE, [records(QUOTED, JSON, rows)])}
