"""Cal.com: free times under days as names, bookings in UTC, and a time that was taken meanwhile."""

import pytest

from runtime.engine.outcomes import Done, Fail
from tests.peers import Answer

BOOKING = {"id": 1, "uid": "bk_9", "status": "accepted", "start": "2050-09-05T07:00:00Z",
           "end": "2050-09-05T08:00:00Z", "location": "https://example.com/meeting", "hosts": []}  # fmt: skip
BOOK = {"event_type_id": 50, "start": "2050-09-05T09:00:00.000+02:00", "name": "Jane", "email": "jane@example.com",
        "time_zone": "Europe/Berlin"}  # fmt: skip


def refusal(message, code="BadRequestException"):
    return {"status": "error", "path": "/v2/bookings", "error": {"code": code, "message": message, "details": {}}}


def test_free_times_are_one_list_over_all_days(do, vendor):
    days = {"2050-09-06": [{"start": "2050-09-06T09:00:00.000+02:00"}], "2050-09-07": [],
            "2050-09-05": [{"start": "2050-09-05T10:00:00.000+02:00"}]}  # fmt: skip
    vendor.answers["/v2/slots"] = {"status": "success", "data": days}
    config = {"event_type_id": "{{vars.type}}", "start": "2050-09-05", "end": "2050-09-07",
              "time_zone": "Europe/Berlin"}  # fmt: skip
    outcome, _ = do("calcom_slots", config, variables={"type": 50})
    assert outcome.output == {"found": True, "first": "2050-09-05T10:00:00.000+02:00", "count": 2,
                              "slots": ["2050-09-05T10:00:00.000+02:00", "2050-09-06T09:00:00.000+02:00"]}  # fmt: skip
    asked = vendor.requests[0]
    assert asked.path == "/v2/slots?eventTypeId=50&start=2050-09-05&end=2050-09-07&timeZone=Europe%2FBerlin"
    assert asked.headers["cal-api-version"] == "2024-09-04"


def test_no_free_time_is_no_error(do, vendor):
    vendor.answers["/v2/slots"] = {"status": "success", "data": {}}
    outcome, _ = do("calcom_slots", {"event_type_id": 50, "start": "2050-09-05", "end": "2050-09-05"})
    assert outcome.output == {"found": False, "first": None, "slots": [], "count": 0}


def test_a_booking_is_made_in_utc(do, vendor):
    vendor.answers["/v2/bookings"] = Answer(201, {"status": "success", "data": BOOKING})
    outcome, row = do("calcom_book", {**BOOK, "phone": "+1 415 555 0132", "notes": "By phone"})
    assert vendor.requests[0].json == {
        "eventTypeId": 50, "start": "2050-09-05T07:00:00Z", "bookingFieldsResponses": {"notes": "By phone"},
        "attendee": {"name": "Jane", "email": "jane@example.com", "timeZone": "Europe/Berlin",
                     "phoneNumber": "+14155550132"},
    }  # fmt: skip
    assert vendor.requests[0].headers["cal-api-version"] == "2026-02-25"
    assert (outcome.output["booked"], outcome.output["uid"], outcome.output["reason"]) == (True, "bk_9", "")
    assert ("Cal.com booking", "bk_9") in row["references"]


@pytest.mark.parametrize("status", [400, 409])
def test_a_time_that_was_taken_meanwhile_is_told_as_not_booked(status, do, vendor):
    text = "User either already has booking at this time or is not available"
    vendor.answers["/v2/bookings"] = Answer(status, refusal(text))
    outcome, _ = do("calcom_book", BOOK)
    assert isinstance(outcome, Done)
    assert (outcome.output["booked"], outcome.output["reason"]) == (False, "The time is not free any more.")


@pytest.mark.parametrize(
    ("config", "says"),
    [({"email": "", "phone": ""}, "an email or a phone number"), ({"start": "tomorrow"}, "no date and time"),
     ({"start": "2050-09-05T09:00:00"}, "no offset"), ({"time_zone": "Berlin"}, "no time zone")],
)  # fmt: skip
def test_what_cannot_be_booked_is_told_before_anything_is_sent(config, says, do, vendor):
    outcome, _ = do("calcom_book", {**BOOK, **config})
    assert isinstance(outcome, Fail)
    assert says in outcome.message
    assert vendor.requests == []


def test_other_refusals_are_told_with_cal_coms_words(do, vendor):
    vendor.answers["/v2/bookings"] = Answer(404, refusal("Event type with id 50 not found", "NotFoundException"))
    outcome, _ = do("calcom_book", BOOK)
    assert outcome.message.startswith("Cal.com answered 404 Not Found: Event type with id 50 not found. Check")


def test_a_booking_is_cancelled_with_a_reason(do, vendor):
    vendor.answers["/v2/bookings/bk_9/cancel"] = {"status": "success", "data": {**BOOKING, "status": "cancelled"}}
    outcome, _ = do("calcom_cancel", {"uid": "bk_9", "reason": "Ill"})
    assert outcome.output == {"uid": "bk_9", "status": "cancelled"}
    assert vendor.requests[0].json == {"cancellationReason": "Ill"}
