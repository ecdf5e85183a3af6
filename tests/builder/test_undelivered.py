"""Undelivered webhooks: listed with why, and sent again under the id they had."""

import pytest
from django.urls import reverse

from builder.undelivered import replay, undelivered
from integrations.endpoints import switch_on
from integrations.models import Connection
from runtime import tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, Workspace
from tests.flows import call_ended, chain, end, node
from tests.peers import Answer, Peer
from tests.runtime.conftest import publish  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
EVENT = {"interaction": {"id": "c-1", "contact_number": "+14155550132"}}


@pytest.fixture
def peer(settings):
    """An endpoint that is gone until told otherwise."""
    with Peer({"/hooks": Answer(410)}) as peer:
        settings.EGRESS_ALLOW = peer.allow
        yield peer


@pytest.fixture
def given_up(workspace, publish, peer):  # noqa: F811
    """A run whose webhook nobody took."""
    connection = Connection(workspace=workspace, name="Receiver", type="webhook_out",
                            config={"base_url": f"{peer.url}/hooks"})  # fmt: skip
    connection.set_secrets({"secret": "whsec_dGhpcyBpcyBhIG5ldyBzZWNyZXQgb2YgMzIgYg=="})
    connection.full_clean()
    connection.save()
    config = {"event": "call.ended", "data": '{"id": "{{interaction.id}}"}', "connection": str(connection.pk)}
    publish(workspace, chain(call_ended(), node("hook", "send_webhook", config), end(), ports={"hook": "success"}))
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", EVENT)).result(10)
    tasks.work(linger=0)
    return Run.objects.get()


def test_what_was_given_up_is_listed_with_why(workspace, given_up):
    (found,) = undelivered(workspace)
    assert (found.run, found.event, found.endpoint, found.contact) == (given_up, "call.ended", "Receiver",
                                                                      "+14155550132")  # fmt: skip
    assert "answered 410 Gone" in found.step.error["message"]
    assert undelivered(Workspace.objects.create(name="Other")) == []


def test_a_replay_keeps_the_id_and_leaves_the_list(workspace, given_up, peer):
    peer.answers["/hooks"] = Answer(204)
    switch_on(Connection.objects.get())
    (again,), left = replay(workspace, [str(given_up.pk)])
    tasks.work(linger=0)
    again.refresh_from_db()
    assert (again.status, left, undelivered(workspace)) == ("succeeded", 0, [])
    assert {asked.headers["webhook-id"] for asked in peer.requests} == {f"{given_up.pk}:1"}


def test_one_that_fails_again_is_listed_once_and_still_has_its_id(workspace, given_up, peer):
    for _ in range(2):
        switch_on(Connection.objects.get())
        (found,) = undelivered(workspace)
        replay(workspace, [str(found.run.pk)])
        tasks.work(linger=0)
    (found,) = undelivered(workspace)
    assert found.run.origin_id is not None
    assert {asked.headers["webhook-id"] for asked in peer.requests} == {f"{given_up.pk}:1"}


def test_only_what_is_listed_can_be_replayed(workspace, given_up):
    assert replay(workspace, ["nothing", str(given_up.pk), str(given_up.pk)])[1] == 1
    assert replay(workspace, [str(given_up.pk)]) == ([], 1)


def test_the_page_shows_it_and_sends_it_again(workspace, given_up, peer, client, owner):
    client.force_login(owner.user)
    shown = client.get(reverse("undelivered")).content.decode()
    assert "call.ended" in shown
    assert "answered 410 Gone" in shown
    assert "was switched off" in shown
    peer.answers["/hooks"] = Answer(204)
    answer = client.post(reverse("connection-switch-on", args=[Connection.objects.get().pk]), follow=True)
    assert "Receiver is on again" in answer.content.decode()
    assert "was switched off" not in answer.content.decode()
    answer = client.post(reverse("undelivered-replay"), {"run": [str(given_up.pk)]}, follow=True)
    assert "1 webhook is on the way again" in answer.content.decode()
    assert "Every webhook was taken" in answer.content.decode()
