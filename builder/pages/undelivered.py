"""The page of undelivered webhooks: what was not taken, why, and sending it again."""

from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from builder.auditing import record
from builder.pages.access import member_required
from builder.pages.rendering import page
from builder.undelivered import MOST, replay
from builder.undelivered import undelivered as find_undelivered


@require_GET
@member_required()
def undelivered(request):
    found = find_undelivered(request.workspace, MOST + 1)
    off = {row.connection.pk: row.connection for row in found[:MOST] if row.connection and row.connection.off_at}
    context = {"rows": found[:MOST], "off": off.values(), "more": len(found) > MOST, "most": MOST,
               "may_edit": request.membership.may("editor")}  # fmt: skip
    return page(request, "pages/undelivered.html", **context)


@require_POST
@member_required("editor")
def replay_undelivered(request):
    again, left = replay(request.workspace, request.POST.getlist("run"))
    for run in again:
        record(request.workspace, request.user, "run.retried", run, flow=run.flow.name, new=str(run.pk))
    if again:
        messages.success(request, f"{_count(len(again))} on the way again, under the same id.")
    if left:
        messages.error(request, f"{_count(left)} not sent again: the run was tried again or is gone.")
    if not again and not left:
        messages.info(request, "Choose what to send again.")
    return redirect("undelivered")


def _count(number):
    return "1 webhook is" if number == 1 else f"{number} webhooks are"
