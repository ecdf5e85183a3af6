"""Stretches of time that figures are given for: days and hours of a workspace's zone.

Run ids carry their time of creation, so a slot is a range of ids: the index that pages through runs serves it, and no
function is called per row.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils import timezone


@dataclass(frozen=True)
class Slot:
    """[start, end) with the words for its place on an axis."""

    start: datetime
    end: datetime
    label: str


def day_slots(days: int, zone: str) -> list[Slot]:
    """The last `days` days, today included, in the workspace's zone."""
    today = timezone.now().astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - timedelta(days=back) for back in range(days - 1, -2, -1)]
    return [Slot(start, end, f"{start.day} {start:%b}") for start, end in pairwise(starts)]


def hour_slots(hours: int, zone: str) -> list[Slot]:
    """The last `hours` hours, the running one included."""
    now = timezone.now().astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
    return [_hour(now - timedelta(hours=back)) for back in range(hours - 1, -1, -1)]


def hours_of(slot: Slot) -> list[Slot]:
    """The hours of a day that have begun."""
    now, starts = timezone.now(), []
    start = slot.start.astimezone(UTC)
    while start < min(now, slot.end):
        starts.append(start)
        start += timedelta(hours=1)
    return [_hour(start) for start in starts]


def _hour(start: datetime) -> Slot:
    return Slot(start, start + timedelta(hours=1), f"{start:%H}:00")
