"""Agents, connections, secrets, export and import (CONTRACT)."""

import json

import pytest

from tests.contract.conftest import Program, is_problem
from tests.flows import call_ended, chain, end, post_json

AGENT = {"id", "slug", "name", "platform", "receivers", "has_signing_secret", "signature_required"}
SECRET = "s3cret-of-the-desk"


@pytest.fixture
def agent(program):
    return program.post("/agents/", {"name": "Support line", "slug": "support", "platform": "vapi"}).value


@pytest.fixture
def desk(program):
    body = {"name": "Desk", "type": "bearer", "secrets": {"token": SECRET}, "allowed_hosts": ["127.0.0.1"]}
    answer = program.post("/connections/", body)
    assert answer.status_code == 201, answer.text
    return answer.value


# --- Agents


def test_an_agent_has_every_member_and_an_address_for_every_vendor(program, agent, live):
    assert set(agent) >= AGENT
    assert (agent["slug"], agent["has_signing_secret"], agent["signature_required"]) == ("support", False, False)
    assert set(agent["receivers"]) >= {"vapi", "retell", "elevenlabs", "famulor", "generic"}
    for vendor, address in agent["receivers"].items():
        assert address.startswith(f"{live}/in/{vendor}/")
    assert program.get(f"/agents/{agent['id']}/").value == agent
    listed = program.get("/agents/").value
    assert listed == {"results": [agent], "next": None}


def test_a_signing_secret_goes_in_and_never_comes_out(program, agent):
    path = f"/agents/{agent['id']}/"
    body = {"signing_secret": SECRET, "signature_required": True}
    answer = program.patch(path, body)
    assert (answer.value["has_signing_secret"], answer.value["signature_required"]) == (True, True)
    assert SECRET not in answer.text + program.get(path).text + program.get("/agents/").text
    assert "signing_secret" not in answer.value


def test_a_receiver_with_a_secret_refuses_what_is_not_signed(program, live, agent):
    outside, address = Program(live), agent["receivers"]["generic"]
    body = {"type": "call.ended", "interaction": {"id": "1"}}
    assert outside.post(address, body).status_code == 202
    program.patch(f"/agents/{agent['id']}/", {"signing_secret": SECRET})
    is_problem(outside.post(address, body), 401)
    is_problem(outside.post(address, body, headers={"X-Webhook-Secret": "wrong"}), 401)
    assert outside.post(address, body, headers={"X-Webhook-Secret": SECRET}).status_code == 202


@pytest.mark.parametrize("body", [
    {}, {"name": "A", "slug": "Bad Slug"}, {"name": "A", "slug": "support"}, {"name": "A", "platform": "nobody"},
    {"name": "A", "bogus": 1}, {"name": "A", "signature_required": True},
])  # fmt: skip
def test_an_agent_that_cannot_be_is_422(program, agent, body):
    is_problem(program.post("/agents/", body), 422)


def test_an_agent_in_use_stays(program, publish, agent):
    flow = publish(chain(call_ended(agents=["support"]), end()))
    is_problem(program.delete(f"/agents/{agent['id']}/"), 409)
    program.delete(f"/flows/{flow['id']}/")
    assert program.delete(f"/agents/{agent['id']}/").status_code == 204
    is_problem(program.get(f"/agents/{agent['id']}/"), 404)


def test_a_flow_of_one_agent_starts_only_for_it(program, publish, agent):
    program.post("/agents/", {"name": "Sales", "slug": "sales"})
    publish(chain(call_ended(agents=["support"]), end()))
    started = {
        slug: len(program.post("/events/", {"type": "call.ended", "agent": slug}).value["runs"])
        for slug in ("support", "sales")
    }
    assert started == {"support": 1, "sales": 0}


# --- Connections


def test_a_connection_shows_that_it_has_a_secret_and_since_when(program, desk):
    assert desk["secrets"] == {"token": {"has_value": True, "updated_at": desk["secrets"]["token"]["updated_at"]}}
    assert set(desk) >= {"id", "name", "type", "allowed_hosts", "used_by"}
    assert (desk["allowed_hosts"], desk["used_by"]) == (["127.0.0.1"], 0)
    path = f"/connections/{desk['id']}/"
    assert program.get(path).value == desk
    assert SECRET not in program.get(path).text + program.get("/connections/").text
    renamed = program.patch(path, {"name": "Help desk"})
    assert (renamed.status_code, renamed.value["secrets"]) == (200, desk["secrets"])


@pytest.mark.parametrize("body", [
    {}, {"name": "A", "type": "soap"}, {"name": "A", "type": "bearer"}, {"name": "Desk", "type": "none"},
    {"name": "A", "type": "basic", "config": {}, "secrets": {}}, {"name": "A", "type": "none", "bogus": 1},
])  # fmt: skip
def test_a_connection_that_cannot_be_is_422(program, desk, body):
    is_problem(program.post("/connections/", body), 422)


@pytest.mark.parametrize(("type", "config", "secrets", "header", "value"), [
    ("basic", {"username": "a/token"}, {"password": "b"}, "authorization", "Basic YS90b2tlbjpi"),
    ("bearer", {}, {"token": "t"}, "authorization", "Bearer t"),
    ("api_key", {"name": "X-Key"}, {"key": "k"}, "x-key", "k"), ("none", {}, {}, "x-nothing", None),
])  # fmt: skip
def test_each_type_sends_its_credentials(program, publish, happens, peer, type, config, secrets, header, value):
    peer.answers["/x"] = {}
    kinds = {each["type"]: {field["name"] for field in each["fields"]} for each in
             program.get("/connection-types/").value}  # fmt: skip
    assert set(config) | set(secrets) <= kinds[type]
    body = {"name": "C", "type": type, "config": config, "secrets": secrets, "allowed_hosts": ["127.0.0.1"]}
    made = program.post("/connections/", body)
    assert made.status_code == 201, made.text
    publish(chain(call_ended(), post_json("x", f"{peer.url}/x", connection=made.value["id"]), end()))
    assert happens({"type": "call.ended"})[0]["status"] == "succeeded"
    assert peer.requests[-1].headers.get(header) == value


def test_testing_a_connection_asks_the_peer_with_its_credentials(program, desk, peer):
    peer.answers["/me"] = {"ok": True}
    answer = program.post(f"/connections/{desk['id']}/test/", {"url": f"{peer.url}/me"})
    assert (answer.status_code, answer.value["ok"]) == (200, True)
    assert peer.requests[-1].headers["authorization"] == f"Bearer {SECRET}"
    missing = program.post(f"/connections/{desk['id']}/test/", {"url": "http://127.0.0.2/"}).value
    assert (missing["ok"], SECRET in str(missing)) == (False, False)


def test_credentials_go_only_to_the_hosts_they_are_bound_to(program, desk, publish, happens, peer):
    program.patch(f"/connections/{desk['id']}/", {"allowed_hosts": ["api.example.com"]})
    publish(chain(call_ended(), post_json("x", f"{peer.url}/x", connection=desk["id"]), end()))
    (run,) = happens({"type": "call.ended"})
    assert (run["status"], peer.requests) == ("failed", [])
    assert SECRET not in str(run)


def test_a_connection_in_use_stays_and_says_by_whom(program, desk, publish):
    publish(chain(call_ended(), post_json("x", "https://127.0.0.1/x", connection=desk["id"]), end()))
    assert program.get(f"/connections/{desk['id']}/").value["used_by"] == 1
    is_problem(program.delete(f"/connections/{desk['id']}/"), 409)


def test_another_workspace_can_neither_see_nor_use_them(stranger, program, agent, desk):
    for path in (f"/agents/{agent['id']}/", f"/connections/{desk['id']}/"):
        is_problem(stranger.get(path), 404)
        is_problem(stranger.patch(path, {"name": "Mine"}), 404)
        is_problem(stranger.delete(path), 404)
    is_problem(stranger.post(f"/connections/{desk['id']}/test/", {}), 404)
    document = chain(call_ended(), post_json("x", "https://127.0.0.1/x", connection=desk["id"]), end())
    flow = stranger.post("/flows/", {"name": "F", "kind": "post_call", "document": document}).value
    problem = is_problem(stranger.post(f"/flows/{flow['id']}/publish/"), 422)
    assert [error["code"] for error in problem["errors"]] == ["F011"]


# --- Export and import


@pytest.fixture
def exported(program, desk, publish):
    flow = publish(
        chain(call_ended(), post_json("x", "https://127.0.0.1/x", connection=desk["id"]), end()), name="Tickets"
    )
    return program.get(f"/flows/{flow['id']}/export/").value


def test_an_export_names_connections_and_holds_no_secret(exported, desk):
    text = json.dumps(exported)
    assert SECRET not in text
    assert desk["id"] not in text
    assert [(row["name"], row["type"]) for row in exported["connections"]] == [("Desk", "bearer")]


def test_an_import_elsewhere_asks_only_for_the_mapping(exported, stranger):
    problem = is_problem(stranger.post("/flows/import/", {"export": exported}), 422)
    assert [error["pointer"] for error in problem["errors"]] == ["/connections/Desk"]
    body = {"name": "Their desk", "type": "bearer", "secrets": {"token": "x"}, "allowed_hosts": ["127.0.0.1"]}
    theirs = stranger.post("/connections/", body).value["id"]
    made = stranger.post("/flows/import/", {"export": exported, "connections": {"Desk": theirs}})
    assert made.status_code == 201
    (flow,) = made.value["flows"]
    assert (flow["name"], flow["kind"], flow["published"]) == ("Tickets", "post_call", None)
    assert stranger.post(f"/flows/{flow['id']}/publish/").status_code == 201


def test_an_import_of_ones_own_needs_no_mapping(exported, program):
    made = program.post("/flows/import/", exported)
    assert made.status_code == 201
    drafts = [program.get(f"/flows/{flow['id']}/draft/").value["document"]
              for flow in program.get("/flows/").value["results"]]  # fmt: skip
    assert drafts[0] == drafts[1]


@pytest.mark.parametrize("body", [{}, {"export": {}}, {"export": {"segue": "flows", "flows": []}}, [], {"segue": "x"}])
def test_what_is_no_export_is_422(program, body):
    is_problem(program.post("/flows/import/", body), 422)
