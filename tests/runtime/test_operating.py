"""Operating runs: cancelling, and running again without doing twice what was done."""

import queue

import pytest
from django.utils import timezone

from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, StepRun, Wait
from runtime.operating import CannotOperate, cancel, retry
from tests.flows import call_ended, chain, end, post_json, set_variable, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(workspace, publish, work):
    def run_it(document) -> Run:
        publish(workspace, document)
        arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "call_1"}})
        recorder().submit(accept, arrival).result(10)
        work()
        return Run.objects.get()

    return run_it


def test_a_waiting_run_is_cancelled_for_good(start, work):
    run = start(chain(call_ended(), wait_for("later", 60), end()))
    assert cancel(run, "Jane")
    run.refresh_from_db()
    assert (run.status, run.due_at) == ("cancelled", None)
    assert run.error["message"] == "Cancelled by Jane."
    assert Wait.objects.get().closed_at is not None
    assert not cancel(run)


def test_a_cancelled_run_records_nothing_more(start, publish, workspace, work, peer):
    run = start(chain(call_ended(), wait_for("later", 60), end()))
    Run.objects.filter(pk=run.pk).update(due_at=timezone.now())
    from runtime.active import load
    from runtime.claiming import claim
    from runtime.group_commit import loader
    from runtime.runner import drive

    claimed = recorder().submit(claim, (10, True)).result(10)
    ((active,), _) = loader().submit(load, claimed).result(10)
    cancel(run)
    done = queue.SimpleQueue()
    drive(active, done.put)
    done.get(timeout=10)
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_a_failed_step_is_tried_again_under_its_old_key(start, work, peer):
    peer.answers = [(200, {}), (422, {}), (200, {})]
    doc = chain(call_ended(), post_json("first", peer.url), set_variable("v", x="1"), post_json("second", peer.url),
                end(outcome="done {{vars.x}}"))  # fmt: skip
    run = start(doc)
    assert run.status == "failed"
    again = retry(run)
    work()
    again.refresh_from_db()
    assert (again.status, again.outcome, again.origin_id) == ("succeeded", "done 1", run.pk)
    keys = [request["headers"]["Idempotency-Key"] for request in peer.requests]
    assert keys == [f"{run.pk}:1", f"{run.pk}:3", f"{run.pk}:3"], "the first step is not sent again"
    steps = list(again.steps.values_list("seq", "node", "status"))
    assert steps == [(1, "start", "succeeded"), (2, "first", "succeeded"), (3, "v", "succeeded"),
                     (4, "second", "succeeded"), (5, "end", "succeeded")]  # fmt: skip


def test_from_the_start_everything_has_new_keys(start, work, peer):
    run = start(chain(call_ended(), post_json("call", peer.url), end()))
    retry(run, "start")
    work()
    assert len({request["headers"]["Idempotency-Key"] for request in peer.requests}) == 2


def test_with_an_edited_event(start, work):
    run = start(chain(call_ended(), end(outcome="{{interaction.id}}")))
    again = retry(run, "start", event={"interaction": {"id": "edited"}})
    work()
    again.refresh_from_db()
    assert again.outcome == "edited"


def test_what_cannot_be_done_says_why(start):
    run = start(chain(call_ended(), wait_for("later", 60), end()))
    with pytest.raises(CannotOperate, match="has not ended"):
        retry(run)
    cancel(run)
    with pytest.raises(CannotOperate, match="did not fail"):
        retry(run, "failed")


def test_a_parked_run_can_be_retried(start, work):
    run = start(chain(call_ended(), wait_for("later", 60), end(outcome="done")))
    Run.objects.filter(pk=run.pk).update(claims=5, due_at=timezone.now())
    work()
    run.refresh_from_db()
    assert run.status == "parked"
    again = retry(run)
    work()
    again.refresh_from_db()
    assert again.status == "waiting"
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert StepRun.objects.filter(run=again, node="start").count() == 1
