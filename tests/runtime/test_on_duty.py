"""A task is on duty for a while and goes; slow steps go on without it, and what must not go on here is handed on."""

import threading

import pytest
from django.db import connection
from django_q.conf import Conf

from runtime import active, leaving, tasks
from runtime.claiming import keeper
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import call_ended, chain, end, post_json
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 20.0


@pytest.fixture(autouse=True)
def _short_duty(monkeypatch, peer):
    monkeypatch.setattr(tasks, "CLAIM_FOR_SECONDS", 0.3)
    monkeypatch.setattr(tasks, "EMPTY_WITHIN", 0.0)
    yield
    peer.gate.set()
    until(lambda: not tasks._desk().running or tasks.work(linger=0))
    leaving.stay()


@pytest.fixture
def slow(workspace, publish, peer):
    """A run whose first call is under way at a peer that does not answer yet, and a second call after it."""
    publish(workspace, chain(call_ended(), post_json("one", peer.url), post_json("two", peer.url), end()))
    peer.gate.clear()
    run = send(workspace)
    Duty().ended()
    return run


def send(workspace, type="call.ended", call="slow") -> Run:
    arrival = Arrival(workspace.pk, "api", type, {"interaction": {"id": call, "status": "completed"}})
    return Run.objects.get(pk=recorder().submit(accept, arrival).result(10).body["runs"][0]["id"])


class Duty(threading.Thread):
    """A task at work beside the test."""

    def __init__(self):
        super().__init__(daemon=True)
        self.start()

    def run(self):
        tasks.work(linger=0.3)
        connection.close()

    def ended(self):
        self.join(LONG)
        assert not self.is_alive(), "the task stays"


def status(run) -> str:
    return Run.objects.get(pk=run.pk).status


def test_a_task_goes_after_its_time_however_slow_the_peers_are(slow, peer):
    assert status(slow) == "running"
    assert peer.requests == []
    peer.gate.set()
    until(lambda: status(slow) == "succeeded")
    assert len(peer.requests) == 2, "the pool went on without a task"


def test_work_that_becomes_due_is_taken_while_slow_steps_go_on(slow, workspace, publish):
    slow.flow.trigger.delete()
    publish(workspace, chain(call_ended(), end()), name="Quick")
    quick = send(workspace, call="quick")
    Duty().ended()
    assert (status(quick), status(slow)) == ("succeeded", "running")


def test_a_process_that_goes_hands_its_runs_on_between_two_effects(slow, peer, work):
    leaving.leave()
    peer.gate.set()
    until(lambda: status(slow) == "queued")
    run = Run.objects.get(pk=slow.pk)
    assert (run.claimed_by, run.claims, len(peer.requests)) == ("", 0, 1)
    work()
    assert status(slow) == "succeeded"
    assert [request["headers"]["Idempotency-Key"] for request in peer.requests] == [f"{run.pk}:1", f"{run.pk}:2"]


def test_the_last_task_of_a_process_stays_until_its_pool_is_empty(slow, peer, monkeypatch):
    monkeypatch.setattr(tasks._desk(), "tasks", Conf.RECYCLE - 1)
    last = Duty()
    until(leaving.leaving)
    peer.gate.set()
    last.ended()
    assert tasks._desk().running == 0
    assert status(slow) == "queued"


def test_suspects_get_a_process_to_themselves_though_there_is_always_something_to_do(slow, workspace, peer, work):
    suspect = send(workspace, call="suspect")
    Run.objects.filter(pk=suspect.pk).update(claims=2)
    makes_way = Duty()
    until(leaving.leaving)
    assert status(suspect) == "queued", "nothing runs beside it"
    peer.gate.set()
    makes_way.ended()
    work()
    assert {status(suspect), status(slow)} == {"succeeded"}


def test_a_step_that_does_not_come_back_loses_its_run_and_ends_its_process(slow, peer, monkeypatch):
    assert keeper().renewable() == [slow.pk]
    monkeypatch.setattr(active, "LATEST_SECONDS", -3600.0)
    assert keeper().renewable() == [], "somebody else takes the run over"
    stays = Duty()
    until(leaving.leaving)
    assert stays.is_alive(), "so that the queue's time-out ends this process"
    monkeypatch.undo()
    peer.gate.set()
    stays.ended()
