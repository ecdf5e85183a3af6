"""Everyone who waits: approvals to give, and runs that pause, with what ends each of them now."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from builder.pages.access import member_required
from builder.pages.rendering import page
from builder.waiting import CannotDecide, decide, open_waits
from runtime.models import Flow, Wait

MOST = 200


@require_GET
@member_required()
def waiting(request):
    flow = Flow.objects.for_workspace(request.workspace).filter(pk=_id(request.GET.get("flow"))).first()
    found = open_waits(request.workspace, flow=flow)
    others = found.exclude(kind="approval").order_by("until", "id")
    context = {
        "approvals": [_shown(wait) for wait in found.filter(kind="approval").order_by("until", "id")[:MOST]],
        "waits": [_shown(wait) for wait in others[:MOST]],
        "count": others.count(),
        "most": MOST,
        "flows": Flow.objects.for_workspace(request.workspace).kept().order_by("name").values_list("id", "name"),
        "may_approve": request.membership.may("publisher"),
        "may_skip": request.membership.may("editor"),
    }
    return page(request, "pages/waiting.html", **context)


@require_POST
@member_required("editor")
def decide_wait(request, wait_id):
    waits = Wait.objects.for_workspace(request.workspace).select_related("run__flow", "workspace")
    wait = get_object_or_404(waits, pk=wait_id)
    decision = request.POST.get("decision", "")
    if wait.kind == "approval" and not request.membership.may("publisher"):
        messages.error(request, "To approve or deny you need the role publisher.")
        return redirect("waiting")
    try:
        decide(wait, decision, request.user, request.user, request.POST.get("note", ""))
        messages.success(request, _DONE[decision])
    except CannotDecide as error:
        messages.info(request, str(error))
    return redirect("waiting")


_DONE = {
    "approved": "Approved. The run goes on.",
    "denied": "Denied. The run goes on along its other way.",
    "skipped": "The wait is over. The run goes on.",
}


def _shown(wait):
    """A wait with its step's name and what it waits for, in words."""
    what, nodes = wait.what or {}, wait.run.version.document.get("nodes", [])
    node = next((node for node in nodes if node["id"] == wait.node), {})
    interaction = (wait.run.event.payload.get("interaction") or {}) if wait.run.event else {}
    return {
        "row": wait, "run": wait.run, "what": what, "step": node.get("label") or node.get("key") or wait.node,
        "who": interaction.get("contact_number") or interaction.get("id") or "",
        "words": _words(wait, what), "skippable": wait.kind in ("time", "event"),
    }  # fmt: skip


def _words(wait, what):
    if wait.kind == "event":
        return f"unless {' or '.join(what.get('events') or [])} comes"
    if wait.kind == "turn":
        return f"for its turn at {what.get('why', 'the peer')}"
    if wait.kind == "children":
        return f"for {len(what.get('items') or []):,} runs of another flow"
    return "for its time"


def _id(text):
    from uuid import UUID

    try:
        return UUID(text) if text else None
    except ValueError:
        return None
