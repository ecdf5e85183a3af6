"""Salesforce: records found and written, an empty 204, several matches, and its errors in words."""

from urllib.parse import parse_qs, urlsplit

import pytest

from runtime.engine.outcomes import Done, Fail
from tests.peers import Answer

API = "/services/data/v60.0"
CONTACT = f"{API}/sobjects/Contact/Crm_Id__c/C-1%2F2"
UPSERT = {"object": "Contact", "external_field": "Crm_Id__c", "external_id": "C-1/2",
          "values": [{"name": "LastName", "value": "{{contact.name}}"}]}  # fmt: skip


def upsert(do):
    return do("salesforce_upsert", UPSERT, {"contact": {"name": 'Doe "JD"'}})


def test_a_record_is_found_whatever_quotes_are_in_the_value(do, vendor):
    record = {"attributes": {"type": "Contact", "url": "x"}, "Id": "0039", "Name": "Jane"}
    vendor.answers[f"{API}/query"] = {"totalSize": 2, "done": True, "records": [record, {"Id": "0031"}]}
    config = {"object": "Contact", "field": "Name", "value": "{{vars.name}}", "fields_wanted": "Name, Account.Name"}
    outcome, row = do("salesforce_find", config, variables={"name": "O'Brien' OR Name != '"})
    assert outcome.output == {"found": True, "id": "0039", "record": {"Id": "0039", "Name": "Jane"}, "count": 2}
    assert ("Salesforce record", "0039") in row["references"]
    asked = parse_qs(urlsplit(vendor.requests[0].path).query)["q"][0]
    assert asked == ("SELECT Id, Name, Account.Name FROM Contact WHERE Name = 'O\\'Brien\\' OR Name != \\'' "
                     "ORDER BY CreatedDate DESC LIMIT 5")  # fmt: skip


def test_finding_nothing_is_no_error(do, vendor):
    vendor.answers[f"{API}/query"] = {"totalSize": 0, "done": True, "records": []}
    outcome, row = do("salesforce_find", {"value": "nobody@example.com"})
    assert outcome.output == {"found": False, "id": None, "record": {}, "count": 0}
    assert row["references"] == []


def test_fields_are_names_and_no_part_of_a_query(do, vendor):
    outcome, _ = do("salesforce_find", {"value": "x", "fields_wanted": "Id FROM User --"})
    assert (outcome.code, vendor.requests) == ("bad_field", [])


def test_a_new_record_answers_with_its_id(do, vendor):
    vendor.answers[CONTACT] = Answer(201, {"id": "0039", "errors": [], "success": True, "created": True})
    outcome, row = upsert(do)
    assert outcome.output == {"id": "0039", "created": True}
    assert (vendor.requests[0].method, vendor.requests[0].json) == ("PATCH", {"LastName": 'Doe "JD"'})
    assert ("Salesforce record", "0039") in row["references"]


def test_a_changed_record_answers_with_nothing_so_its_id_is_looked_up(do, vendor):
    vendor.answers[CONTACT] = lambda asked: Answer(204) if asked.method == "PATCH" else {"Id": "0039", "attributes": {}}
    outcome, _ = upsert(do)
    assert outcome.output == {"id": "0039", "created": False}
    assert vendor.requests[1].path == f"{CONTACT}?fields=Id"


@pytest.mark.parametrize(
    "answer", [Answer(403, [{"message": "insufficient access", "errorCode": "NO_ACCESS"}]), Answer(204), {}]
)
def test_a_change_that_worked_is_no_failure_because_its_id_cannot_be_read(answer, do, vendor):
    vendor.answers[CONTACT] = lambda asked: Answer(204) if asked.method == "PATCH" else answer
    outcome, row = upsert(do)
    assert outcome.output == {"id": None, "created": False}
    assert [each["code"] for each in row["warnings"]] == ["no_id"]


@pytest.mark.parametrize(
    ("answer", "says", "retryable"),
    [(Answer(300, ["/services/data/v60.0/sobjects/Contact/0039A", "/services/data/v60.0/sobjects/Contact/0039B"]),
      "Several records", False),
     (Answer(400, [{"message": "Required fields are missing: [LastName]", "errorCode": "REQUIRED_FIELD_MISSING",
                    "fields": ["LastName"]}]), "Required fields are missing: [LastName]", False),
     (Answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]), "Sign in again",
      False),
     (Answer(403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]),
      "takes more later", True),
     (Answer(400, [{"message": "unable to obtain exclusive access", "errorCode": "UNABLE_TO_LOCK_ROW"}]),
      "Somebody else", True),
     (Answer(404, [{"message": "Provided external ID field does not exist", "errorCode": "NOT_FOUND"}]),
      "External ID", False)],
)  # fmt: skip
def test_what_salesforce_refuses_is_told_with_its_words_and_advice(answer, says, retryable, do, vendor):
    vendor.answers[CONTACT] = answer
    outcome, _ = upsert(do)
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith(f"Salesforce answered {answer.status}")
    assert says in outcome.message
    assert outcome.retryable is retryable


@pytest.mark.parametrize(
    ("type", "config", "name", "sent"),
    [("salesforce_create_task", {"subject": "Call back", "due": "2026-02-01", "who_id": "0039"}, "Task",
      {"Subject": "Call back", "Status": "Not Started", "Priority": "Normal", "ActivityDate": "2026-02-01",
       "WhoId": "0039"}),
     ("salesforce_create_case", {"subject": "Broken", "priority": "High", "contact_id": "0039",
                                 "values": [{"name": "Type", "value": "Problem"}]}, "Case",
      {"Type": "Problem", "Subject": "Broken", "Priority": "High", "Origin": "Phone", "ContactId": "0039"})],
)  # fmt: skip
def test_tasks_and_cases_are_created_and_not_repeated_blindly(type, config, name, sent, do, vendor):
    vendor.answers[f"{API}/sobjects/{name}"] = Answer(201, {"id": "00T9", "success": True, "errors": []})
    outcome, row = do(type, config)
    assert isinstance(outcome, Done)
    assert outcome.output == {"id": "00T9"}
    assert row["references"][0][1] == "00T9"
    assert vendor.requests[0].json == sent
    vendor.answers[f"{API}/sobjects/{name}"] = Answer(500, [{"message": "oops", "errorCode": "UNKNOWN_EXCEPTION"}])
    assert not do(type, config)[0].retryable
