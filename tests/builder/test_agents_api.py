"""/agents/: receivers' addresses, signing secrets that never come out."""

import pytest


@pytest.fixture
def agent(api):
    return api.post("/agents/", {"name": "Support line", "platform": "vapi"}).value


def test_a_new_agent_has_a_slug_and_a_receiver_per_vendor(agent):
    assert agent["slug"] == "support-line"
    assert set(agent["receivers"]) >= {"vapi", "retell", "elevenlabs", "famulor", "generic"}
    address = agent["receivers"]["vapi"]
    assert address.startswith("http://127.0.0.1:8000/in/vapi/")
    assert address.endswith("/")


def test_a_signing_secret_goes_in_and_never_comes_out(api, agent):
    answer = api.patch(f"/agents/{agent['id']}/", {"signing_secret": "whsec-very-secret"})
    assert b"whsec-very-secret" not in answer.content
    assert (answer.value["has_signing_secret"], answer.value["signature_required"]) == (True, True)
    removed = api.patch(f"/agents/{agent['id']}/", {"signing_secret": ""}).value
    assert (removed["has_signing_secret"], removed["signature_required"]) == (False, False)


def test_signatures_cannot_be_required_without_a_secret(api, agent):
    assert api.patch(f"/agents/{agent['id']}/", {"signature_required": True}).status_code == 422


def test_a_slug_is_used_once(api, agent):
    assert api.post("/agents/", {"name": "Another", "slug": "support-line"}).status_code == 422


@pytest.mark.parametrize("body", [{}, {"name": "a", "slug": "No Spaces"}, {"name": "a", "platform": "fax"}])
def test_a_wrong_agent_is_refused(api, body):
    assert api.post("/agents/", body).status_code == 422


def test_an_agent_that_flows_listen_to_stays(api, agent):
    api.post("/flows/", {"name": "F", "kind": "post_call", "agents": ["support-line"]})
    assert api.delete(f"/agents/{agent['id']}/").status_code == 409


def test_an_agent_nobody_listens_to_goes(api, agent):
    assert api.delete(f"/agents/{agent['id']}/").status_code == 204
    assert api.get("/agents/").value["results"] == []


def test_a_viewer_sees_agents_without_their_secret_addresses(as_role, agent):
    assert as_role("viewer").get("/agents/").value["results"][0]["receivers"] == {}
    assert as_role("editor").get(f"/agents/{agent['id']}/").value["receivers"]
