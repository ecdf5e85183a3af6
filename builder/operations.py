"""Operations as people ask for them: which runs, what, how fast; each in the audit log."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from builder import trying_out
from builder.auditing import record
from runtime import operating, operations
from runtime.models import Flow, FlowVersion, Operation, Run
from runtime.operating import CannotOperate


@transaction.atomic
def begin(
    workspace: Any, actor: Any, user: Any, action: str, runs: QuerySet[Run], *, per_second: float = 10.0,
    options: dict[str, Any] | None = None,
) -> Operation:  # fmt: skip
    """An operation on the runs that match now. Raises CannotOperate."""
    given = dict(options or {}) if action == "retry" else {}
    if given.get("version") == "draft":
        if given.get("from") == "failed":
            raise CannotOperate("The draft can only be run from the start.")
        given["drafts"] = _drafts(runs, user)
    by = str(getattr(actor, "display_name", None) or getattr(actor, "name", ""))
    operation = operations.begin(workspace, action, runs, by=by, user=user, per_second=per_second, options=given)
    record(workspace, actor, "operation.started", operation, runs=operation.total, per_second=operation.per_second,
           **{name: given[name] for name in ("from", "version") if name in given})  # fmt: skip
    return operation


def retry_one(run: Run, start: str, version: str, event: dict[str, Any] | None, user: Any) -> Run:
    """Run one again, with its own version, the `published` one or the `draft` (as a test). Raises CannotOperate."""
    if version == "draft":
        if start != "start":
            raise CannotOperate("The draft can only be run from the start.")
        before = {"type": run.event.type, **run.event.payload} if run.event else {}
        again = trying_out.try_out(run.flow, {**before, **(event or {})}, "live", None, user)
        again.origin = run
        again.save(update_fields=["origin"])
        return again
    if version == "published" and run.flow.published is None:
        raise CannotOperate("The flow is not published.")
    return operating.retry(run, start, run.flow.published if version == "published" else None, event)


def _drafts(runs: QuerySet[Run], user: Any) -> dict[str, str]:
    """{flow: what its draft is now, kept as what these test runs ran}."""
    flows = Flow.objects.filter(pk__in=runs.order_by().values("flow")).select_related("draft", "workspace")
    return {
        str(flow.pk): str(
            FlowVersion.objects.create(workspace=flow.workspace, flow=flow, document=flow.draft.document, by=user).pk
        )
        for flow in flows
        if not flow.draft.errors
    }


@transaction.atomic
def stop(operation: Operation, actor: Any) -> bool:
    """False if it had ended already."""
    if not operations.stop(operation):
        return False
    operation.refresh_from_db()
    record(operation.workspace, actor, "operation.stopped", operation, done=operation.done, left=operation.left)
    return True
