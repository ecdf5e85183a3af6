"""HubSpot: the requests of its specification, and its errors in words."""

import pytest

from runtime.engine.outcomes import Done, Fail
from tests.peers import Answer

CONTACTS = "/crm/v3/objects/contacts"
EVENT = {"interaction": {"id": "c-1", "summary": 'She said: "a < b"\nThen she left.', "contact_number": "+14155550132"},
         "contact": {"email": "jane@example.com"}}  # fmt: skip
MADE = {"id": "512", "properties": {}, "createdAt": "2026-01-20T15:02:08.000Z", "archived": False}


def refusal(category, message, **more):
    return {"status": "error", "message": message, "category": category, "correlationId": "c", **more}


def test_a_contact_is_found_by_phone_number(do, vendor):
    vendor.answers[f"{CONTACTS}/search"] = {"total": 1, "results": [{"id": "512", "properties": {"firstname": "Jane"}}]}
    config = {"by": "phone", "value": "{{interaction.contact_number}}", "properties": "firstname, lifecyclestage"}
    outcome, row = do("hubspot_find_contact", config, EVENT)
    assert outcome.output == {"found": True, "id": "512", "properties": {"firstname": "Jane"}}
    assert ("HubSpot contact", "512") in row["references"]
    asked = vendor.requests[0]
    assert (asked.method, asked.headers["authorization"]) == ("POST", "Bearer s3cret/of+token")
    assert asked.json == {
        "filterGroups": [{"filters": [{"propertyName": "phone", "operator": "EQ", "value": "+14155550132"}]}],
        "properties": ["firstname", "lifecyclestage"], "limit": 1, "after": "0", "sorts": [],
    }  # fmt: skip


def test_finding_nobody_is_no_error(do, vendor):
    vendor.answers[f"{CONTACTS}/search"] = {"total": 0, "results": []}
    outcome, row = do("hubspot_find_contact", {"value": "nobody@example.com"})
    assert outcome.output == {"found": False, "id": None, "properties": {}}
    assert row["references"] == []


def test_a_contact_is_created_or_updated_by_its_e_mail(do, vendor):
    vendor.answers[f"{CONTACTS}/batch/upsert"] = {"status": "COMPLETE", "results": [{"id": "512", "new": False}]}
    config = {"email": "{{contact.email}}", "phone": "", "firstname": "Jane",
              "properties": [{"name": "hs_lead_status", "value": "OPEN"}]}  # fmt: skip
    outcome, _ = do("hubspot_upsert_contact", config, EVENT)
    assert outcome.output == {"id": "512", "new": False}
    properties = {"email": "jane@example.com", "firstname": "Jane", "hs_lead_status": "OPEN"}
    assert vendor.requests[0].json == {
        "inputs": [{"idProperty": "email", "id": "jane@example.com", "properties": properties}]
    }


def test_a_batch_that_did_nothing_is_a_failure_though_it_answers_207(do, vendor):
    wrong = refusal("VALIDATION_ERROR", "Property values were not valid", context={"id": ["jane@example"]})
    vendor.answers[f"{CONTACTS}/batch/upsert"] = Answer(207, {"results": [], "numErrors": 1, "errors": [wrong]})
    outcome, _ = do("hubspot_upsert_contact", {"email": "jane@example"})
    assert isinstance(outcome, Fail)
    assert (outcome.code, outcome.retryable) == ("not_successful", False)
    assert "Property values were not valid. Check the values" in outcome.message


def test_a_contact_is_created_and_changed(do, vendor):
    vendor.answers[CONTACTS] = Answer(201, MADE)
    vendor.answers[f"{CONTACTS}/512"] = MADE
    assert do("hubspot_create_contact", {"email": "j@example.com"})[0].output == {"id": "512"}
    assert do("hubspot_update_contact", {"contact_id": "512", "lastname": "Doe"})[0].output == {"id": "512"}
    assert [(asked.method, asked.json) for asked in vendor.requests] == [
        ("POST", {"properties": {"email": "j@example.com"}}), ("PATCH", {"properties": {"lastname": "Doe"}}),
    ]  # fmt: skip


def test_a_note_keeps_its_lines_and_is_no_markup(do, vendor):
    vendor.answers["/crm/v3/objects/notes"] = Answer(201, {"id": "17591234567"})
    outcome, _ = do("hubspot_add_note", {"contact_id": "512", "text": "{{interaction.summary}}"}, EVENT)
    assert isinstance(outcome, Done)
    sent = vendor.requests[0].json
    assert sent["properties"] == {"hs_timestamp": "2026-01-20T15:02:06.000Z",
                                  "hs_note_body": 'She said: "a &lt; b"<br>Then she left.'}  # fmt: skip
    kinds = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    assert sent["associations"] == [{"to": {"id": "512"}, "types": kinds}]


@pytest.mark.parametrize(
    ("type", "config", "path", "properties", "association"),
    [("hubspot_create_deal", {"name": "Demo", "amount": "{{vars.sum}}"}, "deals",
      {"dealname": "Demo", "dealstage": "appointmentscheduled", "pipeline": "default", "amount": "12.5"}, 3),
     ("hubspot_create_ticket", {"subject": "Help", "priority": "HIGH"}, "tickets",
      {"subject": "Help", "hs_pipeline": "0", "hs_pipeline_stage": "1", "hs_ticket_priority": "HIGH"}, 16)],
)  # fmt: skip
def test_deals_and_tickets_are_tied_to_the_contact(type, config, path, properties, association, do, vendor):
    vendor.answers[f"/crm/v3/objects/{path}"] = Answer(201, {"id": "9042"})
    outcome, row = do(type, {**config, "contact_id": "512"}, variables={"sum": 12.5})
    assert outcome.output == {"id": "9042"}
    assert row["references"][0][1] == "9042"
    sent = vendor.requests[0].json
    assert sent["properties"] == properties
    assert sent["associations"][0]["types"][0]["associationTypeId"] == association


@pytest.mark.parametrize(
    ("status", "body", "retryable", "says"),
    [(401, refusal("INVALID_AUTHENTICATION", "Authentication credentials not found"), False, "test it on its page"),
     (403, refusal("MISSING_SCOPES", "This app lacks crm.objects.contacts.write"), False, "the missing scopes"),
     (409, refusal("CONFLICT", "Contact already exists. Existing ID: 512"), False, "Create or update contact"),
     (409, refusal("OTHER", "Concurrent change"), True, ""),
     (429, {"message": "You have reached your secondly limit.", "policyName": "SECONDLY"}, True, "fewer requests"),
     (429, {"message": "You have reached your daily limit.", "policyName": "DAILY"}, False, "tomorrow"),
     (400, refusal("VALIDATION_ERROR", "Property “x” does not exist"), False, "exist in HubSpot")],
)  # fmt: skip
def test_what_hubspot_refuses_is_told_with_its_words_and_advice(status, body, retryable, says, do, vendor):
    vendor.answers[CONTACTS] = Answer(status, body)
    outcome, _ = do("hubspot_create_contact", {"email": "j@example.com"})
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith("HubSpot answered ")
    assert body["message"].rstrip(".") in outcome.message
    assert says in outcome.message
    assert outcome.retryable is retryable


def test_an_empty_id_is_told_before_anything_is_sent(do, vendor):
    outcome, _ = do("hubspot_add_note", {"contact_id": "{{steps.find.id}}", "text": "x"})
    assert (outcome.code, vendor.requests) == ("empty_field", [])
    assert "Contact id is empty: {{steps.find.id}} has no value" in outcome.message
