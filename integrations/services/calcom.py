"""Cal.com: free times, bookings (cal.com/docs/api-reference/v2: "Get available slots", "Create a booking", "Cancel a
booking"; each endpoint has a `cal-api-version` of its own).

A slot that was taken meanwhile is a 400 or 409 whose message tells: the step's `booked` is false then, so a flow can
offer other times. It knows no idempotency key.
"""

import re
from datetime import UTC
from types import SimpleNamespace
from typing import Any

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Exchange, Request, path_of
from integrations.phones import e164
from integrations.service_node import ErrorObjectNode
from integrations.written_times import moment_of, zone_of
from runtime.engine.errors import StepError
from runtime.engine.fields import ConnectionRef, KeyValues, LongText, Number, TextField

SLOTS, BOOKINGS = {"cal-api-version": "2024-09-04"}, {"cal-api-version": "2026-02-25"}
MOST_SLOTS = 50
_TAKEN = re.compile(r"already has booking|not available|no longer available|already booked|slot.*taken", re.IGNORECASE)

register_connection_type(
    ConnectionType(
        "calcom", "Cal.com", "An API key: Cal.com, Settings, Developer, API keys.",
        (ConnectionField("key", "API key", secret=True, help="It begins with cal_."),),
        bearer("key"), icon="calcom", base_url="https://api.cal.com",
        test=Probe("/v2/me", told=lambda body: str(body["data"]["email"])),
    )
)  # fmt: skip


class CalcomNode(ErrorObjectNode):
    app = {"id": "calcom", "label": "Cal.com", "icon": "calcom"}
    advice = {
        401: "The API key has expired or was deleted; make a new one and put it into the connection.",
        404: "Check the event type's id, or the booking's.",
    }
    keywords = ("calendar", "appointment", "booking", "schedule", "meeting")
    connection = ConnectionRef("Cal.com", types=["calcom"], required=True)


class FindSlots(CalcomNode):
    """Finds free times of an event type. Offer `slots`, or say `first`; a booking takes its `start` as it is."""

    type, label, order = "calcom_slots", "Find free times", 1
    effect = "repeatable"
    event_type_id = Number("Event type id", required=True, template=True, min=1)
    start = TextField("From", required=True, max_length=40, help="A day such as 2026-02-01, or a date and time.")
    end = TextField("To", required=True, max_length=40)
    time_zone = TextField("Time zone", default="", max_length=64, help="Of the answer; the workspace's if empty.")
    outputs = (
        {"name": "found", "label": "Found", "type": "boolean", "sample": True},
        {"name": "first", "label": "First free time", "type": "text", "sample": "2050-09-05T09:00:00.000+02:00"},
        {"name": "slots", "label": "Free times", "type": "list",
         "sample": ["2050-09-05T09:00:00.000+02:00", "2050-09-05T10:00:00.000+02:00"]},
        {"name": "count", "label": "How many", "type": "number", "sample": 2},
    )  # fmt: skip
    summary = ({"field": "start"}, " to ", {"field": "end"})
    filled = {"event_type_id": 50, "start": "2050-09-05", "end": "2050-09-06", "time_zone": "Europe/Berlin"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        query = {"eventTypeId": given.event_type_id, "start": given.start, "end": given.end,
                 "timeZone": zone_of(given.time_zone, step)}  # fmt: skip
        return Request("GET", "/v2/slots", query=query, headers=SLOTS)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        """The answer has the days as names; a day without free times is missing or empty."""
        slots = [slot["start"] for day in sorted(body["data"]) for slot in body["data"][day]]
        return {"found": bool(slots), "first": slots[0] if slots else None, "slots": slots[:MOST_SLOTS],
                "count": len(slots)}  # fmt: skip


class BookSlot(CalcomNode):
    """Books a time for somebody. If it was taken meanwhile the step succeeds with `booked` false and says why."""

    type, label, order = "calcom_book", "Book", 2
    effect = "once"
    event_type_id = Number("Event type id", required=True, template=True, min=1)
    start = TextField("Time", required=True, max_length=40, help="As Find free times gives it.")
    name = TextField("Name", required=True, max_length=255)
    email = TextField("Email", default="", max_length=320, help="An email or a phone number is needed.")
    phone = TextField("Phone", default="", max_length=64)
    time_zone = TextField("Time zone", default="", max_length=64, help="Of the person; the workspace's if empty.")
    notes = LongText("Notes", default="", max_length=4000)
    metadata = KeyValues("Metadata", default=[], max_items=50, section="More", advanced=True)
    outputs = (
        {"name": "booked", "label": "Booked", "type": "boolean", "sample": True},
        {"name": "uid", "label": "Cal.com booking", "type": "text", "sample": "booking_uid_123"},
        {"name": "status", "label": "Status", "type": "text", "sample": "accepted"},
        {"name": "start", "label": "Start", "type": "datetime", "sample": "2050-09-05T07:00:00Z"},
        {"name": "end", "label": "End", "type": "datetime", "sample": "2050-09-05T08:00:00Z"},
        {"name": "location", "label": "Where", "type": "text", "sample": "https://example.com/meeting"},
        {"name": "reason", "label": "Why not", "type": "text", "sample": ""},
    )
    references, summary = ("uid",), ({"field": "start"},)
    filled = {"event_type_id": 50, "start": "2050-09-05T09:00:00+02:00", "name": "{{contact.name}}",
              "email": "{{contact.email}}", "phone": "{{interaction.contact_number}}",
              "notes": "Booked by phone"}  # fmt: skip

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        try:
            body = exchange.send(self.request(given, exchange.step))
        except StepError as error:
            if error.code in ("http_400", "http_409") and _TAKEN.search(error.message):
                nothing = dict.fromkeys(("uid", "status", "start", "end", "location"))
                return {"booked": False, **nothing, "reason": "The time is not free any more."}
            raise
        booking = body["data"]
        return {"booked": True, "reason": "", **{name: booking.get(name) for name in
                                                 ("uid", "status", "start", "end", "location")}}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        if not (given.email or given.phone):
            raise StepError("A booking needs an email or a phone number.", code="empty_field")
        attendee = {"name": given.name, "timeZone": zone_of(given.time_zone, step)}
        attendee |= {"email": given.email} if given.email else {}
        attendee |= {"phoneNumber": e164(given.phone)} if given.phone else {}
        start = moment_of(given.start).astimezone(UTC).isoformat().replace("+00:00", "Z")
        booking: dict[str, Any] = {"eventTypeId": given.event_type_id, "start": start, "attendee": attendee}
        booking |= {"bookingFieldsResponses": {"notes": given.notes}} if given.notes.strip() else {}
        booking |= {"metadata": given.metadata} if given.metadata else {}
        return Request("POST", "/v2/bookings", json=booking, headers=BOOKINGS)


class CancelBooking(CalcomNode):
    """Cancels a booking; Cal.com tells the people who were to come."""

    type, label, order = "calcom_cancel", "Cancel booking", 3
    uid = TextField("Booking", required=True, max_length=255, help="Its uid.")
    reason = TextField("Reason", default="", max_length=500)
    outputs = (
        {"name": "uid", "label": "Cal.com booking", "type": "text", "sample": "booking_uid_123"},
        {"name": "status", "label": "Status", "type": "text", "sample": "cancelled"},
    )
    references, summary = ("uid",), ({"field": "uid"},)
    filled = {"uid": "booking_uid_123", "reason": "The caller asked for it"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        reason = {"cancellationReason": given.reason} if given.reason else {}
        return Request("POST", path_of("/v2/bookings/{}/cancel", given.uid), json=reason, headers=BOOKINGS)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"uid": given.uid, "status": body["data"].get("status")}
