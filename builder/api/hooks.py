"""/flows/<id>/hook/: what belongs to a webhook's address: its signing secret (write-only) and the captured sample."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import EDIT, VIEW_RUNS, actor_of
from builder.api import shapes
from builder.api.base import ApiView
from builder.api.shapes import described
from builder.auditing import record
from builder.drafts import rejudge
from builder.problems import Refused
from runtime import present
from runtime.active import iso
from runtime.engine.graph import Graph
from runtime.hook_samples import hook_of, listen, stop_listening
from runtime.models import Flow, Hook
from runtime.passed_over import passed_over


class HookDetail(ApiView):
    """Whoever knows the address may call it, so all of this is for those who may change the flow."""

    rights = {"GET": EDIT, "PATCH": EDIT}

    @described(shapes.Hook)
    def get(self, request: Request, flow_id: Any) -> Response:
        flow = self.flow()
        return Response(_json(flow, Hook.objects.filter(flow=flow).first()))

    @described(shapes.Hook, shapes.HookBody)
    @transaction.atomic
    def patch(self, request: Request, flow_id: Any) -> Response:
        """A new secret takes over; the one before stays good for a day. "" removes both."""
        flow, given = self.flow(), self.read(shapes.HookBody, partial=True)
        hook = Hook.objects.select_for_update().get(pk=hook_of(flow).pk)
        if "secret" in given or given.get("forget_previous"):
            _set_secret(hook, given)
            record(request.workspace, actor_of(request), "hook.secret", flow, change=_change(given))
            rejudge(flow.draft)
        if "listening" in given:
            listen(hook, _config(flow)) if given["listening"] else stop_listening(hook)
        if given.get("forget_sample"):
            hook.sample, hook.sample_at = None, None
            hook.save(update_fields=["sample", "sample_at"])
        return Response(_json(flow, hook))


class PassedOver(ApiView):
    rights = {"GET": VIEW_RUNS}

    @described(shapes.PassedOver(many=True), id="passed_over_list")
    def get(self, request: Request, flow_id: Any) -> Response:
        """What came lately and did not start this flow, each with the reason."""
        return Response([{**row, "at": iso(row["at"])} for row in passed_over(self.flow())])


def _set_secret(hook: Hook, given: dict[str, Any]) -> None:
    if "secret" in given:
        hook.set_secret(given["secret"])
    if given.get("forget_previous"):
        hook.forget_previous()
    hook.save(update_fields=["secret_sealed", "secret_at", "previous_sealed", "previous_until"])


def _change(given: dict[str, Any]) -> str:
    if "secret" not in given:
        return "forgot the one before"
    return "set" if given["secret"] else "removed"


def _config(flow: Flow) -> dict[str, Any]:
    """The draft's trigger, as calls would be judged by it."""
    triggers = Graph.from_document(flow.draft.document).triggers
    trigger = next((node for node in triggers if node.type == "webhook" and node.node_type), None)
    if trigger is None or trigger.node_type is None:
        raise Refused(409, "no_webhook", "The draft's trigger is no webhook: there is no address to listen at.")
    return trigger.node_type.config_of(trigger.config)


def _json(flow: Flow, hook: Hook | None) -> dict[str, Any]:
    hook = hook or Hook(flow=flow)
    now = present.now()
    rotating = hook.previous_until is not None and hook.previous_until > now
    return {
        "address": f"{settings.PUBLIC_URL}/hooks/{flow.token}/",
        "secret": {
            "has_value": bool(hook.secret_sealed), "updated_at": _at(hook.secret_at),
            "previous_until": _at(hook.previous_until) if rotating else None,
        },
        "listening_until": _at(hook.listening_until) if hook.listens(now) else None, "refused": hook.refused,
        "sample": hook.sample, "sample_at": _at(hook.sample_at),
    }  # fmt: skip


def _at(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
