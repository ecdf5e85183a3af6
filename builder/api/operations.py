"""/operations/: one action on many runs, in the background."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from builder import operations
from builder.access import OPERATE_RUNS, VIEW_RUNS, actor_of, user_of
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.runs import filtered
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.problems import Refused
from runtime.models import Operation, Run

MOST_SHOWN = 50


class OperationList(ApiView):
    rights = {"GET": VIEW_RUNS, "POST": OPERATE_RUNS}

    @described(listing(shapes.Operation), query=PAGE_QUERY, id="operations_list")
    def get(self, request: Request) -> Response:
        rows = Operation.objects.for_workspace(request.workspace)
        return self.page(rows, ("-id",), lambda found: [operation_json(row) for row in found])

    @described(shapes.Operation, shapes.NewOperation, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request) -> Response:
        """Cancel, retry or send on (`skip`) the `runs` named, or all that match `filter` (as in GET /runs/)."""
        given = self.read(shapes.NewOperation)
        runs, event = _chosen(request, given), given.get("event")
        if event is not None and not isinstance(event, dict):
            raise Refused(422, "invalid", "event is an object or null.")
        options = {"from": given["from"], "version": given["version"], "event": event}
        begun = operations.begin(
            request.workspace, actor_of(request), user_of(request), given["action"], runs,
            per_second=given["per_second"], options=options,
        )  # fmt: skip
        return Response(operation_json(begun), 201)


def _chosen(request: Request, given: dict[str, Any]) -> Any:
    named, wanted = given.get("runs"), given.get("filter")
    if (named is None) == (wanted is None):
        raise Refused(422, "invalid", "Give either runs, a list of ids, or filter, an object as in GET /runs/.")
    if named is not None:
        return Run.objects.for_workspace(request.workspace).filter(pk__in=[_id(text) for text in named])
    if not isinstance(wanted, dict):
        raise Refused(422, "invalid", "filter is an object.")
    return filtered(request.workspace, {name: str(value) for name, value in wanted.items()})


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(422, "invalid", f"runs: {text[:80]!r} is no run's id.") from None


class _OneOperation(ApiView):
    def operation(self) -> Operation:
        return or_404(Operation.objects.for_workspace(self.request.workspace), pk=self.kwargs["operation_id"])


class OperationDetail(_OneOperation):
    rights = {"GET": VIEW_RUNS}

    @described(shapes.OperationWithItems)
    def get(self, request: Request, operation_id: Any) -> Response:
        """How far it is; the first runs it did not apply to, with the reason."""
        operation = self.operation()
        refused = operation.items.filter(outcome="refused").order_by("id")[:MOST_SHOWN]
        rows = [{"run": str(item.run_id), "reason": item.words} for item in refused]
        return Response({**operation_json(operation), "refusals": rows})


class OperationStop(_OneOperation):
    rights = {"POST": OPERATE_RUNS}

    @described(shapes.Operation)
    def post(self, request: Request, operation_id: Any) -> Response:
        """What is done stays done."""
        operation = self.operation()
        if not operations.stop(operation, actor_of(request)):
            raise operations.CannotOperate(f"It has ended already ({operation.status}).")
        return Response(operation_json(operation))


def operation_json(row: Operation) -> dict[str, Any]:
    return {
        "id": str(row.pk), "action": row.action, "status": row.status, "total": row.total, "done": row.done,
        "refused": row.refused, "left": row.left, "per_second": row.per_second, "by": row.by,
        "from": row.options.get("from"), "version": row.options.get("version"),
        "created_at": row.created_at, "finished_at": row.finished_at,
    }  # fmt: skip
