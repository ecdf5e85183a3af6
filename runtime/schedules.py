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

from runtime import present
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


UNREADABLE = (BadSchedule, ArithmeticError, LookupError, TypeError, ValueError)


def moments(config: Mapping[str, Any], after: datetime) -> Iterator[datetime]:
    """The moments (UTC) after `after` at which a schedule is due. Raises BadSchedule."""
    zone = zone_of(config)
    mode = config.get("mode") or "days"
    if mode == "every":
        yield from _every(config, after)
    elif mode == "cron":
        yield from _cron(str(config.get("cron") or ""), after, zone)
    else:
        yield from _on_days(config, after, zone)


def zone_of(config: Mapping[str, Any]) -> ZoneInfo:
    """A schedule's own time zone. Raises BadSchedule."""
    try:
        return ZoneInfo(str(config.get("time_zone") or "UTC"))
    except (ValueError, OSError, KeyError):
        raise BadSchedule(f"{config.get('time_zone')!r} is no time zone.") from None


def next_moment(config: Mapping[str, Any], after: datetime) -> datetime | None:
    """The first of them; None for one that never comes."""
    return next(moments(config, after), None)


def _every(config: Mapping[str, Any], after: datetime) -> Iterator[datetime]:
    try:
        step = timedelta(seconds=int(config.get("count", 1)) * UNITS[config.get("unit") or "hours"])
    except (KeyError, TypeError, ValueError, OverflowError):
        step = timedelta(0)
    if not timedelta(0) < step <= FURTHEST:
        raise BadSchedule(f"Every {config.get('count')} {config.get('unit')} is no interval.")
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
    times = times_of(config)
    today, last = after.astimezone(zone).date(), after
    for ahead in range(FURTHEST.days):
        day = today + timedelta(days=ahead)
        if DAYS[day.weekday()] not in days:
            continue
        # Sorted as moments: where the clock skips 2 to 3, half past two comes after three. Two may be one, even days.
        for moment in sorted(datetime.combine(day, at, zone).astimezone(UTC) for at in times):
            if moment > last:
                yield moment
                last = moment


def times_of(config: Mapping[str, Any]) -> list[time]:
    """The times of day, on the wall. Raises BadSchedule."""
    texts = config.get("times") or ["09:00"]
    try:
        return [time.fromisoformat(text).replace(tzinfo=None) for text in texts]
    except (TypeError, ValueError):
        raise BadSchedule(f"{texts!r} are no times of day such as 09:00.") from None


def fire(now: datetime | None = None) -> int:
    """Start what is due; how many runs were started. The time is the one all hosts share."""
    now = now or present.now()
    due = Trigger.objects.filter(type="schedule", next_at__lte=now, flow__enabled=True, flow__deleted_at=None)
    return _fire(list(due.select_related("flow").order_by("next_at")[:MOST_AT_ONCE]), now)


def _fire(triggers: list[Trigger], now: datetime) -> int:
    started = 0
    for trigger in triggers:
        try:
            started += _fire_one(trigger, now)
        except UNREADABLE:
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
        reason = ""
        if late and trigger.config.get("missed") == "skip" and now - due > ON_TIME:
            reason = "Segue did not run at that time, and what was missed is left out"
        elif trigger.config.get("overlap") != "allow" and _still_running(trigger):
            Trigger.objects.filter(pk=trigger.pk).update(passed_over=F("passed_over") + 1)
            reason = "the run before still ran"
        started = _accept(trigger, due, missed, reason)
        crash_point("after_fire")
    return started


def _accept(trigger: Trigger, due: datetime, missed: int, reason: str) -> int:
    """The run, or what is kept of one that was left out and why; how many runs were started."""
    scheduled = due.isoformat().replace("+00:00", "Z")
    arrival = Arrival(
        trigger.workspace_id, "schedule", "schedule.due", {"trigger": {"scheduled_for": scheduled, "missed": missed}},
        key=f"{trigger.flow_id}:{scheduled}", only=trigger, starts=not reason,
        skipped=[{"flow": str(trigger.flow_id), "reason": reason}] if reason else [],
    )  # fmt: skip
    return 0 if accept([arrival])[0].body["duplicate"] or reason else 1


def realign(now: datetime) -> int:
    """Reckon anew when schedules of a zone are due: its rules may have changed since. How many moved.

    For every start of a worker, which is when another time zone database comes into force. What is due already, and
    what counts from its own last time, stays.
    """
    moved = 0
    for trigger in Trigger.objects.filter(type="schedule", next_at__gt=now).exclude(config__mode="every"):
        try:
            fresh = next_moment(trigger.config, now)
        except UNREADABLE:
            continue  # said when it falls due
        if fresh != trigger.next_at:
            moved += Trigger.objects.filter(pk=trigger.pk, next_at=trigger.next_at).update(next_at=fresh)
    return moved


def _still_running(trigger: Trigger) -> bool:
    return Run.objects.filter(flow_id=trigger.flow_id, mode="live", status__in=OPEN).exclude(
        status=Status.PARKED
    ).exists()  # fmt: skip


def begin(config: Mapping[str, Any]) -> datetime | None:
    """When a schedule that is published or switched on now is due first."""
    present.look()
    return next_moment(config, present.now())
