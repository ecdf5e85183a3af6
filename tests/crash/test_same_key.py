"""What comes twice at the same moment, to two web processes that share nothing but the database."""

import json
import threading
from collections import Counter

from tests.crash import invariants
from tests.crash.storm import running, settle
from tests.side_by_side import side_by_side

AT_ONCE = 100


def test_a_hundred_starts_with_one_key_are_one_run_and_get_equal_bodies(tmp_path, database):
    with running(tmp_path, database, "web", "web2", "worker") as (instance, peer):
        _warm(instance, 12)
        event = {"type": "call.ended", "interaction": {"id": "one", "status": "completed"}}
        answers = _at_once(instance, "/api/v1/events/", event, {"Idempotency-Key": "one"})
        statuses = Counter(status for status, _ in answers)
        assert set(statuses) == {200, 202}, statuses
        assert statuses[202] == 1
        stored = [{**body, "duplicate": None} for _, body in answers]
        assert all(body == stored[0] for body in stored), stored[:3]
        settle(instance)
        mine = {name: answer for name, answer in _named(instance).items() if name == "one"}
        assert mine == {"one": stored[0]["event"].replace("-", "")}
        invariants.check(instance, {}, peer.calls)


def test_events_with_one_id_posted_to_two_processes_are_stored_once(tmp_path, database):
    """Twenty ids, each sent eight times at the same moment: the unique key decides."""
    with running(tmp_path, database, "web", "web2", "worker") as (instance, peer):
        _warm(instance, 12)
        accepted: dict[str, list[dict]] = {}
        together = threading.Barrier(8)

        def send(name):
            together.wait(30)
            accepted.setdefault(name, []).append(instance.post(name))

        for number in range(20):
            side_by_side([lambda name=f"same-{number}": send(name)] * 8, 8)
        for name, answers in accepted.items():
            assert len({answer["event"] for answer in answers}) == 1, name
            assert len({tuple(run["id"] for run in answer["runs"]) for answer in answers}) == 1, name
            assert sum(not answer["duplicate"] for answer in answers) == 1
        settle(instance)
        invariants.check(instance, {name: answers[0] for name, answers in accepted.items()}, peer.calls)


def test_a_tool_call_that_races_itself_in_two_processes_has_one_effect(tmp_path, database):
    with running(tmp_path, database, "web", "web2", "worker") as (instance, peer):
        _warm(instance, 12)
        for turn in range(10):
            call = {"arguments": {}, "interaction": {"id": f"call-{turn}"}, "tool_call_id": f"tool-{turn}"}
            answers = _at_once(instance, "/api/v1/actions/file/", call, {}, count=8)
            assert {status for status, _ in answers} == {200}
            assert len({body["run"] for _, body in answers}) == 1, answers
            assert {body["status"] for _, body in answers} == {"succeeded"}
        settle(instance)
        asked = Counter(json.loads(body)["call"] for path, _, body in peer.calls if path == "/asked")
        keys = Counter(key for path, key, _ in peer.calls if path == "/asked")
        assert len(keys) == 10, "an effect was done under a second key"
        assert set(asked) == {f"call-{turn}" for turn in range(10)}
        assert instance.query("SELECT count(*) FROM runtime_run WHERE kind = 'action'") == [(10,)]
        invariants.check_witness(instance)
        invariants.check_workspaces(instance)


def _warm(instance, count):
    """Both processes are up before the race begins."""
    side_by_side([lambda: instance.request("GET", "/healthz")] * count, 4)


def _at_once(instance, path, body, headers, count=AT_ONCE) -> list[tuple[int, dict]]:
    answers = []
    text = json.dumps(body)
    jobs = [lambda: answers.append(instance.request("POST", path, text, headers))] * count
    side_by_side(jobs, min(count, 25))
    return answers


def _named(instance) -> dict[str, str]:
    rows = instance.query("SELECT interaction_id, id FROM runtime_event WHERE source = 'api'")
    return {name: str(event_id).replace("-", "") for name, event_id in rows}
