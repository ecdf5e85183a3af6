"""One action on many runs: each item once, at its pace, whatever dies; what it does not apply to says why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from runtime import operations
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import FlowVersion, Operation, OperationItem, Run
from runtime.operating import CannotOperate, retry
from tests.flows import call_ended, chain, end, post_json, set_variable, wait_for
from tests.side_by_side import side_by_side

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(workspace, work):
    def run_them(count=1):
        for number in range(count):
            arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": f"call_{number}"}})
            recorder().submit(accept, arrival).result(10)
        work()
        return list(Run.objects.order_by("id"))

    return run_them


def let_it_go_on():
    """The operations' moment has come again, until there is nothing left."""
    for _ in range(500):
        Operation.objects.exclude(due_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
        if not Operation.objects.exclude(due_at=None).exists():
            return
        operations.advance()
    raise AssertionError("the operation does not end")


def test_many_failed_runs_are_retried_and_each_only_once(workspace, publish, start, work, peer):
    peer.answers = [(422, {})] * 12 + [(200, {})]
    publish(workspace, chain(call_ended(), post_json("call", peer.url), end()))
    start(12)
    failed = Run.objects.filter(status="failed")
    operation = operations.begin(workspace, "retry", failed, by="Jane", options={"from": "failed"}, per_second=20)
    assert operation.total == 12
    let_it_go_on()
    work()
    operation.refresh_from_db()
    assert (operation.status, operation.done, operation.refused, operation.left) == ("done", 12, 0, 0)
    assert Run.objects.filter(status="succeeded").count() == 12
    keys = [request["headers"]["Idempotency-Key"] for request in peer.requests]
    assert len(set(keys)) == 12, "each failed visit went out under its first key"


def test_the_pace_is_kept(workspace, publish, start):
    publish(workspace, chain(call_ended(), wait_for("later", 600), end()))
    start(9)
    operations.begin(workspace, "cancel", Run.objects.all(), by="Jane", per_second=4)
    assert operations.advance() == 1
    assert operations.advance() in (0, 1)
    assert Run.objects.filter(status="cancelled").count() <= 5


def test_what_it_does_not_apply_to_says_why(workspace, publish, start, work):
    publish(workspace, chain(call_ended(), end()))
    start(2)
    operation = operations.begin(workspace, "cancel", Run.objects.all(), by="Jane")
    let_it_go_on()
    operation.refresh_from_db()
    assert (operation.done, operation.refused) == (0, 2)
    assert operation.items.first().words == "It had ended already (succeeded)."


def test_two_hosts_do_each_item_once(workspace, publish, start, work):
    publish(workspace, chain(call_ended(), end()))
    start(30)
    operation = operations.begin(workspace, "retry", Run.objects.all(), by="J", options={"from": "start"})
    items = list(OperationItem.objects.all())

    def host():
        for item in items:
            operations._do(operation, item)
        connection.close()

    side_by_side([host] * 2, 2)
    operation.refresh_from_db()
    assert operation.done == 30
    assert Run.objects.exclude(origin=None).count() == 30


def test_a_stopped_operation_does_no_more(workspace, publish, start):
    publish(workspace, chain(call_ended(), wait_for("later", 600), end()))
    start(5)
    operation = operations.begin(workspace, "cancel", Run.objects.all(), by="Jane", per_second=1)
    operations.advance()
    assert operations.stop(operation)
    Operation.objects.update(due_at=None)
    assert operations.advance() == 0
    assert Run.objects.filter(status="cancelled").count() == 1
    assert not operations.stop(operation)


def test_everybody_who_waits_is_sent_on(workspace, publish, start, work):
    publish(workspace, chain(call_ended(), wait_for("later", 600), end(outcome="went on")))
    start(4)
    operations.begin(workspace, "skip", Run.objects.filter(status="waiting"), by="Jane")
    let_it_go_on()
    work()
    assert Run.objects.filter(outcome="went on").count() == 4


def test_more_runs_than_one_operation_takes_are_refused(workspace, publish, start, monkeypatch):
    monkeypatch.setattr(operations, "MOST_RUNS", 1)
    publish(workspace, chain(call_ended(), end()))
    start(2)
    with pytest.raises(CannotOperate, match="more than 1 runs"):
        operations.begin(workspace, "cancel", Run.objects.all(), by="Jane")
    assert not OperationItem.objects.exists()


def test_nothing_chosen_is_refused(workspace):
    with pytest.raises(CannotOperate, match="No run"):
        operations.begin(workspace, "cancel", Run.objects.all(), by="Jane")
    assert not Operation.objects.exists()


def _published(flow, document):
    flow.published = FlowVersion.objects.create(workspace=flow.workspace, flow=flow, number=2, document=document)
    flow.save()
    return flow.published


def test_fixed_and_retried_what_was_done_stays_done_and_the_changed_step_has_a_new_key(
    workspace, publish, start, work, peer
):
    peer.answers = [(200, {}), (422, {}), (200, {})]

    def flow_with(content):
        return chain(call_ended(), post_json("first", peer.url), post_json("second", peer.url, content), end())

    flow = publish(workspace, flow_with('{"n": 1}'))
    (run,) = start()
    again = retry(run, "failed", version=_published(flow, flow_with('{"n": 2}')))
    work()
    again.refresh_from_db()
    assert again.status == "succeeded"
    keys = [request["headers"]["Idempotency-Key"] for request in peer.requests]
    assert keys == [f"{run.pk}:1", f"{run.pk}:2", f"{again.pk}:2"], "the first step is not sent again"
    assert [request["body"] for request in peer.requests] == [{}, {"n": 1}, {"n": 2}]


def test_with_an_edited_input_the_failed_step_has_a_new_key_and_what_was_done_stays_done(
    workspace, publish, start, work, peer
):
    peer.answers = [(200, {}), (422, {}), (200, {})]
    second = post_json("second", peer.url, '{"id": "{{interaction.id}}"}')
    publish(workspace, chain(call_ended(), post_json("first", peer.url), second, end()))
    (run,) = start()
    again = retry(run, "failed", event={"interaction": {"id": "corrected"}})
    work()
    assert peer.requests[-1]["body"] == {"id": "corrected"}
    assert peer.requests[-1]["headers"]["Idempotency-Key"] == f"{again.pk}:2"
    assert len(peer.requests) == 3


def test_a_version_without_the_failed_step_cannot_go_on_there(workspace, publish, start, peer):
    peer.answers = [(422, {})]
    flow = publish(workspace, chain(call_ended(), post_json("call", peer.url), end()))
    (run,) = start()
    with pytest.raises(CannotOperate, match="not in that version"):
        retry(run, "failed", version=_published(flow, chain(call_ended(), set_variable("v", x="1"), end())))
