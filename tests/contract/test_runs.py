"""Runs and calls: lists, one run whole, its steps, cancel, retry (CONTRACT, Runs; SETTLED 3 and 7)."""

import re

import pytest

from runtime.models import Event, Run
from tests.contract.conftest import is_problem
from tests.flows import call_ended, chain, decision, document, end, post_json, wait_for
from tests.peers import Answer

RUN = {
    "id", "flow", "version", "mode", "status", "event", "started_at", "finished_at", "seconds", "response", "error",
    "path", "wait", "references", "steps",
}  # fmt: skip
STEP = {
    "index", "attempt", "node", "type", "label", "status", "input", "output", "error", "warnings", "started_at",
    "seconds", "seq", "port", "reason",
}  # fmt: skip
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
RETRY = {"retry": {"max_attempts": 2, "backoff_seconds": 0, "factor": 1}}


def call(id="call-1", **interaction):
    return {
        "type": "call.ended",
        "interaction": {"id": id, "from": "+14155551234", "direction": "inbound", **interaction},
    }


@pytest.fixture
def ticket_flow(publish, peer):
    peer.answers["/tickets"] = Answer(201, {"ticket": {"id": "T-7"}})
    mapping = [{"path": "$.ticket.id", "variable": "ticket_no"}]
    doc = document(
        [call_ended(), decision("check", "{{interaction.DISPOSITION}}", "equals", "escalated"),
         post_json("ticket", f"{peer.url}/tickets", response_mapping=mapping, settings=RETRY),
         end("done", "ticket {{vars.ticket_no}}"), end("none", "nothing to do")],
        [("start", "next", "check"), ("check", "yes", "ticket"), ("check", "else", "none"),
         ("ticket", "success", "done")],
    )  # fmt: skip
    return publish(doc, name="Tickets")


def test_a_run_has_every_member(ticket_flow, happens):
    (run,) = happens(call(disposition="escalated"))
    assert set(run) >= RUN
    assert (run["flow"], run["version"], run["mode"], run["status"]) == (ticket_flow["id"], 1, "live", "succeeded")
    assert run["path"] == ["start", "check", "ticket", "done"]
    assert run["references"] == [{"label": "ticket_no", "value": "T-7"}]
    assert (run["wait"], run["error"], run["response"]) == (None, None, None)
    assert all(STAMP.fullmatch(run[name]) for name in ("started_at", "finished_at"))
    assert run["seconds"] > 0


def test_its_steps_have_every_member(ticket_flow, happens):
    (run,) = happens(call(disposition="escalated"))
    assert all(set(step) >= STEP for step in run["steps"])
    assert [(step["index"], step["attempt"], step["seq"], step["node"], step["status"]) for step in run["steps"]] == [
        (0, 1, 1, "start", "succeeded"), (1, 1, 2, "check", "succeeded"), (2, 1, 3, "ticket", "succeeded"),
        (3, 1, 4, "done", "succeeded"),
    ]  # fmt: skip
    assert all(STAMP.fullmatch(step["started_at"]) for step in run["steps"])
    sent = run["steps"][2]["input"]
    assert sent["headers"]["Idempotency-Key"] == f"{run['id']}:2"


def test_a_decision_shows_what_it_compared(ticket_flow, happens, peer):
    (run,) = happens(call(disposition="resolved"))
    assert (run["status"], run["path"], peer.requests) == ("succeeded", ["start", "check", "none"], [])
    (branch,) = run["steps"][1]["reason"]["branches"]
    assert branch == {"id": "yes", "result": False, "conditions": [
        {"left": "{{interaction.DISPOSITION}}", "left_value": "resolved", "operator": "equals", "right": "escalated",
         "right_value": "escalated", "result": False}]}  # fmt: skip
    assert run["steps"][1]["port"] == "else"


def test_runs_are_listed_newest_first_and_filtered(ticket_flow, happens, program):
    runs = [happens(call(f"call-{n}", disposition="escalated"))[0]["id"] for n in range(3)]
    listed = program.get("/runs/").value
    assert set(listed) == {"results", "next"}
    assert [row["id"] for row in listed["results"]] == runs[::-1]
    queries = {
        f"flow={ticket_flow['id']}": 3, "status=succeeded": 3, "status=failed": 0, "mode=live": 3, "mode=test": 0,
        "version=1": 3, "version=2": 0, "interaction=call-1": 1, "q=call-2": 1, "q=T-7": 3, "q=%2B14155551234": 3,
        f"q={runs[0]}": 1, "q=nobody": 0, "since=2020-01-01T00:00:00Z": 3, "until=2020-01-01T00:00:00Z": 0,
        "since=2020-01-01T00:00:00Z&status=succeeded&q=call-0": 1,
    }  # fmt: skip
    assert {query: len(program.get(f"/runs/?{query}").value["results"]) for query in queries} == queries


def test_a_list_is_walked_by_its_cursor(ticket_flow, happens, program):
    runs = {happens(call(f"call-{n}"))[0]["id"] for n in range(5)}
    seen, address = [], "/runs/?limit=2&status=succeeded"
    while address:
        page = program.get(address).value
        assert len(page["results"]) <= 2
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert (len(seen), set(seen)) == (5, runs)


def test_steps_after_a_number(ticket_flow, happens, program):
    (run,) = happens(call(disposition="escalated"))
    answer = program.get(f"/runs/{run['id']}/steps/?after=2").value
    assert answer["results"] == run["steps"][2:]
    assert (answer["status"], answer["seq"]) == ("succeeded", 4)
    is_problem(program.get(f"/runs/{run['id']}/steps/?after=x"), 422)


def test_steps_come_in_pages_where_somebody_asks_for_few(ticket_flow, happens, program):
    (run,) = happens(call(disposition="escalated"))
    assert program.get(f"/runs/{run['id']}/steps/").value["next"] is None
    seen, address = [], f"/runs/{run['id']}/steps/?limit=3"
    while address:
        page = program.get(address).value
        assert len(page["results"]) <= 3
        seen += page["results"]
        address = page["next"]
    assert seen == run["steps"]


def test_the_document_that_ran(ticket_flow, happens, program):
    (run,) = happens(call())
    published = program.get(f"/flows/{ticket_flow['id']}/versions/1/").value["document"]
    assert program.get(f"/runs/{run['id']}/document/").value == {"document": published, "version": 1}


def test_a_waiting_run_says_for_what_and_is_cancelled_once(publish, program, ended):
    publish(chain(call_ended(), wait_for("later", 3600), end()))
    id = program.post("/events/", call()).value["runs"][0]["id"]
    run = ended(id, "waiting")
    assert set(run["wait"]) >= {"until", "node"}
    assert STAMP.fullmatch(run["wait"]["until"])
    assert [(step["node"], step["status"]) for step in run["steps"]] == [("start", "succeeded"), ("later", "waiting")]
    cancelled = program.post(f"/runs/{id}/cancel/")
    assert (cancelled.status_code, cancelled.value["status"], cancelled.value["wait"]) == (200, "cancelled", None)
    is_problem(program.post(f"/runs/{id}/cancel/"), 409)


@pytest.fixture
def failed(ticket_flow, happens, peer):
    peer.answers["/tickets"] = Answer(503, {"message": "busy"})
    (run,) = happens(call(disposition="escalated"))
    return run


def test_a_failed_run_says_where_and_why(failed):
    assert failed["status"] == "failed"
    assert (failed["error"]["node"], failed["error"]["code"]) == ("ticket", "http_503")
    assert "busy" in failed["error"]["message"]
    tries = [step for step in failed["steps"] if step["node"] == "ticket"]
    assert [(step["index"], step["attempt"], step["status"]) for step in tries] == [(2, 1, "failed"), (2, 2, "failed")]
    assert failed["path"] == ["start", "check", "ticket"]


def test_retry_from_the_failed_step_keeps_its_key(failed, program, ended, peer):
    peer.answers["/tickets"] = {"ticket": {"id": "T-8"}}
    before = len(peer.requests)
    answer = program.post(f"/runs/{failed['id']}/retry/", {"from": "failed", "version": "same", "event": None})
    assert (answer.status_code, set(answer.value)) == (202, {"run"})
    run = ended(answer.value["run"])
    assert (run["status"], run["origin"], run["outcome"]) == ("succeeded", failed["id"], "ticket T-8")
    assert [step["node"] for step in run["steps"]] == ["start", "check", "ticket", "done"]
    (again,) = peer.requests[before:]
    assert again.headers["idempotency-key"] == f"{failed['id']}:2"


def test_retry_from_the_start_is_new_and_may_have_another_event(failed, program, ended, peer):
    peer.answers["/tickets"] = {"ticket": {"id": "T-9"}}
    edited = {"interaction": {"id": "call-1", "disposition": "resolved"}}
    run = ended(program.post(f"/runs/{failed['id']}/retry/", {"from": "start", "event": edited}).value["run"])
    assert (run["outcome"], run["origin"]) == ("nothing to do", failed["id"])
    plain = ended(program.post(f"/runs/{failed['id']}/retry/", {"from": "start"}).value["run"])
    assert plain["outcome"] == "ticket T-9"
    assert peer.requests[-1].headers["idempotency-key"] == f"{plain['id']}:2"


def test_retry_with_the_draft_is_a_test_run_that_knows_its_origin(failed, program, ended, ticket_flow):
    draft = f"/flows/{ticket_flow['id']}/draft/"
    program.put(draft, chain(call_ended(), end("end", "draft of {{interaction.id}}")), headers={"If-Match": "*"})
    run = ended(program.post(f"/runs/{failed['id']}/retry/", {"from": "start", "version": "draft"}).value["run"])
    assert (run["mode"], run["version"], run["outcome"]) == ("test", None, "draft of call-1")
    assert run["origin"] == failed["id"]


def test_retry_with_the_published_version(failed, program, ended, ticket_flow):
    program.put(f"/flows/{ticket_flow['id']}/draft/", chain(call_ended(), end("end", "newer")),
                headers={"If-Match": "*"})  # fmt: skip
    program.post(f"/flows/{ticket_flow['id']}/publish/")
    body = {"from": "start", "version": "published"}
    run = ended(program.post(f"/runs/{failed['id']}/retry/", body).value["run"])
    assert (run["version"], run["outcome"]) == (2, "newer")
    is_problem(program.post(f"/runs/{failed['id']}/retry/", {"from": "failed", "version": "published"}), 409)


@pytest.mark.parametrize("body", [{"from": "middle"}, {"version": "old"}, {"event": []}, {"bogus": 1},
                                  {"from": "start", "event": {"interaction": 5}}])  # fmt: skip
def test_a_retry_that_cannot_be_is_422(failed, program, body):
    is_problem(program.post(f"/runs/{failed['id']}/retry/", body), 422)


def test_an_open_run_cannot_be_retried(publish, program, ended):
    publish(chain(call_ended(), wait_for("later", 3600), end()))
    id = program.post("/events/", call()).value["runs"][0]["id"]
    ended(id, "waiting")
    is_problem(program.post(f"/runs/{id}/retry/", {"from": "start"}), 409)


def test_an_error_path_is_taken_and_named(publish, happens, peer):
    call_it = post_json("ticket", f"{peer.url}/missing", settings={"on_error": "branch"})
    doc = document([call_ended(), call_it, end("ok", "ok"), end("bad", "{{steps.ticket.error.code}}")],
                   [("start", "next", "ticket"), ("ticket", "success", "ok"), ("ticket", "error", "bad")])  # fmt: skip
    publish(doc)
    (run,) = happens(call())
    assert (run["status"], run["outcome"], run["path"]) == ("succeeded", "http_404", ["start", "ticket", "bad"])


def test_a_step_that_may_fail_is_passed(publish, happens, peer):
    publish(
        chain(call_ended(), post_json("t", f"{peer.url}/x", settings={"on_error": "continue"}), end("e", "went on"))
    )
    assert happens(call())[0]["outcome"] == "went on"


def test_a_disabled_step_is_skipped(publish, happens, peer):
    publish(chain(call_ended(), {**post_json("t", f"{peer.url}/x"), "disabled": True}, end()))
    (run,) = happens(call())
    assert [step["status"] for step in run["steps"]] == ["succeeded", "skipped", "succeeded"]
    assert peer.requests == []


def test_a_call_is_one_page_of_everything_about_it(ticket_flow, happens, program, publish):
    publish(chain(call_ended(statuses=["failed"]), end()), name="Only failed calls")
    happens({**call(disposition="escalated"), "interaction": {**call()["interaction"], "status": "completed",
                                                               "disposition": "escalated"}})  # fmt: skip
    program.post("/events/", {"type": "contact.updated", "interaction": {"id": "call-1"}})
    for text in ("call-1", "T-7", "%2B14155551234"):
        (found,) = program.get(f"/calls/?q={text}").value["results"]
        assert (found["id"], len(found["runs"])) == ("call-1", 1)
        assert {event["type"] for event in found["events"]} == {"call.ended", "contact.updated"}
        assert found["references"][0]["value"] == "T-7"
        assert [row["reason"] for row in found["skipped"]] == ["the call's status is completed"]
    assert program.get("/calls/?q=nobody").value == {"results": [], "next": None}


def test_another_workspace_sees_nothing_of_a_run(failed, stranger):
    assert stranger.get("/runs/").value["results"] == []
    assert stranger.get("/calls/?q=call-1").value["results"] == []
    for method, path in (("GET", ""), ("GET", "steps/"), ("GET", "document/"), ("POST", "cancel/"), ("POST", "retry/")):
        is_problem(stranger.call(method, f"/runs/{failed['id']}/{path}", {} if method == "POST" else None), 404)
    is_problem(stranger.get(f"/runs/?flow={failed['flow']}&status=zz"), 422)
    assert stranger.get(f"/runs/?flow={failed['flow']}").value["results"] == []


@pytest.mark.parametrize("damage", [{"payload": {"variables": [1]}}, {"payload": []}])
def test_a_run_that_cannot_be_read_is_parked_and_the_others_go_on(ticket_flow, program, ended, damage):
    broken, good = (program.post("/events/", call(f"call-{n}")).value for n in range(2))
    Event.objects.filter(pk=broken["event"]).update(**damage)
    assert ended(good["runs"][0]["id"])["status"] == "succeeded"
    parked = Run.objects.get(pk=broken["runs"][0]["id"])
    assert (parked.status, parked.due_at) == ("parked", None)
    assert "cannot be read" in parked.error["message"]


def test_a_run_of_a_damaged_state_is_parked_and_the_others_go_on(ticket_flow, program, ended):
    broken, good = (program.post("/events/", call(f"call-{n}")).value["runs"][0]["id"] for n in range(2))
    Run.objects.filter(pk=broken).update(state={"node": "gone", "of_a_later_release": True})
    assert ended(good)["status"] == "succeeded"
    assert program.get(f"/runs/{broken}/").value["status"] == "parked"
