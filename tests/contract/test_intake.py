"""POST /events/: one event, an array, one a line; repetitions; bad ones among good ones (CONTRACT, Intake)."""

import json

import pytest

from runtime.models import Event
from tests.contract.conftest import is_problem
from tests.flows import call_ended, chain, end, set_variable

CALL = {
    "type": "call.ended", "occurred_at": "2026-01-20T15:02:05Z",
    "interaction": {"id": "call-1", "direction": "inbound", "from": "+14155551234", "to": "+18005559876",
                    "status": "completed", "duration_seconds": 125, "transcript": "Agent: Hello\nUser: I want \"it\""},
    "contact": {"email": "jane@acme.com"}, "analysis": {"lead": "high"}, "variables": {"plan": "pro"},
    "secure": {"card": "4111"}, "data": {"campaign": 7},
}  # fmt: skip
INTERACTION = {
    "id", "channel", "direction", "from", "to", "contact_number", "agent_number", "started_at", "ended_at",
    "duration_seconds", "status", "ended_reason", "disposition", "sentiment", "summary", "transcript", "turns",
    "recording_url", "language", "agent", "variables", "raw",
}  # fmt: skip


@pytest.fixture
def two_flows(publish):
    document = chain(call_ended(), set_variable("vars", topic="{{interaction.id}}"), end("end", "{{vars.topic}}"))
    return [publish(document, name="One"), publish(document, name="Two")]


def test_an_event_is_taken_and_says_which_runs_it_started(program, two_flows):
    answer = program.post("/events/", CALL)
    assert answer.status_code == 202
    assert set(answer.value) == {"event", "duplicate", "runs"}
    assert answer.value["duplicate"] is False
    assert all(set(run) == {"id", "flow", "status"} for run in answer.value["runs"])
    assert {run["flow"] for run in answer.value["runs"]} == {flow["id"] for flow in two_flows}


def test_a_repetition_gets_the_same_event_and_the_same_runs(program, two_flows):
    first = program.post("/events/", {**CALL, "id": "e1"}).value
    for body in ({**CALL, "id": "e1"}, {**CALL, "id": "e1", "data": {"other": True}}):
        again = program.post("/events/", body)
        assert (again.status_code, again.value) == (200, {**first, "duplicate": True})


def test_a_call_without_an_id_is_known_by_its_interaction(program, two_flows):
    first = program.post("/events/", CALL).value
    assert program.post("/events/", CALL).value == {**first, "duplicate": True}
    custom = {"type": "order.paid", "interaction": {"id": "call-1"}}
    assert program.post("/events/", custom).value["event"] != program.post("/events/", custom).value["event"]


def test_three_posts_of_one_call_are_one_run_and_two_duplicates(program, two_flows, ended):
    first, *_ = [program.post("/events/", CALL).value for _ in range(3)]
    event = ended(first["runs"][0]["id"])["event"]
    assert event["duplicates"] == 2
    assert len(program.get("/runs/?interaction=call-1").value["results"]) == 2


def test_the_event_of_a_run_has_every_member_and_secrets_only_as_names(two_flows, happens):
    event = happens(CALL)[0]["event"]
    assert set(event) >= {"id", "type", "received_at", "duplicates", "interaction", "contact", "analysis", "variables",
                          "data"}  # fmt: skip
    assert set(event["interaction"]) == INTERACTION
    assert event["secure"] == ["card"]
    assert "4111" not in json.dumps(event)
    interaction = event["interaction"]
    assert (interaction["contact_number"], interaction["agent_number"]) == ("+14155551234", "+18005559876")
    assert interaction["turns"] == [
        {"role": "agent", "text": "Hello", "at_seconds": None},
        {"role": "user", "text": 'I want "it"', "at_seconds": None},
    ]
    assert interaction["summary"] is None
    assert event["variables"] == {"plan": "pro"}
    assert event["received_at"].endswith("Z")


def test_the_sides_follow_the_direction(two_flows, happens):
    outbound = {**CALL["interaction"], "direction": "outbound", "turns": [{"role": "agent", "text": "Hi"}]}
    interaction = happens({**CALL, "interaction": {**outbound, "transcript": None}})[0]["event"]["interaction"]
    assert (interaction["contact_number"], interaction["agent_number"]) == ("+18005559876", "+14155551234")
    assert interaction["transcript"] == "Agent: Hi"


def test_an_array_is_answered_in_order_and_one_bad_event_spoils_nothing(program):
    events = [{"type": "a.b", "id": "1"}, {"type": "A B"}, {"type": "a.b", "id": "1"}, 5, {"type": "a.b", "agent": "x"}]
    answer = program.post("/events/", events)
    assert answer.status_code == 202
    first, second, third, *others = answer.value["events"]
    assert third == {**first, "duplicate": True}
    for bad in (second, *others):
        assert set(bad) == {"error"}
        assert set(bad["error"]) >= {"code", "message"}


def test_ndjson_is_one_event_a_line(program):
    lines = b'{"type": "a.b", "id": "1"}\n{nonsense\n\n{"type": "a.b", "id": "2"}\n'
    answer = program.post("/events/", data=lines, type="application/x-ndjson")
    assert answer.status_code == 202
    assert ["event" in each for each in answer.value["events"]] == [True, False, True]


def test_a_thousand_events_are_taken_at_once_and_no_more(program):
    answer = program.post("/events/", [{"type": "a.b"}] * 1000)
    assert (answer.status_code, len(answer.value["events"])) == (202, 1000)
    assert Event.objects.count() == 1000
    is_problem(program.post("/events/", [{"type": "a.b"}] * 1001), 413)
    assert Event.objects.count() == 1000


def test_the_same_key_and_body_is_the_first_answer_and_another_body_is_422(program, two_flows):
    key = {"Idempotency-Key": "k1"}
    body = {"type": "a.b", "data": {"n": 1}}
    first = program.post("/events/", body, headers=key)
    again = program.post("/events/", data=json.dumps(dict(reversed(body.items()))).encode(), headers=key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.value == {**first.value, "duplicate": True}
    is_problem(program.post("/events/", {"type": "a.b", "data": {"n": 2}}, headers=key), 422)
    is_problem(program.post("/events/", [body], headers=key), 422)
    is_problem(program.post("/events/", body, headers={"Idempotency-Key": "k" * 300}), 422)


def test_a_key_of_a_batch_is_for_the_whole_batch(program):
    key = {"Idempotency-Key": "k2"}
    batch = [{"type": 5}, {"type": "a.b", "data": {"n": 1}}, {"type": "a.c"}]
    first = program.post("/events/", batch, headers=key).value["events"]
    again = program.post("/events/", batch, headers=key)
    assert again.status_code == 202
    assert [each.get("event") for each in again.value["events"]] == [each.get("event") for each in first]
    assert [each.get("duplicate") for each in again.value["events"]] == [None, True, True]
    for other in ([*batch, {"type": "a.d"}], batch[1:], [batch[2]], batch[1]):
        is_problem(program.post("/events/", other, headers=key), 422)
    assert Event.objects.count() == 2


@pytest.mark.parametrize(("body", "pointer"), [
    ([], None), ({}, "/type"), ({"type": "Call Ended"}, "/type"), ({"type": 5}, "/type"),
    ({"type": "a.b", "bogus": 1}, "/bogus"), ({"type": "a.b", "agent": "nobody"}, "/agent"),
    ({"type": "a.b", "agent": 5}, "/agent"), ({"type": "a.b", "id": {}}, "/id"),
    ({"type": "a.b", "occurred_at": "yesterday"}, "/occurred_at"), ({"type": "a.b", "data": []}, "/data"),
    ({"type": "a.b", "interaction": "x"}, "/interaction"), ({"type": "a.b", "secure": 1}, "/secure"),
    ({"type": "a.b", "interaction": {"turns": "x"}}, "/interaction/turns"),
    ({"type": "a.b", "interaction": {"turns": ["x"]}}, "/interaction/turns/0"),
    ({"type": "a.b", "interaction": {"started_at": "noon"}}, "/interaction/started_at"),
    ({"type": "a.b", "interaction": {"duration_seconds": "long"}}, "/interaction/duration_seconds"),
    ({"type": "a.b", "interaction": {"transcript": ["x"]}}, "/interaction/transcript"),
])  # fmt: skip
def test_a_wrong_member_is_422_and_named(program, body, pointer):
    if pointer is None:
        assert program.post("/events/", body).value == {"events": []}
        return
    problem = is_problem(program.post("/events/", body), 422)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert Event.objects.count() == 0


def test_custom_and_known_types_are_taken(program):
    for kind in ("conversation.started", "conversation.message", "conversation.ended", "contact.updated",
                 "handoff.requested", "booking.created", "call.ended", "acme.order_paid.v2", "ping"):  # fmt: skip
        assert program.post("/events/", {"type": kind}).status_code == 202


def test_chunked_bodies_are_read(program):
    answer = program.post("/events/", data=iter([b'{"type":', b' "a.b"}']))
    assert answer.status_code == 202
