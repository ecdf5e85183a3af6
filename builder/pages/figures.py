"""The dashboard's figures. Only live runs count; tests are somebody trying out.

Percentiles are exact up to a number of runs, beyond that those of the newest ones: reading everything would make the
page the slowest thing it reports on.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db.models import Avg, Count, F, Max, Q

from builder.pages.recent import BAD, Slot, first_id
from runtime.models import OPEN, Flow, FlowDay, Run, Status, StepRun

AT_MOST = 20_000


@dataclass(frozen=True)
class Totals:
    runs: int
    good: int
    bad: int
    open: int
    p50: float | None
    p95: float | None

    @property
    def success(self):
        return self.good / (self.good + self.bad) if self.good + self.bad else None


def over_time(workspace, slots: list[Slot]) -> list[dict]:
    """{"label", "good", "bad", "other"} per slot."""
    columns = {}
    for number, slot in enumerate(slots):
        within = Q(id__gte=first_id(slot.start), id__lt=first_id(slot.end))
        columns[f"good{number}"] = Count("id", filter=within & Q(status=Status.SUCCEEDED))
        columns[f"bad{number}"] = Count("id", filter=within & Q(status__in=BAD))
        columns[f"all{number}"] = Count("id", filter=within)
    counted = _live(workspace, slots).aggregate(**columns)
    points = []
    for number, slot in enumerate(slots):
        good, bad = counted[f"good{number}"], counted[f"bad{number}"]
        points.append({"label": slot.label, "good": good, "bad": bad, "other": counted[f"all{number}"] - good - bad})
    for row in _forgotten(workspace, slots):
        noon = datetime.combine(row.day, time(12), UTC)
        slot = next((number for number, slot in enumerate(slots) if slot.start <= noon < slot.end), None)
        if slot is not None:
            points[slot]["good"] += row.succeeded
            points[slot]["bad"] += row.failed
            points[slot]["other"] += row.runs - row.succeeded - row.failed
    return points


def _forgotten(workspace, slots: list[Slot]) -> list[FlowDay]:
    """What is still known of the days of these slots whose runs are gone."""
    return list(FlowDay.objects.for_workspace(workspace).filter(day__gte=slots[0].start.date()))


def totals(workspace, slots: list[Slot], ended: list[tuple]) -> Totals:
    counted = _live(workspace, slots).aggregate(
        runs=Count("id"),
        good=Count("id", filter=Q(status=Status.SUCCEEDED)),
        bad=Count("id", filter=Q(status__in=BAD)),
        open=Count("id", filter=Q(status__in=OPEN) & ~Q(status=Status.PARKED)),
    )
    for row in _forgotten(workspace, slots):
        counted["runs"] += row.runs
        counted["good"] += row.succeeded
        counted["bad"] += row.failed
    seconds = sorted(taken for _, taken in ended)
    return Totals(**counted, p50=percentile(seconds, 0.5), p95=percentile(seconds, 0.95))


def timings(slots: list[Slot], ended: list[tuple]) -> list[dict]:
    """{"label", "p50", "p95"} in seconds per slot, None where nothing ended."""
    found: list[list[float]] = [[] for _ in slots]
    edges = [first_id(slot.start) for slot in slots]
    for run_id, taken in ended:
        found[max(0, bisect_right(edges, run_id) - 1)].append(taken)
    return [
        {"label": slot.label, "p50": percentile(sorted(seconds), 0.5), "p95": percentile(sorted(seconds), 0.95)}
        for slot, seconds in zip(slots, found, strict=True)
    ]


def percentile(ordered: list[float], share: float) -> float | None:
    """Of ascending values, by nearest rank."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def slowest_steps(workspace, since) -> list[dict]:
    """The nodes whose steps take longest on average; waits are not work."""
    rows = (
        StepRun.objects.filter(run__workspace=workspace, run__mode="live", run__id__gte=first_id(since))
        .exclude(type="wait")
        .exclude(status="waiting")
        .values("run__flow", "node", "label", "type")
        .annotate(count=Count("id"), mean=Avg("seconds"), longest=Max("seconds"))
        .filter(mean__gt=0.001)
        .order_by("-mean")[:8]
    )
    names = dict(Flow.objects.for_workspace(workspace).values_list("pk", "name"))
    return [{**row, "flow": row["run__flow"], "flow_name": names.get(row["run__flow"], "")} for row in rows]


def failing_flows(workspace, since) -> list[dict]:
    """Flows with failed runs, the most failures first."""
    rows = (
        Run.objects.for_workspace(workspace)
        .filter(mode="live", id__gte=first_id(since))
        .order_by()
        .values("flow", name=F("flow__name"))
        .annotate(
            bad=Count("id", filter=Q(status__in=BAD)),
            ended=Count("id", filter=Q(status__in=[*BAD, Status.SUCCEEDED])),
            last=Max("created_at", filter=Q(status__in=BAD)),
        )
        .filter(bad__gt=0)
        .order_by("-bad")[:8]
    )
    return [{**row, "share": row["bad"] / row["ended"]} for row in rows]


def _live(workspace, slots):
    return Run.objects.for_workspace(workspace).filter(mode="live", id__gte=first_id(slots[0].start)).order_by()


def ended_runs(workspace, slots: list[Slot]) -> list[tuple]:
    """(id, seconds) of runs that ended, newest first."""
    rows = _live(workspace, slots).exclude(finished_at=None).exclude(started_at=None).order_by("-id")
    rows = rows.values_list("id", "started_at", "finished_at")[:AT_MOST]
    return [(run_id, (finished - started).total_seconds()) for run_id, started, finished in rows]
