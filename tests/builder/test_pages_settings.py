"""Connections, agents, keys, members and preferences: secrets go in and never come out."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from builder.auditing import record
from builder.drafts import save_document
from builder.models import AuditEntry, Invitation
from integrations.models import Connection
from runtime.models import Agent, ApiKey, Membership, User
from tests.flows import node

BACKEND = "django.contrib.auth.backends.ModelBackend"
SECRET = "hunter2-and-more"


def text_of(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def connection(signed_in, workspace):
    """Made the way a person makes one."""
    data = {"name": "Desk", "field_username": "ada", "field_password": SECRET, "allowed_hosts": "desk.example"}
    signed_in.post("/settings/connections/new/?type=basic", data)
    return Connection.objects.get(name="Desk")


def test_a_connection_keeps_its_secret_and_never_shows_it(signed_in, connection):
    assert connection.secrets() == {"password": SECRET}
    for path in ("/settings/connections/", f"/settings/connections/{connection.pk}/", "/settings/audit/"):
        assert SECRET not in text_of(signed_in.get(path))


def test_saving_a_connection_without_its_secret_keeps_the_secret(signed_in, connection):
    data = {"name": "Help desk", "field_username": "bob", "field_password": "", "allowed_hosts": "desk.example"}
    signed_in.post(f"/settings/connections/{connection.pk}/", data)
    connection.refresh_from_db()
    assert (connection.name, connection.config["username"]) == ("Help desk", "bob")
    assert connection.secrets() == {"password": SECRET}


def test_a_connection_s_faults_stand_beside_their_fields_and_the_secret_is_not_echoed(signed_in):
    data = {"name": "Desk", "field_username": "ada", "field_password": SECRET, "allowed_hosts": "desk.example/api"}
    page = text_of(signed_in.post("/settings/connections/new/?type=basic", data))
    assert "leave out https://" in page
    assert SECRET not in page
    assert not Connection.objects.exists()


def test_an_editor_cannot_have_a_kept_secret_sent_to_further_hosts(connection, workspace, make_person):
    client = Client()
    client.force_login(make_person(workspace, "editor").user, backend=BACKEND)
    data = {"name": "Desk", "field_username": "ada", "field_password": "", "allowed_hosts": "desk.example evil.example"}
    page = text_of(client.post(f"/settings/connections/{connection.pk}/", data))
    assert "needs the role publisher" in page
    connection.refresh_from_db()
    assert connection.allowed_hosts == ["desk.example"]


def test_a_connection_in_use_is_not_deleted(signed_in, connection, flow, owner):
    document = flow.draft.document
    request = node("r", "api_request", {"connection": str(connection.pk)}, label="File it")
    save_document(flow, {**document, "nodes": [*document["nodes"], request]}, owner.user, None)
    page = text_of(signed_in.post(f"/settings/connections/{connection.pk}/delete/", follow=True))
    assert "Follow up (File it)" in page
    assert Connection.objects.filter(pk=connection.pk).exists()


def test_an_unused_connection_is_deleted_and_the_log_says_by_whom(signed_in, connection):
    signed_in.post(f"/settings/connections/{connection.pk}/delete/")
    assert not Connection.objects.exists()
    assert AuditEntry.objects.filter(action="connection.deleted", user=signed_in.person.user).exists()


def test_a_connection_is_tried_with_its_credentials(signed_in, connection, peer):
    Connection.objects.filter(pk=connection.pk).update(allowed_hosts=["127.0.0.1"])
    page = text_of(signed_in.post(f"/settings/connections/{connection.pk}/test/", {"url": peer.url}, follow=True))
    assert "127.0.0.1" in page
    assert "answered" in page


def test_a_test_never_leaves_the_allowed_hosts(signed_in, connection):
    data = {"url": "https://elsewhere.example/"}
    page = text_of(signed_in.post(f"/settings/connections/{connection.pk}/test/", data, follow=True))
    assert "elsewhere.example" in page
    assert "answered" not in page


def test_an_agent_shows_its_addresses_and_says_that_reports_are_unauthenticated(signed_in, workspace):
    signed_in.post("/settings/agents/new/", {"name": "Support line", "platform": "vapi"})
    agent = Agent.objects.get(slug="support-line")
    page = text_of(signed_in.get(f"/settings/agents/{agent.pk}/"))
    assert f"/in/vapi/{agent.token}/" in page
    assert "Reports are not authenticated" in page


def test_a_viewer_sees_an_agent_without_its_addresses(workspace, make_person):
    agent = Agent.objects.create(workspace=workspace, slug="a", name="A")
    client = Client()
    client.force_login(make_person(workspace, "viewer").user, backend=BACKEND)
    assert agent.token not in text_of(client.get(f"/settings/agents/{agent.pk}/"))
    client.post(f"/settings/agents/{agent.pk}/", {"name": "B", "slug": "b", "platform": "vapi"})
    agent.refresh_from_db()
    assert agent.name == "A"


def test_a_signing_secret_is_kept_replaced_and_removed(signed_in, workspace):
    signed_in.post("/settings/agents/new/", {"name": "A", "platform": "vapi", "signing_secret": SECRET})
    agent = Agent.objects.get()
    path, data = f"/settings/agents/{agent.pk}/", {"name": "A", "slug": "a", "platform": "vapi"}
    assert SECRET not in text_of(signed_in.get(path))
    signed_in.post(path, data)
    assert Agent.objects.get().signing_secret == SECRET
    signed_in.post(path, {**data, "remove_secret": "on"})
    assert not Agent.objects.get().signature_required


def test_renewed_addresses_end_the_old_ones(signed_in, workspace):
    agent = Agent.objects.create(workspace=workspace, slug="a", name="A")
    before = agent.token
    signed_in.post(f"/settings/agents/{agent.pk}/renew/")
    assert Agent.objects.get().token != before


def test_an_api_key_is_shown_once_and_works_until_revoked(signed_in):
    data = {"name": "Platform", "scopes": ["runs:read"], "days": "30"}
    page = text_of(signed_in.post("/settings/api-keys/", data))
    text = re.search(r"sk_[\w-]{20,}", page)[0]
    assert text not in text_of(signed_in.get("/settings/api-keys/"))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    assert machine.get("/api/v1/runs/").status_code == 200
    signed_in.post(f"/settings/api-keys/{ApiKey.objects.get().pk}/revoke/")
    assert machine.get("/api/v1/runs/").status_code == 401


def test_somebody_new_joins_by_the_link_they_were_sent(signed_in, workspace):
    page = text_of(signed_in.post("/settings/members/", {"email": "New@example.com", "role": "editor"}))
    path = re.search(r"/join/[\w-]+/", page)[0]
    assert path not in text_of(signed_in.get("/settings/members/"))
    newcomer = Client()
    assert "new@example.com" in text_of(newcomer.get(path))
    assert newcomer.post(path, {"password": "short"}).status_code == 200
    newcomer.post(path, {"first_name": "New", "password": "a good long password"})
    assert Membership.objects.get(user__email="new@example.com").role == "editor"
    assert newcomer.get("/").status_code == 200
    assert Client().get(path).status_code == 404


def test_somebody_with_an_account_joins_signed_in_as_themselves(signed_in, workspace):
    known = User.objects.create_user("known@example.com", "a good long password")
    page = text_of(signed_in.post("/settings/members/", {"email": "known@example.com", "role": "viewer"}))
    path = re.search(r"/join/[\w-]+/", page)[0]
    assert "Sign in" in text_of(Client().get(path))
    Client().post(path, {"password": "another good long password"})
    assert User.objects.get(pk=known.pk).check_password("a good long password")
    client = Client()
    client.force_login(known, backend=BACKEND)
    client.post(path)
    assert Membership.objects.filter(user=known, workspace=workspace, role="viewer").exists()


def test_a_withdrawn_invitation_is_closed(signed_in):
    page = text_of(signed_in.post("/settings/members/", {"email": "new@example.com", "role": "editor"}))
    path = re.search(r"/join/[\w-]+/", page)[0]
    signed_in.post(f"/settings/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert "This invitation is closed" in text_of(Client().get(path))


def test_the_last_owner_stays_owner(signed_in):
    own = Membership.objects.get(user=signed_in.person.user)
    page = text_of(signed_in.post(f"/settings/members/{own.pk}/role/", {"role": "viewer"}, follow=True))
    assert "A workspace needs an owner" in page
    signed_in.post(f"/settings/members/{own.pk}/remove/")
    own.refresh_from_db()
    assert own.role == "owner"


def test_a_theme_is_kept_on_the_server(signed_in):
    signed_in.post("/settings/preferences/", {"theme": "dark", "first_name": "Ada"})
    page = text_of(signed_in.get("/"))
    assert 'data-theme="dark"' in page
    assert 'data-single-keys="off"' in page
    assert "Ada" in page


def test_constants_are_written_as_lines_and_where_they_are_read_is_shown(signed_in, workspace):
    data = {"name": "Acme", "time_zone": "Europe/Berlin", "retention_days": 30, "constants": "desk = https://d.example"}
    signed_in.post("/settings/workspace/", data)
    workspace.refresh_from_db()
    assert workspace.constants == {"desk": "https://d.example"}
    page = text_of(signed_in.post("/settings/workspace/", {**data, "constants": "no equals sign"}))
    assert "write name = value" in page


def test_a_viewer_cannot_change_the_workspace(workspace, make_person):
    client = Client()
    client.force_login(make_person(workspace, "viewer").user, backend=BACKEND)
    client.post("/settings/workspace/", {"name": "Mine now", "time_zone": "UTC", "retention_days": 1})
    workspace.refresh_from_db()
    assert workspace.name == "Acme"


def test_the_audit_log_leads_to_a_run_instead_of_writing_its_id(signed_in, published):
    run = uuid4()
    for told in (str(run), "no id"):
        record(published.workspace, signed_in.person.user, "wait.decided", published, decision="approved", run=told)
    page = text_of(signed_in.get("/settings/audit/"))
    assert f'<a href="/runs/{run}/">the run</a>' in page
    assert "run: no id" in page
    assert page.count(str(run)) == 1


def test_the_audit_log_tells_who_did_what(signed_in, published):
    page = text_of(signed_in.get("/settings/audit/"))
    assert "published" in page
    assert "Follow up" in page
    assert "Nothing like that" in text_of(signed_in.get("/settings/audit/?about=member"))
