"""Flows that run flows: once, for each item, a few at a time, and again for what failed."""

import pytest
from django.utils import timezone

from runtime.children import newest_of
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, StepRun
from runtime.operating import cancel, retry, retry_items
from tests.flows import call_ended, chain, end, node, post_json, respond

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(workspace):
    def once(items):
        payload = {"interaction": {"id": "call_1", "status": "completed"}, "variables": {"leads": items}}
        recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", payload)).result(10)
        return Run.objects.get(kind="post_call")

    return once


@pytest.fixture
def finish(work):
    """Work until nothing is due any more."""

    def all_of_it(turns=30):
        for _ in range(turns):
            work()
            if not Run.objects.filter(due_at__lte=timezone.now()).exists():
                return

    return all_of_it


CALLED = node("start", "called", {"inputs": [{"name": "phone", "type": "string", "required": True}]})


def child(workspace, publish, *steps, name="Add lead"):
    return publish(workspace, chain(CALLED, *steps), kind="automation", name=name)


def parent(workspace, publish, flow, **config):
    step = node("each", "run_flow", {"flow": str(flow.pk), "mode": "each", "items": "{{vars.leads}}", **config})
    done = end(outcome="{{steps.each.succeeded}} of {{steps.each.results | size}}")
    publish(workspace, chain(call_ended(), step, done))


def test_each_item_becomes_a_run_and_the_results_come_back_in_order(workspace, publish, start, finish):
    answer = respond(response='{"added": "{{args.phone}}"}')
    parent(workspace, publish, child(workspace, publish, answer), concurrency=2)
    run = start([{"phone": f"+{n}"} for n in range(5)])
    finish()
    run.refresh_from_db()
    assert (run.status, run.outcome) == ("succeeded", "5 of 5")
    results = StepRun.objects.get(run=run, node="each").output["results"]
    assert [row["response"]["added"] for row in results] == [f"+{n}" for n in range(5)]
    assert run.children.count() == 5


def test_no_more_than_the_concurrency_run_at_once(workspace, publish, start, work):
    flow = child(workspace, publish, node("w", "wait", {"mode": "for", "seconds": 60}))
    parent(workspace, publish, flow, concurrency=2)
    run = start([{"phone": str(n)} for n in range(5)])
    work()
    work()
    assert run.children.filter(status="waiting").count() == 2
    assert run.children.count() == 2


def test_failed_items_are_reported_and_retried_alone(workspace, publish, start, finish, peer):
    peer.answers = [(200, {}), (500, {}), (200, {})]
    flow = child(workspace, publish, post_json("call", peer.url), respond(response='{"ok": true}'))
    parent(workspace, publish, flow, concurrency=1)
    run = start([{"phone": str(n)} for n in range(3)])
    finish()
    run.refresh_from_db()
    assert run.outcome == "2 of 3"
    sent = len(peer.requests)
    assert len(retry_items(run)) == 1
    finish()
    assert {child.status for child in newest_of(run, 1).values()} == {"succeeded"}
    assert len(peer.requests) == sent + 1


def test_a_retried_step_keeps_what_went_well(workspace, publish, start, finish, peer):
    peer.answers = [(200, {}), (500, {}), (200, {})]
    flow = child(workspace, publish, post_json("call", peer.url), respond(response='{"ok": true}'))
    parent(workspace, publish, flow, concurrency=1, on_item_error="stop")
    run = start([{"phone": str(n)} for n in range(3)])
    finish()
    run.refresh_from_db()
    assert run.status == "failed"
    again = retry(run)
    finish()
    again.refresh_from_db()
    assert (again.status, again.outcome) == ("succeeded", "3 of 3")
    assert len(peer.requests) == 4


def test_an_item_without_its_input_fails_alone(workspace, publish, start, finish):
    parent(workspace, publish, child(workspace, publish, respond(response="{}")))
    run = start([{"phone": "1"}, {"name": "no phone"}])
    finish()
    results = StepRun.objects.get(run=run, node="each").output["results"]
    assert [row["status"] for row in results] == ["succeeded", "failed"]
    assert "phone" in results[1]["error"]


def test_stop_starts_no_more(workspace, publish, start, finish):
    parent(workspace, publish, child(workspace, publish, respond(response="{}")), concurrency=1, on_item_error="stop")
    run = start([{"phone": "1"}, {}, {"phone": "3"}])
    finish()
    run.refresh_from_db()
    assert run.status == "failed"
    assert run.error["message"].startswith("Item 2 failed")
    assert run.children.count() == 2


def test_a_flow_that_is_off_fails_the_step_in_plain_words(workspace, publish, start, finish):
    flow = child(workspace, publish, respond(response="{}"))
    parent(workspace, publish, flow)
    type(flow).objects.filter(pk=flow.pk).update(enabled=False)
    run = start([{"phone": "1"}])
    finish()
    run.refresh_from_db()
    assert run.status == "failed"
    assert "switched off" in run.error["message"]


def test_an_empty_list_is_no_error_and_no_list_is_one(workspace, publish, start, finish):
    parent(workspace, publish, child(workspace, publish, respond(response="{}")))
    run = start([])
    finish()
    run.refresh_from_db()
    assert run.outcome == "0 of 0"


def test_a_list_of_more_items_than_one_step_takes_starts_none(workspace, publish, start, finish):
    flow = child(workspace, publish, respond(response="{}"))
    parent(workspace, publish, flow)
    run = start([{"phone": "1"}] * 1_001)
    finish()
    run.refresh_from_db()
    assert run.error["code"] == "too_many"
    assert not Run.objects.filter(flow=flow).exists()


def test_a_flow_that_runs_itself_comes_to_an_end(workspace, publish, start, finish):
    flow = child(workspace, publish, respond(response="{}"))
    step = node("again", "run_flow", {"flow": str(flow.pk), "inputs": [{"name": "phone", "value": "1"}]})
    from runtime.models import FlowVersion

    version = FlowVersion.objects.create(workspace=workspace, flow=flow, number=2, document=chain(CALLED, step))
    type(flow).objects.filter(pk=flow.pk).update(published=version)
    parent(workspace, publish, flow)
    run = start([{"phone": "1"}])
    finish(60)
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert Run.objects.filter(flow=flow).count() == 10
    assert "deep" in str(Run.objects.filter(flow=flow).order_by("-id").first().error)


def test_cancelling_a_run_cancels_what_it_started(workspace, publish, start, work):
    parent(workspace, publish, child(workspace, publish, node("w", "wait", {"mode": "for", "seconds": 60})))
    run = start([{"phone": "1"}, {"phone": "2"}])
    work()
    work()
    cancel(run)
    assert set(run.children.values_list("status", flat=True)) == {"cancelled"}


def test_cancelling_one_item_lets_the_others_count(workspace, publish, start, work, finish):
    parent(workspace, publish, child(workspace, publish, node("w", "wait", {"mode": "for", "seconds": 60})))
    run = start([{"phone": "1"}])
    work()
    work()
    cancel(run.children.get())
    finish()
    run.refresh_from_db()
    assert (run.status, run.outcome) == ("succeeded", "0 of 1")
