"""The flow list and what is done from it: switching on and off, copying, the trash."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from builder.flows import OpenRuns, duplicate, restore_from_trash, trash
from builder.pages.access import member_required
from builder.pages.first_steps import first_steps
from builder.pages.flow_rows import ORDERS, STATES, rows_of
from builder.pages.rendering import page
from builder.publishing import CannotEnable, enable
from builder.templatetags.ui import KINDS
from runtime.models import Agent, Flow

PER_PAGE = 50
KEPT_IN_TRASH = timedelta(days=30)


@require_GET
@member_required()
def flow_list(request):
    rows = Paginator(rows_of(request.workspace, request.GET), PER_PAGE).get_page(request.GET.get("page"))
    flows = Flow.objects.for_workspace(request.workspace)
    return page(
        request,
        "builder/flow_list.html",
        rows=rows,
        filtered=any(request.GET.get(name) for name in ("q", "kind", "agent", "state")),
        any_flows=flows.kept().exists(),
        trashed=flows.exclude(deleted_at=None).count(),
        kinds=KINDS,
        states=STATES,
        orders=ORDERS,
        agents=Agent.objects.for_workspace(request.workspace),
        first_steps=first_steps(request),
        may_edit=request.membership.may("editor"),
        may_publish=request.membership.may("publisher"),
    )  # fmt: skip


@require_POST
@member_required("publisher")
def set_live(request, flow_id):
    """The switch in a row."""
    flow = flow_or_404(request, flow_id)
    try:
        enable(flow, request.POST.get("enabled") == "on", request.user)
    except CannotEnable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{flow.name} is {'live' if flow.enabled else 'switched off'}.")
    return back(request)


@require_POST
@member_required("editor")
def bulk(request):
    """Something done to every chosen flow; those it cannot be done to are named."""
    flows = Flow.objects.for_workspace(request.workspace).kept().filter(pk__in=ids_of(request.POST.getlist("flow")))
    what = request.POST.get("do")
    if what in ("enable", "disable") and not request.membership.may("publisher"):
        messages.error(request, "To switch flows on and off you need the role publisher.")
        return back(request)
    done = 0
    for flow in flows:
        try:
            _do(what, flow, request.user)
            done += 1
        except (CannotEnable, OpenRuns) as error:
            messages.warning(request, f"{flow.name}: {error}")
    words = {"enable": "switched on", "disable": "switched off", "trash": "moved to the trash"}
    if done:
        messages.success(request, f"{done} {'flow' if done == 1 else 'flows'} {words.get(what, '')}.")
    return back(request)


def _do(what, flow, user):
    if what == "trash":
        trash(flow, user)
    elif what in ("enable", "disable"):
        enable(flow, what == "enable", user)
    else:
        raise Http404


@require_POST
@member_required("editor")
def duplicate_flow(request, flow_id):
    copy = duplicate(flow_or_404(request, flow_id), request.user)
    messages.success(request, f"{copy.name} is a copy; it is not published yet.")
    return redirect("flow-editor", copy.pk)


@require_POST
@member_required("editor")
def move_to_trash(request, flow_id):
    flow = flow_or_404(request, flow_id)
    try:
        trash(flow, request.user, cancel="cancel" in request.POST)
    except OpenRuns as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{flow.name} is in the trash for 30 days.")
    return back(request)


@require_GET
@member_required()
def trash_list(request):
    """Flows deleted in the last 30 days."""
    flows = Flow.objects.for_workspace(request.workspace).filter(deleted_at__gte=timezone.now() - KEPT_IN_TRASH)
    rows = [{"flow": flow, "until": flow.deleted_at + KEPT_IN_TRASH} for flow in flows.order_by("-deleted_at")]
    return page(request, "builder/trash.html", rows=rows, may_edit=request.membership.may("editor"))


@require_POST
@member_required("editor")
def restore_flow(request, flow_id):
    flow = get_object_or_404(Flow.objects.for_workspace(request.workspace).exclude(deleted_at=None), pk=flow_id)
    restore_from_trash(flow, request.user)
    messages.success(request, f"{flow.name} is back as a draft; publish it to make it live again.")
    return redirect("flow-list")


def flow_or_404(request, flow_id):
    flows = Flow.objects.for_workspace(request.workspace).kept().select_related("published", "draft")
    return get_object_or_404(flows, pk=flow_id)


def back(request, default="flow-list"):
    """To the page the form was on, filters and all."""
    here = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(here, allowed_hosts=None) and here.startswith("/"):
        return redirect(here)
    return redirect(reverse(default))


def ids_of(texts):
    """The ids among `texts`, 500 at most."""
    found = []
    for text in texts[:500]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
