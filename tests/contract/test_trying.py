"""Trying a draft out, and one step alone ("Send") (CONTRACT, Flows)."""

import pytest

from tests.contract.conftest import is_problem
from tests.flows import action_called, call_ended, chain, end, node, post_json, respond

EVENT = {"type": "call.ended", "interaction": {"id": "c1", "transcript": "Agent: Hi"}, "variables": {"plan": "pro"}}


@pytest.fixture
def draft(program, peer):
    """A draft that posts the call to the peer and keeps the ticket's number."""
    peer.answers["/tickets"] = {"ticket": {"id": 7}}
    mapping = [{"path": "$.ticket.id", "variable": "ticket_no"}]
    call = post_json("call", f"{peer.url}/tickets", '{"id": "{{interaction.id}}", "plan": "{{vars.plan}}"}',
                     response_mapping=mapping, sample={"ticket": {"id": 1}})  # fmt: skip
    document = chain(call_ended(), call, end("end", "ticket {{vars.ticket_no}}"))
    return program.post("/flows/", {"name": "F", "kind": "post_call", "document": document}).value["id"]


def test_dry_sends_nothing_and_answers_from_the_sample(program, draft, peer, ended):
    answer = program.post(f"/flows/{draft}/try/", {"event": EVENT, "mode": "dry"})
    assert answer.status_code == 202
    assert set(answer.value) == {"run"}
    run = ended(answer.value["run"])
    assert (run["mode"], run["status"], run["version"], run["outcome"]) == ("dry", "succeeded", None, "ticket 1")
    assert peer.requests == []
    sent = run["steps"][1]["input"]
    assert (sent["method"], sent["body"]) == ("POST", {"id": "c1", "plan": "pro"})


def test_dry_is_what_is_done_if_nothing_is_said(program, draft, ended):
    run = ended(program.post(f"/flows/{draft}/try/", {"event": EVENT, "until": None}).value["run"])
    assert run["mode"] == "dry"
    assert ended(program.post(f"/flows/{draft}/try/", {}).value["run"])["status"] == "succeeded"


def test_live_sends(program, draft, peer, ended):
    run = ended(program.post(f"/flows/{draft}/try/", {"event": EVENT, "mode": "live"}).value["run"])
    assert (run["mode"], run["outcome"]) == ("test", "ticket 7")
    assert [asked.json for asked in peer.requests] == [{"id": "c1", "plan": "pro"}]


def test_it_stops_where_it_is_told_to(program, draft, ended):
    run = ended(program.post(f"/flows/{draft}/try/", {"event": EVENT, "mode": "dry", "until": "call"}).value["run"])
    assert (run["status"], run["path"]) == ("succeeded", ["start", "call"])


def test_the_event_is_completed_like_any_other(program, draft, ended):
    event = ended(program.post(f"/flows/{draft}/try/", {"event": EVENT}).value["run"])["event"]
    assert event["interaction"]["turns"] == [{"role": "agent", "text": "Hi", "at_seconds": None}]
    assert event["interaction"]["summary"] is None


def test_a_runs_event_can_be_tried_as_it_is_shown(program, draft, ended):
    shown = ended(program.post(f"/flows/{draft}/try/", {"event": {**EVENT, "secure": {"a": "b"}}}).value["run"])[
        "event"
    ]
    again = ended(program.post(f"/flows/{draft}/try/", {"event": shown}).value["run"])["event"]
    assert again["interaction"] == shown["interaction"]


def test_an_action_is_tried_with_the_body_of_a_call(program, ended):
    document = chain(action_called(inputs=[{"name": "a"}]), respond("r", '{"a": "{{args.a}}"}'))
    flow = program.post("/flows/", {"name": "A", "kind": "action", "document": document}).value["id"]
    run = ended(program.post(f"/flows/{flow}/try/", {"event": {"arguments": {"a": "1"}}}).value["run"])
    assert (run["status"], run["response"]) == ("succeeded", {"a": "1"})


def test_a_test_run_is_told_apart_in_lists_and_counts(program, draft, ended):
    run = ended(program.post(f"/flows/{draft}/try/", {"event": EVENT}).value["run"])
    assert [row["id"] for row in program.get("/runs/?mode=dry").value["results"]] == [run["id"]]
    assert program.get("/runs/?mode=live").value["results"] == []
    assert program.get(f"/flows/{draft}/").value["stats"]["runs"] == 0


@pytest.mark.parametrize("body", [
    {"event": []}, {"event": {"interaction": 5}}, {"event": {"variables": [1]}}, {"event": {"secure": 5}},
    {"event": {"type": 5}}, {"event": {"interaction": {"turns": 5}}}, {"mode": "x"}, {"until": "nobody"}, {"bogus": 1},
])  # fmt: skip
def test_what_cannot_be_tried_is_422(program, draft, body):
    problem = is_problem(program.post(f"/flows/{draft}/try/", body), 422)
    assert problem["errors"]


def test_what_ran_is_there_to_look_at(program, draft, ended):
    run = ended(program.post(f"/flows/{draft}/try/", {"event": EVENT}).value["run"])
    assert program.get(f"/runs/{run['id']}/document/").value == {
        "document": program.get(f"/flows/{draft}/draft/").value["document"], "version": None,
    }  # fmt: skip


def send(program, draft, node, **variables):
    answer = program.post(f"/flows/{draft}/try-node/", {"node": node, "variables": variables})
    assert answer.status_code == 200, answer.text
    assert set(answer.value) >= {"data", "meta", "variables", "error"}
    assert set(answer.value["meta"]) >= {"status", "headers", "seconds", "request"}
    return answer.value


def test_send_shows_data_meta_and_variables(program, draft, peer):
    call = post_json("call", f"{peer.url}/tickets", '{"id": "{{interaction.id}}"}',
                     response_mapping=[{"path": "$.ticket.id", "variable": "ticket_no"}])  # fmt: skip
    sent = send(program, draft, call, interaction={"id": "c9"})
    assert (sent["data"], sent["variables"], sent["error"]) == ({"ticket": {"id": 7}}, {"ticket_no": 7}, None)
    assert sent["meta"]["status"] == 200
    assert sent["meta"]["request"]["body"] == {"id": "c9"}
    assert sent["meta"]["headers"]["content-type"] == "application/json"
    assert program.get("/runs/").value["results"] == []


def test_send_masks_the_credentials_it_used(program, draft, peer):
    body = {"name": "Desk", "type": "bearer", "secrets": {"token": "t0p-secret"}, "allowed_hosts": ["127.0.0.1"]}
    connection = program.post("/connections/", body).value
    answer = send(program, draft, post_json("call", f"{peer.url}/tickets", connection=connection["id"]))
    assert peer.requests[-1].headers["authorization"] == "Bearer t0p-secret"
    assert "t0p-secret" not in str(answer)


def test_every_step_can_be_sent_or_says_that_it_needs_a_connection(program, draft):
    columns = [{"name": name, "type": "text"} for name in ("phone", "topic", "calls")]
    program.post("/tables/", {"name": "leads", "columns": columns})
    for kind in program.get("/node-types/").value:
        if kind["type"] in ("api_request", "send_data_update") or kind["trigger"]:
            continue  # the first two really call the address of their example
        about = {"interaction": {"id": "c1"}, "contact": {"phone": "+14155550100"}, "args": {"order_id": "A-1"}}
        sent = send(program, draft, {"id": "x", **kind["example"]}, trigger={"body": {"leads": []}}, **about)
        needs = any(field["kind"] == "connection_ref" and field["required"] for field in kind["fields"])
        assert (sent["error"] or {}).get("code") == ("no_connection" if needs else None), kind["type"]


def test_a_failure_is_in_the_answer(program, draft, peer):
    missing = send(program, draft, post_json("call", f"{peer.url}/nothing"))
    assert (missing["error"]["code"], missing["meta"]["status"]) == ("http_404", 404)
    assert missing["data"] == {"message": "There is nothing here"}
    refused = send(program, draft, post_json("call", "http://169.254.169.254/latest/"))
    assert (refused["error"]["code"], refused["data"]) == ("address_refused", None)


@pytest.mark.parametrize("config", [{"assignments": 5}, {"assignments": [3]}])
def test_a_config_that_cannot_be_is_a_clear_error(program, draft, config):
    error = send(program, draft, node("v", "set_variable", config))["error"]
    assert error["code"] == "invalid_config"
    assert "/assignments" in error["message"]


@pytest.mark.parametrize("body", [{}, {"node": 5}, {"node": {"id": "x", "type": "nobody"}}, {"node": call_ended()},
                                  {"node": end(), "variables": []}])  # fmt: skip
def test_what_cannot_be_sent_is_422(program, draft, body):
    is_problem(program.post(f"/flows/{draft}/try-node/", body), 422)
