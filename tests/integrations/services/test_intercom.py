"""Intercom: a conversation in a contact's name, and its assignment."""

import pytest

from runtime.engine.outcomes import Fail
from tests.peers import Answer

CREATE = {"email": "jane@example.com", "name": "Jane", "text": "Call c-1: wants a human"}
STARTED = {"type": "user_message", "id": "403920837", "conversation_id": "4780", "body": "x"}


def test_a_conversation_starts_in_the_name_of_a_known_contact(do, vendor):
    vendor.answers["/contacts/search"] = {"type": "list", "total_count": 1, "data": [{"id": "660e", "role": "lead"}]}
    vendor.answers["/conversations"] = STARTED
    outcome, row = do("intercom_create_conversation", CREATE)
    assert outcome.output == {"conversation_id": "4780", "contact_id": "660e"}
    assert ("Intercom conversation", "4780") in row["references"]
    search, start = vendor.requests
    assert search.json["query"] == {"field": "email", "operator": "=", "value": "jane@example.com"}
    assert start.json == {"from": {"type": "lead", "id": "660e"}, "body": "Call c-1: wants a human"}
    assert start.headers["intercom-version"] == "2.11"


def test_a_contact_that_is_not_there_is_made(do, vendor):
    vendor.answers["/contacts/search"] = {"data": []}
    vendor.answers["/contacts"] = {"type": "contact", "id": "771f", "role": "user"}
    vendor.answers["/conversations"] = STARTED
    outcome, _ = do("intercom_create_conversation", CREATE)
    assert outcome.output["contact_id"] == "771f"
    assert vendor.requests[1].json == {"role": "user", "email": "jane@example.com", "name": "Jane"}


def test_a_conversation_is_given_to_a_team(do, vendor):
    vendor.answers["/conversations/4780/parts"] = {"type": "conversation", "id": "4780", "state": "open"}
    config = {"conversation_id": "4780", "to": "team", "assignee_id": "5017690", "text": "From the voice agent"}
    outcome, _ = do("intercom_assign_conversation", config, values={"admin_id": "814860"})
    assert outcome.output == {"conversation_id": "4780", "state": "open"}
    assert vendor.requests[0].json == {"message_type": "assignment", "type": "team", "admin_id": "814860",
                                       "assignee_id": "5017690", "body": "From the voice agent"}  # fmt: skip


def test_who_assigns_must_be_in_the_connection(do, vendor):
    config = {"conversation_id": "4780", "assignee_id": "1"}
    outcome, _ = do("intercom_assign_conversation", config, values={"admin_id": ""})
    assert "no admin id" in outcome.message
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("status", "code", "says", "retryable"),
    [(401, "unauthorized", "Check the access token", False), (404, "not_found", "is the region right", False),
     (403, "api_plan_restricted", "plan", False), (429, "rate_limit_exceeded", "fewer requests", True)],
)  # fmt: skip
def test_what_intercom_refuses_is_told_with_its_words_and_advice(status, code, says, retryable, do, vendor):
    errors = {"type": "error.list", "errors": [{"code": code, "message": "It said no"}]}
    vendor.answers["/contacts/search"] = Answer(status, errors)
    outcome, _ = do("intercom_create_conversation", CREATE)
    assert isinstance(outcome, Fail)
    assert f"Intercom answered {status}" in outcome.message
    assert "It said no" in outcome.message
    assert says in outcome.message
    assert outcome.retryable is retryable
