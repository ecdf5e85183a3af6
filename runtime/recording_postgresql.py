"""Recording on PostgreSQL: the news of a whole batch in one statement, as one JSON value for each table.

A statement with a placeholder for each column of each row costs more to prepare in this process than the server needs
to run it, and each statement by itself is a way to the server and back. What is written, and under which conditions, is
the same as in runtime/recording.py.
"""

from collections.abc import Sequence
from typing import Any

from runtime.rows import Table, Values, execute, records

Tables = Sequence[tuple[Table, Sequence[Values]]]
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


OF_THOSE = "WHERE given.run_id = ANY(ARRAY(SELECT id FROM held UNION ALL SELECT unnest(%s::uuid[])))"


def update(rows: Sequence[Values], born: Sequence[Any], whole: Tables, theirs: Tables, by_itself: bool) -> set[Any]:
    """Write the rows of runs; the ids of those whose fence still held.

    With them all rows for the tables `whole`, and for the tables `theirs` those of the runs whose fence held and of the
    runs that are `born`, by id, with this.
    """
    parts, values = [f"held AS ({UPDATE})"], [records(QUOTED, JSON, rows)]
    for table, some in whole:
        if some:
            parts.append(f"{table.table}_whole AS ({table.from_records})")
            values.append(records(table.columns, table.json, some))
    for place, (table, some) in enumerate(theirs):
        if some:
            parts.append(f"part_{place} AS ({table.from_records_where(OF_THOSE)})")
            values += [records(table.columns, table.json, some), list(born)]
    return {run_id for (run_id,) in execute(f"WITH {', '.join(parts)} SELECT id FROM held", values, by_itself)}
