"""What must hold after every storm, looked up with plain SQL (SAFETY section 7, I1-I6)."""

import json
from collections import Counter

from tests.crash.instance import EFFECTS, VISITS

FINAL = ("succeeded", "failed", "cancelled", "timed_out")


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
    events = dict(instance.query("SELECT key, id FROM runtime_event"))
    assert set(accepted) <= set(events), "an accepted event is lost"
    per_event = Counter(plain(run["event"]) for run in runs(instance).values())
    assert set(per_event.values()) == {1}, "an event has more than one run"
    assert set(per_event) == {plain(event) for event in events.values()}, "an event has no run"
    for call_id, answer in accepted.items():
        assert plain(answer["event"]) == plain(events[call_id])
        (named,) = answer["runs"]
        assert plain(runs(instance)[plain(named["id"])]["event"]) == plain(events[call_id])


def check_ends(instance):
    """I2, I6: everything came to an end, on one version, and nobody holds a finished run."""
    found = runs(instance)
    statuses = Counter(run["status"] for run in found.values())
    assert set(statuses) == {"succeeded"}, f"not all runs came to their end: {dict(statuses)}"
    assert len({plain(run["version"]) for run in found.values()}) == 1
    assert all(run["due_at"] is None and run["finished_at"] for run in found.values())


def check_steps(instance):
    """I3, I8: every visit was recorded once, in order, without a gap."""
    columns = 'run_id, "index", attempt, seq, node, status'
    steps: dict[str, list[tuple]] = {}
    for run_id, *step in instance.query(f"SELECT {columns} FROM runtime_steprun ORDER BY run_id, seq"):
        steps.setdefault(plain(run_id), []).append(tuple(step))
    found = runs(instance)
    assert set(steps) == set(found)
    for run_id, rows in steps.items():
        assert [seq for _, _, seq, _, _ in rows] == list(range(1, len(rows) + 1)), f"gaps in {rows}"
        assert found[run_id]["seq"] == len(rows)
        visits = [(index, node) for index, _, _, node, status in rows if status == "succeeded"]
        assert visits == list(enumerate(VISITS)), f"run {run_id} recorded {rows}"


def check_effects(instance, calls):
    """I4: two calls for one visit carried the same key and the same body; each visit that calls out did call."""
    bodies: dict[str, set] = {}
    for path, key, body in calls:
        bodies.setdefault(key, set()).add((path, body))
    differing = {key: sent for key, sent in bodies.items() if len(sent) > 1}
    assert not differing, f"a repeated effect differed from the first: {differing}"
    expected = {f"{run_id}:{index}" for run_id in runs(instance) for index in EFFECTS}
    assert {plain(key) for key in bodies} == expected
    for sent in bodies.values():
        ((_, body),) = sent
        assert json.loads(body)["topic"] == f"Call {json.loads(body)['call']}"


def finals(instance) -> dict[str, tuple]:
    """What is final now; I5 wants to find it unchanged at the end."""
    found = runs(instance).items()
    return {run_id: (run["status"], run["finished_at"], run["seq"]) for run_id, run in found if run["status"] in FINAL}
