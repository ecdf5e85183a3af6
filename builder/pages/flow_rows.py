"""What the flow list shows of each flow, and its filters and orders."""

from dataclasses import dataclass

from django.db.models import Subquery

from builder.overview import agents_of, find_flows
from builder.pages.recent import Recent, recent_of
from runtime.history import newest_live_run
from runtime.models import Agent, Flow, Run

STATES = {
    "live": "Live",
    "off": "Switched off",
    "changed": "Draft changed",
    "draft": "Never published",
    "failing": "Failing",
}
ORDERS = {"name": "Name", "last": "Last run", "success": "Success rate", "runs": "Runs", "updated": "Last edited"}


@dataclass
class Row:
    flow: Flow
    agents: list[str]
    last_run: Run | None
    recent: Recent

    @property
    def state(self):
        if self.flow.published_id is None:
            return "draft"
        return "live" if self.flow.enabled else "off"

    @property
    def failing(self):
        """The last live run did not succeed, or more than one in five lately."""
        return self.recent.bad > 0 and (self.recent.success or 0) < 0.8


def rows_of(workspace, params) -> list[Row]:
    """Flows of a workspace by the list's parameters: q, kind, agent, state, sort (with `-` in front: downwards)."""
    flows = list(find_flows(workspace, params).annotate(last_run_id=Subquery(newest_live_run())))
    recent = recent_of(workspace, [flow.pk for flow in flows])
    last = Run.objects.in_bulk([flow.last_run_id for flow in flows if flow.last_run_id])
    names = dict(Agent.objects.for_workspace(workspace).values_list("slug", "name"))
    rows = [
        Row(
            flow,
            [names.get(slug, slug) for slug in agents_of(flow)],
            last.get(flow.last_run_id),
            recent[flow.pk],
        )
        for flow in flows
    ]
    if params.get("state") == "failing":
        rows = [row for row in rows if row.failing]
    return _sorted(rows, params.get("sort") or "name")


def _sorted(rows, order):
    down, name = order.startswith("-"), order.lstrip("-")
    keys = {
        "name": lambda row: row.flow.name.casefold(),
        "last": lambda row: str(row.last_run.pk) if row.last_run else "",
        "success": lambda row: -1 if row.recent.success is None else row.recent.success,
        "runs": lambda row: row.recent.total,
        "updated": lambda row: row.flow.draft.edited_at,
    }
    return sorted(rows, key=keys.get(name, keys["name"]), reverse=down)
