"""Start at times of day, on days, or by a cron expression."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cronsim import CronSim, CronSimError

from runtime.engine.fields import Choice, Cron, List, MultiChoice, Number, Time, TimeZone
from runtime.nodes.triggers import Trigger

DAYS = [("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday"), ("thu", "Thursday"), ("fri", "Friday"),
        ("sat", "Saturday"), ("sun", "Sunday")]  # fmt: skip


class Schedule(Trigger):
    """Starts by the clock: every so often, on days at times, or by a cron expression.

    Times are those of the time zone you choose: seven o'clock stays seven o'clock when the clocks change. A time that
    the change skips comes as much later; one that comes twice counts once. If Segue was down at the time, the run is
    made up for once, or left out, as you say.
    """

    type, label, icon, order = "schedule", "Schedule", "schedule", 4
    kinds = ("automation",)
    keywords = ("cron", "timer", "daily", "nightly", "every", "hourly")
    mode = Choice(
        "Start", options=[("days", "On days, at times"), ("every", "Every so often"), ("cron", "By cron")],
        default="days",
    )  # fmt: skip
    days = MultiChoice("Days", options=DAYS, default=[day for day, _ in DAYS],
                       visible_if={"field": "mode", "in": ["days"]})  # fmt: skip
    times = List("Times", required=True, default=["09:00"], max_items=48, item=Time("Time", required=True),
                 visible_if={"field": "mode", "in": ["days"]})  # fmt: skip
    count = Number("Every", default=1, min=1, max=1000, visible_if={"field": "mode", "in": ["every"]})
    unit = Choice("Unit", options=["minutes", "hours", "days"], default="hours",
                  visible_if={"field": "mode", "in": ["every"]})  # fmt: skip
    cron = Cron("Cron expression", required=True, visible_if={"field": "mode", "in": ["cron"]})
    time_zone = TimeZone("Time zone", required=True)
    missed = Choice("If it was missed", options=[("once", "Run once"), ("skip", "Leave it out")], default="once")
    overlap = Choice("If the last one still runs", options=[("skip", "Leave it out"), ("allow", "Run beside it")],
                     default="skip")  # fmt: skip
    summary = ({"field": "mode"}, " ", {"field": "times"}, {"field": "cron"}, " · ", {"field": "time_zone"})
    outputs = ({"name": "scheduled_for", "label": "Scheduled for", "type": "datetime", "scope": "trigger",
                "sample": "2026-01-21T06:00:00Z"},)  # fmt: skip
    example = {
        "type": "schedule", "key": "start", "label": "Every weekday at seven",
        "config": {"mode": "days", "days": ["mon", "tue", "wed", "thu", "fri"], "times": ["07:00"],
                   "time_zone": "Europe/Berlin", "missed": "once", "overlap": "skip"},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        config = self.config_of(node.config)
        text = config["cron"]
        if config["mode"] != "cron" or not isinstance(text, str) or not text:
            return
        try:
            if next(CronSim(text, datetime(2026, 1, 1, tzinfo=UTC)), None) is None:
                yield "F006", "/config/cron", "This moment never comes."
        except CronSimError as error:
            yield "F006", "/config/cron", f"{text!r} is no cron expression: {error}."
