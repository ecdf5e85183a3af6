"""The audit log: who did what that others may have to know."""

from uuid import UUID

from django.views.decorators.http import require_GET

from builder.models import AuditEntry
from builder.pages.access import member_required
from builder.pages.paging import page_of
from builder.pages.rendering import page

WORDS = {
    "flow.created": "made the flow", "flow.published": "published", "flow.unpublished": "unpublished",
    "flow.enabled": "switched on", "flow.disabled": "switched off", "flow.changed": "changed the flow",
    "flow.renamed": "renamed", "flow.trashed": "moved to the trash", "flow.deleted": "deleted",
    "flow.restored": "took out of the trash", "flow.duplicated": "copied", "flow.imported": "imported",
    "connection.created": "made the connection", "connection.changed": "changed the connection",
    "connection.deleted": "deleted the connection", "connection.tested": "tested the connection",
    "connection.switched_on": "switched on the connection",
    "connection.signed_in": "signed in for the connection",
    "agent.created": "added the agent", "agent.changed": "changed the agent", "agent.deleted": "deleted the agent",
    "api_key.created": "made the API key", "api_key.revoked": "revoked the API key",
    "member.invited": "invited", "member.joined": "joined", "member.role_changed": "changed the role of",
    "member.removed": "removed", "member.invitation_withdrawn": "withdrew the invitation of",
    "run.cancelled": "cancelled", "run.retried": "retried", "run.reconnected": "gave another connection to",
    "wait.decided": "decided in", "operation.started": "began a", "operation.stopped": "stopped a",
    "connection.limited": "set the limits of", "gate.reset": "had asked again:",
    "workspace.changed": "changed the workspace",
    "table.created": "made the table", "table.changed": "changed the table", "table.deleted": "deleted the table",
    "table.imported": "imported into the table", "file.deleted": "deleted the file",
}  # fmt: skip
GROUPS = {"flow": "Flows", "connection": "Connections", "agent": "Agents", "api_key": "API keys", "member": "Members",
          "run": "Runs", "operation": "Many runs at once", "table": "Tables", "workspace": "Workspace"}  # fmt: skip
RUNS = {"run": "the run", "new": "the new run"}  # details that hold the id of a run, and what the link to it says


@require_GET
@member_required("publisher")
def audit(request):
    entries = AuditEntry.objects.for_workspace(request.workspace)
    about = request.GET.get("about")
    if about in GROUPS:
        entries = entries.filter(action__startswith=f"{about}.")
    if request.GET.get("q"):
        entries = entries.filter(actor__icontains=request.GET["q"].strip()[:100])
    found = page_of(entries, request.GET)
    for entry in found.rows:
        entry.words = WORDS.get(entry.action, entry.action.replace(".", ": ").replace("_", " "))
        entry.run = entry.target if entry.action.startswith("run.") and _is_id(entry.target) else None
        entry.facts = [_fact(*each) for each in entry.detail.items() if each[1] not in ("", None, [])]
    return page(request, "pages/audit.html", entries=found, groups=GROUPS, filtered=bool(about or request.GET.get("q")))


def _fact(name, value):
    """{"name", "words", "run"} of a detail: where it is a run, a link that says so tells more than the id."""
    if name in RUNS and _is_id(value):
        return {"words": RUNS[name], "run": value}
    return {"name": name.replace("_", " "), "words": _words(value)}


def _is_id(value):
    try:
        return bool(UUID(value))
    except (AttributeError, TypeError, ValueError):
        return False


def _words(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else value
