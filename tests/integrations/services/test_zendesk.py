"""Zendesk: tickets and users as its API documents them, and its errors in words."""

import pytest

from runtime.engine.outcomes import Done, Fail
from tests.peers import Answer

TICKETS = "/api/v2/tickets.json"
EVENT = {"interaction": {"id": "c-7", "summary": 'She said: "where is it?"\nThen she left.'},
         "contact": {"email": "jane@example.com", "name": "Jane Doe"}}  # fmt: skip
TICKET = {"ticket": {"id": 2**33, "url": "https://acme.zendesk.com/api/v2/tickets/8589934592.json", "status": "new"}}


def test_a_ticket_is_opened_once_whatever_is_in_the_transcript(do, vendor):
    vendor.answers[TICKETS] = Answer(201, TICKET)
    config = {
        "subject": "Call {{interaction.id}}", "comment": "{{interaction.summary}}", "priority": "high",
        "requester_email": "{{contact.email}}", "requester_name": "{{contact.name}}", "tags": "ai call, vip",
        "external_id": "{{interaction.id}}", "custom_fields": [{"name": "360012345", "value": "gold"}],
    }  # fmt: skip
    outcome, row = do("zendesk_create_ticket", config, EVENT, values={"email": "agent@acme.com"})
    assert outcome.output == {"ticket_id": 2**33, "status": "new",
                              "url": "https://acme.zendesk.com/agent/tickets/8589934592"}  # fmt: skip
    assert ("Zendesk ticket", str(2**33)) in row["references"]
    asked = vendor.requests[0]
    assert asked.headers["idempotency-key"] == "run-1:0"
    assert asked.json == {"ticket": {
        "subject": "Call c-7", "comment": {"body": EVENT["interaction"]["summary"], "public": False},
        "requester": {"email": "jane@example.com", "name": "Jane Doe"}, "priority": "high",
        "tags": ["ai_call", "vip"], "external_id": "c-7", "custom_fields": [{"id": 360012345, "value": "gold"}],
    }}  # fmt: skip


def test_the_token_goes_out_the_way_zendesk_wants_it(do, vendor):
    vendor.answers[TICKETS] = Answer(201, TICKET)
    do("zendesk_create_ticket", {"subject": "a", "comment": "b"}, values={"email": "a@b.co", "token": "tok3n-secret"})
    assert vendor.requests[0].headers["authorization"] == "Basic YUBiLmNvL3Rva2VuOnRvazNuLXNlY3JldA=="


def test_an_update_leaves_alone_what_is_empty(do, vendor):
    vendor.answers["/api/v2/tickets/35436.json"] = TICKET
    outcome, _ = do("zendesk_update_ticket", {"ticket_id": "{{vars.no}}", "status": "solved"}, variables={"no": 35436})
    assert isinstance(outcome, Done)
    assert (vendor.requests[0].method, vendor.requests[0].json) == ("PUT", {"ticket": {"status": "solved"}})


def test_a_comment_is_private_unless_said_otherwise_and_never_repeated_blindly(do, vendor):
    vendor.answers["/api/v2/tickets/1.json"] = TICKET
    do("zendesk_add_comment", {"ticket_id": "1", "comment": "Called again"})
    assert vendor.requests[0].json == {"ticket": {"comment": {"body": "Called again", "public": False}}}
    vendor.answers["/api/v2/tickets/1.json"] = Answer(504, {"error": "timeout"})
    outcome, _ = do("zendesk_add_comment", {"ticket_id": "1", "comment": "Called again"})
    assert not outcome.retryable
    assert "look there first" in outcome.message


@pytest.mark.parametrize(
    ("config", "path"),
    [({"by": "email", "value": "jane@example.com"}, "?query=email%3A%22jane%40example.com%22"),
     ({"by": "phone", "value": "+14155550132"}, "?query=phone%3A%22%2B14155550132%22"),
     ({"by": "external_id", "value": "crm-9"}, "?external_id=crm-9")],
)  # fmt: skip
def test_a_user_is_found_by_email_phone_or_own_id(config, path, do, vendor):
    user = {"id": 20, "name": "Jane", "email": "jane@example.com", "phone": None, "tags": ["vip"], "role": "end-user"}
    vendor.answers["/api/v2/users/search.json"] = {"users": [user], "count": 1}
    outcome, _ = do("zendesk_find_user", config)
    assert outcome.output == {"found": True, "user_id": 20, "name": "Jane", "email": "jane@example.com",
                              "phone": None, "tags": ["vip"]}  # fmt: skip
    assert vendor.requests[0].path == f"/api/v2/users/search.json{path}"


def test_finding_nobody_is_no_error(do, vendor):
    vendor.answers["/api/v2/users/search.json"] = {"users": [], "count": 0}
    outcome, row = do("zendesk_find_user", {"value": "nobody@example.com"})
    assert (outcome.output["found"], outcome.output["user_id"], row["references"]) == (False, None, [])


@pytest.mark.parametrize(
    ("answer", "says", "retryable"),
    [(Answer(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": {"requester": [
        {"description": "Requester: Email: jane@example is not properly formatted", "error": "InvalidValue"}]}}),
      "Email: jane@example is not properly formatted", False),
     (Answer(401, {"error": "Couldn't authenticate you"}), "token access is on", False),
     (Answer(429, {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests exceeded"},
             {"Retry-After": "93"}), "Number of allowed API requests", True),
     (Answer(400, {"error": "IdempotentRequestError", "description": "The request parameters differ"}),
      "start a new run", False)],
)  # fmt: skip
def test_what_zendesk_refuses_is_told_with_its_words_and_advice(answer, says, retryable, do, vendor):
    vendor.answers[TICKETS] = answer
    outcome, _ = do("zendesk_create_ticket", {"subject": "a", "comment": "b"})
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith(f"Zendesk answered {answer.status}")
    assert says in outcome.message
    assert (outcome.retryable, outcome.retry_after) == (retryable, 93.0 if answer.status == 429 else None)
