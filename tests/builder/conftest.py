"""The builder's cast: callers of the API in every role, of another workspace, with keys; flows to work on."""

import json

import pytest
from django.test import Client

from builder.flows import create_flow
from builder.publishing import publish
from runtime import fair_use
from runtime.models import SCOPES, ApiKey, Workspace
from tests.flows import call_ended, chain, end, set_variable
from tests.peers import Peer

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Caller:
    """A client of /api/v1 that speaks JSON: paths are relative, bodies and answers are values."""

    def __init__(self, user=None, key=None):
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        if user is not None:
            self.client.force_login(user, backend=BACKEND)

    def call(self, method, path, body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        response = self.client.generic(
            method, f"/api/v1{path}", content, content_type="application/json", headers={**self.headers, **named}
        )
        response.value = json.loads(response.content) if response.content else None
        return response

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.call("POST", path, body, **headers)

    def put(self, path, body, **headers):
        return self.call("PUT", path, body, **headers)

    def patch(self, path, body, **headers):
        return self.call("PATCH", path, body, **headers)

    def delete(self, path, **headers):
        return self.call("DELETE", path, **headers)


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """The tests make many people; how slow their passwords are to guess is not what they ask."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _fresh_throttles():
    """Many tests run in a second, and the database gives their people the same ids again."""
    fair_use.forget()


@pytest.fixture
def as_role(workspace, make_person, owner):
    """as_role("viewer") -> a Caller with that role in the workspace."""
    callers = {"owner": Caller(owner.user)}

    def make(role):
        if role not in callers:
            callers[role] = Caller(make_person(workspace, role).user)
        return callers[role]

    return make


@pytest.fixture
def api(owner):
    """The owner's Caller."""
    return Caller(owner.user)


@pytest.fixture
def nobody(db):
    return Caller()


@pytest.fixture
def stranger(make_person):
    """The owner of another workspace."""
    return Caller(make_person(Workspace.objects.create(name="Other"), "owner").user)


@pytest.fixture
def with_key(workspace):
    """with_key("flows:read", ...) -> a Caller with an API key of these scopes; none named = all."""

    def make(*scopes):
        _, text = ApiKey.issue(workspace, "a machine", scopes or SCOPES)
        return Caller(key=text)

    return make


@pytest.fixture
def peer(settings):
    """A real HTTP server on loopback that the door may reach."""
    with Peer() as peer:
        settings.EGRESS_ALLOW = f"127.0.0.1:{peer.port}=127.0.0.0/8"
        yield peer


def simple_document():
    """Call ended -> set a variable -> end with it: nothing to complain about."""
    return chain(call_ended(), set_variable("vars", topic="Call {{interaction.id}}"), end("end", "{{vars.topic}}"))


@pytest.fixture
def flow(workspace, owner):
    """A draft that could be published."""
    return create_flow(workspace, owner.user, name="Follow up", kind="post_call", document=simple_document())


@pytest.fixture
def published(flow, owner):
    """The same flow, live."""
    publish(flow, owner.user)
    flow.refresh_from_db()
    return flow


def edited(document, label="Subject"):
    """`document` with its variable step renamed."""
    copy = json.loads(json.dumps(document))
    next(node for node in copy["nodes"] if node["id"] == "vars")["label"] = label
    return copy
