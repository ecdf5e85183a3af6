"""Google Calendar: events (developers.google.com/workspace/calendar/api/v3/reference/events/insert).

An event may bring its own id (base32hex, 5 to 1024 characters of a-v and 0-9). Made of the idempotency key it makes a
repetition harmless: Google answers 409 `duplicate`, and the event that is there is read instead.
"""

import hashlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from integrations.email_addresses import addresses_in
from integrations.exchange import Exchange, Request, path_of
from integrations.google_errors import GoogleNode
from integrations.written_times import moment_of, zone_of
from runtime.engine.errors import StepError
from runtime.engine.fields import LongText, Number, TextField, Toggle

BASE = "https://www.googleapis.com"


class CreateEvent(GoogleNode):
    """Puts an event into a calendar and invites people. A repetition finds the first event and makes no second."""

    type, label, order = "google_calendar_create_event", "Create event", 1
    app = {"id": "google_calendar", "label": "Google Calendar", "icon": "google_calendar"}
    keywords = ("appointment", "meeting", "invite", "schedule", "demo")
    calendar = TextField("Calendar", required=True, default="primary", max_length=320,
                         help="primary, or the calendar's id.")  # fmt: skip
    title = TextField("Title", required=True, max_length=1000)
    start = TextField("Start", required=True, max_length=40, help="Like 2026-02-01T10:00 or 2026-02-01T10:00:00+01:00.")
    minutes = Number("Minutes", required=True, template=True, default=30, min=1, max=40_320)
    time_zone = TextField(
        "Time zone", default="", max_length=64, help="Of a start without offset; else the workspace's."
    )
    description = LongText("Description", default="", max_length=8000)
    location = TextField("Place", default="", max_length=1000)
    attendees = TextField("Guests", default="", max_length=4000, help="Email addresses with commas between them.")
    notify = Toggle("Email the guests", default=True)
    outputs = (
        {"name": "event_id", "label": "Google event", "type": "text", "sample": "5f0c1e3a9b"},
        {"name": "url", "label": "Address", "type": "text", "sample": "https://www.google.com/calendar/event?eid=x"},
        {"name": "start", "label": "Start", "type": "datetime", "sample": "2026-02-01T10:00:00+01:00"},
        {"name": "end", "label": "End", "type": "datetime", "sample": "2026-02-01T10:30:00+01:00"},
        {"name": "status", "label": "Status", "type": "text", "sample": "confirmed"},
    )
    references, summary = ("event_id",), ({"field": "title"},)
    filled = {"title": "Demo with {{contact.name}}", "start": "2050-09-05T10:00", "time_zone": "Europe/Berlin",
              "description": "{{interaction.summary}}", "attendees": "{{contact.email}}"}  # fmt: skip

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        request = self.request(given, exchange.step)
        try:
            event = exchange.send(request)
        except StepError as error:
            if error.code != "http_409":
                raise
            event = exchange.send(Request("GET", f"{request.path}/{request.json['id']}", base=BASE))
        return {"event_id": event["id"], "url": event.get("htmlLink"), "status": event.get("status"),
                "start": event["start"].get("dateTime"), "end": event["end"].get("dateTime")}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        zone = zone_of(given.time_zone, step)
        start = moment_of(given.start, zone)
        end = start + timedelta(minutes=given.minutes)
        event = {
            "id": hashlib.sha256(step.idempotency_key.encode()).hexdigest(),  # hex digits are base32hex too
            "summary": given.title,
            "start": {"dateTime": start.isoformat(), "timeZone": zone},
            "end": {"dateTime": end.isoformat(), "timeZone": zone},
            "attendees": [{"email": address} for address in addresses_in(given.attendees)],
        }  # fmt: skip
        event |= {name: text for name in ("description", "location") if (text := getattr(given, name).strip())}
        path = path_of("/calendar/v3/calendars/{}/events", given.calendar)
        query = {"sendUpdates": "all" if given.notify else "none"}
        return Request("POST", path, query=query, json=event, base=BASE)
