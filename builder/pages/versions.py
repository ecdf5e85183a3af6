"""A flow's versions: what was published when and by whom, what changed in words, going back to one."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from builder import drafts
from builder.pages.access import member_required
from builder.pages.flow_list import flow_or_404
from builder.pages.rendering import page
from builder.review import review
from runtime.engine.document import read_document

TONES = {"node_added": ("ok", "plus"), "edge_added": ("ok", "plus"), "node_removed": ("bad", "minus"),
         "edge_removed": ("bad", "minus"), "layout": ("", "drag")}  # fmt: skip


@require_GET
@member_required()
def version_list(request, flow_id):
    """All versions, newest first, and what one of them changed against the one before or the draft."""
    flow = flow_or_404(request, flow_id)
    versions = list(flow.versions.exclude(number=None).select_related("by").order_by("-number"))
    chosen, against = _chosen(versions, request.GET)
    return page(
        request,
        "builder/versions.html",
        flow=flow,
        draft=flow.draft,
        versions=versions,
        chosen=chosen,
        against=against,
        changes=_changes(flow, versions, chosen, against),
        may_edit=request.membership.may("editor"),
    )  # fmt: skip


def _chosen(versions, params):
    """(version or "draft", what to compare it with or None); by default the draft with what is live."""
    numbers = {str(version.number): version.number for version in versions} | {"draft": "draft"}
    chosen = numbers.get(params.get("version") or "draft")
    if chosen is None or (params.get("against") and params["against"] not in numbers):
        raise Http404
    if params.get("against"):
        return chosen, numbers[params["against"]]
    if chosen == "draft":
        return chosen, versions[0].number if versions else None
    older = [version.number for version in versions if version.number < chosen]
    return chosen, older[0] if older else None


def _changes(flow, versions, chosen, against):
    documents = {version.number: version.document for version in versions} | {"draft": flow.draft.document}
    before = read_document(documents[against]) if against is not None else None
    changes = review(before, read_document(documents[chosen]))
    return [{**change, "look": TONES.get(change["kind"], ("info", "pencil"))} for change in changes]


@require_POST
@member_required("editor")
def restore_version(request, flow_id, number):
    flow = flow_or_404(request, flow_id)
    version = get_object_or_404(flow.versions, number=number)
    drafts.restore_version(flow, version, request.user)
    messages.success(
        request, f"The draft is version {number} again. What is live did not change; publish to make it live."
    )
    return redirect("flow-editor", flow.pk)
