"""Forgetting what was kept long enough: ended runs by the workspace's days, the trash, test versions, invitations.

In small batches, so that no write transaction holds up the runs under way. Nothing open is ever touched.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from builder.flows import TRASH_DAYS
from builder.models import Invitation
from runtime.models import FINAL, OPEN, Event, Flow, FlowVersion, Run, Workspace

BATCH = 500
KEEP_TEST_VERSIONS = timedelta(days=1)


def prune() -> dict[str, int]:
    """Do all of it; {what: how many went}."""
    return {
        "runs": sum(_runs(workspace) for workspace in Workspace.objects.all()),
        "events": sum(_events(workspace) for workspace in Workspace.objects.all()),
        "flows": _trash(),
        "test versions": _in_batches(_test_versions()),
        "invitations": _in_batches(Invitation.objects.filter(accepted_at=None, expires_at__lt=timezone.now())),
    }


def _runs(workspace: Workspace) -> int:
    old = timezone.now() - timedelta(days=workspace.retention_days)
    return _in_batches(Run.objects.for_workspace(workspace).filter(status__in=FINAL, finished_at__lt=old))


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


@transaction.atomic
def _delete(type_of: type, ids: list) -> int:
    type_of.objects.filter(pk__in=ids).delete()
    return len(ids)
