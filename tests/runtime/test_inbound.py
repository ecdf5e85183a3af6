"""Before the agent answers: variables in time, defaults whatever goes wrong."""

import time

import pytest
import requests

from runtime.models import Run
from tests.flows import chain, node, post_json, respond

pytestmark = pytest.mark.django_db(transaction=True)
VARIABLES = [
    {"name": "first_name", "type": "string", "default": "friend"},
    {"name": "orders", "type": "integer", "default": 0},
    {"name": "known", "type": "boolean"},
]


@pytest.fixture
def ask(live, api_key):
    def once(**call):
        headers = {"Authorization": f"Bearer {api_key}"}
        answer = requests.post(f"{live}/api/v1/inbound/", json=call, headers=headers, timeout=20)
        return answer.status_code, answer.json()

    return once


@pytest.fixture
def flow(workspace, publish):
    def make(*steps, name="Greet", **config):
        start = node("start", "inbound_call", {"variables": VARIABLES, "deadline_seconds": 7, **config})
        return publish(workspace, chain(start, *steps), kind="inbound", name=name)

    return make


CALL = {"from": "+14155551234", "to": "+18005559876"}


def test_the_flow_gives_the_variables(flow, ask):
    flow(respond(response='{"first_name": "Ann {{interaction.from}}", "orders": 2, "known": true}'))
    status, body = ask(**CALL)
    assert (status, body["status"]) == (200, "succeeded")
    assert body["variables"] == {"first_name": "Ann +14155551234", "orders": 2, "known": True}
    assert Run.objects.get().kind == "inbound"


def test_what_is_missing_or_of_another_type_gets_its_default(flow, ask):
    flow(respond(response='{"orders": "two", "secret": "no business of the agent"}'))
    assert ask(**CALL)[1]["variables"] == {"first_name": "friend", "orders": 0, "known": False}


def test_a_flow_that_fails_leaves_the_defaults(flow, ask, peer):
    peer.answers = [(500, {})]
    flow(post_json("crm", peer.url), respond(response='{"first_name": "Ann"}'))
    status, body = ask(**CALL)
    assert (status, body["status"]) == (200, "fallback")
    assert body["variables"]["first_name"] == "friend"


def test_a_crm_that_hangs_does_not_keep_the_phone_ringing(flow, ask, peer):
    peer.gate.clear()
    flow(post_json("crm", peer.url), respond(response='{"first_name": "Ann"}'), deadline_seconds=1)
    began = time.monotonic()
    status, body = ask(**CALL)
    assert time.monotonic() - began < 1.25 + 0.75
    assert (status, body["status"], body["variables"]["first_name"]) == (200, "timed_out", "friend")


def test_without_a_flow_there_are_no_variables(ask):
    assert ask(**CALL) == (200, {"run": None, "status": "none", "variables": {}})


def test_the_called_number_and_the_agent_choose_the_flow(flow, ask):
    flow(respond(response='{"first_name": "any"}'), name="Any")
    flow(respond(response='{"first_name": "mine"}'), name="Mine", to_numbers=["+18005559876"])
    assert ask(**CALL)[1]["variables"]["first_name"] == "mine"
    assert ask(**{**CALL, "to": "+18005550000"})[1]["variables"]["first_name"] == "any"


@pytest.mark.parametrize("call", [{"from": 4}, {"surprise": 1}, {"sip_headers": []}])
def test_what_is_no_call_is_said_so(ask, call):
    assert ask(**call)[0] == 422


def test_strangers_are_refused(live):
    assert requests.post(f"{live}/api/v1/inbound/", json=CALL, timeout=10).status_code == 401
