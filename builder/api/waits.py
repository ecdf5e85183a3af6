"""/waits/: who waits for what, and the word of a person that ends a wait."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import OPERATE_RUNS, VIEW_RUNS, actor_of, user_of
from builder.api import shapes
from builder.api.base import ApiView, or_404
from builder.api.shapes import PAGE_QUERY, described, listing
from builder.problems import Refused
from builder.waiting import CannotDecide, decide, open_waits
from runtime.models import Wait


class WaitList(ApiView):
    rights = {"GET": VIEW_RUNS}

    @described(listing(shapes.Wait), query={"kind": "time, event, approval, children or turn", "flow": "a flow's id",
                                            **PAGE_QUERY}, id="waits_list")  # fmt: skip
    def get(self, request: Request) -> Response:
        kind, flow = request.query_params.get("kind", ""), request.query_params.get("flow")
        if kind and kind not in Wait.KINDS:
            raise Refused(422, "invalid", f"kind is one of {', '.join(Wait.KINDS)}.")
        return self.page(open_waits(request.workspace, kind, _id(flow)), ("id",), lambda rows: [*map(_json, rows)])


class WaitDecide(ApiView):
    rights = {"POST": OPERATE_RUNS}

    @described(shapes.Wait, shapes.Deciding)
    def post(self, request: Request, wait_id: Any) -> Response:
        """`skipped` ends a wait now; `approved` and `denied` answer an approval, for which people need to publish."""
        given = self.read(shapes.Deciding)
        wait = or_404(Wait.objects.for_workspace(request.workspace).select_related("run__flow"), pk=wait_id)
        member = getattr(request, "membership", None)
        if wait.kind == "approval" and member is not None and not member.may("publisher"):
            raise Refused(403, "role", "To approve or deny you need the role publisher.")
        try:
            return Response(_json(decide(wait, given["decision"], actor_of(request), user_of(request), given["note"])))
        except CannotDecide as error:
            raise Refused(error.status, "cannot_decide", str(error)) from error


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused(422, "invalid", "flow is a flow's id.") from None


def _json(wait: Wait) -> dict[str, Any]:
    run = wait.run
    return {
        "id": str(wait.pk), "kind": wait.kind, "run": str(run.pk), "flow": str(run.flow_id), "flow_name": run.flow.name,
        "node": wait.node, "what": {k: v for k, v in (wait.what or {}).items() if k not in ("items", "scope")},
        "until": wait.until, "opened_at": wait.opened_at, "decision": wait.decision or None, "note": wait.note,
        "decided_at": wait.decided_at, "decided_by": wait.decided_by.display_name if wait.decided_by else None,
    }  # fmt: skip
