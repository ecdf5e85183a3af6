"""Endpoints that want no more: the connection is off, steps say so, owners are told, a person switches it on."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from builder.models import AuditEntry
from integrations import endpoints
from integrations.models import Connection
from runtime import tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Membership, Run, StepRun, User, Workspace
from tests.flows import call_ended, chain, end, node
from tests.peers import Answer, Peer
from tests.runtime.conftest import publish  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_dGhpcyBpcyBhIG5ldyBzZWNyZXQgb2YgMzIgYg=="
CONFIG = {"event": "call.ended", "data": '{"id": "{{interaction.id}}"}'}


@pytest.fixture
def peer(open_to):
    with Peer({"/hooks": Answer(410)}) as peer:
        open_to(peer)
        yield peer


@pytest.fixture
def connection(workspace, peer):
    connection = Connection(workspace=workspace, name="Receiver", type="webhook_out",
                            config={"base_url": f"{peer.url}/hooks"})  # fmt: skip
    connection.set_secrets({"secret": SECRET})
    connection.full_clean()
    connection.save()
    return connection


@pytest.fixture
def call(workspace, owner, publish, connection):  # noqa: F811
    """call("c-1") -> the run of a flow that sends this ended call to the endpoint, as far as it gets by itself."""
    step = node("hook", "send_webhook", {**CONFIG, "connection": str(connection.pk)})
    publish(workspace, chain(call_ended(), step, end(), ports={"hook": "success"}))

    def call(interaction):
        event = {"interaction": {"id": interaction}}
        recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", event)).result(10)
        tasks.work(linger=0)
        return Run.objects.latest("created_at")

    return call


@pytest.fixture
def failing_for(connection):
    """failing_for(timedelta): the endpoint has taken nothing for that long."""
    return lambda time: Connection.objects.update(failing_since=timezone.now() - time)


def test_410_switches_the_connection_off_and_tells_the_owners_once(call, connection, owner, make_person):
    make_person(owner.workspace, "editor")
    run = call("c-1")
    connection.refresh_from_db()
    assert connection.off_at is not None
    assert "answered 410 Gone" in connection.off_because
    assert run.error["message"].endswith("The connection Receiver is switched off now.")
    (sent,) = mail.outbox
    assert sent.to == [owner.user.email]
    assert sent.subject == "Receiver was switched off"
    assert "answered 410 Gone" in sent.body
    assert reverse("connection-edit", args=[connection.pk]) in sent.body
    assert SECRET not in sent.body
    assert endpoints.tell_owners_of_all() == 0
    assert len(mail.outbox) == 1


def test_a_step_to_a_connection_that_is_off_parks_its_run_and_sends_nothing(call, peer):
    call("c-1")
    peer.answers["/hooks"] = Answer(204)
    run = call("c-2")
    assert (run.status, run.error["code"]) == ("parked", "connection_off")
    assert re.search(r"The connection Receiver is switched off: .* 410 .* Switch it on again", run.error["message"])
    assert StepRun.objects.filter(run=run, type="send_webhook").count() == 1, "it is not tried again"
    assert len(peer.requests) == 1


def test_switched_on_again_it_is_asked_again(call, connection, peer, signed_in):
    call("c-1")
    peer.answers["/hooks"] = Answer(204)
    page = reverse("connection-edit", args=[connection.pk])
    assert "Off since" in signed_in.get(page).content.decode()
    answer = signed_in.post(reverse("connection-switch-on", args=[connection.pk]), {"next": page}, follow=True)
    assert "Off since" not in answer.content.decode()
    assert AuditEntry.objects.filter(action="connection.switched_on", user=signed_in.person.user).exists()
    assert call("c-2").status == "succeeded"


def test_a_changed_address_is_given_its_own_chance(call, connection, peer, signed_in):
    call("c-1")
    data = {"name": "Receiver", "field_base_url": f"{peer.url}/other", "field_secret": ""}
    signed_in.post(reverse("connection-edit", args=[connection.pk]), data)
    peer.answers["/other"] = Answer(204)
    assert call("c-2").status == "succeeded"


def test_its_test_can_be_pressed_while_it_is_off(call, connection, peer, signed_in):
    call("c-1")
    peer.answers["/hooks"] = Answer(204)
    answer = signed_in.post(reverse("connection-test", args=[connection.pk]), follow=True)
    assert "took a test event" in answer.content.decode()


def test_five_days_of_failures_alone_switch_it_off(call, connection, peer, failing_for):
    peer.answers["/hooks"] = Answer(500)
    failing_for(timedelta(days=5, minutes=1))
    run = call("c-1")
    connection.refresh_from_db()
    assert (run.status, run.error["code"]) == ("failed", "http_500")
    assert connection.off_because.startswith("It has taken nothing for 5 days.")
    assert len(mail.outbox) == 1


def test_less_than_five_days_of_failures_leave_it_on(call, connection, peer, failing_for):
    peer.answers["/hooks"] = Answer(500)
    failing_for(timedelta(days=4, hours=23))
    assert call("c-1").status == "waiting"
    connection.refresh_from_db()
    assert (connection.off_at, mail.outbox) == (None, [])


def test_one_success_begins_the_days_anew(call, connection, peer):
    peer.answers["/hooks"] = Answer(500)
    call("c-1")
    connection.refresh_from_db()
    assert connection.failing_since is not None
    peer.answers["/hooks"] = Answer(204)
    assert call("c-2").status == "succeeded"
    connection.refresh_from_db()
    assert connection.failing_since is None


def test_a_mail_that_was_not_taken_is_sent_an_hour_later(call, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1,
    )  # fmt: skip
    call("c-1")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert endpoints.tell_owners_of_all() == 1
    assert len(mail.outbox) == 1


def test_owners_of_others_are_not_told(call, workspace):
    stranger = User.objects.create_user("stranger@example.com", "a password of nobody")
    Membership.objects.create(workspace=Workspace.objects.create(name="Other"), user=stranger, role="owner")
    call("c-1")
    assert all("stranger@example.com" not in sent.to for sent in mail.outbox)


@pytest.mark.parametrize(("type", "kind"), [("zapier_hook", "zapier"), ("make_hook", "make")])
def test_a_catch_hook_that_is_gone_is_off_too(type, kind, workspace, publish, peer):  # noqa: F811
    hook = Connection(workspace=workspace, name="Hook", type=kind)
    hook.set_secrets({"url": f"{peer.url}/hooks"})
    hook.full_clean()
    hook.save()
    step = node("hook", type, {"content": CONFIG["data"], "connection": str(hook.pk)})
    publish(workspace, chain(call_ended(), step, end(), ports={"hook": "success"}))
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "c"}})).result(10)
    tasks.work(linger=0)
    hook.refresh_from_db()
    assert hook.off_at is not None
    assert f"{peer.url}/hooks" not in hook.off_because
