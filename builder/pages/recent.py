"""Figures of recent runs, counted by the database in slots of time.

Run ids carry their time of creation, so a slot is a range of ids: the index that pages through runs serves it, and no
function is called per row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils import timezone

from runtime.models import Run, Status

BAD = (Status.FAILED, Status.TIMED_OUT, Status.PARKED)


@dataclass(frozen=True)
class Slot:
    """[start, end) with the words for its place on an axis."""

    start: datetime
    end: datetime
    label: str


@dataclass(frozen=True)
class Recent:
    """One flow's last days: (succeeded, failed) per day, oldest first."""

    days: list[tuple[int, int]]

    @property
    def good(self):
        return sum(good for good, _ in self.days)

    @property
    def bad(self):
        return sum(bad for _, bad in self.days)

    @property
    def total(self):
        return self.good + self.bad

    @property
    def success(self):
        """Share of 0 to 1, or None without an ended run."""
        return self.good / self.total if self.total else None

    @property
    def words(self):
        return f"Last {len(self.days)} days: {self.good} succeeded, {self.bad} failed"


def first_id(at: datetime) -> UUID:
    """The lowest id a row made at or after `at` can have."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def day_slots(days: int, zone: str) -> list[Slot]:
    """The last `days` days, today included, in the workspace's zone."""
    today = timezone.now().astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - timedelta(days=back) for back in range(days - 1, -2, -1)]
    return [Slot(start, end, f"{start.day} {start:%b}") for start, end in pairwise(starts)]


def hour_slots(hours: int, zone: str) -> list[Slot]:
    """The last `hours` hours, the running one included."""
    now = timezone.now().astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
    starts = [now - timedelta(hours=back) for back in range(hours - 1, -2, -1)]
    return [Slot(start, end, f"{start:%H}:00") for start, end in pairwise(starts)]


def recent_of(workspace, flow_ids=None, days=14) -> dict[UUID, Recent]:
    """Live runs per flow and day."""
    slots = day_slots(days, workspace.time_zone)
    runs = Run.objects.for_workspace(workspace).filter(mode="live", id__gte=first_id(slots[0].start))
    if flow_ids is not None:
        runs = runs.filter(flow__in=flow_ids)
    columns = {}
    for number, slot in enumerate(slots):
        within = Q(id__gte=first_id(slot.start), id__lt=first_id(slot.end))
        columns[f"good{number}"] = Count("id", filter=within & Q(status=Status.SUCCEEDED))
        columns[f"bad{number}"] = Count("id", filter=within & Q(status__in=BAD))
    rows = runs.order_by().values("flow").annotate(**columns)
    return {
        row["flow"]: Recent([(row[f"good{number}"], row[f"bad{number}"]) for number in range(days)]) for row in rows
    }


def nothing(days=14) -> Recent:
    return Recent([(0, 0)] * days)
