"""Signing in at another system for a connection: a real provider, state and PKCE, and what may go wrong."""

import html
import re
from types import SimpleNamespace
from urllib.parse import quote_plus

import pytest
import requests
from django.test import Client
from django.urls import reverse

from builder.signing_in import redirect_uri
from integrations.connection_types import TYPES
from integrations.connections import credentials_of
from integrations.http import fetch
from integrations.models import Connection, Token
from tests.builder.conftest import BACKEND
from tests.integrations.providers import Provider
from tests.peers import Answer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(settings):
    with Provider() as provider:
        settings.EGRESS_ALLOW = provider.allow
        yield provider


@pytest.fixture
def connection(workspace, provider):
    row = Connection(
        workspace=workspace, name="CRM", type="oauth2_sign_in", allowed_hosts=[f"127.0.0.1:{provider.port}"],
        config={"authorize_url": f"{provider.url}/authorize", "token_url": f"{provider.url}/token",
                "client_id": "client-1", "scope": "contacts offline"},
    )  # fmt: skip
    row.set_secrets({"client_secret": "client-s3cret"})
    row.save()
    return row


@pytest.fixture
def browser(owner):
    client = Client()
    client.force_login(owner.user, backend=BACKEND)
    return client


def way_there(browser, connection):
    page = browser.post(reverse("connection-sign-in", args=[connection.pk]))
    return html.unescape(re.search(r'href="(http[^"]+/authorize[^"]*)"', page.content.decode())[1])


def back_from(url):
    """Where the provider sends the browser: the path and query on our side."""
    location = requests.get(url, allow_redirects=False, timeout=10).headers["Location"]
    assert location.startswith(redirect_uri())
    return location[location.index("/settings/") :]


def told(browser, answer):
    return browser.get(answer["Location"]).content.decode()


def test_somebody_signs_in_and_the_connection_works(browser, connection, provider):
    url = way_there(browser, connection)
    assert all(part in url for part in ("code_challenge_method=S256", "scope=contacts+offline", "client_id=client-1"))
    assert "client-s3cret" not in url
    answer = browser.get(back_from(url))
    assert "CRM is signed in" in told(browser, answer)
    assert fetch("GET", f"{provider.url}/api", connection=credentials_of(connection)).status == 200
    assert "access-token" not in str(Token.objects.get().__dict__)
    assert provider.asked[0]["grant_type"] == "authorization_code"


@pytest.mark.parametrize(("type", "place", "more"), [
    ("hubspot_sign_in", "https://app.hubspot.com/oauth/authorize", "scope=oauth+crm.objects.contacts.read"),
    ("google", "https://accounts.google.com/o/oauth2/v2/auth", "access_type=offline&prompt=consent"),
    ("salesforce", "https://acme.my.salesforce.com/services/oauth2/authorize", "scope=api+refresh_token"),
    ("slack_sign_in", "https://slack.com/oauth/v2/authorize", "scope=chat%3Awrite"),
])  # fmt: skip
def test_each_service_is_signed_in_to_at_its_own_address(type, place, more, browser, provider, workspace):
    known = {"client_id": "client-1", "domain": "acme.my.salesforce.com", "token_url": f"{provider.url}/token"}
    fields = {field.name for field in TYPES[type].fields}
    row = Connection(workspace=workspace, name="CRM", type=type,
                     config={name: value for name, value in known.items() if name in fields})  # fmt: skip
    row.set_secrets({"client_secret": "client-s3cret"})
    row.full_clean()
    row.save()
    page = browser.post(reverse("connection-sign-in", args=[row.pk])).content.decode()
    url = html.unescape(re.search(r'href="(https://[^"]+code_challenge[^"]*)"', page)[1])
    assert url.startswith(f"{place}?")
    assert all(part in url for part in ("response_type=code", "client_id=client-1", "code_challenge_method=S256",
                                        "state=", quote_plus(redirect_uri()), more))  # fmt: skip
    agreed = provider.authorize(SimpleNamespace(path=url)).headers["Location"]
    assert "CRM is signed in" in told(browser, browser.get(agreed[agreed.index("/settings/") :]))
    assert provider.asked[0]["grant_type"] == "authorization_code"


def test_the_token_is_renewed_with_the_refresh_token(browser, connection, provider):
    browser.get(back_from(way_there(browser, connection)))
    provider.valid.clear()
    connection.refresh_from_db()
    assert fetch("GET", f"{provider.url}/api", connection=credentials_of(connection)).status == 200
    assert provider.asked[1] == {"grant_type": "refresh_token", "refresh_token": "refresh-token-1"}


def test_a_state_works_once(browser, connection, provider):
    there = back_from(way_there(browser, connection))
    browser.get(there)
    assert "was not begun here" in told(browser, browser.get(there))
    assert len(provider.asked) == 1


@pytest.mark.parametrize("state", ["", "made-up"])
def test_a_made_up_state_is_refused(state, browser, connection, provider):
    answer = browser.get(f"{reverse('connection-signed-in')}?code=code-1&state={state}")
    assert "was not begun here" in told(browser, answer)
    assert provider.asked == []


def test_another_persons_browser_cannot_finish_it(browser, connection, provider, make_person, workspace):
    other = Client()
    other.force_login(make_person(workspace, "editor").user, backend=BACKEND)
    assert "was not begun here" in told(other, other.get(back_from(way_there(browser, connection))))
    assert not Token.objects.exists()


def test_a_sign_in_older_than_ten_minutes_is_over(browser, connection, provider):
    there = back_from(way_there(browser, connection))
    session = browser.session
    session["sign_ins"] = {state: {**each, "until": 0} for state, each in session["sign_ins"].items()}
    session.save()
    assert "10 minutes ago" in told(browser, browser.get(there))


def test_who_says_no_there_is_told_so_here(browser, connection, provider):
    state = re.search("state=([^&]+)", back_from(way_there(browser, connection)))[1]
    answer = browser.get(f"{reverse('connection-signed-in')}?error=access_denied&state={state}")
    assert "the access was not allowed" in told(browser, answer)


def test_a_code_that_is_not_taken_is_told(browser, connection, provider):
    there = back_from(way_there(browser, connection))
    provider.refusal = Answer(400, {"error": "invalid_grant", "error_description": "The code has expired."})
    assert "The code has expired" in told(browser, browser.get(there))
    assert not Token.objects.filter(version__gt=0).exists()


def test_a_viewer_cannot_sign_in(connection, make_person, workspace):
    viewer = Client()
    viewer.force_login(make_person(workspace, "viewer").user, backend=BACKEND)
    assert viewer.post(reverse("connection-sign-in", args=[connection.pk])).status_code == 403


def test_another_workspaces_connection_is_not_there(connection, stranger):
    assert stranger.client.post(reverse("connection-sign-in", args=[connection.pk])).status_code == 404


def test_changing_the_client_ends_the_sign_in(browser, connection, provider, api):
    browser.get(back_from(way_there(browser, connection)))
    path = f"/connections/{connection.pk}/"
    assert api.get(path).value["standing"] == {"tone": "ok", "words": "Works"}
    api.patch(path, {"secrets": {"client_secret": "another-s3cret"}})
    assert api.get(path).value["standing"] == {"tone": "warn", "words": "Nobody has signed in yet."}


def test_a_revoked_sign_in_is_shown_before_the_next_run_fails(browser, connection, provider, api):
    browser.get(back_from(way_there(browser, connection)))
    provider.valid.clear()
    provider.refusal = Answer(400, {"error": "invalid_grant"})
    tested = api.post(f"/connections/{connection.pk}/test/", {"url": f"{provider.url}/api"}).value
    assert tested["ok"] is False
    standing = api.get(f"/connections/{connection.pk}/").value["standing"]
    assert (standing["tone"], "sign in again" in standing["words"]) == ("bad", True)
    page = browser.get(reverse("connection-list")).content.decode()
    assert "Needs you" in page
