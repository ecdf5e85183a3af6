"""The one checker: what must hold after every storm, looked up with plain SQL (SAFETY section 7, I1-I8)."""

import json
from collections import Counter

from tests.crash.instance import CANARY, EFFECTS, VISITS

FINAL = ("succeeded", "failed", "cancelled", "timed_out")
#: Rows that must belong to the same workspace: (table, its column, the table that column points to).
BELONGINGS = (
    ("runtime_run", "flow_id", "runtime_flow"),
    ("runtime_run", "version_id", "runtime_flowversion"),
    ("runtime_run", "event_id", "runtime_event"),
    ("runtime_wait", "run_id", "runtime_run"),
    ("runtime_reference", "run_id", "runtime_run"),
)
WRITTEN = ("runtime_event", "runtime_run", "runtime_steprun", "runtime_wait", "runtime_idempotentanswer")


def check(instance, accepted: dict[str, dict], calls, parked_at_most=0):
    """All of it. `accepted`: {call id: confirmed answer}; `calls`: what the peer was sent.

    Under a hail of kills one run may by bad luck have been driven by five processes that died: it is parked, which is
    visible and allowed for `parked_at_most` runs.
    """
    check_intake(instance, accepted)
    parked = check_ends(instance, parked_at_most)
    check_steps(instance, parked)
    check_effects(instance, calls, parked)
    check_workspaces(instance)
    check_witness(instance)


def runs(instance) -> dict[str, dict]:
    rows = instance.query("SELECT id, event_id, version_id, status, seq, due_at, finished_at, fence FROM runtime_run")
    names = ("id", "event", "version", "status", "seq", "due_at", "finished_at", "fence")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return {plain(run["id"]): run for run in found}


def plain(value) -> str:
    """An id, however the database spells it."""
    return str(value).replace("-", "")


def unfinished(instance) -> int:
    names = ", ".join(f"'{status}'" for status in (*FINAL, "parked"))
    return instance.query(f"SELECT count(*) FROM runtime_run WHERE status NOT IN ({names})")[0][0]


def check_intake(instance, accepted: dict[str, dict]):
    """I1: each confirmed event has exactly the run that was named, and nothing else exists."""
    events = instance.query("SELECT key, id FROM runtime_event WHERE source = 'api'")
    assert len(events) == len(dict(events)), "an event was stored twice"
    ids = dict(events)
    assert set(accepted) <= set(ids), "an accepted event is lost"
    found = runs(instance)
    mine = {plain(event_id) for event_id in ids.values()}
    per_event = Counter(event for run in found.values() if (event := plain(run["event"])) in mine)
    assert set(per_event.values()) <= {1}, "an event has more than one run"
    assert set(per_event) == mine, "an event has no run"
    for call_id, answer in accepted.items():
        assert plain(answer["event"]) == plain(ids[call_id])
        (named,) = answer["runs"]
        assert plain(found[plain(named["id"])]["event"]) == plain(ids[call_id])


def check_ends(instance, parked_at_most=0) -> set[str]:
    """I2, I6: everything came to an end, on its one version, and nobody holds a finished run. Ids of parked runs."""
    found = runs(instance)
    statuses = Counter(run["status"] for run in found.values())
    parked = {run_id for run_id, run in found.items() if run["status"] == "parked"}
    if not set(statuses) <= {"succeeded", "parked"}:
        wrong = instance.query("SELECT id, status, error FROM runtime_run WHERE status NOT IN ('succeeded', 'parked')")
        raise AssertionError(f"not all runs came to their end: {dict(statuses)}: {wrong[:3]}")
    assert len(parked) <= parked_at_most, f"parked: {dict(statuses)}"
    ended = [run for run in found.values() if run["status"] == "succeeded"]
    assert all(run["finished_at"] for run in ended)
    assert all(run["due_at"] is None for run in found.values())
    assert not instance.query(
        "SELECT 1 FROM runtime_run r JOIN runtime_flowversion v ON v.id = r.version_id WHERE v.flow_id <> r.flow_id"
    )
    open_waits = instance.query(
        "SELECT count(*) FROM runtime_wait w JOIN runtime_run r ON r.id = w.run_id "
        "WHERE w.closed_at IS NULL AND r.status = 'succeeded'"
    )
    assert open_waits == [(0,)], "a run ended while it waited"
    return parked


def check_nothing_forgotten(instance):
    """I2, at any moment: whoever has not ended is due, leased, or waits for something that is written down."""
    forgotten = instance.query(
        "SELECT r.id FROM runtime_run r WHERE r.status IN ('queued', 'running', 'waiting') AND r.due_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM runtime_wait w WHERE w.run_id = r.id AND w.closed_at IS NULL)"
    )
    assert not forgotten, f"nobody will ever look at {forgotten}"


def check_steps(instance, parked=frozenset()):
    """I3, I8: every visit was recorded once, in order, without a gap."""
    columns = 'run_id, "index", attempt, seq, node, status'
    steps: dict[str, list[tuple]] = {}
    for run_id, *step in instance.query(f"SELECT {columns} FROM runtime_steprun ORDER BY run_id, seq"):
        steps.setdefault(plain(run_id), []).append(tuple(step))
    found = runs(instance)
    assert set(found) - parked <= set(steps)
    for run_id, rows in steps.items():
        assert [seq for _, _, seq, _, _ in rows] == list(range(1, len(rows) + 1)), f"gaps in {rows}"
        assert found[run_id]["seq"] == len(rows)
        visits = [(index, node) for index, _, _, node, status in rows if status == "succeeded"]
        assert visits == list(enumerate(VISITS))[: len(visits)], f"run {run_id} recorded {rows}"
        assert len(visits) == len(VISITS) or run_id in parked, f"run {run_id} recorded only {rows}"


def check_effects(instance, calls, parked=frozenset()):
    """I4: two calls for one visit carried the same key and the same body; each visit that calls out did call."""
    bodies: dict[str, set] = {}
    for path, key, body in calls:
        bodies.setdefault(key, set()).add((path, body))
    differing = {key: sent for key, sent in bodies.items() if len(sent) > 1}
    assert not differing, f"a repeated effect differed from the first: {differing}"
    called = {plain(key) for key in bodies}
    found = set(runs(instance))
    assert {f"{run_id}:{index}" for run_id in found - parked for index in EFFECTS} <= called
    assert called <= {f"{run_id}:{index}" for run_id in found for index in EFFECTS}
    for sent in bodies.values():
        ((_, body),) = sent
        assert json.loads(body)["topic"] == f"Call {json.loads(body)['call']}"


def check_workspaces(instance):
    """I7: no row points into another workspace, and what came encrypted stands nowhere as it was."""
    for table, column, other in BELONGINGS:
        crossing = instance.query(
            f"SELECT count(*) FROM {table} a JOIN {other} b ON b.id = a.{column} WHERE a.workspace_id <> b.workspace_id"
        )
        assert crossing == [(0,)], f"{table}.{column} leads into another workspace"
    for table in WRITTEN:
        assert not instance.holds(table, CANARY), f"{table} holds a secret in plain text"
    assert CANARY.encode() not in (instance.folder / "log").read_bytes(), "the log holds a secret"


def check_witness(instance):
    """I3, I5, I6 at every moment: the database's own notes of forbidden changes (tests/crash/witness.py)."""
    noted = instance.query("SELECT what, which FROM witness")
    assert not noted, f"{Counter(what for what, _ in noted)}: {noted[:5]}"
