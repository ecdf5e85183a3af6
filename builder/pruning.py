"""Forgetting what was kept long enough: ended runs by the workspace's days, the trash, test versions, invitations.

In small batches with a pause after each, so that no write transaction holds up the runs under way. Nothing open is ever
touched. How many live runs there were on each day, and how they ended, stays known (FlowDay): it is added up in the
transaction in which they go.

Where a workspace keeps less than the seven days in which a repetition has to be recognised, an event with a key and a
run with a key are emptied when their time has come, and go when the seven days are over. What is left of them is what a
repetition is answered with: the event's id, the run's id and, where somebody waited for it, the answer.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from builder.counting import forget
from builder.flows import TRASH_DAYS
from builder.models import Invitation
from runtime.intake import KEYS_KEPT
from runtime.models import (
    FINAL,
    OPEN,
    Conversation,
    Event,
    Flow,
    FlowDay,
    FlowVersion,
    Operation,
    Reference,
    Run,
    Status,
    StepRun,
    Wait,
    Workspace,
)
from runtime.models.base import first_id

BATCH = 200
PAUSE_SECONDS = 0.02
KEEP_OPERATIONS = timedelta(days=30)
KEEP_TEST_VERSIONS = timedelta(days=1)
CLOCKS_DIFFER = timedelta(days=1)  # an id's time is that of the host that made it


def prune() -> dict[str, int]:
    """Do all of it; {what: how many went}."""
    return {
        "runs": sum(_runs(workspace) for workspace in Workspace.objects.all()),
        "events": sum(_events(workspace) for workspace in Workspace.objects.all()),
        "flows": _trash(),
        "conversations": sum(_conversations(workspace) for workspace in Workspace.objects.all()),
        "operations": _in_batches(Operation.objects.filter(finished_at__lt=timezone.now() - KEEP_OPERATIONS)),
        "test versions": _in_batches(_test_versions()),
        "invitations": _in_batches(Invitation.objects.filter(accepted_at=None, expires_at__lt=timezone.now())),
    }


def _runs(workspace: Workspace) -> int:
    now = timezone.now()
    old = now - timedelta(days=workspace.retention_days)
    ended = Run.objects.for_workspace(workspace).filter(
        ~_asked_for(), id__lt=first_id(old), status__in=FINAL, finished_at__lt=old
    )
    asked_again = Q(call_key__isnull=False, finished_at__gte=now - KEYS_KEPT)
    for ids in _batches(ended.filter(asked_again, pruned_at=None).order_by("id")):
        _empty_runs(ids)
    return _in_batches(ended.exclude(asked_again).order_by("id"))


def _asked_for() -> Any:
    """Whether an open run still asks for what a run gave: its parent, a retry of it, or a retry of its parent.

    Without it a *Run flow* step of many days would take an item for one that was never started, and start it again.
    """
    waiting = Run.objects.filter(status__in=OPEN)
    return (
        Exists(waiting.filter(pk=OuterRef("parent_id")))
        | Exists(waiting.filter(origin_id=OuterRef("pk")))
        | Exists(waiting.filter(origin_id=OuterRef("parent_id")))
        | Exists(waiting.filter(origin__origin_id=OuterRef("parent_id")))
    )


def _events(workspace: Workspace) -> int:
    """Events whose runs are gone. Emptied ones are not counted: they go later."""
    now = timezone.now()
    before = now - timedelta(days=workspace.retention_days)
    old = Event.objects.for_workspace(workspace).filter(received_at__lt=before, id__lt=first_id(before + CLOCKS_DIFFER))
    old = old.order_by("id")
    sent_again = Q(key__isnull=False, received_at__gte=now - KEYS_KEPT)
    needed = Exists(Run.objects.filter(event=OuterRef("pk"), pruned_at=None))
    for ids in _batches(old.filter(~needed, pruned_at=None).filter(sent_again | Q(runs__isnull=False)).distinct()):
        _empty_events(ids)
    return _in_batches(old.exclude(sent_again).filter(runs=None))


@transaction.atomic
def _empty_runs(ids: list) -> None:
    """Let go of what these runs did; their keys and answers stay."""
    StepRun.objects.filter(run__in=ids).delete()
    Reference.objects.filter(run__in=ids).delete()
    Wait.objects.filter(run__in=ids).delete()
    Run.objects.filter(pk__in=ids).update(
        state={}, response=None, error=None, outcome="", history_bytes=0, pruned_at=timezone.now()
    )


@transaction.atomic
def _empty_events(ids: list) -> None:
    """Let go of what these events brought, and of whom they are about; their keys stay."""
    Event.objects.filter(pk__in=ids).update(
        payload={}, secure_sealed="", skipped=[], contact_number="", interaction_id="", pruned_at=timezone.now()
    )


def _conversations(workspace: Workspace) -> int:
    """With their messages; what is remembered of the contacts stays. Tests go after a day."""
    old = timezone.now() - timedelta(days=workspace.retention_days)
    ours = Conversation.objects.for_workspace(workspace)
    tests = ours.exclude(mode="live").filter(last_at__lt=timezone.now() - KEEP_TEST_VERSIONS)
    return _in_batches(tests) + _in_batches(ours.filter(last_at__lt=old, status="ended"))


def _test_versions() -> QuerySet[FlowVersion]:
    return FlowVersion.objects.filter(number=None, runs=None, at__lt=timezone.now() - KEEP_TEST_VERSIONS)


def _trash() -> int:
    gone = 0
    old = timezone.now() - timedelta(days=TRASH_DAYS)
    unneeded = Flow.objects.exclude(runs__status__in=OPEN).exclude(runs__parent__status__in=OPEN)
    for flow in unneeded.filter(deleted_at__lt=old):
        _in_batches(Run.objects.filter(flow=flow))
        flow.delete()
        gone += 1
    return gone


def _in_batches(rows: QuerySet) -> int:
    return sum(_delete(type_of=rows.model, ids=ids) for ids in _batches(rows))


def _batches(rows: QuerySet) -> Iterator[list]:
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        yield ids
        time.sleep(PAUSE_SECONDS)


@transaction.atomic
def _delete(type_of: type, ids: list) -> int:
    if type_of is Run:
        _remember(Run.objects.filter(pk__in=ids, mode="live"))
        forget(ids)
    type_of.objects.filter(pk__in=ids).delete()
    return len(ids)


def _remember(runs: Iterable[Run]) -> None:
    """Add runs that are about to go to what is known of their days."""
    sums: dict[tuple[Any, Any, date], dict[str, float]] = defaultdict(lambda: defaultdict(int))
    for run in runs:
        day = sums[run.workspace_id, run.flow_id, run.created_at.astimezone(UTC).date()]
        day["runs"] += 1
        day["succeeded"] += run.status == Status.SUCCEEDED
        day["failed"] += run.status in (Status.FAILED, Status.TIMED_OUT)
        day["seconds"] += run.seconds or 0.0
    for (workspace_id, flow_id, on), added in sums.items():
        row, _ = FlowDay.objects.get_or_create(workspace_id=workspace_id, flow_id=flow_id, day=on)
        FlowDay.objects.filter(pk=row.pk).update(**{name: F(name) + count for name, count in added.items()})
