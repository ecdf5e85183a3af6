"""Schedules fire once, at the time their own clock shows, and say what became of what was missed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from runtime.models import Event, Run, Trigger
from runtime.schedules import BadSchedule, fire, moments
from tests.flows import chain, end, node

BERLIN = {"mode": "days", "times": ["07:00"], "time_zone": "Europe/Berlin"}


def upcoming(config, after, count=3) -> list[str]:
    found = moments(config, datetime.fromisoformat(after).replace(tzinfo=UTC))
    return [moment.strftime("%Y-%m-%d %H:%M") for moment, _ in zip(found, range(count), strict=False)]


def test_seven_stays_seven_when_the_clocks_change():
    assert upcoming(BERLIN, "2026-03-27T12:00") == ["2026-03-28 06:00", "2026-03-29 05:00", "2026-03-30 05:00"]
    assert upcoming(BERLIN, "2026-10-24T12:00") == ["2026-10-25 06:00", "2026-10-26 06:00", "2026-10-27 06:00"]


def test_a_time_that_is_skipped_comes_as_much_later_and_one_that_comes_twice_counts_once():
    gap = {**BERLIN, "times": ["02:30"]}
    assert upcoming(gap, "2026-03-28T12:00", 2) == ["2026-03-29 01:30", "2026-03-30 00:30"]
    assert upcoming(gap, "2026-10-24T12:00", 2) == ["2026-10-25 00:30", "2026-10-26 01:30"]


def test_the_29th_of_february_comes_in_leap_years():
    assert upcoming({"mode": "cron", "cron": "0 7 29 2 *", "time_zone": "UTC"}, "2026-01-01T00:00", 2) == [
        "2028-02-29 07:00", "2032-02-29 07:00",
    ]  # fmt: skip


def test_days_times_and_intervals():
    weekdays = {**BERLIN, "days": ["mon", "fri"], "times": ["18:00", "07:00"], "time_zone": "UTC"}
    assert upcoming(weekdays, "2026-07-03T08:00") == ["2026-07-03 18:00", "2026-07-06 07:00", "2026-07-06 18:00"]
    every = {"mode": "every", "count": 90, "unit": "minutes", "time_zone": "UTC"}
    assert upcoming(every, "2026-07-01T00:00", 2) == ["2026-07-01 01:30", "2026-07-01 03:00"]
    assert upcoming({"mode": "cron", "cron": "0 7 * * 1-5", "time_zone": "Europe/Berlin"}, "2026-07-03T08:00", 1) == [
        "2026-07-06 05:00"
    ]


@pytest.mark.parametrize("config", [{"mode": "cron", "cron": "not cron"}, {"mode": "days", "time_zone": "Mars/Base"}])
def test_what_is_no_schedule_is_said_so(config):
    with pytest.raises(BadSchedule):
        next(moments(config, timezone.now()))


@pytest.fixture
def due(workspace, publish):
    """due(ago, **config) -> the trigger of a live schedule that fell due so long ago."""

    def make(ago=timedelta(seconds=1), name="Nightly", steps=None, **config):
        hourly = {"mode": "every", "count": 1, "unit": "hours", "time_zone": "UTC"}
        document = chain(node("start", "schedule", {**hourly, **config}), *(steps or (end(),)))
        flow = publish(workspace, document, kind="automation", name=name)
        Trigger.objects.filter(flow=flow).update(next_at=timezone.now() - ago)
        return Trigger.objects.get(flow=flow)

    return make


@pytest.mark.django_db(transaction=True)
def test_a_due_schedule_starts_one_run_and_moves_on(due, work):
    trigger = due()
    assert fire(timezone.now()) == 1
    assert fire(timezone.now()) == 0
    work()
    run = Run.objects.get()
    assert run.status == "succeeded"
    assert Event.objects.get().payload["trigger"]["scheduled_for"].startswith(trigger.next_at.isoformat()[:19])
    assert Trigger.objects.get().next_at == trigger.next_at + timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_what_was_missed_is_made_up_for_once_or_left_out(due):
    due(timedelta(hours=5, minutes=30), name="once")
    due(timedelta(hours=5, minutes=30), name="skip", missed="skip")
    assert fire(timezone.now()) == 1
    event = Event.objects.get(skipped=[])
    assert event.payload["trigger"]["missed"] == 5
    (left_out,) = Event.objects.exclude(pk=event.pk).get().skipped
    assert left_out["reason"] == "Segue did not run at that time, and what was missed is left out"
    assert all(trigger.next_at > timezone.now() for trigger in Trigger.objects.all())


@pytest.mark.django_db(transaction=True)
def test_a_run_that_still_runs_is_not_joined_unless_allowed(due, work):
    waits = (node("w", "wait", {"mode": "for", "seconds": 60}), end())
    for name, overlap in (("skip", "skip"), ("allow", "allow")):
        due(name=name, steps=waits, overlap=overlap)
    fire(timezone.now())
    work()
    Trigger.objects.update(next_at=timezone.now())
    assert fire(timezone.now()) == 1
    assert Trigger.objects.get(flow__name="skip").passed_over == 1
    (left_out,) = Event.objects.exclude(skipped=[]).get().skipped
    assert left_out["reason"] == "the run before still ran"
    assert Run.objects.filter(flow__name="allow").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_flow_that_is_off_starts_nothing(due):
    trigger = due()
    type(trigger.flow).objects.update(enabled=False)
    assert fire(timezone.now()) == 0


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_be_read_keeps_no_other_from_starting(due):
    broken, good = due(timedelta(seconds=9), name="broken"), due(name="good")
    Trigger.objects.filter(pk=broken.pk).update(config={"mode": "cron", "cron": "no"})
    assert fire(timezone.now()) == 1
    assert Run.objects.get().flow_id == good.flow_id
    assert Trigger.objects.get(pk=broken.pk).next_at is None


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_for_a_moment_costs_no_run(due):
    due()

    def full(execute, sql, params, many, context):
        if "runtime_run" in sql:
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(full):
        assert fire(timezone.now()) == 0
    assert fire(timezone.now()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_clocks_fire_each_moment_once(due):
    triggers = [due(name=f"flow {number}") for number in range(30)]
    now = timezone.now()

    def clock(_):
        try:
            return fire(now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(clock, range(2))) == len(triggers)
    assert Run.objects.count() == len(triggers)
