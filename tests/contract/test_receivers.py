"""POST /in/<vendor>/<token>/ with what the vendors really send (`tests/vendor_bodies`)."""

import json

import pytest

from tests.contract.conftest import Program, is_problem
from tests.flows import action_called, call_ended, chain, end, respond
from tests.vendor_bodies import sample, samples

VENDORS = ("vapi", "retell", "elevenlabs", "famulor")
STATUSES = ["completed", "no_answer", "busy", "failed", "canceled", "voicemail", "transferred"]
HOP = {"transfer-encoding", "content-length", "content-type"}


def of_vendors(*whats):
    return [each for each in samples(*whats) if each.values[0].vendor in VENDORS]


@pytest.fixture
def vendor(program, live):
    """vendor(sample, address tail) -> the answer to the sample's body at the agent's address, unsigned."""
    agent = program.post("/agents/", {"name": "Support", "slug": "support"}).value

    def post(sample, tail=""):
        headers = {name: value for name, value in sample.headers.items() if name.lower() not in HOP}
        headers = {name: value for name, value in headers.items() if not name.startswith("<")}
        return Program(live).post(agent["receivers"][sample.vendor] + tail, data=sample.body, headers=headers)

    return post


@pytest.mark.parametrize("sample", of_vendors("end"))
def test_an_end_of_a_call_is_one_run_with_the_stated_interaction(vendor, publish, ended, sample):
    moment = "ended" if sample.value.get("event") == "call_ended" else "analysed"
    publish(chain(call_ended(statuses=STATUSES, moment=moment), end()))
    answer = vendor(sample)
    assert answer.status_code in (200, 202)
    (event,) = answer.value["events"]
    (run,) = event["runs"]
    interaction = ended(run["id"])["event"]["interaction"]
    assert {name: interaction[name] for name in sample.interaction} == sample.interaction
    assert interaction["agent"] == "support"
    assert interaction["raw"] == sample.value


@pytest.mark.parametrize("sample", of_vendors("look-alike"))
def test_what_only_looks_like_an_end_of_a_call_starts_nothing(vendor, publish, sample):
    publish(chain(call_ended(statuses=STATUSES), end()))
    answer = vendor(sample)
    assert answer.status_code in (200, 202)
    assert [event["runs"] for event in answer.value["events"]] == [[]]


@pytest.mark.parametrize("sample", of_vendors("end", "look-alike"))
def test_three_posts_are_one_event(vendor, publish, sample):
    publish(chain(call_ended(statuses=STATUSES), end()))
    first, *others = [vendor(sample).value["events"][0] for _ in range(3)]
    assert [each["duplicate"] for each in (first, *others)] == [False, True, True]
    assert {each["event"] for each in others} == {first["event"]}


@pytest.mark.parametrize("sample", of_vendors("tool"))
def test_a_tool_call_is_answered_by_the_action_of_its_name(vendor, publish, sample):
    for name in {call["name"] or "anonymous" for call in sample.calls}:
        publish(chain(action_called(name), respond("r", '{"args": {{args}}}')), kind="action")
    answer = vendor(sample, "" if sample.calls[0]["name"] else "?action=anonymous")
    assert answer.status_code == 200
    vapi = sample.vendor == "vapi"
    given = [json.loads(each["result"]) for each in answer.value["results"]] if vapi else [answer.value]
    for call, response in zip(sample.calls, given, strict=True):
        assert call["arguments"].items() <= response["args"].items()
    if vapi:
        assert [each["toolCallId"] for each in answer.value["results"]] == [
            call["tool_call_id"] for call in sample.calls
        ]


def test_a_tool_call_that_names_nothing_says_what_to_do(vendor):
    answer = vendor(sample("elevenlabs", "a server tool, nothing but its arguments"))
    assert answer.status_code == 200
    assert "?action=" in answer.text


def test_retell_reports_twice_and_starts_one_run_with_the_analysis(vendor, publish, ended, program):
    publish(chain(call_ended(), end("end", "{{interaction.summary}}")))
    (first,) = vendor(sample("retell", "end, before the analysis")).value["events"]
    (run,) = first["runs"]
    assert program.get(f"/runs/{run['id']}/").value["status"] == "queued"
    vendor(sample("retell", "the same call, analysed"))
    shown = ended(run["id"])
    assert shown["event"]["interaction"]["summary"]
    assert len(program.get("/runs/").value["results"]) == 1


def test_every_flow_that_waits_for_an_analysis_begins_with_it(vendor, publish, ended):
    for name in ("one", "two", "three"):
        publish(chain(call_ended(), end("end", name + " {{interaction.summary}}")))
    (first,) = vendor(sample("retell", "end, before the analysis")).value["events"]
    answer = vendor(sample("retell", "the same call, analysed"))
    assert answer.status_code == 200
    shown = [ended(run["id"])["event"] for run in first["runs"]]
    (event,) = answer.value["events"]
    assert {each["id"] for each in shown} == {event["event"]}
    assert len(shown) == 3
    assert all(each["interaction"]["summary"] for each in shown)


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
