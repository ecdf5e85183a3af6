"""Pruning: what is old goes, what is open or young stays."""

import secrets
import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from builder.flows import trash
from builder.overview import stats_of
from builder.pruning import _batches, prune
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Event, Flow, FlowDay, FlowVersion, Run, Status, StepRun
from runtime.models.base import first_id
from runtime.operating import CannotOperate, retry
from tests.side_by_side import side_by_side


@pytest.fixture
def make_run(workspace, published):
    def make(status, days):
        then = timezone.now() - timedelta(days=days)
        own = UUID(int=first_id(then).int + secrets.randbits(60))
        event = Event.objects.create(id=own, workspace=workspace, source="api", type="call.ended", received_at=then)
        finished = then if status in ("succeeded", "failed") else None
        return Run.objects.create(
            id=own, created_at=then, workspace=workspace, flow=published, version=published.published, event=event,
            kind="post_call", status=status, finished_at=finished,
        )  # fmt: skip

    return make


def test_ended_runs_older_than_the_retention_go_with_their_events(make_run, workspace):
    make_run("succeeded", workspace.retention_days + 1)
    young = make_run("failed", workspace.retention_days - 1)
    waiting = make_run(Status.WAITING, workspace.retention_days + 1)
    assert prune()["runs"] == 1
    assert set(Run.objects.all()) == {young, waiting}
    assert Event.objects.count() == 2


def test_flows_long_in_the_trash_go_with_everything(make_run, published, owner):
    make_run("succeeded", 1)
    trash(published, owner.user)
    assert prune()["flows"] == 0
    Flow.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert prune()["flows"] == 1
    assert not Run.objects.exists()


def test_versions_of_test_runs_that_are_gone_go_and_published_ones_stay(published, workspace):
    old = timezone.now() - timedelta(days=2)
    FlowVersion.objects.create(workspace=workspace, flow=published, document={}, at=old)
    assert prune()["test versions"] == 1
    assert FlowVersion.objects.get() == published.published


def test_the_command_says_what_went(published, capsys):
    call_command("prune")
    assert "0 runs" in capsys.readouterr().out


def test_how_many_runs_there_were_stays_known(make_run, workspace, published):
    workspace.retention_days = 2
    workspace.save()
    for status in ("succeeded", "succeeded", "failed"):
        make_run(status, 4)
    make_run("succeeded", 1)
    before = stats_of([published])[published.pk]
    assert prune()["runs"] == 3
    assert prune()["runs"] == 0
    row = FlowDay.objects.get()
    assert (row.runs, row.succeeded, row.failed) == (3, 2, 1)
    after = stats_of([published])[published.pk]
    names = ("runs", "succeeded", "failed", "success_rate", "days")
    assert {name: after[name] for name in names} == {name: before[name] for name in names}


def test_pruning_goes_in_batches(make_run, workspace, monkeypatch):
    monkeypatch.setattr("builder.pruning.BATCH", 2)
    monkeypatch.setattr("builder.pruning.PAUSE_SECONDS", 0)
    for _ in range(5):
        make_run("succeeded", workspace.retention_days + 1)
    assert prune()["runs"] == 5
    assert FlowDay.objects.get().runs == 5


@pytest.mark.parametrize(("long_seconds", "sizes"), [(0, [4, 2, 2, 1]), (3600, [4, 4, 1])])
def test_a_batch_that_takes_long_is_followed_by_smaller_ones(make_run, monkeypatch, long_seconds, sizes):
    names = {"BATCH": 4, "SMALLEST_BATCH": 2, "PAUSE_SECONDS": 0, "LONG_SECONDS": long_seconds}
    for name, value in names.items():
        monkeypatch.setattr(f"builder.pruning.{name}", value)
    for _ in range(9):
        make_run("succeeded", 1)
    went = []
    for ids in _batches(Run.objects.order_by("id")):
        went.append(len(ids))
        Run.objects.filter(pk__in=ids).delete()
    assert went == sizes


@pytest.mark.django_db(transaction=True)
def test_runs_that_two_hosts_forget_at_once_are_counted_once(make_run, workspace):
    for _ in range(12):
        make_run("succeeded", workspace.retention_days + 1)
    gone, together = [], threading.Barrier(2)

    def host():
        together.wait(10)
        gone.append(prune()["runs"])
        connection.close()

    side_by_side([host] * 2, 2)
    assert sum(gone) == FlowDay.objects.get().runs == 12


@pytest.mark.django_db(transaction=True)
def test_what_a_repetition_is_known_by_stays_seven_days_however_little_is_kept(workspace, published, make_run):
    workspace.retention_days = 1
    workspace.save()
    kept, gone = make_run("succeeded", 3), make_run("succeeded", 8)
    for run, key in ((kept, "call_3"), (gone, "call_8")):
        Event.objects.filter(pk=run.event_id).update(
            key=key, payload={"interaction": {"summary": "private"}}, contact_number="+4930123", interaction_id=key
        )
    prune()
    event = Event.objects.get()
    assert (event.key, event.payload, event.contact_number) == ("call_3", {}, "")
    assert event.pruned_at is not None
    assert not Run.objects.exists()
    again = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "call_3"}}, key="call_3")
    answer = recorder().submit(accept, again).result(10)
    assert (answer.status, answer.body["duplicate"], answer.body["event"]) == (200, True, str(event.pk))
    assert not Run.objects.exists()
    Event.objects.update(received_at=timezone.now() - timedelta(days=8))
    assert prune()["events"] == 1


def test_a_call_that_was_answered_is_known_seven_days_and_its_data_goes_in_time(workspace, published, make_run):
    workspace.retention_days = 1
    workspace.save()
    run = make_run("failed", 3)
    run.call_key, run.state, run.response, run.answer = "tool_1", {"vars": {"a": 1}}, {"b": 2}, {"response": {"b": 2}}
    run.save()
    StepRun.objects.create(run=run, index=0, seq=1, node="start", type="call_ended", status="succeeded",
                           started_at=run.created_at, output={"c": 3})  # fmt: skip
    Event.objects.update(payload={"args": {"d": 4}})
    assert prune()["runs"] == 0
    left = Run.objects.get()
    assert (left.call_key, left.answer, left.state, left.response) == ("tool_1", {"response": {"b": 2}}, {}, None)
    assert not StepRun.objects.exists()
    assert Event.objects.get().payload == {}
    for start in ("failed", "start"):
        with pytest.raises(CannotOperate, match="no longer kept"):
            retry(left, start)
    Run.objects.update(finished_at=timezone.now() - timedelta(days=8))
    assert prune()["runs"] == 1


def test_an_event_that_a_younger_run_still_needs_keeps_what_it_brought(workspace, published, make_run):
    workspace.retention_days = 1
    workspace.save()
    run = make_run(Status.WAITING, 3)
    Event.objects.update(key="call_3", payload={"interaction": {"summary": "needed"}})
    prune()
    assert Event.objects.get().payload == {"interaction": {"summary": "needed"}}
    assert Run.objects.get() == run


def test_an_item_stays_as_long_as_the_run_that_works_through_the_list(workspace, make_run):
    """Else it would be taken for one that was never started, and be started again."""
    age = workspace.retention_days + 1
    parent, retried = make_run(Status.WAITING, age), make_run("failed", age)
    again = make_run(Status.WAITING, 1)
    Run.objects.filter(pk=again.pk).update(origin=retried)
    items = [make_run("succeeded", age), make_run("succeeded", age)]
    theirs = Flow.objects.create(workspace=workspace, name="Item", kind="automation")
    for item, of in zip(items, (parent, retried), strict=True):
        Run.objects.filter(pk=item.pk).update(
            flow=theirs, parent=of, parent_index=1, parent_item=0, response={"ok": True}
        )
    assert prune()["runs"] == 0
    assert [run.response for run in Run.objects.filter(parent__isnull=False)] == [{"ok": True}] * 2
    Flow.objects.filter(pk=theirs.pk).update(deleted_at=timezone.now() - timedelta(days=31))
    assert prune()["flows"] == 0
    Run.objects.filter(pk__in=[parent.pk, again.pk]).update(status="succeeded", finished_at=timezone.now())
    assert prune()["runs"] == 3
