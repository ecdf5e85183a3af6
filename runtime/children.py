"""Runs that a run started: another flow, once or for each item of a list, a few at a time.

The visit of the *Run flow* step is a wait of kind "children". Its `what` holds the items; each item is at most one run
(its key is `<parent>:<index>:<item>`), started in the transaction that opens the wait or in the one that ends a run
before it. When none is left the parent is made due. Retrying one item's run makes a new run for the same item, and the
newest run of an item is the one that counts.
"""

from collections.abc import Mapping
from typing import Any

from runtime import broker
from runtime.awaiting import make_due
from runtime.intake import Arrival, event_of, run_of
from runtime.models import OPEN, Flow, Run, Status, Wait
from runtime.rows import id_of
from runtime.tables import EVENTS, RUNS, event_row, run_row

DEEPEST = 10


def settle(parent_id: Any, index: int) -> None:
    """Start what may start now; make the parent due when nothing is left. In the transaction of what changed."""
    parent = Run.objects.select_for_update().filter(pk=parent_id, status=Status.WAITING).first()
    wait = Wait.objects.filter(run_id=parent_id, index=index, kind="children", closed_at=None).first()
    if parent is None or wait is None:
        return
    what, newest = wait.what or {}, newest_of(parent, index)
    under_way = sum(run.status in OPEN for run in newest.values())
    if not (what.get("stop") and any(_failed(run) for run in newest.values())) and not wait.note:
        items = [item for item in range(len(what["items"])) if item not in newest]
        free = max(0, int(what.get("concurrency") or 1) - under_way)
        under_way += _start(parent, wait, items[:free])
    if not under_way:
        make_due(parent_id)
        broker.hint()


def outcome(run_id: Any, index: int, wait: Wait | None) -> dict[str, Any] | None:
    """What the parent is given once no run is under way: {"kind", "problem", "results": [...]}."""
    parent = Run.objects.filter(pk=run_id).first()
    if parent is None or wait is None:
        return None
    newest = newest_of(parent, index)
    if any(run.status in OPEN for run in newest.values()):
        return None
    what = wait.what or {}
    stopped = wait.note or (what.get("stop") and any(_failed(run) for run in newest.values()))
    if len(newest) < len(what["items"]) and not stopped:
        return None
    results = [_result(item, newest.get(item)) for item in range(len(what["items"]))]
    return {"kind": "children", "problem": wait.note, "results": results}


def newest_of(parent: Run, index: int) -> dict[int, Run]:
    """{item: the run that counts for it}; a retried visit starts from what went well in the one it repeats."""
    found: dict[int, Run] = {}
    if parent.origin_id is not None and (parent.options or {}).get("reuse") == index:
        before = newest_of(parent.origin, index)
        found = {item: run for item, run in before.items() if run.status == Status.SUCCEEDED}
    rows = Run.objects.filter(parent_id=parent.pk, parent_index=index).order_by("id")
    for run in rows.only("id", "status", "response", "error", "parent_item"):
        found[run.parent_item] = run
    return found


def _failed(run: Run) -> bool:
    return run.status not in OPEN and run.status != Status.SUCCEEDED


def _start(parent: Run, wait: Wait, items: list[int]) -> int:
    """Start the flow's present version for these items; how many were started."""
    if not items:
        return 0
    what = wait.what or {}
    flow = Flow.objects.kept().filter(workspace_id=parent.workspace_id, pk=_id(what["flow"]), enabled=True).first()
    depth = int((parent.options or {}).get("depth") or 0) + 1
    problem = _problem(flow, depth)
    if problem:
        Wait.objects.filter(pk=wait.pk).update(note=problem)
        wait.note = problem
        return 0
    events, runs = [], []
    for item in items:
        event = event_of(Arrival(parent.workspace_id, "flow", "flow.called", _payload(what, what["items"][item])))
        run = run_of(
            flow, flow.published_id, event, mode=parent.mode, parent_id=parent.pk, parent_index=wait.index,
            parent_item=item, call_key=f"{parent.pk}:{wait.index}:{item}", options={"depth": depth},
        )  # fmt: skip
        events.append(event_row(event))
        runs.append(run_row(run))
    EVENTS.insert(events)
    RUNS.insert(runs)
    broker.hint()
    return len(items)


def _problem(flow: Flow | None, depth: int) -> str:
    if flow is None or flow.published_id is None:
        return "The flow to run is switched off, not published, or gone."
    if flow.trigger.type != "called":
        return f"{flow.name} does not begin with *Called by a flow*, so no flow can run it."
    if depth > DEEPEST:
        return f"Flows run each other more than {DEEPEST} deep."
    return ""


def _payload(what: Mapping[str, Any], args: Any) -> dict[str, Any]:
    return {name: value for name, value in {**(what.get("scope") or {}), "args": args}.items() if value}


def _result(item: int, run: Run | None) -> dict[str, Any]:
    if run is None:
        return {"item": item, "status": "not_started", "response": None, "error": None, "run": None}
    status = "succeeded" if run.status == Status.SUCCEEDED else "failed"
    error = (run.error or {}).get("message") or (f"It ended as {run.status}." if status == "failed" else None)
    return {"item": item, "status": status, "response": run.response or {}, "error": error, "run": str(run.pk)}


def _id(text: Any) -> Any:
    try:
        return id_of(str(text))
    except ValueError:
        return None
