"""The dashboard's figures. Only live runs count; tests are somebody trying out.

Counts and times come counted already (builder/counting.py); of steps the newest runs' are looked at: reading everything
would make the page the slowest thing it reports on.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db.models import Avg, Count, Max

from builder.counting import Counted, Tally, percentile
from builder.slots import Slot
from runtime.models import Flow, FlowDay, Run, StepRun
from runtime.models.base import first_id

MOST_RUNS = 3_000  # whose steps are looked at
MOST_ROWS = 8


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


def over_time(workspace, slots: list[Slot], counts: list[Counted]) -> list[dict]:
    """{"label", "good", "bad", "other"} per slot."""
    points = []
    for slot, found in zip(slots, counts, strict=True):
        tally = found.all
        points.append(
            {"label": slot.label, "good": tally.good, "bad": tally.bad, "other": tally.cancelled + tally.open}
        )
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


def totals(workspace, slots: list[Slot], counts: list[Counted]) -> Totals:
    whole = _whole(counts)
    tally, gone = whole.all, _forgotten(workspace, slots)
    return Totals(
        runs=tally.runs + sum(row.runs for row in gone),
        good=tally.good + sum(row.succeeded for row in gone),
        bad=tally.bad + sum(row.failed for row in gone),
        open=tally.open,
        p50=percentile(whole.times, 0.5),
        p95=percentile(whole.times, 0.95),
    )


def _whole(counts: list[Counted]) -> Counted:
    whole = Counted()
    for found in counts:
        whole.add(found)
    return whole


def timings(slots: list[Slot], counts: list[Counted]) -> list[dict]:
    """{"label", "p50", "p95"} in seconds per slot, None where nothing ended."""
    return [
        {"label": slot.label, "p50": percentile(found.times, 0.5), "p95": percentile(found.times, 0.95)}
        for slot, found in zip(slots, counts, strict=True)
    ]


def slowest_steps(workspace, since) -> list[dict]:
    """The nodes whose steps take longest on average, in the newest runs; waits are not work."""
    runs = Run.objects.for_workspace(workspace).filter(mode="live", id__gte=first_id(since)).order_by("-id")
    rows = (
        StepRun.objects.filter(run__in=runs.values("id")[:MOST_RUNS])
        .exclude(type="wait")
        .exclude(status="waiting")
        .values("run__flow", "node", "label", "type")
        .annotate(count=Count("id"), mean=Avg("seconds"), longest=Max("seconds"))
        .filter(mean__gt=0.001)
        .order_by("-mean")[:MOST_ROWS]
    )
    names = dict(Flow.objects.for_workspace(workspace).values_list("pk", "name"))
    return [{**row, "flow": row["run__flow"], "flow_name": names.get(row["run__flow"], "")} for row in rows]


def failing_flows(workspace, counts: list[Counted]) -> list[dict]:
    """Flows with failed runs, the most failures first."""
    flows: list[tuple[str, Tally]] = sorted(_whole(counts).flows.items(), key=lambda row: -row[1].bad)
    worst = [(flow_id, tally) for flow_id, tally in flows if tally.bad][:MOST_ROWS]
    there = Flow.objects.for_workspace(workspace).filter(pk__in=[flow_id for flow_id, _ in worst])
    names = {str(pk): name for pk, name in there.values_list("pk", "name")}
    return [
        {
            "flow": flow_id, "name": names[flow_id], "bad": tally.bad, "share": tally.bad / (tally.good + tally.bad),
            "last": datetime.fromisoformat(tally.last_bad),
        }
        for flow_id, tally in worst if flow_id in names
    ]  # fmt: skip
