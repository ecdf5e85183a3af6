"""Figures of days that are over are counted once, and are right all the same when something changes afterwards."""

import secrets
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Subquery
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builder.counting import counted, keep_up, percentile
from builder.models import SlotCount
from builder.pruning import prune
from builder.slots import day_slots, hour_slots
from runtime.history import newest_live_run
from runtime.models import Flow, Run, Workspace
from runtime.models.base import first_id

DAYS = 7


@pytest.fixture
def make_run(workspace, published):
    """make_run(status, days ago, seconds it took, ...) -> a run with the id of its time."""

    def make(status="succeeded", ago=3, took=1.0, **more):
        then = timezone.now() - timedelta(days=ago)
        ended = then + timedelta(seconds=took) if status in ("succeeded", "failed", "cancelled") else None
        return Run.objects.create(
            id=UUID(int=first_id(then).int + secrets.randbits(60)), created_at=then, started_at=then, finished_at=ended,
            workspace=workspace, flow=published, version=published.published, kind="post_call", status=status,
            due_at=None, **more,
        )  # fmt: skip

    return make


def figures(workspace, slots=None):
    """(good, bad, cancelled, open) of all the last days."""
    found = [row.all for row in counted(workspace, slots or day_slots(DAYS, workspace.time_zone))]
    return tuple(sum(getattr(tally, name) for tally in found) for name in ("good", "bad", "cancelled", "open"))


def looks_at_runs(workspace) -> int:
    """How many queries count runs to tell the figures."""
    with CaptureQueriesContext(connection) as queries:
        figures(workspace)
    return sum("GROUP BY" in query["sql"] for query in queries.captured_queries)


def test_days_that_are_over_are_counted_once(workspace, make_run):
    for status in ("succeeded", "failed", "cancelled", "waiting"):
        make_run(status)
    assert figures(workspace) == (1, 1, 1, 1)
    assert looks_at_runs(workspace) <= 2, "only hours that are not over long enough are counted again"
    assert figures(workspace) == (1, 1, 1, 1)


def test_a_run_that_ends_days_later_is_counted_as_it_ended(workspace, make_run):
    run = make_run("waiting")
    assert figures(workspace) == (0, 0, 0, 1)
    Run.objects.filter(pk=run.pk).update(status="failed", finished_at=timezone.now())
    assert figures(workspace) == (0, 1, 0, 0)


def test_parked_runs_count_as_failed_until_they_go_on(workspace, make_run, published):
    run = make_run("parked")
    assert figures(workspace) == figures(workspace) == (0, 1, 0, 0)
    Run.objects.filter(pk=run.pk).update(status="waiting")
    assert figures(workspace) == (0, 0, 0, 1)


def test_what_is_pruned_is_not_counted_twice(signed_in, make_run):
    make_run(ago=3), make_run("failed", ago=3), make_run(ago=1)
    before = signed_in.get("/dashboard/?window=7d").context["totals"]
    Workspace.objects.update(retention_days=2)
    assert prune()["runs"] == 2
    after = signed_in.get("/dashboard/?window=7d").context["totals"]
    assert (after.runs, after.good, after.bad) == (before.runs, before.good, before.bad) == (3, 2, 1)


def test_today_is_the_sum_of_its_hours(workspace, make_run):
    for _ in range(3):
        make_run(ago=0)
    assert figures(workspace, day_slots(1, workspace.time_zone))[0] == 3
    assert figures(workspace, hour_slots(24, workspace.time_zone))[0] == 3
    make_run(ago=0)
    assert figures(workspace, day_slots(1, workspace.time_zone))[0] == 4


def test_neither_tests_nor_other_workspaces_count(workspace, make_run):
    make_run(mode="test"), make_run("waiting", mode="test"), make_run("failed", ago=0, mode="test")
    other = Workspace.objects.create(name="Other")
    make_run()
    assert figures(workspace) == figures(workspace) == (1, 0, 0, 0)
    assert figures(other) == (0, 0, 0, 0)


def test_times_of_more_runs_than_are_kept_stay_where_they_were(workspace, make_run):
    for number in range(250):
        make_run(took=number / 100)
    for _ in range(2):  # counted, and read again
        times = [time for day in counted(workspace, day_slots(DAYS, workspace.time_zone)) for time in day.times]
        assert sum(weight for _, weight in times) == pytest.approx(250)
        assert percentile(times, 0.5) == pytest.approx(1.25, abs=0.03)
        assert percentile(times, 0.95) == pytest.approx(2.37, abs=0.03)


def test_flows_that_failed_are_named_with_the_last_time(signed_in, make_run, published):
    make_run("failed", ago=4)
    last = make_run("failed", ago=2)
    for _ in range(2):
        (row,) = signed_in.get("/dashboard/?window=7d").context["failing"]
        assert (row["name"], row["bad"], row["share"], row["last"]) == (published.name, 2, 1.0, last.created_at)


def test_the_hourly_chore_counts_ahead_and_forgets_hours(workspace, make_run):
    make_run(), make_run(ago=1)
    old = timezone.now() - timedelta(days=3)
    SlotCount.objects.create(workspace=workspace, start=old, end=old + timedelta(hours=1), whole_day=False, open=0)
    keep_up()
    assert not SlotCount.objects.filter(whole_day=False, start__lte=old).exists()
    assert looks_at_runs(workspace) <= 2


def test_the_last_run_of_a_flow_is_found_in_its_own_index(db):
    """However many runs others had since: an order of all runs' ids would be walked through."""
    flows = Flow.objects.annotate(last=Subquery(newest_live_run()))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which else takes a shortcut, for there are no rows
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    assert "run_of_flow" in flows.explain()
