"""Forgetting what was kept long enough: ended runs by the workspace's days, the trash, test versions, invitations.

In small batches with a pause after each, so that no write transaction holds up the runs under way. Nothing open is ever
touched. How many live runs there were on each day, and how they ended, stays known (FlowDay): it is added up in the
transaction in which they go.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from builder.counting import forget
from builder.flows import TRASH_DAYS
from builder.models import Invitation
from runtime.models import FINAL, OPEN, Event, Flow, FlowDay, FlowVersion, Operation, Run, Status, Workspace
from runtime.models.base import first_id

BATCH = 200
PAUSE_SECONDS = 0.02
KEEP_OPERATIONS = timedelta(days=30)
KEEP_TEST_VERSIONS = timedelta(days=1)


def prune() -> dict[str, int]:
    """Do all of it; {what: how many went}."""
    return {
        "runs": sum(_runs(workspace) for workspace in Workspace.objects.all()),
        "events": sum(_events(workspace) for workspace in Workspace.objects.all()),
        "flows": _trash(),
        "operations": _in_batches(Operation.objects.filter(finished_at__lt=timezone.now() - KEEP_OPERATIONS)),
        "test versions": _in_batches(_test_versions()),
        "invitations": _in_batches(Invitation.objects.filter(accepted_at=None, expires_at__lt=timezone.now())),
    }


def _runs(workspace: Workspace) -> int:
    old = timezone.now() - timedelta(days=workspace.retention_days)
    runs = Run.objects.for_workspace(workspace).filter(id__lt=first_id(old), status__in=FINAL, finished_at__lt=old)
    return _in_batches(runs.order_by("id"))


def _events(workspace: Workspace) -> int:
    """Events whose runs are gone; a kept one keeps its key, so that a repetition is still known."""
    old = timezone.now() - timedelta(days=workspace.retention_days)
    return _in_batches(Event.objects.for_workspace(workspace).filter(received_at__lt=old, runs=None))


def _test_versions() -> QuerySet[FlowVersion]:
    return FlowVersion.objects.filter(number=None, runs=None, at__lt=timezone.now() - KEEP_TEST_VERSIONS)


def _trash() -> int:
    gone = 0
    old = timezone.now() - timedelta(days=TRASH_DAYS)
    for flow in Flow.objects.filter(deleted_at__lt=old).exclude(runs__status__in=OPEN):
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
