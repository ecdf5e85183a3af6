"""The example of NODES and the flows F1 and F2 of FLOWS, over fake vendors that are real servers."""

import copy
import hashlib
import json

import pytest

from tests.contract.conftest import is_problem
from tests.flows import call_ended, decision, document, end, node, post_json, set_variable
from tests.peers import Answer

DIGEST = "167f2352250d8bafb992d9eb349a07d3dedcb40557fc72dd6fee41016d89f59f"  # of the example as specified
SAID = 'Agent: Say "hi"\nUser: C:\\temp {braces} {{not.a.variable}} \t\u2028 \U0001f600'
CALL = {"id": "call-1", "from": "+14155551234", "direction": "inbound", "status": "completed", "duration_seconds": 125,
        "disposition": "escalated", "summary": 'She said "now"', "transcript": SAID}  # fmt: skip
EXAMPLE = {
    "schema": 1,
    "nodes": [
        {"id": "start", "type": "call_ended", "key": "start", "label": "Call ended",
         "config": {"statuses": ["completed"]}},
        {"id": "vars", "type": "set_variable", "key": "vars", "label": "Topic", "config": {"assignments": [
            {"name": "topic", "type": "text", "value": "Call {{interaction.id}}"}]}},
        {"id": "check", "type": "decision", "key": "check", "label": "Escalated?", "config": {"branches": [
            {"id": "esc", "label": "Escalated", "conditions": {"any": [
                {"left": "{{interaction.DISPOSITION}}", "operator": "equals", "right": "escalated"},
                {"left": "{{interaction.sentiment}}", "operator": "equals", "right": "angry"}]}}]}},
        {"id": "ticket", "type": "api_request", "key": "ticket", "label": "Create ticket", "config": {
            "method": "POST", "url": "https://example.com/tickets", "query": [{"name": "source", "value": "call"}],
            "headers": [{"name": "X-Team", "value": "{{vars.topic}}"}],
            "body": {"type": "json", "content": "{\"subject\": \"{{vars.topic}}\", \"text\": "
                     "\"{{interaction.TRANSCRIPT}}\", \"seconds\": {{interaction.duration_seconds}}}"},
            "connection": None,
            "response_mapping": [{"path": "$.ticket.id", "variable": "ticket_no", "default": ""}],
            "success": {"statuses": "2xx", "conditions": None}, "idempotency_header": "Idempotency-Key"},
         "settings": {"retry": {"max_attempts": 5, "backoff_seconds": 1, "factor": 2}, "timeout_seconds": 10,
                      "on_error": "stop"}},
        {"id": "later", "type": "wait", "key": "later", "label": "Wait a day",
         "config": {"mode": "for", "seconds": 86400}},
        {"id": "done", "type": "end", "key": "done", "label": "Done",
         "config": {"outcome": "ticket {{vars.ticket_no}}"}},
        {"id": "none", "type": "end", "key": "none", "label": "Nothing to do", "config": {"outcome": "nothing to do"}}],
    "edges": [
        {"id": "e1", "source": "start", "port": "next", "target": "vars"},
        {"id": "e2", "source": "vars", "port": "next", "target": "check"},
        {"id": "e3", "source": "check", "port": "esc", "target": "ticket"},
        {"id": "e4", "source": "check", "port": "else", "target": "none"},
        {"id": "e5", "source": "ticket", "port": "success", "target": "later"},
        {"id": "e6", "source": "later", "port": "next", "target": "done"}],
    "layout": {}, "notes": [],
}  # fmt: skip


def test_the_example_is_the_one_of_the_specification():
    assert hashlib.sha256(json.dumps(EXAMPLE, sort_keys=True).encode()).hexdigest() == DIGEST


def test_the_example_can_be_published_as_it_stands(program):
    flow = program.post("/flows/", {"name": "Example", "kind": "post_call", "document": EXAMPLE}).value
    assert program.get(f"/flows/{flow['id']}/draft/").value["problems"] == []
    assert program.post(f"/flows/{flow['id']}/publish/").status_code == 201


def test_the_example_runs(publish, happens, program, ended, peer):
    peer.answers["/tickets"] = Answer(201, {"ticket": {"id": 4711}})
    doc = json.loads(json.dumps(EXAMPLE).replace("https://example.com", peer.url).replace("86400", "0.2"))
    publish(doc)
    (run,) = happens({"type": "call.ended", "interaction": CALL})
    assert (run["status"], run["outcome"]) == ("succeeded", "ticket 4711")
    assert run["path"] == ["start", "vars", "check", "ticket", "later", "done"]
    (asked,) = peer.requests
    assert (asked.method, asked.path) == ("POST", "/tickets?source=call")
    assert asked.headers["x-team"] == "Call call-1"
    assert asked.headers["idempotency-key"] == f"{run['id']}:3"
    assert asked.json == {"subject": "Call call-1", "text": SAID, "seconds": 125}
    (run,) = happens({"type": "call.ended", "interaction": {**CALL, "id": "call-2", "disposition": "resolved"}})
    assert (run["outcome"], len(peer.requests)) == ("nothing to do", 1)


# --- F1: HubSpot


def hubspot_flow(url, connection):
    contact = post_json(
        "contact", f"{url}/crm/v3/objects/contacts/batch/upsert",
        '{"inputs":[{"idProperty":"email","id":"{{vars.email}}","properties":{"phone":"{{interaction.contact_number}}",'
        '"hs_lead_status":"OPEN"}}]}',
        connection=connection, response_mapping=[{"path": "$.results[0].id", "variable": "crm_id"}],
        settings={"retry": {"max_attempts": 3, "backoff_seconds": 0, "factor": 1}},
    )  # fmt: skip
    note = post_json(
        "note", f"{url}/crm/v3/objects/notes",
        '{"properties":{"hs_timestamp":"{{interaction.ended_at}}","hs_note_body":"{{interaction.summary}}"},'
        '"associations":[{"to":{"id":"{{vars.crm_id}}"},"types":[{"associationCategory":"HUBSPOT_DEFINED",'
        '"associationTypeId":202}]}]}',
        connection=connection, settings={"retry": {"max_attempts": 3, "backoff_seconds": 0, "factor": 1}},
    )  # fmt: skip
    mail = post_json("mail", f"{url}/mail", '{"text": "{{interaction.summary}} https://crm.example/{{vars.crm_id}}"}')
    lead = set_variable(
        "lead", email="{{interaction.variables.email}}", quality="{{interaction.variables.lead_quality}}"
    )
    return document(
        [call_ended(), lead, contact, note, decision("check", "{{vars.quality}}", "equals", "high"), mail,
         end("sold", "qualified"), end("none", "not qualified")],
        [("start", "next", "lead"), ("lead", "next", "contact"),
         ("contact", "success", "note"),
         ("note", "success", "check"), ("check", "yes", "mail"), ("check", "else", "none"),
         ("mail", "success", "sold")],
    )  # fmt: skip


@pytest.fixture
def hubspot(program, publish, peer):
    peer.answers = {
        "/crm/v3/objects/contacts/batch/upsert": {"status": "COMPLETE", "results": [{"id": "512", "properties": {}}]},
        "/crm/v3/objects/notes": Answer(201, {"id": "9001"}), "/mail": {"ok": True},
    }  # fmt: skip
    body = {"name": "HubSpot", "type": "bearer", "secrets": {"token": "pat-1"}, "allowed_hosts": ["127.0.0.1"]}
    publish(hubspot_flow(peer.url, program.post("/connections/", body).value["id"]))
    return peer


def lead(quality="high"):
    variables = {"lead_quality": quality, "email": "jane@acme.com", "next_action": "schedule_demo"}
    return {"type": "call.ended", "interaction": {**CALL, "ended_at": "2026-01-20T15:02:05Z", "variables": variables}}


def test_f1_one_note_even_if_the_call_is_reported_twice(hubspot, happens, program):
    (run,) = happens(lead())
    assert program.post("/events/", lead()).value["duplicate"] is True
    assert (run["outcome"], run["references"]) == ("qualified", [{"label": "crm_id", "value": "512"}])
    upsert, note, mail = hubspot.requests
    assert upsert.headers["authorization"] == "Bearer pat-1"
    assert upsert.json["inputs"][0] == {"idProperty": "email", "id": "jane@acme.com",
                                        "properties": {"phone": "+14155551234", "hs_lead_status": "OPEN"}}  # fmt: skip
    assert note.json["properties"] == {"hs_timestamp": "2026-01-20T15:02:05Z", "hs_note_body": 'She said "now"'}
    assert note.json["associations"][0]["to"] == {"id": "512"}
    assert "{{" not in mail.json["text"]
    assert program.get("/runs/?q=512").value["results"][0]["id"] == run["id"]


def test_f1_somebody_who_does_not_buy_is_not_mailed(hubspot, happens):
    assert happens(lead("low"))[0]["outcome"] == "not qualified"
    assert [asked.path for asked in hubspot.requests][-1] == "/crm/v3/objects/notes"


@pytest.mark.parametrize("status", [409, 429])
def test_f1_conflicts_and_limits_are_retried(hubspot, happens, status):
    path, good = "/crm/v3/objects/notes", hubspot.answers["/crm/v3/objects/notes"]
    answers = [Answer(status, {"message": "try again"}), good]
    hubspot.answers[path] = lambda asked: answers.pop(0)
    (run,) = happens(lead())
    assert run["outcome"] == "qualified"
    tries = [asked for asked in hubspot.requests if asked.path == path]
    assert len({asked.headers["idempotency-key"] for asked in tries}) == 1
    assert [asked.body for asked in tries] == [tries[0].body] * 2


def test_f1_what_hubspot_says_is_shown(hubspot, happens):
    error = {
        "status": "error",
        "message": "Property values were not valid",
        "correlationId": "c",
        "category": "VALIDATION",
    }
    hubspot.answers["/crm/v3/objects/notes"] = Answer(400, error)
    (run,) = happens(lead())
    assert run["status"] == "failed"
    assert "Property values were not valid" in run["error"]["message"]


# --- F2: Zendesk


def zendesk_flow(url, connection):
    ticket = post_json(
        "ticket", f"{url}/api/v2/tickets.json",
        '{"ticket":{"subject":"Call {{interaction.ID}}","comment":{"body":"{{interaction.SUMMARY}}\\n\\n'
        '{{interaction.TRANSCRIPT}}","public":false},"requester":{"name":"{{contact.name}}","email":"{{contact.email}}"},'
        '"priority":"high","external_id":"{{interaction.ID}}","tags":["ai-call"]}}',
        connection=connection, response_mapping=[{"path": "$.ticket.id", "variable": "ticket_no"}],
    )  # fmt: skip
    said_ok = {"all": [{"left": "{{response.body.ok}}", "operator": "is_true"}]}
    slack = post_json("slack", f"{url}/slack", '{"text": "Ticket {{vars.text}}"}',
                      success={"statuses": "2xx", "conditions": said_ok})  # fmt: skip
    return document(
        [call_ended(), decision("check", "{{interaction.DISPOSITION}}", "equals", "escalated"), ticket,
         set_variable("note", text="{{vars.ticket_no}} for {{contact.name}}"), slack, end("done", "{{vars.ticket_no}}"),
         end("none")],
        [("start", "next", "check"), ("check", "yes", "ticket"), ("check", "else", "none"),
         ("ticket", "success", "note"),
         ("note", "next", "slack"), ("slack", "success", "done")],
    )  # fmt: skip


@pytest.fixture
def zendesk(program, publish, peer):
    peer.answers = {"/api/v2/tickets.json": Answer(201, {"ticket": {"id": 35436}}), "/slack": {"ok": True}}
    body = {"name": "Zendesk", "type": "basic", "config": {"username": "a@b.com/token"}, "secrets": {"password": "t"},
            "allowed_hosts": ["127.0.0.1"]}  # fmt: skip
    publish(zendesk_flow(peer.url, program.post("/connections/", body).value["id"]))
    return peer


def escalated(disposition="escalated"):
    contact = {"name": 'Jane "J" Doe', "email": "jane@acme.com"}
    return {"type": "call.ended", "interaction": {**CALL, "disposition": disposition}, "contact": contact}


def test_f2_an_escalated_call_is_a_ticket_whatever_was_said(zendesk, happens):
    (run,) = happens(escalated())
    assert (run["status"], run["outcome"]) == ("succeeded", "35436")
    ticket, slack = zendesk.requests
    assert ticket.headers["authorization"].startswith("Basic ")
    sent = ticket.json["ticket"]
    assert sent["comment"] == {"body": f'She said "now"\n\n{SAID}', "public": False}
    assert (sent["requester"]["name"], sent["external_id"]) == ('Jane "J" Doe', "call-1")
    assert slack.json == {"text": 'Ticket 35436 for Jane "J" Doe'}


def test_f2_a_resolved_call_asks_nobody_and_shows_why(zendesk, happens):
    (run,) = happens(escalated("resolved"))
    assert (run["status"], run["path"], zendesk.requests) == ("succeeded", ["start", "check", "none"], [])
    (compared,) = run["steps"][1]["reason"]["branches"][0]["conditions"]
    assert (compared["left_value"], compared["right_value"]) == ("resolved", "escalated")


def test_f2_slack_fails_with_200(zendesk, happens):
    zendesk.answers["/slack"] = {"ok": False, "error": "channel_not_found"}
    (run,) = happens(escalated())
    assert (run["status"], run["error"]["node"]) == ("failed", "slack")
    assert "channel_not_found" in run["error"]["message"]


def test_secrets_are_in_nothing_a_program_can_read(zendesk, happens, program):
    (run,) = happens(escalated())
    flow = run["flow"]
    for path in (
        f"/runs/{run['id']}/",
        f"/flows/{flow}/export/",
        f"/flows/{flow}/draft/",
        "/connections/",
        "/calls/?q=call-1",
    ):
        text = program.get(path).text
        assert "YUBiLmNvbS90b2tlbjp0" not in text
        assert '"password": "t"' not in text


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/"]
)
def test_addresses_inside_are_refused(publish, happens, address):
    publish(document([call_ended(), node("x", "api_request", {"url": address}), end()],
                     [("start", "next", "x"), ("x", "success", "end")]))  # fmt: skip
    (run,) = happens({"type": "call.ended"})
    assert (run["status"], run["error"]["code"]) == ("failed", "address_refused")


def test_a_redirect_inwards_is_refused(publish, happens, peer):
    peer.answers["/x"] = Answer(302, b"", {"Location": "http://10.0.0.1/"})
    publish(document([call_ended(), node("x", "api_request", {"url": f"{peer.url}/x"}), end()],
                     [("start", "next", "x"), ("x", "success", "end")]))  # fmt: skip
    assert happens({"type": "call.ended"})[0]["error"]["code"] == "address_refused"


def test_publishing_with_a_dangling_edge_and_an_unknown_variable_names_the_steps(program):
    broken = copy.deepcopy(EXAMPLE)
    broken["edges"] = [edge for edge in broken["edges"] if edge["id"] != "e6"]
    broken["nodes"][1]["config"]["assignments"][0]["value"] = "{{vars.never_set}}"
    flow = program.post("/flows/", {"name": "F", "kind": "post_call", "document": broken}).value
    problem = is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)
    said = {error["node"]: error["message"] for error in problem["errors"]}
    assert "Wait a day" in said["later"]
    assert "never_set" in said["vars"]
