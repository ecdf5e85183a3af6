"""Google Sheets and Calendar: rows without formulas, one event whatever is repeated, and Google's errors in words."""

import pytest

from runtime.engine.outcomes import Done, Fail
from tests.peers import Answer

SHEET = {"spreadsheet": "https://docs.google.com/spreadsheets/d/abc123/edit#gid=0", "sheet": "Log"}
VALUES = "/v4/spreadsheets/abc123/values/"
EVENTS = "/calendar/v3/calendars/primary/events"
EVENT = {"title": "Demo", "start": "2050-09-05T10:00", "time_zone": "Europe/Berlin",
         "attendees": "j@example.com"}  # fmt: skip
MADE = {
    "id": "e1", "htmlLink": "https://www.google.com/calendar/event?eid=x", "status": "confirmed",
    "start": {"dateTime": "2050-09-05T10:00:00+02:00"}, "end": {"dateTime": "2050-09-05T10:30:00+02:00"},
}  # fmt: skip


def test_a_row_goes_in_as_it_is_and_no_transcript_becomes_a_formula(do, vendor):
    place = f"{VALUES}%27Log%27%21A1:append"
    updates = {"spreadsheetId": "abc123", "updatedRange": "Log!A7:C7", "updatedRows": 1}
    vendor.answers[place] = {"spreadsheetId": "abc123", "tableRange": "Log!A1:C6", "updates": updates}
    said = '=HYPERLINK("http://evil.example")'
    values = ["{{interaction.id}}", "+14155550132", said, "{{interaction.duration_seconds}}", "{{vars.none}}",
              "{{interaction.duration_seconds}} s"]  # fmt: skip
    outcome, row = do("google_sheets_append_row", {**SHEET, "values": values},
                      {"interaction": {"id": "c-1", "duration_seconds": 125}})  # fmt: skip
    assert outcome.output == {"range": "Log!A7:C7", "row": 7}
    assert ("Google Sheets row", "Log!A7:C7") in row["references"]
    asked = vendor.requests[0]
    assert asked.path == f"{place}?valueInputOption=RAW&insertDataOption=INSERT_ROWS"
    assert asked.json == {"values": [["c-1", "+14155550132", said, 125, "", "125 s"]]}
    assert asked.headers["authorization"] == "Bearer s3cret/of+access"


def test_a_row_is_changed_from_a_column_on(do, vendor):
    vendor.answers[f"{VALUES}%27Jane%27%27s%27%21C7"] = {"updatedRange": "'Jane''s'!C7:D7", "updatedCells": 2}
    config = {**SHEET, "sheet": "Jane's", "row": "{{vars.row}}", "column": "c", "values": ["x", "{{vars.row}}"]}
    outcome, _ = do("google_sheets_update_row", config, variables={"row": 7})
    assert outcome.output == {"range": "'Jane''s'!C7:D7", "cells": 2}
    assert (vendor.requests[0].method, vendor.requests[0].json) == ("PUT", {"values": [["x", 7]]})


def test_a_row_is_found_by_a_column_of_its_first_row(do, vendor):
    rows = [["Phone", "Plan", ""], ["+14155550100", "basic"], ["+14155550132"], ["+14155550132", "gold"]]
    vendor.answers[f"{VALUES}%27Log%27%21A1%3AZZ10000"] = {"range": "Log!A1:ZZ10000", "values": rows}
    look = {**SHEET, "column": "Phone", "value": "+14155550132"}
    assert do("google_sheets_look_up", look)[0].output == {"found": True, "row": 3,
                                                          "values": {"Phone": "+14155550132", "Plan": ""}}  # fmt: skip
    outcome, _ = do("google_sheets_look_up", {**look, "value": "nobody"})
    assert outcome.output == {"found": False, "row": None, "values": {}}
    outcome, _ = do("google_sheets_look_up", {**look, "column": "E-mail"})
    assert (outcome.code, "There are: Phone, Plan" in outcome.message) == ("no_column", True)


def test_an_empty_sheet_has_no_columns(do, vendor):
    vendor.answers[f"{VALUES}%27Log%27%21A1%3AZZ10000"] = {"range": "Log!A1:ZZ10000", "majorDimension": "ROWS"}
    outcome, _ = do("google_sheets_look_up", {**SHEET, "column": "Phone", "value": "x"})
    assert outcome.code == "no_column"


@pytest.mark.parametrize(
    ("status", "error", "says", "retryable"),
    [(403, {"message": "The caller does not have permission", "status": "PERMISSION_DENIED"}, "Share it with", False),
     (404, {"message": "Requested entity was not found.", "status": "NOT_FOUND"}, "not shared", False),
     (429, {"message": "Quota exceeded for quota metric 'Write requests'", "status": "RESOURCE_EXHAUSTED",
            "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}, "fewer requests", True),
     (403, {"message": "Rate Limit Exceeded", "errors": [{"reason": "rateLimitExceeded"}]}, "fewer requests", True),
     (403, {"message": "Google Sheets API has not been used", "status": "PERMISSION_DENIED",
            "details": [{"reason": "SERVICE_DISABLED"}]}, "Switch the API on", False)],
)  # fmt: skip
def test_what_google_refuses_is_told_with_its_words_and_advice(status, error, says, retryable, do, vendor):
    vendor.answers["*"] = Answer(status, {"error": {"code": status, **error}})
    outcome, _ = do("google_sheets_append_row", {**SHEET, "values": ["a"]})
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith(f"Google Sheets answered {status}")
    assert error["message"].rstrip(".") in outcome.message
    assert says in outcome.message
    assert outcome.retryable is retryable


def test_an_event_is_made_in_the_zone_that_was_meant(do, vendor):
    vendor.answers[EVENTS] = MADE
    outcome, row = do("google_calendar_create_event", {**EVENT, "description": "Booked by phone"})
    asked = vendor.requests[0]
    assert asked.path == f"{EVENTS}?sendUpdates=all"
    sent = asked.json
    assert len(sent.pop("id")) == 64
    assert sent == {
        "summary": "Demo", "description": "Booked by phone", "attendees": [{"email": "j@example.com"}],
        "start": {"dateTime": "2050-09-05T10:00:00+02:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2050-09-05T10:30:00+02:00", "timeZone": "Europe/Berlin"},
    }  # fmt: skip
    assert outcome.output == {"event_id": "e1", "url": MADE["htmlLink"], "start": "2050-09-05T10:00:00+02:00",
                              "end": "2050-09-05T10:30:00+02:00", "status": "confirmed"}  # fmt: skip
    assert ("Google event", "e1") in row["references"]


def test_a_repetition_finds_the_event_that_the_first_try_made(do, vendor):
    made = {}

    def insert(asked):
        if asked.json["id"] in made:
            error = {"code": 409, "message": "The requested identifier already exists."}
            return Answer(409, {"error": {**error, "errors": [{"reason": "duplicate"}]}})
        made[asked.json["id"]] = True
        vendor.answers[f"{EVENTS}/{asked.json['id']}"] = MADE
        return MADE

    vendor.answers[EVENTS] = insert
    first, second = (do("google_calendar_create_event", EVENT)[0] for _ in range(2))
    assert isinstance(second, Done)
    assert (first.output, len(made)) == (second.output, 1)


@pytest.mark.parametrize(("config", "code"), [({"start": "tomorrow"}, "bad_time"), ({"time_zone": "CET+1"},
                         "bad_time_zone"), ({"attendees": "jane"}, "bad_address")])  # fmt: skip
def test_what_is_no_event_is_told_before_anything_is_sent(config, code, do, vendor):
    outcome, _ = do("google_calendar_create_event", {**EVENT, **config})
    assert (outcome.code, vendor.requests) == (code, [])
