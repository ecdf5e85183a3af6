"""The list of runs and the page of one: what it did, step by step, and why; cancel and retry."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from builder import operations, reconnecting
from builder.auditing import record
from builder.pages.access import member_required
from builder.pages.calls import distinct
from builder.pages.paging import page_of
from builder.pages.rendering import page
from builder.pages.step_view import steps_of
from builder.templatetags.ui import MODES
from runtime.history import event_json, explained, find_runs
from runtime.history_room import is_full
from runtime.models import FINAL, OPEN, Conversation, Flow, Operation, Run, Status
from runtime.operating import CannotOperate, cancel

COUNTED = 10_000


@require_GET
@member_required()
def run_list(request):
    filters, wrong = filters_of(request, request.GET)
    runs = find_runs(request.workspace, filters)
    found = page_of(runs, request.GET)
    may_edit = request.membership.may("editor")
    context = {
        "runs": found,
        "flows": Flow.objects.for_workspace(request.workspace).order_by("name").values_list("id", "name"),
        "statuses": Status.choices,
        "modes": MODES,
        "may_edit": may_edit,
        "matching": runs.order_by()[: COUNTED + 1].count() if may_edit and (found.older or found.newer) else 0,
        "counted": COUNTED,
        "operations": list(Operation.objects.for_workspace(request.workspace).filter(status="running")[:5]),
        "filtered": any(request.GET.get(name) for name in ("flow", "status", "mode", "since", "until", "q")),
        "wrong": wrong,
        "open": any(run.status in OPEN and run.status != Status.PARKED for run in found.rows),
    }
    return page(request, "pages/run_list.html", **context)


def filters_of(request, query):
    """The filters of `find_runs` from a query string; days are those of the workspace's zone."""
    given, wrong = {name: query.get(name) for name in ("flow", "status", "mode", "q", "interaction")}, []
    if given["flow"] and not _is_flow(request, given["flow"]):
        raise Http404
    zone = ZoneInfo(request.workspace.time_zone)
    for name, later in (("since", 0), ("until", 1)):
        text = query.get(name)
        if not text:
            continue
        try:
            given[name] = datetime.fromisoformat(text).replace(tzinfo=zone) + timedelta(days=later)
        except ValueError:
            wrong.append(f"“{text}” is no date.")
    return given, wrong


def _is_flow(request, text):
    try:
        return Flow.objects.for_workspace(request.workspace).filter(pk=text).exists()
    except ValidationError:  # no id at all
        return False


@require_GET
@member_required()
def run_page(request, run_id):
    run = run_or_404(request, run_id)
    steps = steps_of(run)
    event = event_json(run.event) if run.event else None
    context = {
        "run": run,
        "steps": steps,
        "event": event,
        "interaction": (event or {}).get("interaction") or {},
        "parts": _parts(event),
        "conversation": _conversation(run),
        "references": distinct(run.references.all()),
        "variables": run.state.get("vars") or {},
        "wait": run.state.get("wait") if run.status == Status.WAITING else None,
        "retries": list(run.retries.order_by("-id").only("id", "status", "created_at")[:10]),
        "open": run.status in OPEN,
        "moving": run.status in OPEN and run.status != Status.PARKED,
        "may_retry": request.membership.may("editor") and (run.status in FINAL or run.status == Status.PARKED),
        "failed": run.status in (Status.FAILED, Status.TIMED_OUT, Status.PARKED) and not run.pruned_at,
        "full": is_full(run.history_bytes),
        "may_edit": request.membership.may("editor"),
        "parked": explained(run),
        "lacks": reconnecting.choice(run),
        "newer": run.flow.published if run.flow.published_id not in (None, run.version_id) else None,
    }
    return page(request, "pages/run.html", **context)


def _conversation(run):
    """The id of the chat that this run led, heard, or follows."""
    about = run.event.interaction_id if run.event else ""
    rows = Conversation.objects.for_workspace(run.workspace_id).filter(interaction_id=about or None)
    return rows.values_list("pk", flat=True).first()


def _parts(event):
    """The parts of an event that hold something, in reading order."""
    names = {
        "interaction": "Interaction", "contact": "Contact", "analysis": "Analysis", "variables": "Variables",
        "args": "Arguments", "data": "Data", "trigger": "Raw payload",
    }  # fmt: skip
    return [(label, event[name]) for name, label in names.items() if event and event.get(name)]


@require_POST
@member_required("editor")
def cancel_run(request, run_id):
    run = run_or_404(request, run_id)
    if cancel(run, request.user.display_name):
        record(request.workspace, request.user, "run.cancelled", run, flow=run.flow.name)
        messages.success(request, "The run is cancelled. What its steps did before stays done.")
    else:
        messages.info(request, "The run had ended already.")
    return redirect("run-page", run.pk)


@require_POST
@member_required("editor")
def retry_run(request, run_id):
    run = run_or_404(request, run_id)
    start, version = request.POST.get("from", "failed"), request.POST.get("version", "same")
    try:
        again = operations.retry_one(run, start, version, chosen_event(request), request.user)
    except CannotOperate as error:
        messages.error(request, str(error))
        return redirect("run-page", run.pk)
    record(request.workspace, request.user, "run.retried", run, flow=run.flow.name, new=str(again.pk))
    messages.success(request, "This is the new run.")
    return redirect("run-page", again.pk)


@require_POST
@member_required("editor")
def choose_connection(request, run_id):
    run = run_or_404(request, run_id)
    try:
        went_on = reconnecting.use_instead(run, request.POST.get("connection", ""), request.user)
    except CannotOperate as error:
        messages.error(request, str(error))
    else:
        others = f", and {went_on - 1:,} more that waited for the same one" if went_on > 1 else ""
        messages.success(request, f"The run goes on with this connection{others}.")
    return redirect("run-page", run.pk)


def chosen_event(request):
    """The edited input of a form, None if it was left alone. Raises CannotOperate."""
    text = request.POST.get("event", "").strip()
    if not text:
        return None
    try:
        event = json.loads(text)
    except ValueError as error:
        raise CannotOperate(f"The input is no JSON: {error}") from None
    if not isinstance(event, dict):
        raise CannotOperate('The input is an object, such as {"interaction": {...}}.')
    return event


def run_or_404(request, run_id):
    runs = Run.objects.for_workspace(request.workspace).select_related("flow__published", "version", "event", "origin")
    return get_object_or_404(runs, pk=run_id)
