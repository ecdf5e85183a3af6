"""Operating runs: cancel one, run one again."""

from typing import Any

from django.db import transaction
from django.db.models import F

from runtime import broker, present, tallies
from runtime.arrivals import written_event
from runtime.children import newest_of, settle
from runtime.intake import Arrival, event_of, run_of, secure_values
from runtime.models import FINAL, OPEN, Event, FlowVersion, Run, Status, StepRun, Wait
from runtime.recording import TOO_MUCH_DATA


class CannotOperate(Exception):
    """What was asked does not apply to this run; the words say why."""


@transaction.atomic
def cancel(run: Run, by: str = "") -> bool:
    """Stop an open run: its owner loses the lease at its next record. False if it had ended meanwhile."""
    now = present.now()
    cancelled = Run.objects.filter(pk=run.pk, status__in=OPEN).update(
        status=Status.CANCELLED, due_at=None, claimed_by="", fence=F("fence") + 1, finished_at=now,
        changes=F("changes") + 1,
        error={"message": f"Cancelled by {by}." if by else "Cancelled.", "code": "cancelled", "node": None},
    )  # fmt: skip
    Wait.objects.filter(run=run, closed_at=None).update(closed_at=now)
    run.refresh_from_db()
    if cancelled:
        tallies.ended(Status.CANCELLED, run.started_at)
        for child in run.children.filter(status__in=OPEN):
            cancel(child, by)
        if run.parent_id:
            settle(run.parent_id, run.parent_index or 0)
    return bool(cancelled)


@transaction.atomic
def retry(
    run: Run, start: str = "failed", version: FlowVersion | None = None, event: dict[str, Any] | None = None,
    mode: str | None = None,
) -> Run:  # fmt: skip
    """A new run with `origin`: from the failed step (its recorded visits copied) or from the start.

    The failed visit keeps its idempotency key where version and input are unchanged, so that a peer which did take
    the first try does not take it twice; all else gets new keys. What the visits before it did stays done: another
    version goes on at the same step, if it has that step.
    """
    run = Run.objects.select_for_update().get(pk=run.pk) if run.pk else run
    if run.status not in FINAL and run.status != Status.PARKED:
        raise CannotOperate("This run has not ended; cancel it first.")
    same = version is None or version.pk == run.version_id
    if start == "failed":
        _must_go_on(run, None if same else version)
    stored = run.event if event is None else _edited(run, event)
    if stored is None or stored.pruned_at:
        raise CannotOperate("What started this run is no longer kept; give it an event.")
    again = run_of(run.flow, (version or run.version).pk, stored, mode=mode or run.mode, origin=run,
                   parent_id=run.parent_id, parent_index=run.parent_index, parent_item=run.parent_item)  # fmt: skip
    if start == "failed":
        _copy_visits(run, again, unchanged=same and event is None, same_input=event is None)
    again.save(force_insert=True)
    if start == "failed":
        _copy_steps(run, again)
    if run.status == Status.PARKED:
        cancel(run, "a retry")
    broker.hint()
    return again


@transaction.atomic
def retry_items(run: Run) -> list[Run]:
    """Run again what failed of the items that a run worked through: a new run for each, and nothing else."""
    visits = set(run.children.values_list("parent_index", flat=True))
    failed = [
        child
        for index in sorted(visits)
        for child in newest_of(run, index).values()
        if child.status in FINAL and child.status != Status.SUCCEEDED
    ]
    if not failed:
        raise CannotOperate("No item of this run failed.")
    return [retry(child, "failed" if child.status == Status.FAILED else "start") for child in failed]


def _edited(run: Run, event: dict[str, Any]) -> Event:
    """The run's event with other parts; secure values that were not written anew stay."""
    before = run.event
    payload = written_event({**(before.payload if before else {}), **event})
    secure = payload.pop("secure", None) or (secure_values(before) if before else {})
    kind = payload.pop("type", None) or (before.type if before else "retry")
    agent = before.agent if before else ""
    stored = event_of(Arrival(run.workspace_id, "retry", kind, payload, agent=agent, secure=secure))
    stored.save(force_insert=True)
    return stored


def _must_go_on(run: Run, other: FlowVersion | None) -> None:
    """Raises CannotOperate where a run cannot go on at its failed step, with its own version or with another."""
    if other is not None and not _has_step(other, run):
        raise CannotOperate("The step it failed at is not in that version; start from the beginning instead.")
    if run.status not in (Status.FAILED, Status.PARKED, Status.TIMED_OUT):
        raise CannotOperate("This run did not fail; start it from the beginning.")
    if run.pruned_at:
        raise CannotOperate("What this run did is no longer kept; start it from the beginning.")
    if (run.error or {}).get("code") == TOO_MUCH_DATA:
        raise CannotOperate("It gathered more than can be kept, so it cannot go on there; start it from the beginning.")


def _has_step(version: FlowVersion, run: Run) -> bool:
    """Whether `version` has the step at which the run stands."""
    return not run.state or any(node["id"] == run.state.get("node") for node in version.document.get("nodes", []))


def _copy_visits(run: Run, again: Run, unchanged: bool, same_input: bool) -> None:
    """The state as it was before the failed visit's first try; its key only if nothing it sends can have changed."""
    state = {name: value for name, value in run.state.items() if name not in ("error", "wait", "outcome", "attempt")}
    if not state:
        return
    steps = dict(state.get("steps") or {})
    again.state = {**state, "status": "running", "steps": steps}
    index = state.get("index", 0)
    if unchanged:
        key = (run.options.get("keys") or {}).get(str(index)) or f"{run.pk}:{index}"
        again.options = {**again.options, "keys": {str(index): key}}
    if same_input:
        again.options = {**again.options, "reuse": index}  # items that a Run flow step had done stay done
    again.history_bytes = run.history_bytes
    again.seq = run.steps.filter(index__lt=index).count()


def _copy_steps(run: Run, again: Run) -> None:
    index = again.state.get("index", 0) if again.state else 0
    rows = list(run.steps.filter(index__lt=index).order_by("seq"))
    for seq, row in enumerate(rows, start=1):
        row.pk, row.run, row.seq = None, again, seq
        row._state.adding = True
    StepRun.objects.bulk_create(rows)
