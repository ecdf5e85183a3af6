"""Invitations used twice, keys that reach for more than they were given."""

import threading

import pytest
from django.db import connection
from django.test import Client

from builder import inviting
from builder.models import Invitation
from runtime.models import SCOPES, Agent, ApiKey, Membership, User
from tests.attack.conftest import Attacker


@pytest.fixture
def link(workspace, owner):
    _, token = inviting.invite(workspace, "new@acme.example", "viewer", owner.user)
    return f"/join/{token}/"


def join(link, password="a new password, long"):
    return Client(raise_request_exception=False).post(link, {"password": password})


def test_a_link_serves_once(link):
    assert join(link).status_code == 302
    assert join(link, "another one, long too").status_code == 404
    assert User.objects.get(email="new@acme.example").check_password("a new password, long")


def test_a_link_that_two_use_at_once_makes_one_member(link, transactional_db):
    statuses, start = [], threading.Barrier(2)

    def use(password):
        start.wait()
        statuses.append(join(link, password).status_code)
        connection.close()

    both = [threading.Thread(target=use, args=(password,)) for password in ("first password 1", "second password 2")]
    [each.start() for each in both]
    [each.join() for each in both]
    assert statuses.count(302) == 1
    assert set(statuses) <= {302, 404, 200}
    assert Membership.objects.filter(user__email="new@acme.example").count() == 1


def test_a_withdrawn_link_is_dead(link, owner):
    inviting.withdraw(Invitation.objects.get(), owner.user)
    assert join(link).status_code == 404
    assert not User.objects.filter(email="new@acme.example").exists()


def test_more_than_was_offered_is_not_taken(link):
    assert Client().post(link, {"password": "a new password, long", "role": "owner", "is_superuser": "on"})
    member = Membership.objects.get(user__email="new@acme.example")
    assert (member.role, member.user.is_superuser, member.user.is_staff) == ("viewer", False, False)


def test_a_key_that_only_reads_learns_no_secret_address(live, workspace):
    agent = Agent.objects.create(workspace=workspace, slug="line", name="Line")
    reader = Attacker(live, ApiKey.issue(workspace, "reader", ["flows:read", "runs:read"])[1])
    for path in ("/api/v1/agents/", f"/api/v1/agents/{agent.pk}/", "/api/v1/flows/"):
        assert agent.token not in reader.get(path).text


@pytest.mark.parametrize("scope", SCOPES)
def test_no_key_makes_keys_members_or_settings(live, workspace, scope):
    key = Attacker(live, ApiKey.issue(workspace, "narrow", [scope])[1])
    for path, body in (
        ("/api/v1/api-keys/", {"name": "more", "scopes": list(SCOPES)}),
        ("/api/v1/invitations/", {"email": "x@evil.example", "role": "owner"}),
    ):
        assert key.post(path, body).status_code == 403
    assert key.call("PATCH", "/api/v1/workspace/", {"name": "mine"}).status_code == 403
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("body", [
    {"name": "A", "kind": "post_call", "workspace": "x"}, {"name": "A", "kind": "post_call", "enabled": True},
    {"name": "A", "kind": "post_call", "token": "x"}, {"name": "A", "kind": "post_call", "id": "x"},
])  # fmt: skip
def test_members_that_nobody_may_set_are_refused(machine, body):
    assert machine.post("/api/v1/flows/", body).status_code == 422
