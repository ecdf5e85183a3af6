"""How many live runs there were in stretches of time, how they ended and how long they took, by flow.

Theory of operation. What has ended stays as it ended, and no run begins in the past. So a slot is counted once, when it
has been over for an hour (a host's clock may be wrong), and what was counted is kept beside the number of runs that
were still open then. While there are as many of those as are open now, nothing can have changed; else the slot is
counted anew. What goes by pruning takes the counts of its time along. Today is the sum of its hours.

Times are those of the newest `SAMPLE` runs of a slot, kept as percentiles and added up by the number of runs.
"""

import logging
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from builder.models import SlotCount
from builder.slots import Slot, day_slots, hours_of
from runtime.models import OPEN, Run, Status, Workspace
from runtime.models.base import first_id, made_at

log = logging.getLogger("segue.builder")
BAD = (Status.FAILED, Status.TIMED_OUT, Status.PARKED)
SETTLED = timedelta(hours=1)
LONGEST_PIECE = timedelta(hours=2)
SAMPLE = 2_000
MARKS = 101  # values kept of a sample: its percentiles
KEEP_HOURS, KEEP_DAYS = timedelta(days=2), timedelta(days=400)
AHEAD_DAYS = 30  # the longest window that pages show


Open = list[tuple[UUID, str, str]]  # (flow, status, mode) of each run that has not ended


@dataclass(slots=True)
class Tally:
    """One flow's runs: `bad` are failed, timed out or parked, `open` all that go on by themselves."""

    good: int = 0
    bad: int = 0
    cancelled: int = 0
    open: int = 0
    last_bad: str = ""  # ISO; of one that is parked the start of its slot

    @property
    def runs(self) -> int:
        return self.good + self.bad + self.cancelled + self.open

    def add(self, other: "Tally") -> None:
        self.good += other.good
        self.bad += other.bad
        self.cancelled += other.cancelled
        self.open += other.open
        self.last_bad = max(self.last_bad, other.last_bad)


@dataclass(slots=True)
class Counted:
    """One slot: tallies by flow id, and times as (seconds, how many runs that stands for)."""

    flows: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    times: list[tuple[float, float]] = field(default_factory=list)

    @property
    def all(self) -> Tally:
        total = Tally()
        for tally in self.flows.values():
            total.add(tally)
        return total

    def add(self, other: "Counted") -> None:
        for flow_id, tally in other.flows.items():
            self.flows[flow_id].add(tally)
        self.times += other.times


def percentile(times: Iterable[tuple[float, float]], share: float) -> float | None:
    """Of (value, weight), by nearest rank."""
    ordered = sorted(times)
    left = sum(weight for _, weight in ordered) * share
    for value, weight in ordered:
        left -= weight
        if left < -1e-9:
            return value
    return ordered[-1][0] if ordered else None


def counted(workspace: Workspace, slots: list[Slot]) -> list[Counted]:
    """Each slot's counts, in the order of the slots, which follow one another."""
    pieces = [_pieces(slot) for slot in slots]
    flat = [piece for slot in pieces for piece in slot]
    kept, standing = _kept(workspace, flat), _standing(workspace, flat)
    found, fresh = [], []
    for slot in pieces:
        sums = Counted()
        for piece in slot:
            row, open_now = kept.get(piece.start), standing[piece.start]
            if row is None or row.open != len(open_now):
                row, open_now = _count(workspace, piece)
                fresh += [row] if _settled(piece) else []
            sums.add(_together(row, open_now))
        found.append(sums)
    _keep(fresh)
    return found


def keep_up() -> None:
    """Count what pages will ask for before somebody waits for it; forget what nobody asks for any more."""
    now = timezone.now()
    for workspace in Workspace.objects.all():
        for zone in {workspace.time_zone, "UTC"}:
            counted(workspace, day_slots(AHEAD_DAYS, zone))
    SlotCount.objects.filter(start__lt=now - KEEP_DAYS).delete()
    SlotCount.objects.filter(start__lt=now - KEEP_HOURS, whole_day=False).delete()


def forget(run_ids: list[UUID]) -> None:
    """These runs go: their time is counted anew. In the transaction in which they go."""
    of = Run.objects.filter(pk__in=run_ids).values("workspace")
    first, last = made_at(min(run_ids)), made_at(max(run_ids))
    SlotCount.objects.filter(workspace__in=of, start__lte=last, end__gt=first).delete()


def _pieces(slot: Slot) -> list[Slot]:
    """What is not over, or not long enough, is counted hour by hour."""
    whole = Slot(slot.start.astimezone(UTC), slot.end.astimezone(UTC), slot.label)
    return [whole] if whole.end - whole.start <= LONGEST_PIECE or _settled(whole) else hours_of(whole)


def _settled(slot: Slot) -> bool:
    return slot.end < timezone.now() - SETTLED


def _kept(workspace, slots: list[Slot]) -> dict[datetime, SlotCount]:
    if not slots:
        return {}
    ends = {slot.start: slot.end for slot in slots}
    rows = SlotCount.objects.for_workspace(workspace).filter(start__gte=slots[0].start, end__lte=slots[-1].end)
    return {row.start: row for row in rows if ends.get(row.start) == row.end}


def _standing(workspace, slots: list[Slot]) -> dict[datetime, Open]:
    """The runs that have not ended, by the start of their slot."""
    found: dict[datetime, Open] = defaultdict(list)
    if not slots:
        return found
    edges = [first_id(slot.start) for slot in slots]
    rows = Run.objects.for_workspace(workspace).filter(status__in=OPEN, id__gte=edges[0]).order_by()
    for run_id, *rest in rows.values_list("id", "flow_id", "status", "mode"):
        found[slots[bisect_right(edges, run_id) - 1].start].append(tuple(rest))
    return found


def _count(workspace, slot: Slot) -> tuple[SlotCount, Open]:
    """(what has ended, what has not), from the runs themselves."""
    runs = Run.objects.for_workspace(workspace).filter(id__gte=first_id(slot.start), id__lt=first_id(slot.end))
    ended: dict[str, Tally] = defaultdict(Tally)
    standing: Open = []
    rows = runs.order_by().values_list("flow_id", "status", "mode").annotate(Count("id"), Max("created_at"))
    for flow_id, status, mode, number, last in rows:
        if status in OPEN:
            standing += [(flow_id, status, mode)] * number
        elif mode == "live":
            ended[str(flow_id)].add(_tally(status, number, last.isoformat()))
    times, weight = _times(runs)
    flows = {flow_id: [tally.good, tally.bad, tally.cancelled, tally.last_bad] for flow_id, tally in ended.items()}
    whole_day = slot.end - slot.start > LONGEST_PIECE
    row = SlotCount(workspace=workspace, start=slot.start, end=slot.end, whole_day=whole_day, open=len(standing),
                    flows=flows, times=times, weight=weight)  # fmt: skip
    return row, standing


def _together(row: SlotCount, standing: Open) -> Counted:
    found = Counted(times=[(value, row.weight) for value in row.times])
    for flow_id, (good, bad, cancelled, last_bad) in row.flows.items():
        found.flows[flow_id].add(Tally(good, bad, cancelled, last_bad=last_bad))
    for (flow_id, status, mode), number in Counter(standing).items():
        if mode == "live":
            found.flows[str(flow_id)].add(_tally(status, number, row.start.isoformat()))
    return found


def _tally(status: str, number: int, last: str) -> Tally:
    if status == Status.SUCCEEDED:
        return Tally(good=number)
    if status in BAD:
        return Tally(bad=number, last_bad=last)
    return Tally(cancelled=number) if status == Status.CANCELLED else Tally(open=number)


def _times(runs: QuerySet[Run]) -> tuple[list[float], float]:
    """(ascending seconds, how many runs each stands for) of the newest that ended."""
    ended = runs.filter(mode="live", finished_at__isnull=False, started_at__isnull=False)
    rows = ended.order_by("-id").values_list("started_at", "finished_at")[:SAMPLE]
    seconds = sorted((finished - started).total_seconds() for started, finished in rows)
    number = ended.count() if len(seconds) == SAMPLE else len(seconds)
    if len(seconds) > MARKS:
        seconds = [seconds[(len(seconds) - 1) * mark // (MARKS - 1)] for mark in range(MARKS)]
    return [round(each, 4) for each in seconds], number / len(seconds) if seconds else 0.0


def _keep(rows: list[SlotCount]) -> None:
    values = ["open", "flows", "times", "weight", "whole_day"]
    key = ["workspace", "start", "end"]
    try:
        SlotCount.objects.bulk_create(rows, update_conflicts=True, update_fields=values, unique_fields=key)
    except DatabaseError:
        log.warning("Counts could not be kept; the page shows them all the same", exc_info=True)
