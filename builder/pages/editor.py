"""The editor's page: one document with what the canvas needs to start; everything else it fetches."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from builder.build import build_id
from builder.overview import flow_json, listed
from builder.pages.access import member_required
from builder.pages.first_steps import first_steps
from builder.pages.preferring import preferences_of
from builder.templatetags.modules import modules_after


@require_GET
@ensure_csrf_cookie
@member_required()
def editor(request, flow_id):
    flow = get_object_or_404(listed(request.workspace), pk=flow_id)
    if flow.deleted_at:
        raise Http404("This flow is in the trash.")
    preferences = preferences_of(request)
    data = {
        "flow": flow_json(flow, hook=request.membership.may("editor")),
        "me": {
            "id": request.user.pk,
            "name": request.user.display_name,
            "role": request.membership.role,
            "time_zone": request.workspace.time_zone,
        },
        "workspace": {"id": str(request.workspace.pk), "name": request.workspace.name},
        "urls": {"api": "/api/v1", "ws": "/ws", "icons": static("icons.svg")},
        "late": modules_after("editor/editing.js", "editor/main.js"),
        "bench": "bench" in request.GET,
        "build": build_id(),
        "preferences": preferences,
        "first_run": bool(first_steps(request)),
    }
    return render(
        request,
        "builder/editor.html",
        {"flow": flow, "editor_data": data, "theme": preferences["theme"], "mirrored": not preferences["form_left"]},
    )
