"""Operating many runs from the list: what is chosen, what is done with it, and how far it is."""

from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from builder import operations
from builder.pages.access import member_required
from builder.pages.flow_list import back, ids_of
from builder.pages.rendering import page
from builder.pages.runs import chosen_event, filters_of
from runtime.history import find_runs
from runtime.models import Operation, Run
from runtime.operating import CannotOperate

# What the list offers: value -> (action, from, version).
CHOICES = {
    "cancel": ("cancel", "", ""),
    "failed": ("retry", "failed", "same"),
    "failed-published": ("retry", "failed", "published"),
    "start": ("retry", "start", "same"),
    "start-published": ("retry", "start", "published"),
    "start-draft": ("retry", "start", "draft"),
    "skip": ("skip", "", ""),
}
MOST_SHOWN = 100
MOST_MADE = 10


@require_POST
@member_required("editor")
def operate(request):
    """Begin an operation on the chosen runs, or on all that match the filters."""
    action, start, version = CHOICES.get(request.POST.get("do"), ("", "", ""))
    if not action:
        messages.error(request, "Choose what to do with them.")
        return back(request, "run-list")
    try:
        operation = operations.begin(
            request.workspace, request.user, request.user, action, _chosen(request), per_second=_pace(request),
            options={"from": start, "version": version, "event": chosen_event(request)},
        )  # fmt: skip
    except CannotOperate as error:
        messages.error(request, str(error))
        return back(request, "run-list")
    return redirect("operation-page", operation.pk)


def _chosen(request):
    if request.POST.get("all"):
        filters, wrong = filters_of(request, QueryDict(request.POST.get("filters", "")))
        return find_runs(request.workspace, filters) if not wrong else Run.objects.none()
    return Run.objects.for_workspace(request.workspace).filter(pk__in=ids_of(request.POST.getlist("run")))


def _pace(request):
    try:
        return float(request.POST.get("per_second") or 10)
    except ValueError:
        return 10.0


@require_GET
@member_required()
def operation_page(request, operation_id):
    operation = operation_or_404(request, operation_id)
    context = {
        "operation": operation,
        "share": round(100 * (operation.total - operation.left) / operation.total) if operation.total else 100,
        "refusals": operation.items.filter(outcome="refused").order_by("id")[:MOST_SHOWN],
        "made": [item.made for item in _newest(operation)],
        "may_stop": operation.status == "running" and request.membership.may("editor"),
    }
    return page(request, "pages/operation.html", **context)


@require_POST
@member_required("editor")
def stop_operation(request, operation_id):
    operation = operation_or_404(request, operation_id)
    if operations.stop(operation, request.user):
        messages.success(request, "Stopped. What was done stays done.")
    else:
        messages.info(request, "It had ended already.")
    return redirect("operation-page", operation.pk)


def _newest(operation):
    """Items that made a run, the newest first."""
    made = operation.items.exclude(made=None).select_related("made__flow", "made__version", "made__event")
    return made.order_by("-id")[:MOST_MADE]


def operation_or_404(request, operation_id):
    return get_object_or_404(Operation.objects.for_workspace(request.workspace), pk=operation_id)
