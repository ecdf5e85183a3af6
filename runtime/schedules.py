"""Schedules: when the next run is due, and starting it exactly once, whoever looks.

The moment stands on the trigger's row. A clock that finds it come moves it on in a compare-and-swap and starts the run
in the same transaction, so of two clocks one fires. Times are wall-clock times of the schedule's own zone: at seven
stays at seven when the clocks change. A time that is skipped by the change comes as much later as was skipped; one that
comes twice fires the first time. The 29th of February comes in leap years only.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runtime.crashing import crash_point
from runtime.intake import Arrival, accept
from runtime.models import OPEN, Run, Status, Trigger

log = logging.getLogger("segue.clock")
ON_TIME = timedelta(seconds=60)  # what is later was missed
MOST_AT_ONCE = 200
FURTHEST = timedelta(days=366 * 8)
UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class BadSchedule(Exception):
    """The words say what is wrong with it."""


def moments(config: Mapping[str, Any], after: datetime) -> Iterator[datetime]:
    """The moments (UTC) after `after` at which a schedule is due. Raises BadSchedule."""
    try:
        zone = ZoneInfo(str(config.get("time_zone") or "UTC"))
    except (ValueError, OSError, KeyError):
        raise BadSchedule(f"{config.get('time_zone')!r} is no time zone.") from None
    mode = config.get("mode") or "days"
    if mode == "every":
        yield from _every(config, after)
    elif mode == "cron":
        yield from _cron(str(config.get("cron") or ""), after, zone)
    else:
        yield from _on_days(config, after, zone)


def next_moment(config: Mapping[str, Any], after: datetime) -> datetime | None:
    """The first of them; None for one that never comes."""
    return next(moments(config, after), None)


def _every(config: Mapping[str, Any], after: datetime) -> Iterator[datetime]:
    step = timedelta(seconds=int(config.get("count") or 1) * UNITS[config.get("unit") or "hours"])
    while True:
        after += step
        yield after


def _cron(text: str, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    try:
        found = CronSim(text, after.astimezone(zone))
    except CronSimError as error:
        raise BadSchedule(f"{text!r} is no cron expression: {error}.") from None
    for moment in found:
        if moment.astimezone(UTC) - after > FURTHEST:
            return
        yield moment.astimezone(UTC)


def _on_days(config: Mapping[str, Any], after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    days = config.get("days") or DAYS
    times = sorted(time.fromisoformat(text) for text in config.get("times") or ["09:00"])
    today = after.astimezone(zone).date()
    for ahead in range(FURTHEST.days):
        day = today + timedelta(days=ahead)
        if DAYS[day.weekday()] not in days:
            continue
        for at in times:
            moment = datetime.combine(day, at, zone).astimezone(UTC)
            if moment > after:
                yield moment


def fire(now: datetime) -> int:
    """Start what is due; how many runs were started."""
    due = Trigger.objects.filter(type="schedule", next_at__lte=now, flow__enabled=True, flow__deleted_at=None)
    started = 0
    for trigger in due.select_related("flow").order_by("next_at")[:MOST_AT_ONCE]:
        try:
            started += _fire_one(trigger, now)
        except (BadSchedule, ArithmeticError, LookupError, TypeError, ValueError):
            # One that cannot be read must not keep the others from starting.
            log.exception("The schedule of flow %s is set aside", trigger.flow_id)
            Trigger.objects.filter(pk=trigger.pk, next_at=trigger.next_at).update(next_at=None)
        except Exception:
            # The database, or the disk: it stays due, and the next tick tries again.
            log.exception("The schedule of flow %s could not start its run yet", trigger.flow_id)
    return started


def _fire_one(trigger: Trigger, now: datetime) -> int:
    assert trigger.next_at is not None
    due, missed = trigger.next_at, 0
    following: datetime | None = next_moment(trigger.config, due)
    while following is not None and following <= now and missed < MOST_AT_ONCE * 50:
        due, missed = following, missed + 1
        following = next_moment(trigger.config, due)
    if following is not None and following <= now:  # down for very long: go on from now
        due, following = now, next_moment(trigger.config, now)
    late = now - trigger.next_at > ON_TIME
    with transaction.atomic():
        if not Trigger.objects.filter(pk=trigger.pk, next_at=trigger.next_at).update(next_at=following):
            return 0  # another clock was faster
        if late and trigger.config.get("missed") == "skip" and now - due > ON_TIME:
            return 0
        if trigger.config.get("overlap") != "allow" and _still_running(trigger):
            Trigger.objects.filter(pk=trigger.pk).update(passed_over=F("passed_over") + 1)
            return 0
        scheduled = due.isoformat().replace("+00:00", "Z")
        given = {"trigger": {"scheduled_for": scheduled, "missed": missed}}
        arrival = Arrival(trigger.workspace_id, "schedule", "schedule.due", given,
                          key=f"{trigger.flow_id}:{scheduled}", only=trigger)  # fmt: skip
        accept([arrival])
        crash_point("after_fire")
    return 1


def _still_running(trigger: Trigger) -> bool:
    return Run.objects.filter(flow_id=trigger.flow_id, mode="live", status__in=OPEN).exclude(
        status=Status.PARKED
    ).exists()  # fmt: skip


def begin(config: Mapping[str, Any]) -> datetime | None:
    """When a schedule that is published or switched on now is due first."""
    return next_moment(config, timezone.now())
