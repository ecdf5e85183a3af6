"""Chatwoot: a conversation for a contact of an inbox, and its assignment."""

from runtime.engine.outcomes import Fail
from tests.peers import Answer

HOME = "/api/v1/accounts/1"
OPEN = {"inbox_id": 3, "email": "jane@example.com", "phone": "+1 415 555 0132", "name": "Jane", "text": "Escalated"}
KNOWN = {"id": 7, "email": "jane@example.com", "contact_inboxes": [{"source_id": "src-3", "inbox": {"id": 3}}]}


def test_a_conversation_opens_for_a_known_contact(do, vendor):
    vendor.answers[f"{HOME}/contacts/search"] = {"meta": {"count": 1}, "payload": [KNOWN]}
    vendor.answers[f"{HOME}/conversations"] = {"id": 250, "status": "open", "inbox_id": 3}
    outcome, row = do("chatwoot_create_conversation", {**OPEN, "team_id": 2})
    assert outcome.output == {"conversation_id": 250, "contact_id": 7, "status": "open"}
    assert ("Chatwoot conversation", "250") in row["references"]
    assert vendor.requests[0].path.endswith("?q=jane%40example.com")
    assert vendor.requests[0].headers["api_access_token"] == "s3cret/of+token"
    assert vendor.requests[1].json == {"source_id": "src-3", "inbox_id": 3, "contact_id": 7, "status": "open",
                                       "message": {"content": "Escalated"}, "team_id": 2}  # fmt: skip


def test_somebody_new_becomes_a_contact_of_the_inbox(do, vendor):
    vendor.answers[f"{HOME}/contacts/search"] = {"payload": []}
    vendor.answers[f"{HOME}/contacts"] = {"payload": {"contact": {**KNOWN, "id": 9}}}
    vendor.answers[f"{HOME}/conversations"] = {"id": 251}
    outcome, _ = do("chatwoot_create_conversation", {**OPEN, "email": ""})
    assert outcome.output["contact_id"] == 9
    assert vendor.requests[1].json == {"inbox_id": 3, "name": "Jane", "phone_number": "+14155550132"}


def test_a_contact_of_another_inbox_is_brought_into_this_one(do, vendor):
    elsewhere = {"id": 7, "contact_inboxes": [{"source_id": "src-1", "inbox": {"id": 1}}]}
    vendor.answers[f"{HOME}/contacts/search"] = {"payload": [elsewhere]}
    vendor.answers[f"{HOME}/contacts/7/contact_inboxes"] = {"source_id": "src-3b"}
    vendor.answers[f"{HOME}/conversations"] = {"id": 252}
    do("chatwoot_create_conversation", OPEN)
    assert vendor.requests[2].json["source_id"] == "src-3b"


def test_a_conversation_is_given_to_an_agent_or_a_team(do, vendor):
    vendor.answers[f"{HOME}/conversations/250/assignments"] = {"id": 4, "name": "Support"}
    outcome, _ = do("chatwoot_assign_conversation", {"conversation_id": "250", "team_id": 2})
    assert outcome.output == {"conversation_id": "250", "assignee": "Support"}
    do("chatwoot_assign_conversation", {"conversation_id": "250", "assignee_id": 4, "team_id": 2})
    assert [asked.json for asked in vendor.requests] == [{"team_id": 2}, {"assignee_id": 4}]
    outcome, _ = do("chatwoot_assign_conversation", {"conversation_id": "250"})
    assert "an agent or a team" in outcome.message


def test_what_chatwoot_refuses_is_told_with_its_words(do, vendor):
    vendor.answers[f"{HOME}/contacts/search"] = Answer(401, {"errors": ["You need to sign in or sign up."]})
    outcome, _ = do("chatwoot_create_conversation", OPEN)
    assert isinstance(outcome, Fail)
    assert (
        "Chatwoot answered 401 Unauthorized: You need to sign in or sign up. Check the access token" in outcome.message
    )
