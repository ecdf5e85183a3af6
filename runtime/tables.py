"""The tables that runs are written to, in the order in which the hot path has their values."""

import json
from typing import Any

from runtime.engine.values import safe_dumps
from runtime.models import Event, Reference, Run, StepRun
from runtime.rows import Table

EVENTS = Table(Event, (
    "id", "workspace", "source", "type", "key", "agent", "interaction_id", "contact_number", "received_at",
    "duplicates", "payload", "skipped", "secure_sealed",
))  # fmt: skip
BORN_WITH = (
    "id", "workspace", "flow", "version", "event", "origin", "kind", "mode", "options", "call_key", "created_at",
    "fence", "claims", "changes", "parent", "parent_index", "parent_item",
)  # fmt: skip
NEWS = (
    "status", "state", "seq", "due_at", "claimed_by", "started_at", "finished_at", "response", "answer", "outcome",
    "error", "history_bytes",
)  # fmt: skip
RUNS = Table(Run, (*BORN_WITH, *NEWS))
REFERENCES = Table(Reference, ("workspace", "run", "label", "value"))
STEPS_COLUMNS = (
    "run", "index", "attempt", "seq", "node", "type", "label", "status", "port", "input", "output", "error",
    "warnings", "reason", "started_at", "seconds",
)  # fmt: skip
BARE = ("node", "type", "label", "status", "port", "error", "warnings", "seconds")


def _steps(changed: tuple[str, ...]) -> Table:
    """Steps' rows; one that is there already gets its new values in the columns that are `changed`."""
    news = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return Table(StepRun, STEPS_COLUMNS, f'ON CONFLICT (run_id, "index", attempt) DO UPDATE SET {news}')


STEPS = _steps((*BARE, "input", "output", "reason"))
BARE_STEPS = _steps(BARE)  # what was kept of them when history had room stays


def event_row(event: Event) -> list[Any]:
    return [
        event.pk, event.workspace_id, event.source, event.type, event.key, event.agent, event.interaction_id,
        event.contact_number, event.received_at, event.duplicates, safe_dumps(event.payload),
        json.dumps(event.skipped), event.secure_sealed,
    ]  # fmt: skip


def run_row(run: Run) -> list[Any]:
    """A run that nobody has driven yet."""
    return [
        run.pk, run.workspace_id, run.flow_id, run.version_id, run.event_id, run.origin_id, run.kind, run.mode,
        json.dumps(run.options), run.call_key, run.created_at, run.fence, run.claims, run.changes,
        run.parent_id, run.parent_index, run.parent_item,
        run.status, json.dumps(run.state), run.seq, run.due_at, run.claimed_by, run.started_at, run.finished_at,
        None, None, run.outcome, None, run.history_bytes,
    ]  # fmt: skip
