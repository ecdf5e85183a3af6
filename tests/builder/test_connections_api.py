"""/connections/: secrets go in and never come out; hosts bind them; what is in use stays."""

import pytest

from integrations.models import Connection
from tests.flows import call_ended, chain, end, post_json
from tests.peers import Answer

BODY = {"name": "Desk", "type": "basic", "config": {"username": "jane"}, "secrets": {"password": "very-secret-word"},
        "allowed_hosts": ["desk.example.com"]}  # fmt: skip


@pytest.fixture
def desk(api):
    return api.post("/connections/", BODY).value


def test_a_secret_is_told_only_as_having_a_value(api, desk):
    answer = api.get(f"/connections/{desk['id']}/")
    assert b"very-secret-word" not in answer.content
    assert answer.value["secrets"]["password"]["has_value"] is True
    assert answer.value["secrets"]["password"]["updated_at"]
    assert answer.value["config"] == {"username": "jane"}


def test_a_secret_is_stored_encrypted(desk):
    row = Connection.objects.get()
    assert "very-secret-word" not in str(row.sealed)
    assert row.secrets() == {"password": "very-secret-word"}


def test_secrets_that_are_not_named_stay_and_null_takes_one_away(api, desk):
    path = f"/connections/{desk['id']}/"
    assert api.patch(path, {"name": "Desk 2"}).value["secrets"]["password"]["has_value"] is True
    assert api.patch(path, {"secrets": {"password": None}}).value["secrets"]["password"]["has_value"] is False


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"type": "telepathy"}, "/type"),
        ({"config": {}}, "/config/username"),
        ({"config": {"username": "a", "extra": "b"}}, "/config/extra"),
        ({"secrets": {"pin": "1"}}, "/pin"),
        ({"allowed_hosts": []}, "/allowed_hosts"),
        ({"allowed_hosts": ["http://x/y"]}, "/allowed_hosts"),
    ],
)
def test_a_wrong_connection_names_what_is_wrong(api, change, pointer):
    answer = api.post("/connections/", {**BODY, **change})
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.value["errors"]]
    assert not Connection.objects.exists()


def test_a_name_is_used_once(api, desk):
    assert api.post("/connections/", BODY).status_code == 422


def test_an_editor_sends_kept_secrets_to_no_further_host(as_role, desk):
    path, hosts = f"/connections/{desk['id']}/", ["desk.example.com", "evil.example.com"]
    editor = as_role("editor")
    assert editor.patch(path, {"allowed_hosts": hosts}).status_code == 403
    assert editor.patch(path, {"allowed_hosts": hosts, "secrets": {"password": "mine"}}).status_code == 200
    assert as_role("publisher").patch(path, {"allowed_hosts": [*hosts, "b.example.com"]}).status_code == 200


def test_where_a_connection_is_used_is_told_and_keeps_it(api, desk):
    step = post_json("ticket", "https://desk.example.com/", connection=desk["id"])
    flow = api.post("/flows/", {"name": "F", "kind": "post_call", "document": chain(call_ended(), step, end())}).value
    shown = api.get(f"/connections/{desk['id']}/").value
    assert (shown["used_by"], shown["uses"][0]["flow"]) == (1, flow["id"])
    refused = api.delete(f"/connections/{desk['id']}/")
    assert (refused.status_code, "F (ticket)" in refused.value["detail"]) == (409, True)
    api.delete(f"/flows/{flow['id']}/")
    assert api.delete(f"/connections/{desk['id']}/").status_code == 204


def test_a_connection_is_tested_against_its_peer(api, desk, peer):
    path = f"/connections/{desk['id']}/"
    api.patch(path, {"allowed_hosts": [f"127.0.0.1:{peer.port}"]})
    peer.answers["/me"] = lambda asked: Answer(200 if asked.headers.get("authorization") else 401)
    tested = api.post(f"{path}test/", {"url": f"{peer.url}/me"}).value
    assert (tested["ok"], "answered 200" in tested["message"]) == (True, True)
    peer.answers["/me"] = Answer(401)
    refused = api.post(f"{path}test/", {"url": f"{peer.url}/me"}).value
    assert (refused["ok"], "does not accept these credentials" in refused["message"]) == (False, True)


def test_testing_cannot_reach_private_addresses(api, desk):
    tested = api.post(f"/connections/{desk['id']}/test/", {"url": "http://169.254.169.254/"}).value
    assert tested["ok"] is False


def test_the_types_say_what_they_ask_for(api):
    types = {item["type"]: item for item in api.get("/connection-types/").value}
    assert set(types) >= {
        "none",
        "basic",
        "bearer",
        "api_key",
        "oauth2_client_credentials",
        "oauth2_refresh",
        "service_account",
        "mtls",
    }  # fmt: skip  (the names of CONTRACT)
    assert [field["secret"] for field in types["basic"]["fields"]] == [False, True]


def test_every_change_of_a_connection_is_in_the_audit_log(api, desk):
    api.patch(f"/connections/{desk['id']}/", {"secrets": {"password": "another"}})
    entry = api.get("/audit/?action=connection.changed").value["results"][0]
    assert entry["detail"]["secrets_replaced"] == ["password"]
