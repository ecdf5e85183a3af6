"""History has room for 10 MB of a run: beyond that its steps are still listed, the run goes on, and nothing is lost."""

import pytest

from runtime import history_room
from runtime.group_commit import recorder
from runtime.history import run_json
from runtime.intake import Arrival, accept
from runtime.models import Run
from runtime.operating import retry
from tests.flows import call_ended, chain, decision, end, post_json, set_variable, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "ä" * 1_000


@pytest.fixture
def send(workspace, monkeypatch):
    """send(room) -> the one run of a call with a long transcript, where history has so much room."""

    def once(room):
        monkeypatch.setattr(history_room, "LARGEST_HISTORY", room)
        payload = {"interaction": {"id": "call_1", "status": "completed", "transcript": TEXT}}
        return recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", payload)).result(10)

    return once


def steps() -> dict:
    return {step["node"]: step for step in run_json(Run.objects.get(origin=None))["steps"]}


def test_a_run_that_fills_its_history_goes_on_and_its_steps_stay_listed(workspace, publish, send, work, peer):
    nodes = [set_variable("first", x="{{interaction.transcript}}"), set_variable("second", y="{{vars.x}}"),
             decision("check", "{{vars.y}}", "is_set"),
             post_json("tell", peer.url, '{"text": "{{vars.y}}"}')]  # fmt: skip
    publish(workspace, chain(call_ended(), *nodes, end(outcome="told"), edges=(("check", "yes", "tell"),)))
    send(room=5_000)
    work()
    run = Run.objects.get()
    assert (run.status, run.outcome, run.history_bytes) == ("succeeded", "told", 5_000)
    assert peer.requests[0]["body"] == {"text": TEXT}, "what follows got the data"
    kept = steps()
    assert TEXT in str(kept["first"]["output"])
    assert [step["seq"] for step in kept.values()] == [1, 2, 3, 4, 5, 6]
    told = kept["tell"]
    assert (told["status"], told["port"], told["input"], told["output"]) == ("succeeded", "success", None, None)
    assert [warning["code"] for warning in told["warnings"]] == ["history_full"]
    assert run_json(run)["history"] == {"bytes": 5_000, "full": True}


def test_what_was_recorded_while_there_was_room_stays(workspace, publish, send, work, monkeypatch):
    publish(workspace, chain(call_ended(), wait_for("pause", 3_600), end()))
    send(room=1_000_000)
    work()
    began = steps()["pause"]
    assert began["output"]["until"]
    monkeypatch.setattr(history_room, "LARGEST_HISTORY", 1)
    Run.objects.update(due_at="2020-01-01T00:00:00Z")
    run = Run.objects.get()
    run.state["wait"]["until"] = "2020-01-01T00:00:00+00:00"
    run.save()
    work()
    ended = steps()["pause"]
    assert ended["status"] == "succeeded"
    assert ended["output"] == began["output"]


def test_why_a_step_failed_is_said_however_full_history_is(workspace, publish, send, work, peer):
    peer.answers = [(422, {"error": "subject is missing", "more": TEXT})]
    publish(workspace, chain(call_ended(), post_json("tell", peer.url), end()))
    send(room=1)
    work()
    error = steps()["tell"]["error"]
    assert "422" in error["message"]
    assert error["detail"] is None


def test_a_retry_of_such_a_run_has_all_its_data(workspace, publish, send, work, peer):
    peer.answers = [(500, {}), (200, {})]
    first, tell = (
        set_variable("first", x="{{interaction.transcript}}"),
        post_json("tell", peer.url, '{"t": "{{vars.x}}"}'),
    )
    publish(workspace, chain(call_ended(), first, tell, end()))
    send(room=1)
    work()
    again = retry(Run.objects.get())
    work()
    assert Run.objects.get(pk=again.pk).status == "succeeded"
    assert [request["body"] for request in peer.requests] == [{"t": TEXT}, {"t": TEXT}]


def test_a_run_that_carries_too_much_cannot_go_on_without_its_data(workspace, publish, send, work, monkeypatch):
    monkeypatch.setattr("runtime.recording.LARGEST_STATE", 2_000)
    publish(workspace, chain(call_ended(), set_variable("first", x="{{interaction.transcript}}"), end()))
    send(room=1_000_000)
    work()
    failed = Run.objects.get()
    assert failed.error["code"] == "too_much_data"
    with pytest.raises(Exception, match="start it from the beginning"):
        retry(failed)
    assert retry(failed, "start").pk


def test_a_run_that_carries_too_much_does_nothing_more(workspace, publish, send, work, peer, monkeypatch):
    """It ends between two calls: the second is not made, nor is it said to run."""
    monkeypatch.setattr("runtime.recording.LARGEST_STATE", 2_000)
    nodes = [post_json("one", peer.url), set_variable("large", x="{{interaction.transcript}}"),
             post_json("two", peer.url), end()]  # fmt: skip
    publish(workspace, chain(call_ended(), *nodes))
    send(room=1_000_000)
    work()
    failed = Run.objects.get()
    assert (failed.status, failed.error["code"], failed.error["node"]) == ("failed", "too_much_data", "two")
    assert len(peer.requests) == 1
    assert list(steps()) == ["start", "one", "large"]
    Run.objects.all().delete()
    send(room=1_000_000)
    Run.objects.update(mode="test")  # which records each step as started first
    work()
    assert (Run.objects.get().status, steps()["two"]["status"]) == ("failed", "failed")
    assert len(peer.requests) == 2


def test_the_page_of_a_run_says_that_its_history_is_full_or_gone(workspace, publish, send, work, signed_in):
    publish(workspace, chain(call_ended(), end()))
    send(room=1)
    work()
    run = Run.objects.get()
    assert "history has reached 10 MB" in signed_in.get(f"/runs/{run.pk}/").content.decode()
    Run.objects.update(pruned_at=run.created_at, history_bytes=0)
    assert "no longer kept" in signed_in.get(f"/runs/{run.pk}/").content.decode()
