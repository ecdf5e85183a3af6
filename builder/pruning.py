"""Forgetting what was kept long enough: ended runs by the workspace's days, the trash, test versions, invitations.

In batches of some 20 ms, each followed by a pause at least as long, so that no write transaction holds up the runs
under way: SQLite has one writer, and a busy disk makes the same batch ten times as long. Nothing open is ever touched.
How many live runs there were on each day, and how they ended, stays known (FlowDay): it is added up in the transaction
in which they go, by the one host that holds their rows.

Where a workspace keeps less than the seven days in which a repetition has to be recognised, an event with a key and a
run with a key are emptied when their time has come, and go when the seven days are over. What is left of them is what a
repetition is answered with: the event's id, the run's id and, where somebody waited for it, the answer.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
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
from runtime.rows import Table

SMALLEST_BATCH, BATCH = 50, 200
LONG_SECONDS = 0.02  # a batch that took longer is followed by a smaller one
PAUSE_SECONDS = 0.02
KEEP_OPERATIONS = timedelta(days=30)
KEEP_TEST_VERSIONS = timedelta(days=1)
_COUNTED = ("runs", "succeeded", "failed", "seconds")
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
    """Ids of `rows`, which go, or change so that they are no longer among them, before the next are asked for."""
    size = BATCH
    while ids := list(rows.values_list("pk", flat=True)[:size]):
        began = time.monotonic()
        yield ids
        taken = time.monotonic() - began
        if taken > LONG_SECONDS:
            size = max(SMALLEST_BATCH, size // 2)
        elif taken < LONG_SECONDS / 2:
            size = min(BATCH, size * 2)
        time.sleep(max(PAUSE_SECONDS, taken))


@transaction.atomic
def _delete(type_of: type, ids: list) -> int:
    if type_of is Run:
        ids = _remember(ids)
    type_of.objects.filter(pk__in=ids).only("pk").delete()
    return len(ids)


_FLOW_DAYS = Table(
    FlowDay, ("workspace", "flow", "day", *_COUNTED),
    "ON CONFLICT (flow_id, day) DO UPDATE SET "
    + ", ".join(f"{name} = runtime_flowday.{name} + excluded.{name}" for name in _COUNTED),
)  # fmt: skip


def _remember(ids: list) -> list:
    """Add runs that are about to go to what is known of their days; those of them that no other host is taking."""
    columns = "pk", "workspace_id", "flow_id", "mode", "status", "created_at", "started_at", "finished_at"
    rows = list(Run.objects.select_for_update(skip_locked=True).filter(pk__in=ids).values_list(*columns))
    sums: dict[tuple[Any, Any, date], list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for _, workspace_id, flow_id, mode, status, created_at, started_at, finished_at in rows:
        if mode != "live":
            continue
        day = sums[workspace_id, flow_id, created_at.astimezone(UTC).date()]
        day[0] += 1
        day[1] += status == Status.SUCCEEDED
        day[2] += status in (Status.FAILED, Status.TIMED_OUT)
        day[3] += (finished_at - started_at).total_seconds() if started_at and finished_at else 0.0
    _FLOW_DAYS.insert([(workspace, flow, on.isoformat(), *added) for (workspace, flow, on), added in sums.items()])
    found = [row[0] for row in rows]
    if found:
        forget(found)
    return found
