"""One flow's last days, for the list of flows."""

from dataclasses import dataclass

from builder.counting import counted
from builder.slots import day_slots

DAYS = 14


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


def recent_of(workspace, flow_ids, days=DAYS) -> dict:
    """Live runs per flow and day."""
    found = counted(workspace, day_slots(days, workspace.time_zone))
    tallies = {flow_id: [day.flows[str(flow_id)] for day in found] for flow_id in flow_ids}
    return {flow_id: Recent([(tally.good, tally.bad) for tally in row]) for flow_id, row in tallies.items()}
