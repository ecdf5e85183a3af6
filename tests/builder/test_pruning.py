"""Pruning: what is old goes, what is open or young stays."""

import secrets
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.utils import timezone

from builder.flows import trash
from builder.overview import stats_of
from builder.pruning import prune
from runtime.models import Event, Flow, FlowDay, FlowVersion, Run, Status
from runtime.models.base import first_id


@pytest.fixture
def make_run(workspace, published):
    def make(status, days):
        then = timezone.now() - timedelta(days=days)
        event = Event.objects.create(workspace=workspace, source="api", type="call.ended", received_at=then)
        finished = then if status in ("succeeded", "failed") else None
        own = UUID(int=first_id(then).int + secrets.randbits(60))
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
