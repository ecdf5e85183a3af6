"""A platform asks what its agent should know: answered in its own shape, in its time, whatever goes wrong."""

import hmac
import json
import time

import pytest
import requests

from runtime.models import Agent, Event, Flow, Run
from tests.flows import chain, node, post_json, respond

pytestmark = pytest.mark.django_db(transaction=True)
CALLER, CALLED = "+4915112345678", "+493012345678"
VARIABLES = [{"name": "first_name", "type": "string", "default": "friend"},
             {"name": "orders", "type": "integer", "default": 0}, {"name": "known", "type": "boolean"}]  # fmt: skip
SAYS = respond(response='{"first_name": "Ann {{interaction.from}}", "orders": 2, "known": true}')
NAME = f"Ann {CALLER}"
# vendor: (its request, its answer with the flow's variables, with the defaults, with nothing at all)
SHAPES = {
    "retell": (
        {"event": "call_inbound", "event_timestamp": 1780000000000, "call_inbound": {
            "agent_id": None, "from_number": CALLER, "to_number": CALLED, "custom_sip_headers": {"x-vip": "yes"}}},
        lambda name, orders, known: {"call_inbound": {"dynamic_variables": {
            "first_name": name, "orders": str(orders), "known": str(known).lower()}}},
        {"call_inbound": {}},
    ),
    "vapi": (
        {"message": {"type": "assistant-request", "call": {"id": "v-1", "type": "inboundPhoneCall"},
                     "customer": {"number": CALLER}, "phoneNumber": {"number": CALLED}}},
        lambda name, orders, known: {"assistantId": "as-1", "assistantOverrides": {"variableValues": {
            "first_name": name, "orders": orders, "known": known}}},
        {"assistantId": "as-1", "assistantOverrides": {"variableValues": {}}},
    ),
    "elevenlabs": (
        {"caller_id": CALLER, "agent_id": "e", "called_number": CALLED, "call_sid": "CA1"},
        lambda name, orders, known: {"type": "conversation_initiation_client_data", "dynamic_variables": {
            "first_name": name, "orders": orders, "known": known}},
        {"type": "conversation_initiation_client_data", "dynamic_variables": {}},
    ),
    "synthflow": (
        {"event": "call_inbound", "call_inbound": {"model_id": "m", "from_number": CALLER, "to_number": CALLED}},
        lambda name, orders, known: {"call_inbound": {"override_model_id": "", "custom_variables": {
            "first_name": name, "orders": str(orders), "known": str(known).lower()}}},
        {"call_inbound": {"override_model_id": ""}},
    ),
    "strada": (
        {"callerNumber": CALLER, "calledNumber": CALLED},
        lambda name, orders, known: {"agentVariables": {"first_name": name, "orders": orders, "known": known}},
        {"agentVariables": {}},
    ),
    "sigmamind": (
        {"from_number": CALLER, "to_number": CALLED, "agent_id": "a"},
        lambda name, orders, known: {"dynamic_variables": {
            "first_name": name, "orders": str(orders), "known": str(known).lower()}},
        {"dynamic_variables": {}},
    ),
    "bland": (
        {"call_id": "b-1", "from": CALLER, "to": CALLED},
        lambda name, orders, known: {"first_name": name, "orders": orders, "known": known},
        {},
    ),
}  # fmt: skip
DEFAULTS = ("friend", 0, False)


@pytest.fixture
def agent(workspace):
    return Agent.objects.create(workspace=workspace, slug="line", name="Line", platform_id="as-1")


@pytest.fixture
def ring(live, agent):
    def once(vendor, body=None, **headers):
        url = f"{live}/in/{vendor}/{agent.token}/"
        answer = requests.post(url, json=SHAPES[vendor][0] if body is None else body, headers=headers, timeout=30)
        return answer.status_code, answer.json()

    return once


@pytest.fixture
def flow(workspace, publish):
    def make(*steps, name="Greet", **config):
        start = node("start", "inbound_call", {"variables": VARIABLES, "deadline_seconds": 7, **config})
        return publish(workspace, chain(start, *(steps or (SAYS,))), kind="inbound", name=name)

    return make


@pytest.mark.parametrize("vendor", SHAPES)
def test_the_flows_variables_come_in_the_vendors_shape(flow, ring, vendor):
    flow()
    assert ring(vendor) == (200, SHAPES[vendor][1](NAME, 2, True))
    run = Run.objects.select_related("event").get()
    made = run.event.payload["interaction"]
    assert (made["from"], made["to"], made["status"], made["agent"]) == (CALLER, CALLED, "ringing", "line")
    assert (made["direction"], run.kind, run.event.source) == ("inbound", "inbound", vendor)


@pytest.mark.parametrize("vendor", SHAPES)
def test_without_a_flow_the_call_goes_on_as_if_nobody_had_asked(ring, vendor):
    assert ring(vendor) == (200, SHAPES[vendor][2])
    assert Event.objects.get().payload["interaction"]["status"] == "ringing"


@pytest.mark.parametrize("vendor", SHAPES)
def test_a_flow_that_fails_leaves_its_defaults(flow, ring, peer, vendor):
    peer.answers = [(500, {})]
    flow(post_json("crm", peer.url), SAYS)
    assert ring(vendor) == (200, SHAPES[vendor][1](*DEFAULTS))


def test_a_flow_that_is_late_leaves_its_defaults_in_time(flow, ring, peer):
    peer.gate.clear()
    flow(post_json("crm", peer.url), SAYS, deadline_seconds=1)
    for vendor in ("retell", "vapi", "elevenlabs", "synthflow"):
        began = time.monotonic()
        assert ring(vendor) == (200, SHAPES[vendor][1](*DEFAULTS))
        assert time.monotonic() - began < 2


def test_a_flow_may_not_take_longer_than_the_platform_waits(flow, ring, peer, monkeypatch):
    from integrations.receivers.vapi import Vapi

    monkeypatch.setattr(Vapi, "answers_within", 0.5)
    peer.gate.clear()
    flow(post_json("crm", peer.url), SAYS, deadline_seconds=20)
    began = time.monotonic()
    assert ring("vapi") == (200, SHAPES["vapi"][1](*DEFAULTS))
    assert time.monotonic() - began < 2
    from integrations.receivers import all_receivers

    limits = {receiver.name: receiver.answers_within for receiver in all_receivers()}
    assert (limits["retell"], limits["synthflow"], limits["sigmamind"]) == (9, 9, 9)


def test_a_flow_that_is_switched_off_still_says_its_defaults(flow, ring):
    flow()
    Flow.objects.update(enabled=False)
    assert ring("elevenlabs") == (200, SHAPES["elevenlabs"][1](*DEFAULTS))
    assert Run.objects.count() == 0


@pytest.mark.parametrize("vendor", ["retell", "vapi", "elevenlabs", "bland"])
def test_a_repeated_question_gets_the_first_answer(flow, ring, vendor):
    flow()
    assert ring(vendor) == ring(vendor)
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("vendor", "name", "expected"),
    [("retell", "override_agent_id", {"call_inbound": {"override_agent_id": "vip", "dynamic_variables": {"a": "1"}}}),
     ("synthflow", "override_model_id", {"call_inbound": {"override_model_id": "vip", "custom_variables": {"a": "1"}}}),
     ("vapi", "assistant_id", {"assistantId": "vip", "assistantOverrides": {"variableValues": {"a": 1}}})],
)  # fmt: skip
def test_the_flow_may_choose_who_takes_the_call(flow, ring, vendor, name, expected):
    declared = [{"name": name, "type": "string"}, {"name": "a", "type": "integer"}]
    flow(respond(response=json.dumps({name: "vip", "a": 1})), variables=declared)
    assert ring(vendor) == (200, expected)


def test_sip_headers_are_at_hand(flow, ring):
    flow(respond(response='{"first_name": "{{trigger.sip_headers.x-vip}}"}'))
    assert ring("retell")[1]["call_inbound"]["dynamic_variables"]["first_name"] == "yes"


def test_who_did_not_answer_and_why_is_kept(flow, ring):
    other = flow(name="Other number", to_numbers=["+18005550000"])
    mine = flow(name="Other agent", agents=["somebody-else"])
    ring("strada")
    reasons = {row["flow"]: row["reason"] for row in Event.objects.get().skipped}
    assert reasons == {
        str(other.pk): f"the called number is {CALLED}",
        str(mine.pk): "the agent is line, not somebody-else",
    }


def test_forged_questions_are_refused_and_start_nothing(flow, ring, agent):
    flow()
    agent.set_signing_secret("the-secret-of-it")
    agent.save()
    for vendor in SHAPES:
        assert ring(vendor)[0] == 401
        assert ring(vendor, Authorization="Bearer the-secret-of-it")[0] == 200
    assert ring("strada", **{"X-Strada-Secret": "the-secret-of-it"})[0] == 200
    body = SHAPES["synthflow"][0]
    signed = hmac.new(b"the-secret-of-it", json.dumps(body).encode(), "sha256").hexdigest()
    assert ring("synthflow", **{"Synthflow-Signature": signed})[0] == 200
    assert ring("synthflow", **{"Synthflow-Signature": signed[:-1] + "!"})[0] == 401


def test_a_database_that_is_gone_keeps_no_phone_ringing(ring, monkeypatch):
    from runtime import receiving

    def gone(hashes):
        raise OSError("the database is gone")

    monkeypatch.setattr(receiving, "_addresses", gone)
    assert ring("synthflow") == (200, {"call_inbound": {"override_model_id": ""}})
