"""Reading runs: the shapes of CONTRACT section Runs, from rows."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from runtime import parking, vault
from runtime.active import iso
from runtime.engine.document import upgrade
from runtime.history_room import is_full
from runtime.interactions import e164
from runtime.models import Event, Reference, Run, StepRun
from runtime.models.base import CLOCKS_DIFFER, first_id

MOST_FOUND = 1000
# As the index of the few that are not live says it: SQLite looks for these very words.
TRIED_OUT = RawSQL("NOT (runtime_run.mode = 'live')", [], output_field=BooleanField())


def find_runs(workspace: Any, filters: dict[str, Any]) -> QuerySet[Run]:
    """Runs of a workspace, newest first. Filters: flow, status, mode, since, until, q, interaction, version."""
    runs = Run.objects.for_workspace(workspace).select_related("flow", "version", "event").order_by("-id")
    plain = {"flow": "flow_id", "status": "status", "mode": "mode", "version": "version__number"}
    runs = runs.filter(**{column: filters[name] for name, column in plain.items() if filters.get(name)})
    if filters.get("mode") not in (None, "", "live"):
        runs = runs.filter(TRIED_OUT)
    if filters.get("since"):
        runs = runs.filter(created_at__gte=filters["since"], id__gte=first_id(filters["since"] - CLOCKS_DIFFER))
    if filters.get("until"):
        runs = runs.filter(created_at__lt=filters["until"], id__lt=first_id(filters["until"] + CLOCKS_DIFFER))
    if filters.get("interaction"):
        events = Event.objects.for_workspace(workspace).filter(interaction_id=filters["interaction"])
        runs = runs.filter(event__in=events)
    if filters.get("q"):
        runs = runs.filter(matching(workspace, str(filters["q"]).strip()))
    return runs


def newest_live_run() -> QuerySet[Run]:
    """The id of a flow's last live run, for a subquery of flows.

    Asked for as a range of one flow, in the order of flows and then of ids, PostgreSQL takes the index that has just
    that. Asked for as `flow = ...`, it finds the order of ids enough, and walks from the newest of all runs back to the
    flow's: through a million of them where it has not run for long.
    """
    own = OuterRef("pk")
    return Run.objects.filter(flow__gte=own, flow__lte=own, mode="live").order_by("-flow_id", "-id").values("pk")[:1]


def matching(workspace: Any, text: str) -> Q:
    """Runs whose conversation id, phone number, event key, reference or own id is `text`: the newest of each."""
    references = Reference.objects.for_workspace(workspace).filter(value=text).order_by("-id")
    of_events = runs_of(events_about(workspace, text)).values_list("pk", flat=True)
    ids = {*of_events, *references.values_list("run_id", flat=True)[:MOST_FOUND]}
    return Q(pk__in=[*ids, *([UUID(text)] if _is_id(text) else [])])


def events_about(workspace: Any, text: str) -> list[UUID]:
    """Ids of events whose conversation id, phone number or key is `text`, at most the newest thousand of each.

    Each is an indexed look-up of its own; asked for in one condition they would be a walk through all events.
    """
    found: set[UUID] = set()
    for about in ({"interaction_id": text}, {"contact_number": e164(text) or text}, {"key": text}):
        # Not in the order of ids, which has an index of its own: SQLite would walk through that.
        events = Event.objects.for_workspace(workspace).filter(**about).order_by("-received_at")
        found |= set(events.values_list("pk", flat=True)[:MOST_FOUND])
    return sorted(found, reverse=True)[:MOST_FOUND]


def runs_of(event_ids: Iterable[UUID]) -> QuerySet[Run]:
    """Runs of events that are known to be the workspace's. Asked for it once more, SQLite, which knows nothing of how
    many rows there are, would rather walk through all that the workspace has."""
    return Run.objects.filter(event__in=list(event_ids))


def run_summary(run: Run) -> dict[str, Any]:
    """A run as a list shows it."""
    event = run.event
    interaction = (event.payload.get("interaction") or {}) if event else {}
    return {
        "id": str(run.pk), "flow": str(run.flow_id), "flow_name": run.flow.name, "version": run.version.number,
        "mode": run.mode, "kind": run.kind, "status": run.status, "created_at": iso(run.created_at),
        "started_at": iso(run.started_at) if run.started_at else None,
        "finished_at": iso(run.finished_at) if run.finished_at else None, "seconds": run.seconds,
        "outcome": run.outcome, "error": run.error, "response": run.response,
        "origin": str(run.origin_id) if run.origin_id else None, "seq": run.seq,
        "interaction": {name: interaction.get(name) for name in ("id", "from", "to", "contact_number", "channel")},
    }  # fmt: skip


def run_json(run: Run) -> dict[str, Any]:
    """A run with its steps, whole (CONTRACT, Runs)."""
    steps = list(run.steps.all())
    references = list(run.references.all())
    return {
        **run_summary(run),
        "event": event_json(run.event) if run.event else None,
        "path": [step.node for step in steps if step.attempt == 1 or step is steps[0]],
        "wait": _wait(run),
        "parked": explained(run),
        "history": {"bytes": run.history_bytes, "full": is_full(run.history_bytes)},
        "pruned_at": iso(run.pruned_at) if run.pruned_at else None,
        "references": [{"label": row.label, "value": row.value} for row in references],
        "vars": run.state.get("vars", {}),
        "steps": steps_json(steps),
    }


def steps_json(steps: Iterable[StepRun]) -> list[dict[str, Any]]:
    return [
        {
            "index": step.index, "attempt": step.attempt, "seq": step.seq, "node": step.node, "type": step.type,
            "label": step.label, "status": step.status, "port": step.port or None, "input": step.input,
            "output": step.output, "error": step.error, "warnings": step.warnings, "reason": step.reason,
            "started_at": iso(step.started_at), "seconds": step.seconds,
        }
        for step in steps
    ]  # fmt: skip


def event_json(event: Event) -> dict[str, Any]:
    """`event` in a run; `secure` only as names."""
    parts = ("interaction", "contact", "analysis", "variables", "data", "args", "trigger")
    payload = {part: event.payload.get(part) or {} for part in parts}
    return {
        "id": str(event.pk), "type": event.type, "source": event.source, "received_at": iso(event.received_at),
        "duplicates": event.duplicates, **payload, "secure": _secure_names(event),
    }  # fmt: skip


def _secure_names(event: Event) -> list[str]:
    if not event.secure_sealed:
        return []
    try:
        return sorted(json.loads(vault.open_sealed(event.secure_sealed, event.workspace_id, event.pk, "secure")))
    except vault.CannotOpen:
        return []


def document_of(run: Run) -> dict[str, Any]:
    """What ran."""
    return upgrade(run.version.document)


def explained(run: Run) -> dict[str, Any] | None:
    """Why a run was parked, at which step (its label), what can be done about it, and for which connection, if any."""
    if run.status != "parked":
        return None
    at = run.state.get("node") if run.state else None
    node = next((node for node in run.version.document.get("nodes", []) if node["id"] == at), {})
    step, why = node.get("label") or node.get("key") or "", (run.error or {}).get("message", "")
    wait = run.state.get("wait") if run.state else None
    if parking.without_connection(wait):
        do = [
            "Nothing was sent, and nothing is lost: the run goes on at this step once it has a connection.",
            "Switch its connection on again on the connection's page, or choose another here. All runs that are "
            "parked for the same one go on with it, by themselves.",
            "Or cancel the run.",
        ]
        return {"why": why, "step": step, "do": do, "connection": wait["for"]["connection"]}
    if "cannot be read" in why:
        do = [
            "Start it from the beginning, or cancel it: what is stored of it is of no use. The worker's log says more."
        ]
    else:
        do = [
            "Each time somebody took this run up, their process ended before the step was recorded: it was killed, or "
            "ran out of memory. The worker's log of these minutes says which.",
            "Change what caused it: smaller data or a smaller list in the step, more memory for the worker.",
            "Then retry from the failed step: what the steps before it did is kept, not done twice. Or cancel the run.",
        ]
    return {"why": why, "step": step, "do": do, "connection": None}


def _wait(run: Run) -> dict[str, Any] | None:
    if run.status != "waiting":
        return None
    wait = run.state.get("wait") or {}
    until = wait["until"].replace("+00:00", "Z") if wait.get("until") else None
    return {"kind": wait.get("kind"), "until": until, "for": wait.get("for"), "node": run.state.get("node")}


def _is_id(text: str) -> bool:
    return len(text.replace("-", "")) == 32 and all(character in "0123456789abcdefABCDEF-" for character in text)
