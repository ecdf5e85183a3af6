"""Every connection type there is, on its pages and over the API: what one declares is enough."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connection_types import TYPES
from integrations.models import Connection
from tests.builder.conftest import BACKEND
from tests.integrations.services.conftest import VALUES
from tests.peers import Answer

HUBSPOT = {"name": "CRM", "type": "hubspot", "secrets": {"token": "pat-na1-s3cret"}}
ME = "/account-info/v3/details"


@pytest.fixture
def browser(owner):
    client = Client()
    client.force_login(owner.user, backend=BACKEND)
    return client


@pytest.mark.parametrize("name", sorted(TYPES))
def test_each_type_has_its_form(name, browser):
    page = browser.get(reverse("connection-new") + f"?type={name}").content.decode()
    for field in TYPES[name].fields:
        assert f'name="field_{field.name}"' in page
        assert field.label in page
    assert ("Allowed hosts" in page) is TYPES[name].asks_for_hosts


@pytest.mark.parametrize("name", sorted(TYPES))
def test_only_what_has_no_test_of_its_own_asks_for_an_address_to_try(name, browser, workspace):
    connection = Connection.objects.create(workspace=workspace, name="Mine", type=name)
    page = browser.get(reverse("connection-edit", args=[connection.pk])).content.decode()
    assert ('id="test-url"' in page) is (TYPES[name].test is None)
    said = {"database": "Signs in with these credentials.", "hubspot": "Asks HubSpot whose credentials these are."}
    assert said.get(name, "Test") in page


def test_all_types_are_offered_services_first(browser):
    page = browser.get(reverse("connection-new")).content.decode()
    assert all(f"?type={name}" in page for name in TYPES)
    assert page.index("?type=hubspot") < page.index("?type=bearer")


def test_a_services_connection_is_bound_to_its_host_by_itself(api):
    made = api.post("/connections/", HUBSPOT).value
    assert made["allowed_hosts"] == ["api.hubapi.com"]
    assert made["standing"] is None
    moved = api.patch(f"/connections/{made['id']}/", {"config": {"base_url": "https://crm.example.com:8443"}})
    assert moved.value["allowed_hosts"] == ["crm.example.com:8443"]
    assert api.post("/connections/", {**HUBSPOT, "config": {"base_url": "ftp://x"}}).status_code == 422


def test_an_editor_sends_a_kept_token_to_no_other_address(as_role, api):
    path = f"/connections/{api.post('/connections/', HUBSPOT).value['id']}/"
    elsewhere = {"config": {"base_url": "https://evil.example.com"}}
    assert as_role("editor").patch(path, elsewhere).status_code == 403
    assert as_role("editor").patch(path, {**elsewhere, "secrets": {"token": "mine-instead"}}).status_code == 200


def test_an_editor_sends_a_kept_password_to_no_other_mail_server(as_role, api):
    config = {"host": "smtp.example.com", "username": "bot", "sender": "bot@example.com"}
    body = {"name": "Mail", "type": "smtp", "config": config, "secrets": {"password": "s3cret-password"}}
    made = api.post("/connections/", body).value
    assert made["allowed_hosts"] == ["smtp.example.com"]
    elsewhere = {"config": {**config, "host": "smtp.evil.example"}}
    assert as_role("editor").patch(f"/connections/{made['id']}/", elsewhere).status_code == 403


def test_the_test_says_whose_credentials_they_are(api, peer):
    made = api.post("/connections/", {**HUBSPOT, "config": {"base_url": peer.url}}).value
    path = f"/connections/{made['id']}/"
    peer.answers[ME] = lambda asked: {"portalId": 4711} if "pat-na1" in asked.headers["authorization"] else Answer(401)
    assert api.post(f"{path}test/", {}).value == {
        "ok": True,
        "message": "HubSpot accepts these credentials: account 4711.",
    }
    assert api.get(path).value["standing"] == {"tone": "ok", "words": "Works"}
    peer.answers[ME] = Answer(401, {"message": "Authentication credentials not found pat-na1-s3cret."})
    refused = api.post(f"{path}test/", {}).value
    assert refused["ok"] is False
    assert refused["message"] == (
        "HubSpot answered 401: it does not accept these credentials (Authentication credentials not found •••)."
    )


@pytest.mark.parametrize("answer", [Answer(200, "<html>hello</html>", {"Content-Type": "text/html"}), Answer(200, [])])
def test_a_test_that_meets_something_else_says_so(answer, api, peer):
    made = api.post("/connections/", {**HUBSPOT, "config": {"base_url": peer.url}}).value
    peer.answers[ME] = answer
    tested = api.post(f"/connections/{made['id']}/test/", {}).value
    assert (tested["ok"], "Is the address right?" in tested["message"]) == (False, True)


def test_a_connection_whose_type_went_away_is_listed_and_breaks_nothing(api, browser, workspace):
    row = Connection.objects.create(workspace=workspace, name="Old", type="gone", allowed_hosts=["a.example"])
    assert api.get(f"/connections/{row.pk}/").value["type"] == "gone"
    assert "Old" in browser.get(reverse("connection-list")).content.decode()


@pytest.mark.parametrize("name", sorted(TYPES))
def test_what_is_saved_on_the_page_is_what_the_type_asks_for(name, browser, workspace):
    """Types whose values must be real (keys, certificates) say what is wrong; the others are saved."""
    kind = TYPES[name]
    options = {field.name: (field.options or (("x-value", ""),))[0][0] for field in kind.fields}
    values = {f"field_{field.name}": VALUES.get(field.name) or field.default or options[field.name]
              for field in kind.fields}  # fmt: skip
    answer = browser.post(reverse("connection-new") + f"?type={name}",
                          {"name": "New", "allowed_hosts": "api.example.com", **values})  # fmt: skip
    if answer.status_code == 302:
        row = Connection.objects.get()
        assert set(row.sealed) == set(kind.secret_names)
        assert browser.get(answer["Location"]).status_code == 200
    else:
        assert 'class="error-text"' in answer.content.decode()
