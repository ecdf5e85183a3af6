"""Pause for some time, until a moment, or unless something happens first."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, DateTime, Duration, List, MultiChoice, TextField, Time, Toggle
from runtime.engine.node_type import NodeType
from runtime.engine.outcomes import Done, Outcome, Wait
from runtime.engine.values import safe_loads

LONGEST_WAIT = 366 * 86_400
DAYS = [("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday"), ("thu", "Thursday"), ("fri", "Friday"),
        ("sat", "Saturday"), ("sun", "Sunday")]  # fmt: skip
_ALL_DAYS = [day for day, _ in DAYS]
_HOURS = {"field": "only_within", "in": [True]}
_UNLESS = {"field": "mode", "in": ["unless"]}


class WaitStep(NodeType):
    """Pauses the run: for some time, until a moment, or for some time **unless** something happens first. A paused run
    costs nothing and survives restarts.

    With **unless**, an event of the types you name ends the wait early and the run leaves by **Event**; otherwise it
    leaves by **Elapsed**. Events of the same contact (phone number), of the same conversation, or with the same value
    count, from the moment the run began. **Only within hours** moves the end of the wait into the hours you choose, in
    the contact's time zone if it is known: a message due at two in the morning goes out at nine.
    """

    type, label, icon, order = "wait", "Wait", "clock", 3
    kinds = ("post_call", "action", "inbound", "conversation", "automation")
    keywords = ("delay", "sleep", "later", "timer", "unless", "follow-up", "business hours")
    waits = True
    mode = Choice("Wait", options=[("for", "For some time"), ("until", "Until a moment"), ("unless", "Unless")],
                  default="for")  # fmt: skip
    seconds = Duration("How long", template=True, required=True, min=0, max=LONGEST_WAIT,
                       visible_if={"field": "mode", "in": ["for", "unless"]})  # fmt: skip
    until = DateTime("Until", required=True, visible_if={"field": "mode", "in": ["until"]},
                     help="A date and time; without a zone it is the workspace's.")  # fmt: skip
    events = List(
        "Events", required=True, max_items=20, visible_if=_UNLESS,
        item=TextField("Event", required=True, template=False, pattern=r"[a-z0-9_.*]{1,80}",
                       help="Such as booking.created, or booking.* for all of them."),
    )  # fmt: skip
    same = Choice(
        "For the same", options=[("contact", "Contact"), ("conversation", "Conversation"), ("value", "Value")],
        default="contact", visible_if=_UNLESS,
    )  # fmt: skip
    field = TextField("Field of the event", required=True, template=False, max_length=120,
                      visible_if={"all": [_UNLESS, {"field": "same", "in": ["value"]}]},
                      help="A member of the event's data, such as order_id.")  # fmt: skip
    value = TextField("Value", required=True, max_length=500,
                      visible_if={"all": [_UNLESS, {"field": "same", "in": ["value"]}]})  # fmt: skip
    only_within = Toggle("Only within hours", default=False, section="Hours")
    hours_from = Time("From", default="09:00", section="Hours", visible_if=_HOURS)
    hours_to = Time("To", default="19:00", section="Hours", visible_if=_HOURS)
    days = MultiChoice("On", options=DAYS, default=_ALL_DAYS, section="Hours", visible_if=_HOURS)
    clock = Choice(
        "By the clock of", options=[("contact", "The contact, where known"), ("workspace", "The workspace")],
        default="contact", section="Hours", visible_if=_HOURS,
    )  # fmt: skip
    ports = (
        {"id": "next", "label": "Next", "required": True, "when": {"field": "mode", "in": ["for", "until"]}},
        {"id": "elapsed", "label": "Elapsed", "required": False, "when": _UNLESS},
        {"id": "event", "label": "Event", "required": False, "when": _UNLESS},
    )
    summary = ({"field": "mode"}, " ", {"field": "seconds", "as": "duration"}, {"field": "until"})
    outputs = (
        {"name": "waited_until", "label": "Waited until", "type": "datetime", "scope": "steps",
         "sample": "2026-01-21T09:00:00Z"},
        {"name": "event", "label": "What came", "type": "object", "scope": "steps", "ports": ["event"],
         "sample": {"type": "booking.created", "data": {}}},
    )  # fmt: skip
    example = {"type": "wait", "key": "later", "label": "Wait a day", "config": {"mode": "for", "seconds": 86400}}

    def run(self, step: Any) -> Outcome:
        mode = step.config["mode"]
        moment = (
            _moment(step, step.config["until"]) if mode == "until" else step.now + timedelta(seconds=_seconds(step))
        )
        if moment > step.now + timedelta(seconds=LONGEST_WAIT):
            raise StepError(f"{moment.date()} is more than 366 days ahead, the longest wait.", code="bad_moment")
        return Wait(until=_within_hours(step, moment), for_=_awaited(step) if mode == "unless" else None)

    def resume(self, step: Any, event: Mapping[str, Any] | None) -> Outcome:
        output: dict[str, Any] = {"waited_until": step.now.isoformat().replace("+00:00", "Z")}
        if step.config["mode"] != "unless":
            return Done(output=output)
        if event is not None and event["kind"] == "event":
            return Done(output={**output, "event": {k: v for k, v in event.items() if k != "kind"}}, port="event")
        return Done(output=output, port="elapsed")


def _awaited(step: Any) -> dict[str, Any]:
    """What the runtime waits for: event types, and what must be the same (runtime/awaiting.py)."""
    config, same = step.config, step.config["same"]
    interaction, contact = step.scope.get("interaction") or {}, step.scope.get("contact") or {}
    found = {
        "contact": interaction.get("contact_number") or contact.get("phone") or interaction.get("from"),
        "conversation": interaction.get("id"),
        "value": step.value(config["value"] or "") if same == "value" else None,
    }[same]
    if found in (None, ""):
        step.warn("nothing_to_wait_for", f"There is no {same} to wait for, so no event can end this wait.")
    what = {"kind": "event", "events": list(config["events"]), "key": f"{same}:{found}"[:300] if found else ""}
    return {**what, "field": config["field"]} if same == "value" else what


def _within_hours(step: Any, moment: datetime) -> datetime:
    """`moment`, or the beginning of the next span of allowed hours after it."""
    config = step.config
    if not config["only_within"]:
        return moment
    opens, closes = (time.fromisoformat(config[name]) for name in ("hours_from", "hours_to"))
    days = config["days"] or _ALL_DAYS
    zone = _zone(step)
    local = moment.astimezone(zone)
    for ahead in range(-1, 9):  # hours over midnight may have begun yesterday
        day = local.date() + timedelta(days=ahead)
        if _ALL_DAYS[day.weekday()] not in days:
            continue
        start, end = datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
        if end <= start:
            end += timedelta(days=1)
        if local < end:
            return max(local, start).astimezone(UTC)
    return moment


def _zone(step: Any) -> ZoneInfo:
    if step.config["clock"] == "contact" and step.contact_zone:
        return ZoneInfo(step.contact_zone)
    return ZoneInfo(str(step.scope.get("workspace", {}).get("time_zone") or "UTC"))


def _seconds(step: Any) -> float:
    value = step.value(step.config["seconds"]) if isinstance(step.config["seconds"], str) else step.config["seconds"]
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise StepError(f"How long to wait is no number: {str(value)[:80]!r}.", code="bad_duration") from None
    if not 0 <= seconds <= LONGEST_WAIT:
        raise StepError("A wait is between 0 seconds and 366 days.", code="bad_duration")
    return seconds


def _moment(step: Any, text: str) -> datetime:
    value = step.text(text).strip()
    try:
        moment = safe_loads(value) if value.isdigit() else datetime.fromisoformat(value)
        moment = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else moment
    except (ValueError, OverflowError, OSError):
        raise StepError(f"{value[:80]!r} is no date and time.", code="bad_moment") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(str(step.scope.get("workspace", {}).get("time_zone") or "UTC")))
    return moment.astimezone(UTC)
