"""Who may open which page: every route of the pages, for nobody, every role, and people of another workspace."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Invitation
from builder.urls_pages import urlpatterns
from integrations.data.models import DataFile, DataTable
from integrations.data.tables import append
from integrations.models import Connection
from runtime.models import ROLES, Agent, ApiKey, Conversation, Gate, Membership, Operation, Run, Wait, Workspace

BACKEND = "django.contrib.auth.backends.ModelBackend"
# route name -> (method, least role); a route missing here fails
PAGES = {
    "flow-list": ("GET", "viewer"),
    "flow-new": ("GET", "editor"),
    "flow-bulk": ("POST", "editor"),
    "flow-trash-list": ("GET", "viewer"),
    "flow-editor": ("GET", "viewer"),
    "flow-reach": ("GET", "editor"),
    "flow-live": ("POST", "publisher"),
    "flow-duplicate": ("POST", "editor"),
    "flow-trash": ("POST", "editor"),
    "flow-restore": ("POST", "editor"),
    "version-list": ("GET", "viewer"),
    "version-restore": ("POST", "editor"),
    "run-list": ("GET", "viewer"),
    "run-page": ("GET", "viewer"),
    "run-cancel": ("POST", "editor"),
    "run-connection": ("POST", "editor"),
    "run-operate": ("POST", "editor"),
    "operation-page": ("GET", "viewer"),
    "operation-stop": ("POST", "editor"),
    "connection-limits": ("POST", "editor"),
    "gate-reset": ("POST", "editor"),
    "run-retry": ("POST", "editor"),
    "undelivered": ("GET", "viewer"),
    "undelivered-replay": ("POST", "editor"),
    "calls": ("GET", "viewer"),
    "conversation-page": ("GET", "viewer"),
    "conversation-resolved": ("POST", "editor"),
    "conversation-ended": ("POST", "editor"),
    "waiting": ("GET", "viewer"),
    "wait-decide": ("POST", "editor"),
    "node-reference": ("GET", "viewer"),
    "dashboard": ("GET", "viewer"),
    "data-list": ("GET", "viewer"),
    "data-table-new": ("GET", "editor"),
    "data-table": ("GET", "viewer"),
    "data-table-edit": ("GET", "editor"),
    "data-table-import": ("POST", "editor"),
    "data-table-export": ("GET", "viewer"),
    "data-table-delete": ("POST", "editor"),
    "data-row-new": ("GET", "editor"),
    "data-row": ("GET", "editor"),
    "data-row-delete": ("POST", "editor"),
    "data-file": ("GET", "viewer"),
    "data-file-delete": ("POST", "editor"),
    "connection-list": ("GET", "viewer"),
    "connection-new": ("GET", "editor"),
    "connection-edit": ("GET", "editor"),
    "connection-test": ("POST", "editor"),
    "connection-switch-on": ("POST", "editor"),
    "connection-sign-in": ("POST", "editor"),
    "connection-signed-in": ("GET", "editor"),
    "connection-delete": ("POST", "editor"),
    "agent-list": ("GET", "viewer"),
    "agent-new": ("GET", "editor"),
    "agent-edit": ("GET", "viewer"),
    "agent-renew": ("POST", "editor"),
    "agent-delete": ("POST", "editor"),
    "api-key-list": ("GET", "owner"),
    "api-key-revoke": ("POST", "owner"),
    "member-list": ("GET", "viewer"),
    "member-role": ("POST", "owner"),
    "member-remove": ("POST", "owner"),
    "invitation-withdraw": ("POST", "owner"),
    "workspace": ("GET", "viewer"),
    "hours": ("GET", "viewer"),
    "preferences": ("GET", "viewer"),
    "preferences-first-steps": ("POST", "viewer"),
    "password-change": ("GET", "viewer"),
    "audit": ("GET", "publisher"),
}
FOR_EVERYBODY = {"sign-in", "sign-out", "join"}


@pytest.fixture
def address(workspace, owner, published):
    """address(route name) -> a path to something of this workspace."""
    version = published.published
    agent = Agent.objects.create(workspace=workspace, slug="a", name="A")
    connection = Connection.objects.create(workspace=workspace, name="C", type="none")
    key, _ = ApiKey.issue(workspace, "k", ["runs:read"])
    run = Run.objects.create(workspace=workspace, flow=published, version=version, kind=published.kind)
    invitation = Invitation.objects.create(workspace=workspace, email="x@example.com", role="viewer", token_hash="h")
    table = DataTable.objects.create(workspace=workspace, name="t-00", columns=[{"name": "a", "type": "text"}])
    parts = {
        "flow_id": published.pk,
        "number": version.number,
        "run_id": run.pk,
        "operation_id": Operation.objects.create(workspace=workspace, action="cancel", by="J", total=1).pk,
        "gate_id": Gate.objects.create(workspace=workspace, key=f"connection:{connection.pk}", name="C").pk,
        "connection_id": connection.pk,
        "agent_id": agent.pk,
        "key_id": key.pk,
        "member_id": Membership.objects.get(user=owner.user).pk,
        "invitation_id": invitation.pk,
        "table": table.name,
        "row_id": append(table, {"a": "0"})[0].pk,
        "file_id": DataFile.objects.create(workspace=workspace, name="f.csv", format="csv").pk,
        "conversation_id": Conversation.objects.create(workspace=workspace, interaction_id="c").pk,
        "wait_id": Wait.objects.create(workspace=workspace, run=run, index=0, node="n").pk,
    }

    def make(name):
        pattern = next(route.pattern for route in urlpatterns if route.name == name)
        return reverse(name, kwargs={part: parts[part] for part in pattern.converters})

    return make


def test_every_page_is_in_the_table():
    assert {route.name for route in urlpatterns} == set(PAGES) | FOR_EVERYBODY


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_sent_to_sign_in(address, name):
    method, _ = PAGES[name]
    answer = Client().generic(method, address(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_the_pages_it_may_and_no_others(address, workspace, make_person, role):
    client = Client()
    client.force_login(make_person(workspace, role, "somebody@example.com").user, backend=BACKEND)
    for name, (method, least) in PAGES.items():
        if method == "GET":
            expected = 200 if ROLES.index(role) >= ROLES.index(least) else 403
            expected = 302 if expected == 200 and name == "connection-signed-in" else expected  # nobody was signing in
            assert client.get(address(name)).status_code == expected, name
        elif ROLES.index(role) < ROLES.index(least):
            assert client.post(address(name)).status_code == 403, name


@pytest.mark.parametrize("name", [name for name, route in PAGES.items() if name not in ("flow-bulk",)])
def test_the_owner_of_another_workspace_finds_nothing_of_this_one(address, make_person, name):
    path = address(name)
    stranger = make_person(Workspace.objects.create(name="Other"), "owner")
    client = Client()
    client.force_login(stranger.user, backend=BACKEND)
    answer = client.generic(PAGES[name][0], path)
    if "/00" in path or "/t-00/" in path or any(part.isdigit() or _is_id(part) for part in path.split("/")):
        assert answer.status_code == 404
    else:
        assert b"Follow up" not in answer.content


def test_somebody_without_a_workspace_is_told_whom_to_ask(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("lone@example.com", "x"), backend=BACKEND)
    answer = client.get("/")
    assert answer.status_code == 403
    assert b"Ask an owner to invite you" in answer.content


def test_a_page_that_is_not_there_says_so_in_the_app_s_own_words(signed_in):
    answer = signed_in.get("/flows/00000000-0000-0000-0000-000000000000/")
    assert answer.status_code == 404
    assert b"This page is not there" in answer.content


def _is_id(part):
    try:
        uuid.UUID(part)
    except ValueError:
        return False
    return True
