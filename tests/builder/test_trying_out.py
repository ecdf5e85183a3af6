"""Trying out a draft as a test run, and one step alone, against a real peer on loopback."""

import pytest

from runtime import tasks
from runtime.models import Event, FlowVersion, Run
from tests.flows import call_ended, chain, document, end, post_json
from tests.peers import Answer

EVENT = {"type": "call.ended", "interaction": {"id": "call-1", "summary": "hello"}}


def test_a_draft_runs_as_a_test_run_of_an_unnumbered_version(api, flow):
    answer = api.post(f"/flows/{flow.pk}/try/", {"event": EVENT})
    assert answer.status_code == 202
    run = Run.objects.get(pk=answer.value["run"])
    assert (run.mode, run.status, run.version.number) == ("dry", "queued", None)
    assert run.version.document == flow.draft.document
    assert run.event.payload["interaction"]["summary"] == "hello"


@pytest.mark.django_db(transaction=True)
def test_a_try_with_an_event_that_live_would_be_passed_over_runs_and_says_so(api, flow):
    document = chain({**call_ended(), "config": {"minimum_seconds": 60}}, end())
    assert api.put(f"/flows/{flow.pk}/draft/", document, If_Match="*").status_code == 200
    short = {"type": "call.ended", "interaction": {"status": "completed", "duration_seconds": 5}}
    run = api.post(f"/flows/{flow.pk}/try/", {"event": short}).value["run"]
    tasks.work(linger=0)
    (branch,) = api.get(f"/runs/{run}/").value["steps"][0]["reason"]["branches"]
    held = {row["left"]: row["result"] for row in branch["conditions"]}
    assert (branch["result"], held) == (
        False, {"interaction.status": True, "interaction.duration_seconds": False}
    )  # fmt: skip
    assert Run.objects.get().status == "succeeded"
    page = api.client.get(f"/runs/{run}/").content.decode()
    assert "Tried by hand; live, this event would have been passed over" in page
    assert '<span class="chip">interaction.duration_seconds</span> “5” is at least “60”' in page


def test_live_mode_is_a_test_run_that_really_sends(api, flow):
    run = api.post(f"/flows/{flow.pk}/try/", {"event": EVENT, "mode": "live", "until": "vars"}).value["run"]
    stored = Run.objects.get(pk=run)
    assert (stored.mode, stored.options) == ("test", {"until": "vars"})


@pytest.mark.parametrize("body", [{"mode": "hot"}, {"until": "nobody"}, {"event": [1]}])
def test_what_cannot_be_tried_is_422_and_leaves_nothing(api, flow, body):
    assert api.post(f"/flows/{flow.pk}/try/", {"event": EVENT, **body}).status_code == 422
    assert not FlowVersion.objects.exists()
    assert not Event.objects.exists()


def test_a_draft_without_a_trigger_cannot_be_tried(api, flow):
    api.put(f"/flows/{flow.pk}/draft/", document([end()]), If_Match="*")
    answer = api.post(f"/flows/{flow.pk}/try/", {"event": EVENT})
    assert (answer.status_code, answer.value["errors"][0]["code"]) == (422, "F001")


def test_what_a_test_run_ran_is_shown_to_the_canvas(api, flow):
    run = api.post(f"/flows/{flow.pk}/try/", {"event": EVENT}).value["run"]
    answer = api.get(f"/runs/{run}/document/").value
    assert answer == {"document": flow.draft.document, "version": None}


def test_a_draft_that_changed_meanwhile_does_not_change_the_run(api, flow):
    run = api.post(f"/flows/{flow.pk}/try/", {"event": EVENT}).value["run"]
    api.put(f"/flows/{flow.pk}/draft/", chain(call_ended(), end()), If_Match="*")
    assert len(api.get(f"/runs/{run}/document/").value["document"]["nodes"]) == 3


def test_a_step_is_sent_alone_with_the_values_given(api, flow):
    node = {"id": "x", "type": "set_variable", "key": "x", "config": {"assignments": [
        {"name": "topic", "type": "text", "value": "Call {{interaction.id}} of {{vars.who}}"}]}}  # fmt: skip
    answer = api.post(
        f"/flows/{flow.pk}/try-node/",
        {"node": node, "variables": {"interaction": {"id": "7"}, "vars": {"who": "Jane"}}},
    ).value
    assert (answer["error"], answer["variables"]) == (None, {"topic": "Call 7 of Jane"})
    assert not Run.objects.exists()


def test_a_failing_step_says_why(api, flow):
    node = post_json("x", "http://10.0.0.1/private", "{}")
    answer = api.post(f"/flows/{flow.pk}/try-node/", {"node": node})
    assert answer.status_code == 200
    assert answer.value["error"]["message"]
    assert answer.value["meta"]["request"]["method"] == "POST"


@pytest.mark.parametrize("node", [1, {}, {"id": "x", "type": "teleport"}, {"id": "x", "type": "call_ended"}])
def test_what_is_no_step_to_send_is_422(api, flow, node):
    assert api.post(f"/flows/{flow.pk}/try-node/", {"node": node}).status_code == 422


def test_sending_shows_what_the_peer_said_and_fills_the_mapping(api, flow, peer):
    peer.answers["/tickets"] = Answer(201, {"ticket": {"id": 42}}, {"X-Request": "r1"})
    node = post_json("x", f"{peer.url}/tickets", '{"subject": "{{interaction.summary}}"}',
                     response_mapping=[{"path": "$.ticket.id", "variable": "ticket_no"}])  # fmt: skip
    given = {"node": node, "variables": {"interaction": {"summary": 'She said "no"'}}}
    answer = api.post(f"/flows/{flow.pk}/try-node/", given).value
    assert answer["error"] is None
    assert (answer["data"], answer["variables"]) == ({"ticket": {"id": 42}}, {"ticket_no": 42})
    assert (answer["meta"]["status"], answer["meta"]["headers"]["x-request"]) == (201, "r1")
    assert peer.requests[0].json == {"subject": 'She said "no"'}


def test_a_refusal_of_the_peer_is_shown_whole(api, flow, peer):
    peer.answers["/tickets"] = Answer(422, {"message": "subject is missing"})
    answer = api.post(f"/flows/{flow.pk}/try-node/", {"node": post_json("x", f"{peer.url}/tickets")}).value
    assert (answer["meta"]["status"], answer["data"]) == (422, {"message": "subject is missing"})
    assert "subject is missing" in answer["error"]["message"]


def test_sending_shows_no_secret_of_its_connection(api, flow, peer):
    connection = api.post("/connections/", {"name": "Desk", "type": "bearer", "secrets": {"token": "very-secret-token"},
                                            "allowed_hosts": [f"127.0.0.1:{peer.port}"]}).value  # fmt: skip
    peer.answers["/tickets"] = lambda asked: {"you_sent": asked.headers["authorization"]}
    node = post_json("x", f"{peer.url}/tickets", connection=connection["id"])
    answer = api.post(f"/flows/{flow.pk}/try-node/", {"node": node})
    assert peer.requests[0].headers["authorization"] == "Bearer very-secret-token"
    assert b"very-secret-token" not in answer.content
