"""Which connections the nodes of a service take: every way to sign in that exists for it, and nothing else."""

import pytest

from integrations.connected import ConnectedNode
from integrations.connection_types import TYPES
from integrations.models import Connection
from integrations.services.salesforce import SalesforceNode
from integrations.services.slack import SlackNode
from runtime.engine import registry
from runtime.engine.fields import ConnectionRef
from runtime.engine.graph import Graph
from tests.flows import call_ended, chain, end
from tests.flows import node as flow_node
from tests.integrations.services.conftest import SECRET

NODES = [each for each in registry.all_types() if isinstance(each, ConnectedNode)]
OURS = sorted(name for name, kind in TYPES.items() if not kind.is_general)
TAKEN = {name for each in NODES for name in each.fields["connection"].types}


@pytest.mark.parametrize("name", OURS)
def test_a_connection_of_a_service_can_be_used_by_its_nodes(name):
    assert name in TAKEN, f"nobody takes a {TYPES[name].label} connection"


@pytest.mark.parametrize("name", sorted(name for name in OURS if TYPES[name].grant))
def test_each_way_to_sign_in_is_taken_by_all_nodes_of_its_app(name):
    apps = {each.app["id"] for each in NODES if name in each.fields["connection"].types}
    for each in NODES:
        if each.app["id"] in apps:
            assert name in each.fields["connection"].types, f"{each.type} does not take {name}"


def test_nodes_take_only_types_that_exist():
    assert set(TYPES) >= TAKEN


@pytest.mark.parametrize("node", NODES, ids=lambda each: each.type)
def test_a_missing_connection_is_told_once_with_what_to_do(node):
    config = {name: value for name, value in node.example["config"].items() if name != "connection"}
    graph = Graph.from_document(chain(call_ended(), flow_node("it", node.type, config), end(), ports={"it": "success"}))
    told = [text for pointer, text in node.check_fields(config) if pointer == "/connection"]
    told += [text for code, pointer, text in node.check(graph.nodes["it"], graph)
             if pointer == "/config/connection" and code == "F011"]  # fmt: skip
    assert told == [node.missing]
    assert node.missing.startswith("Choose ")
    assert "under Connections" in node.missing


@pytest.mark.parametrize("node", NODES, ids=lambda each: each.type)
def test_a_connection_of_another_kind_is_refused_in_words(node, ask, connected):
    other = "twilio" if "twilio" not in node.fields["connection"].types else "stripe"
    config = {name: value for name, value in node.example["config"].items() if name != "connection"}
    outcome, _ = ask(config, {}, connected(other), type=node.type)
    assert outcome.code == "no_connection"
    assert "is of another kind. Choose " in outcome.message


@pytest.mark.parametrize(("name", "type", "path", "answer"), [
    ("slack_sign_in", "slack_send_message", "/api/chat.postMessage", {"ok": True, "ts": "1.2"}),
    ("hubspot_sign_in", "hubspot_find_contact", "/crm/v3/objects/contacts/search", {"total": 0, "results": []}),
    ("salesforce", "salesforce_find", "*", {"totalSize": 0, "records": []}),
    ("salesforce_client", "salesforce_find", "*", {"totalSize": 0, "records": []}),
])  # fmt: skip
def test_a_token_of_a_sign_in_goes_along(name, type, path, answer, ask, connected, vendor):
    vendor.answers[path] = answer
    config = {each: value for each, value in registry.find(type).example["config"].items() if each != "connection"}
    outcome, _ = ask(config, {"contact": {"email": "a@b.co"}, "interaction": {"contact_number": "+1415"}},
                     connected(name), type=type)  # fmt: skip
    assert outcome.port == "success", outcome
    assert vendor.requests[0].headers["authorization"] == f"Bearer {SECRET.format('access')}"


def test_slack_and_salesforce_offer_both_ways():
    for family, names in ((SlackNode, ["slack", "slack_sign_in"]),
                          (SalesforceNode, ["salesforce_client", "salesforce"])):  # fmt: skip
        field = family.fields["connection"]
        assert isinstance(field, ConnectionRef)
        assert field.types == names
    assert Connection(type="slack_sign_in").kind.needs_sign_in
