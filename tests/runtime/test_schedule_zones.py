"""Schedules and zones that change their rules, skip days and repeat hours: when it is due, and how people are told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from runtime.models import Event, Run, Trigger
from runtime.schedule_preview import upcoming
from runtime.schedules import BadSchedule, fire, moments, realign
from tests.flows import chain, end, node


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(zone, *times, **more):
    return {"mode": "days", "times": list(times or ["09:00"]), "time_zone": zone, **more}


def cron(text, zone="Europe/Berlin"):
    return {"mode": "cron", "cron": text, "time_zone": zone}


def due(config, after, count=3):
    found = moments(config, at(after))
    return [f"{moment:%Y-%m-%d %H:%M}" for moment, _ in zip(found, range(count), strict=False)]


def shown(config, after, count=3):
    return [(row["local"], row["zone"], row["note"]) for row in upcoming(config, at(after), count)]


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        # Brazil gave up its summer time in 2019, Turkey stayed in it from 2016 on.
        ("America/Sao_Paulo", "2018-11-03T13:00", ["2018-11-04 11:00", "2018-11-05 11:00", "2018-11-06 11:00"]),
        ("America/Sao_Paulo", "2019-11-03T13:00", ["2019-11-04 12:00", "2019-11-05 12:00", "2019-11-06 12:00"]),
        ("Europe/Istanbul", "2016-10-29T12:00", ["2016-10-30 06:00", "2016-10-31 06:00", "2016-11-01 06:00"]),
        # North Korea moved its clocks by half an hour, Kazakhstan became one zone.
        ("Asia/Pyongyang", "2018-05-03T12:00", ["2018-05-04 00:30", "2018-05-05 00:00", "2018-05-06 00:00"]),
        ("Asia/Almaty", "2024-02-28T12:00", ["2024-02-29 03:00", "2024-03-01 04:00", "2024-03-02 04:00"]),
        # Morocco leaves its summer time for Ramadan, Lord Howe moves by half an hour.
        ("Africa/Casablanca", "2026-02-14T12:00", ["2026-02-15 09:00", "2026-02-16 09:00", "2026-02-17 09:00"]),
        ("Australia/Lord_Howe", "2026-10-02T12:00", ["2026-10-02 22:30", "2026-10-03 22:00", "2026-10-04 22:00"]),
        # Samoa had no 30 December 2011: what was due then comes a day later, once.
        ("Pacific/Apia", "2011-12-28T20:00", ["2011-12-29 19:00", "2011-12-30 19:00", "2011-12-31 19:00"]),
    ],
)  # fmt: skip
def test_nine_stays_nine_in_zones_that_change_their_rules(zone, after, expected):
    assert due(daily(zone), after) == expected


def test_a_skipped_time_may_come_after_a_later_one_and_no_moment_comes_twice():
    gap = daily("Europe/Berlin", "02:30", "03:00", "03:30")
    assert due(gap, "2026-03-28T12:00", 4) == [
        "2026-03-29 01:00", "2026-03-29 01:30", "2026-03-30 00:30", "2026-03-30 01:00",
    ]  # fmt: skip


def test_the_29th_of_february_is_told_with_its_date():
    assert shown(cron("0 7 29 2 *", "UTC"), "2026-01-01T00:00", 2) == [
        ("2028-02-29T07:00", "UTC", ""), ("2032-02-29T07:00", "UTC", ""),
    ]  # fmt: skip
    assert shown(daily("UTC", days=["tue"]), "2028-02-28T12:00", 1) == [("2028-02-29T09:00", "UTC", "")]


def test_a_time_that_does_not_exist_is_told_in_words():
    words = "02:30 does not exist on 29 March, the clocks go forward: it starts at {}."
    assert shown(daily("Europe/Berlin", "02:30"), "2026-03-28T12:00", 2) == [
        ("2026-03-29T03:30", "CEST", words.format("03:30")), ("2026-03-30T02:30", "CEST", ""),
    ]  # fmt: skip
    assert shown(cron("30 2 * * *"), "2026-03-28T12:00", 2) == [
        ("2026-03-29T03:00", "CEST", words.format("03:00")), ("2026-03-30T02:30", "CEST", ""),
    ]  # fmt: skip


def test_a_time_that_comes_twice_is_told_in_words():
    words = "02:30 comes twice on 25 October, the clocks go back: "
    assert shown(daily("Europe/Berlin", "02:30"), "2026-10-24T12:00", 2) == [
        ("2026-10-25T02:30", "CEST", words + "it starts the first time only."), ("2026-10-26T02:30", "CET", ""),
    ]  # fmt: skip
    assert shown(cron("30 * * * *"), "2026-10-25T00:00", 3) == [
        ("2026-10-25T02:30", "CEST", words + "it starts both times."),
        ("2026-10-25T02:30", "CET", words + "this is the second time."), ("2026-10-25T03:30", "CET", ""),
    ]  # fmt: skip


def test_a_day_that_does_not_exist_is_told_in_words():
    told = shown(daily("Pacific/Apia", days=["fri"]), "2011-12-24T20:00", 1)
    assert told == [
        ("2011-12-31T09:00", "+14", "30 December does not exist in this zone: it starts at 09:00 on 31 December.")
    ]


def test_intervals_count_on_whatever_the_clocks_do():
    every = {"mode": "every", "count": 1, "unit": "days", "time_zone": "Europe/Berlin"}
    assert [local for local, _, note in shown(every, "2026-03-28T06:00", 2) if not note] == [
        "2026-03-29T08:00", "2026-03-30T08:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [daily("Mars/Base"), daily(""), daily("UTC", "25:00"), daily("UTC", 5), cron("no"), cron("61 * * * *"),
     {"mode": "every", "count": 0, "unit": "hours"}, {"mode": "every", "count": 1, "unit": "moons"},
     {"mode": "every", "count": -5, "unit": "hours"}, {"mode": "every", "count": 10**30, "unit": "days"}],
)  # fmt: skip
def test_what_is_no_schedule_is_said_in_words(config):
    if config == daily(""):
        assert upcoming(config, at("2026-01-01T00:00"), 1)[0]["zone"] == "UTC"
        return
    with pytest.raises(BadSchedule):
        upcoming(config, at("2026-01-01T00:00"))


@pytest.fixture
def schedule(workspace, publish):
    def make(config, next_at, name="Nightly"):
        flow = publish(workspace, chain(node("start", "schedule", config), end()), kind="automation", name=name)
        Trigger.objects.filter(flow=flow).update(next_at=next_at)
        return Trigger.objects.get(flow=flow)

    return make


@pytest.mark.django_db(transaction=True)
def test_what_an_older_time_zone_database_reckoned_is_reckoned_anew(schedule):
    now = timezone.now()
    right = next(moments(daily("Europe/Berlin"), now))
    wrong = schedule(daily("Europe/Berlin"), right + timedelta(hours=1), name="moved")
    kept = [
        schedule({"mode": "every", "count": 1, "unit": "hours"}, now + timedelta(minutes=7), name="interval"),
        schedule(daily("Europe/Berlin"), now - timedelta(minutes=1), name="due"),
        schedule(daily("Europe/Berlin"), right, name="right"),
    ]
    assert realign(now) == 1
    assert Trigger.objects.get(pk=wrong.pk).next_at == right
    assert [Trigger.objects.get(pk=row.pk).next_at for row in kept] == [row.next_at for row in kept]


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_steps_back_over_a_worker_s_start_runs_no_moment_twice(schedule):
    seven = at("2026-01-20T06:00")
    trigger = schedule(daily("Europe/Berlin", "07:00", overlap="allow"), seven)
    assert fire(seven + timedelta(seconds=1)) == 1
    realign(seven - timedelta(hours=1))
    assert Trigger.objects.get(pk=trigger.pk).next_at == seven
    assert fire(seven + timedelta(seconds=1)) == 0
    assert Run.objects.count() == 1
    assert Event.objects.get().duplicates == 1
