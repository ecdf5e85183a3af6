"""POST /in/<vendor>/<token>/ with what the vendors really send (`tests/payloads`)."""

import json

import pytest

from tests.contract.conftest import Program, is_problem
from tests.flows import action_called, call_ended, chain, end, respond
from tests.payloads import PAYLOADS

VENDORS = ("vapi", "retell", "elevenlabs", "famulor")
STATUSES = ["completed", "no_answer", "busy", "failed", "canceled", "voicemail", "transferred"]
EXTRA = {"customer_number": "contact_number", "agent_number": "agent_number", "ended_reason": "ended_reason"}
HOP = {"transfer-encoding", "content-length", "content-type"}


def samples(*categories):
    for meta in sorted(PAYLOADS.glob("*/*.meta.json")):
        told = json.loads(meta.read_text())
        if meta.parent.name in VENDORS and told["category"] in categories and told["kind"] == "webhook-in":
            yield pytest.param(told, id=told["file"])


@pytest.fixture
def vendor(program, live):
    """vendor(sample, address tail) -> the answer to the sample's body at the agent's address, unsigned."""
    agent = program.post("/agents/", {"name": "Support", "slug": "support"}).value

    def post(told, tail=""):
        headers = {name: value for name, value in told.get("headers", {}).items() if name.lower() not in HOP}
        headers = {name: value for name, value in headers.items() if not name.startswith("<")}
        address = agent["receivers"][told["file"].split("/")[0]]
        return Program(live).post(address + tail, data=(PAYLOADS / told["file"]).read_bytes(), headers=headers)

    return post


@pytest.mark.parametrize("told", list(samples("a")))
def test_an_end_of_a_call_is_one_run_with_the_stated_interaction(vendor, publish, ended, told):
    publish(chain(call_ended(statuses=STATUSES, moment="ended" if "call_ended" in told["file"] else "analysed"), end()))
    answer = vendor(told)
    assert answer.status_code in (200, 202)
    (event,) = answer.value["events"]
    extra = told.get("expected_extra") or {}
    if extra.get("starts_call_ended_flow") is False:
        assert event["runs"] == []
        return
    (run,) = event["runs"]
    interaction = ended(run["id"])["event"]["interaction"]
    expected = dict(told["expected_normalised"])
    expected["turns"] = expected.pop("transcript_turns")
    assert {name: interaction[name] for name in expected} == expected
    assert {EXTRA[name]: interaction[EXTRA[name]] for name in extra if name in EXTRA} == {
        EXTRA[name]: extra[name] for name in extra if name in EXTRA
    }
    assert interaction["agent"] == "support"
    assert interaction["raw"] == json.loads((PAYLOADS / told["file"]).read_text())


@pytest.mark.parametrize("told", list(samples("a")))
def test_three_posts_are_one_event(vendor, publish, told):
    publish(chain(call_ended(statuses=STATUSES), end()))
    first, *others = [vendor(told).value["events"][0] for _ in range(3)]
    assert [each["duplicate"] for each in (first, *others)] == [False, True, True]
    assert {each["event"] for each in others} == {first["event"]}


@pytest.mark.parametrize("told", list(samples("b")))
def test_a_tool_call_is_answered_by_the_action_of_its_name(vendor, publish, told):
    calls = told["expected_action"]
    for name in {call["name"] or "anonymous" for call in calls}:
        publish(chain(action_called(name), respond("r", '{"args": {{args}}}')), kind="action")
    answer = vendor(told, "" if calls[0]["name"] else "?action=anonymous")
    assert answer.status_code == 200
    given = (
        [json.loads(each["result"]) for each in answer.value["results"]] if "vapi" in told["file"] else [answer.value]
    )
    for call, response in zip(calls, given, strict=True):
        assert call["arguments"].items() <= response["args"].items()
    if "vapi" in told["file"]:
        assert [each["toolCallId"] for each in answer.value["results"]] == [call["tool_call_id"] for call in calls]


def test_a_tool_call_that_names_nothing_says_what_to_do(vendor):
    (told,) = (param.values[0] for param in samples("b") if param.id == "elevenlabs/server-tool.request.json")
    answer = vendor(told)
    assert answer.status_code == 200
    assert "?action=" in answer.text


def test_retell_reports_twice_and_starts_one_run_with_the_analysis(vendor, publish, ended, program):
    publish(chain(call_ended(), end("end", "{{interaction.summary}}")))
    both = {param.id: param.values[0] for param in samples("a")}
    (first,) = vendor(both["retell/call_ended.json"]).value["events"]
    (run,) = first["runs"]
    assert program.get(f"/runs/{run['id']}/").value["status"] == "queued"
    vendor(both["retell/call_analyzed.json"])
    shown = ended(run["id"])
    assert shown["event"]["interaction"]["summary"]
    assert len(program.get("/runs/").value["results"]) == 1


def test_what_a_vendor_never_sends_is_400(program, live):
    receivers = program.post("/agents/", {"name": "A"}).value["receivers"]
    for address in receivers.values():
        is_problem(Program(live).post(address, data=b"{nonsense"), 400)
    is_problem(Program(live).post(receivers["vapi"], {"a": 1}), 400)
    is_problem(Program(live).post(receivers["vapi"], data=b"x" * 1_100_000), 413)
    is_problem(Program(live).put(receivers["vapi"], {}), 405)


def test_a_ping_is_answered(program, live):
    address = program.post("/agents/", {"name": "A"}).value["receivers"]["vapi"]
    assert Program(live).get(address).status_code == 200
    assert Program(live).call("HEAD", address).status_code == 200


def test_any_system_may_post_our_own_event_to_an_agent(program, live, publish):
    publish(chain(call_ended(), end()))
    address = program.post("/agents/", {"name": "A"}).value["receivers"]["generic"]
    body = {"type": "call.ended", "id": "g1", "interaction": {"id": "g1", "status": "completed"}}
    first, again = (Program(live).post(address, body).value["events"][0] for _ in range(2))
    assert (first["duplicate"], again["duplicate"], again["event"]) == (False, True, first["event"])
    assert len(first["runs"]) == 1
