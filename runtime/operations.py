"""Operations: one action on many runs, at a chosen pace, in the background.

Theory of operation. Asking for an operation fixes which runs it is about: an item each, in one statement. The clock of
any worker takes the next few when they are due (the moment is moved on by compare-and-swap, so of several hosts one
takes them); each item is done in a transaction of its own together with its outcome. So whatever dies, whenever: every
item is done once, and what is left goes on.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from runtime import awaiting, operating, present
from runtime.models import FlowVersion, Operation, OperationItem, Run, Status, Wait
from runtime.operating import CannotOperate

log = logging.getLogger("segue.clock")
MOST_RUNS = 100_000
SLOWEST, FASTEST = 0.1, 100.0  # runs a second
LOOK_EVERY = 0.25
MOST_AT_A_TIME = 25


@transaction.atomic
def begin(
    workspace: Any, action: str, runs: QuerySet[Run], *, by: str, user: Any = None, per_second: float = 10.0,
    options: dict[str, Any] | None = None,
) -> Operation:  # fmt: skip
    """An operation on the runs that match now. Raises CannotOperate where there are none, or too many."""
    pace = min(max(per_second, SLOWEST), FASTEST)
    operation = Operation.objects.create(
        workspace=workspace, action=action, options=options or {}, per_second=pace, by=by[:200], user=user
    )
    operation.total = _choose(operation, runs)
    if not operation.total:
        raise CannotOperate("No run is chosen.")
    if operation.total > MOST_RUNS:
        raise CannotOperate(f"These are more than {MOST_RUNS:,} runs; choose fewer with the filters.")
    operation.save(update_fields=["total"])
    return operation


def _choose(operation: Operation, runs: QuerySet[Run]) -> int:
    """An item for each run, oldest first; how many."""
    chosen, values = runs.order_by("id").values("id")[: MOST_RUNS + 1].query.sql_with_params()
    own = Operation._meta.pk.get_db_prep_value(operation.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO runtime_operationitem (operation_id, run_id, outcome, words) "
            f"SELECT %s, chosen.id, '', '' FROM ({chosen}) AS chosen",
            [own, *values],
        )
        return int(cursor.rowcount)


def stop(operation: Operation) -> bool:
    """Do no more of it; what is done stays done. False if it had ended."""
    now = present.now()
    return bool(
        Operation.objects.filter(pk=operation.pk, status="running").update(
            status="stopped", due_at=None, finished_at=now
        )
    )


def advance() -> int:
    """Do what is due of all operations; how many items. With every tick of the clock."""
    due = Operation.objects.filter(due_at__lte=present.now()).order_by("due_at")
    return sum(_some_of(operation) for operation in due.select_related("user")[:10])


def _some_of(operation: Operation) -> int:
    """The next few items, if nobody else took them."""
    now = present.now()
    count = min(MOST_AT_A_TIME, max(1, int(operation.per_second * LOOK_EVERY)))
    assert operation.due_at is not None
    then = max(operation.due_at, now - timedelta(seconds=1)) + timedelta(seconds=count / operation.per_second)
    if not Operation.objects.filter(pk=operation.pk, due_at=operation.due_at).update(due_at=then):
        return 0
    items = operation.items.filter(outcome="").order_by("id").select_related("run__flow__published", "run__version")
    done = [_do(operation, item) for item in items[:count]]
    if len(done) < count:
        Operation.objects.filter(pk=operation.pk, status="running").update(status="done", due_at=None, finished_at=now)
    return len(done)


def _do(operation: Operation, item: OperationItem) -> None:
    """One item and its outcome, together."""
    try:
        with transaction.atomic():
            made = _ACTIONS[operation.action](item.run, operation)
            _note(operation, item, "done", made=made)
    except CannotOperate as error:
        with transaction.atomic():
            _note(operation, item, "refused", str(error))
    except Exception as error:
        log.exception("Run %s of operation %s could not be operated", item.run_id, operation.pk)
        with transaction.atomic():
            _note(operation, item, "refused", f"It failed inside Segue ({type(error).__name__}); the log has more.")


def _note(operation: Operation, item: OperationItem, outcome: str, words: str = "", made: Run | None = None) -> None:
    """Where another host did this item meanwhile, what was done for it here is undone."""
    mine = OperationItem.objects.filter(pk=item.pk, outcome="")
    if not mine.update(outcome=outcome, words=words[:500], made=made):
        transaction.set_rollback(True)
        return
    counted = "done" if outcome == "done" else "refused"
    Operation.objects.filter(pk=operation.pk).update(**{counted: F(counted) + 1})


def _cancel(run: Run, operation: Operation) -> None:
    if not operating.cancel(run, operation.by):
        raise CannotOperate(f"It had ended already ({run.get_status_display().lower()}).")


def _retry(run: Run, operation: Operation) -> Run:
    options = operation.options
    version, mode = None, None
    if options.get("version") == "published":
        version = run.flow.published
        if version is None:
            raise CannotOperate("Its flow is not published.")
    elif options.get("version") == "draft":
        version = FlowVersion.objects.filter(pk=(options.get("drafts") or {}).get(str(run.flow_id))).first()
        mode = "test"
        if version is None:
            raise CannotOperate("The draft of its flow cannot be run as it stood.")
    return operating.retry(run, options.get("from") or "start", version, options.get("event"), mode=mode)


def _skip(run: Run, operation: Operation) -> None:
    waits = Wait.objects.filter(run=run, closed_at=None, kind__in=("time", "event"))
    wait = waits.first() if run.status == Status.WAITING else None
    if wait is None:
        raise CannotOperate("It does not wait for a time or an event.")
    if not awaiting.decide(wait, "skipped", operation.user):
        raise CannotOperate("Something else ended its wait first.")


_ACTIONS = {"cancel": _cancel, "retry": _retry, "skip": _skip}
