"""Traffic of a flow: how often each step and line was passed, how often it failed, how long it took, who is there now.

Live runs only. What it costs is bounded, on PostgreSQL as on SQLite: at most the newest `MOST_RUNS` runs of the window
are looked at. They are found by the index (flow, id), for ids carry their time; their steps by the unique index that
begins with the run; grouping and the 95th percentile happen in the database. Open runs are found by (workspace, status,
id), at most `MOST_OPEN` of them.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import RowNumber
from django.utils import timezone

from runtime.engine.document import upgrade
from runtime.engine.graph import Graph
from runtime.models import OPEN, Flow, FlowVersion, Run, StepRun
from runtime.models.base import first_id

WINDOWS = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
MOST_RUNS = 2_000
ENOUGH_RUNS = 200
MOST_OPEN = 5_000
_FAILED = ("failed", "unknown")
_TIMED = ("succeeded", "failed")


def traffic_of(flow: Flow, window: str, version: FlowVersion | None = None) -> dict[str, Any]:
    """{"nodes": {id: {"count", "failed", "p95", "now"}}, "edges": {id: {"count"}}, "runs", "since"}.

    `count` is visits, whatever the number of tries; `failed` are visits that did not succeed in the end; `p95` is in
    seconds, None where nothing was timed. `since` is the start of the window, later where there were more runs in it
    than are looked at.
    """
    found = Run.objects.for_workspace(flow.workspace).filter(flow=flow, mode="live")
    found = found.filter(version=version) if version else found
    start = timezone.now() - WINDOWS[window]
    runs = found.filter(id__gte=first_id(start)).order_by("-id")[:MOST_RUNS]
    passed = _passed(runs)
    nodes = _visits(passed)
    for node, seconds in _slowest(runs):
        nodes[node]["p95"] = seconds
    for node, count in _now(found).items():
        nodes[node]["now"] = count
    looked_at = list(runs.values_list("created_at", flat=True))
    since = start if len(looked_at) < MOST_RUNS else max(start, looked_at[-1])
    return {"nodes": nodes, "edges": _edges(passed), "runs": len(looked_at), "since": _iso(since)}


def usual_seconds(flow: Flow) -> dict[str, float]:
    """{node: the 95th percentile of its seconds} in the newest live runs of the last 7 days, `ENOUGH_RUNS` at most."""
    found = Run.objects.for_workspace(flow.workspace).filter(flow=flow, mode="live")
    newest = found.filter(id__gte=first_id(timezone.now() - WINDOWS["7d"])).order_by("-id")[:ENOUGH_RUNS]
    return dict(_slowest(newest))


def _passed(runs: QuerySet[Run]) -> list[dict[str, Any]]:
    """{"version", "node", "port", "status", "rows", "again"}; `again` are second and later tries."""
    # What a retried run copied from its origin happened there.
    steps = StepRun.objects.filter(run__in=runs.values("id"), started_at__gte=F("run__created_at"))
    counted = steps.order_by().values("node", "port", "status", version=F("run__version"))
    return list(counted.annotate(rows=Count("id"), again=Count("id", filter=Q(attempt__gt=1))))


def _visits(passed: list[dict[str, Any]]) -> defaultdict[str, dict[str, Any]]:
    """Each second try is no visit of its own, and takes the place of a failure."""
    nodes: defaultdict[str, dict[str, Any]] = defaultdict(lambda: {"count": 0, "failed": 0, "p95": None, "now": 0})
    for row in passed:
        node = nodes[row["node"]]
        node["count"] += row["rows"] - row["again"]
        node["failed"] += (row["rows"] if row["status"] in _FAILED else 0) - row["again"]
    return nodes


def _slowest(runs: QuerySet[Run]) -> list[tuple[str, float]]:
    """(node, seconds) at the 95th percentile by nearest rank."""
    timed = StepRun.objects.filter(run__in=runs.values("id"), status__in=_TIMED)
    ranked = timed.order_by().annotate(
        rank=Window(RowNumber(), partition_by="node", order_by="seconds"),
        of=Window(Count("id"), partition_by="node"),
    )
    at = ranked.annotate(low=F("rank") * 100 - 100, high=F("rank") * 100, share=F("of") * 95)
    return list(at.filter(low__lte=F("share"), high__gt=F("share")).values_list("node", "seconds"))


def _now(found: QuerySet[Run]) -> Counter[str]:
    """How many open runs stand at each node; a run that has not begun stands at its trigger."""
    rows = found.filter(status__in=OPEN).order_by("-id").annotate(at=KeyTextTransform("node", "state"))
    counted: Counter[Any] = Counter(rows.values_list("at", "version")[:MOST_OPEN])
    standing: Counter[str] = Counter()
    graphs = _graphs({version for at, version in counted if not at})
    for (at, version), count in counted.items():
        standing[at or graphs[version].trigger.id] += count
    return standing


def _edges(passed: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """By which lines runs left, each read on the version that ran. A failure leaves as its node's settings say."""
    graphs = _graphs({row["version"] for row in passed})
    left: Counter[tuple[Any, str, str]] = Counter()
    for row in passed:
        node = graphs[row["version"]].nodes.get(row["node"])
        if node is None:
            continue
        way = {"branch": "error", "continue": node.first_port}.get(node.on_error, "")
        if row["port"]:
            left[row["version"], node.id, row["port"]] += row["rows"]
        elif row["status"] in _FAILED:
            left[row["version"], node.id, way] += row["rows"]
        left[row["version"], node.id, way] -= row["again"]
    edges: Counter[str] = Counter()
    for version, graph in graphs.items():
        for edge in graph.edges:
            edges[edge["id"]] += left[version, edge["source"], edge["port"]]
    return {edge: {"count": count} for edge, count in edges.items() if count > 0}


def _graphs(versions: set[Any]) -> dict[Any, Graph]:
    documents = FlowVersion.objects.filter(pk__in=versions).values_list("pk", "document")
    return {version: Graph.from_document(upgrade(document)) for version, document in documents}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
