"""Flows as people look at them: found, listed with what they did lately, shown with their draft and what is live."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Subquery

from builder.counting import counted
from builder.drafts import has_changed
from builder.slots import day_slots
from runtime.active import iso
from runtime.engine.registry import find
from runtime.history import newest_live_run
from runtime.models import Flow, FlowDay, FlowVersion, Run, Workspace

STATS_DAYS = 7


def listed(workspace: Workspace) -> QuerySet[Flow]:
    """All of a workspace's flows with what `flow_json` needs."""
    flows = Flow.objects.for_workspace(workspace)
    return flows.select_related("workspace", "published", "published__by", "draft", "draft__edited_by")


def find_flows(workspace: Workspace, filters: dict[str, Any]) -> QuerySet[Flow]:
    """Flows by `q` (name, description), `kind`, `agent` (slug), `state` (live, off, draft, changed, trash)."""
    found = listed(workspace)
    state = filters.get("state")
    found = found.exclude(deleted_at=None) if state == "trash" else found.kept()
    if filters.get("q"):
        found = found.filter(Q(name__icontains=filters["q"]) | Q(description__icontains=filters["q"]))
    if filters.get("kind"):
        found = found.filter(kind=filters["kind"])
    if state in _STATES:
        found = found.filter(_STATES[state])
    if filters.get("agent"):
        found = found.filter(pk__in=[flow.pk for flow in found if filters["agent"] in agents_of(flow)])
    return found


_STATES = {
    "live": Q(enabled=True, published__isnull=False),
    "off": Q(enabled=False, published__isnull=False),
    "draft": Q(published=None),
    "changed": Q(published__isnull=False, draft__changes__gt=0),
}


def flow_json(flow: Flow, stats: dict[str, Any] | None = None, *, hook: bool = False) -> dict[str, Any]:
    """A flow as the wire shows it; `hook` adds the secret address of a webhook trigger."""
    draft = flow.draft
    return {
        "id": str(flow.pk), "name": flow.name, "description": flow.description, "kind": flow.kind,
        "agents": agents_of(flow), "enabled": flow.enabled,
        "draft": {
            "revision": draft.revision, "changed": has_changed(draft), "changes": draft.changes,
            "problems": draft.problems, "errors": draft.errors,
        },
        "published": version_json(flow.published) if flow.published else None,
        "stats": stats if stats is not None else stats_of([flow])[flow.pk],
        "edited_at": iso(draft.edited_at), "edited_by": draft.edited_by.display_name if draft.edited_by else None,
        "created_at": iso(flow.created_at), "deleted_at": iso(flow.deleted_at) if flow.deleted_at else None,
        "hook": f"{settings.PUBLIC_URL}/hooks/{flow.token}/" if hook and _listens_to_hooks(flow) else None,
    }  # fmt: skip


def version_json(version: FlowVersion) -> dict[str, Any]:
    return {
        "number": version.number, "at": iso(version.at), "by": version.by.display_name if version.by else None,
        "note": version.note,
    }  # fmt: skip


def agents_of(flow: Flow) -> list[str]:
    """Slugs in the published trigger, else in the draft's; none = any agent."""
    document = flow.published.document if flow.published else flow.draft.document
    trigger = next(filter(is_trigger, document["nodes"]), None)
    agents = trigger["config"].get("agents") if trigger else None
    return [agent for agent in agents if isinstance(agent, str)] if isinstance(agents, list) else []


def is_trigger(node: dict[str, Any]) -> bool:
    node_type = find(node["type"])
    return node_type is not None and node_type.trigger


def _listens_to_hooks(flow: Flow) -> bool:
    return any(node["type"] == "webhook" for node in flow.draft.document["nodes"])


def stats_of(flows: Iterable[Flow]) -> dict[Any, dict[str, Any]]:
    """What each flow did on the last 7 days (UTC), live runs only."""
    flows = list(flows)
    slots = day_slots(STATS_DAYS, "UTC")
    days = [slot.start.date().isoformat() for slot in slots]
    found = {flow.pk: {day: {"runs": 0, "succeeded": 0, "failed": 0} for day in days} for flow in flows}
    for workspace in {flow.workspace for flow in flows}:
        own = [flow.pk for flow in flows if flow.workspace_id == workspace.pk]
        for day, counts in zip(days, counted(workspace, slots), strict=True):
            for flow_id in own:
                tally = counts.flows[str(flow_id)]
                found[flow_id][day] = {"runs": tally.runs, "succeeded": tally.good, "failed": tally.bad}
    for row in FlowDay.objects.filter(flow__in=list(found), day__gte=slots[0].start.date()):  # forgotten since
        for name in ("runs", "succeeded", "failed"):
            found[row.flow_id][row.day.isoformat()][name] += getattr(row, name)
    last = _last_runs(list(found))
    return {flow_id: _stats(own, last.get(flow_id)) for flow_id, own in found.items()}


def _last_runs(flow_ids: list[Any]) -> dict[Any, Run]:
    last = Subquery(newest_live_run())
    ids = Flow.objects.filter(pk__in=flow_ids).annotate(last=last).values_list("last", flat=True)
    return {run.flow_id: run for run in Run.objects.filter(pk__in=[id for id in ids if id]).only(
        "id", "flow_id", "created_at", "status")}  # fmt: skip


def _stats(days: dict[str, dict[str, int]], last: Run | None) -> dict[str, Any]:
    total = {name: sum(day[name] for day in days.values()) for name in ("runs", "succeeded", "failed")}
    ended = total["succeeded"] + total["failed"]
    return {
        **total,
        "success_rate": round(total["succeeded"] / ended, 4) if ended else None,
        "last_run_at": iso(last.created_at) if last else None, "last_status": last.status if last else None,
        "days": [{"day": day, "runs": own["runs"], "failed": own["failed"]} for day, own in days.items()],
    }  # fmt: skip
