"""Runs whose connection is gone or off are parked and ask; they go on by themselves once there is one."""

import time

import pytest
from django.urls import reverse

from builder import connecting
from builder.models import AuditEntry
from integrations import endpoints
from integrations.connections import credentials_of
from integrations.models import Connection
from runtime import parking, tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, StepRun, Wait
from tests.flows import call_ended, chain, end, node
from tests.peers import Answer, Peer
from tests.runtime.conftest import publish  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def peer(open_to):
    with Peer({"/tickets": Answer(201, {"id": 7})}) as peer:
        open_to(peer)
        yield peer


@pytest.fixture
def connect(workspace, peer):
    """connect("Desk") -> a connection with a bearer token of its own, bound to the peer."""

    def connect(name):
        connection = Connection(workspace=workspace, name=name, type="bearer", allowed_hosts=[peer.url.split("//")[1]])
        connection.set_secrets({"token": f"token-of-{name}"})
        connection.full_clean()
        connection.save()
        return connection

    return connect


@pytest.fixture
def desk(connect):
    return connect("Desk")


@pytest.fixture
def call(workspace, owner, publish, peer, desk):  # noqa: F811
    """call(**settings) -> the run of a flow that makes a ticket with the connection Desk, as far as it gets."""
    published, used = {}, str(desk.pk)

    def call(kind="call.ended", document=None, **settings):
        config = {"method": "POST", "url": f"{peer.url}/tickets", "connection": used}
        step = node("ticket", "api_request", config, settings=settings)
        document = document or chain(call_ended(), step, end(), ports={"ticket": "success"})
        if not published:
            published["flow"] = publish(workspace, document)
        event = {"interaction": {"id": f"c-{Run.objects.count()}"}}
        recorder().submit(accept, Arrival(workspace.pk, "api", kind, event)).result(10)
        tasks.work(linger=0)
        return Run.objects.order_by("id").last()

    return call


def switch_off(connection):
    endpoints.switch_off(credentials_of(connection), "It answered 410 Gone.")


def authorization(peer):
    return [request.headers.get("authorization") for request in peer.requests]


def test_switched_off_the_run_is_parked_says_why_and_sends_nothing(call, desk, peer):
    switch_off(desk)
    run = call()
    assert (run.status, run.due_at, run.error["code"]) == ("parked", None, "connection_off")
    assert run.error["message"].startswith("The connection Desk is switched off: It answered 410 Gone.")
    assert peer.requests == []
    step = StepRun.objects.get(run=run, type="api_request")
    assert (step.status, step.warnings[0]["code"]) == ("waiting", "parked")


def test_switched_on_again_it_goes_on_by_itself_and_sends_once(call, desk, peer):
    switch_off(desk)
    runs = [call(), call()]
    tasks.work(linger=0)
    assert peer.requests == [], "it is not tried before there is a reason to"
    connecting.switch_on(desk, None)
    tasks.work(linger=0)
    for run in runs:
        run.refresh_from_db()
        assert (run.status, run.error) == ("succeeded", None)
        assert StepRun.objects.filter(run=run, type="api_request").count() == 1
    assert authorization(peer) == ["Bearer token-of-Desk"] * 2
    assert not Wait.objects.filter(closed_at=None).exists()


def test_a_new_secret_lets_it_go_on_too(call, desk, peer):
    switch_off(desk)
    run = call()
    desk.refresh_from_db()
    assert connecting.save(desk, None, secrets={"token": "renewed"}) == {}
    tasks.work(linger=0)
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert authorization(peer) == ["Bearer renewed"]


def test_still_off_it_is_parked_again_and_never_hot(call, desk, workspace, peer):
    switch_off(desk)
    run = call()
    for _ in range(6):
        assert parking.release(workspace.pk, desk.pk) == 1
        tasks.work(linger=0)
        run.refresh_from_db()
        assert (run.status, run.error["code"]) == ("parked", "connection_off")
    assert peer.requests == []
    assert StepRun.objects.filter(run=run, type="api_request").count() == 1


def test_deleted_the_run_asks_and_takes_the_one_that_is_chosen(call, desk, connect, peer, signed_in):
    connecting.delete(desk, signed_in.person.user)
    runs = [call(), call()]
    assert [(run.status, run.error["code"]) for run in runs] == [("parked", "no_connection")] * 2
    other = connect("Other desk")
    page = signed_in.get(reverse("run-page", args=[runs[0].pk])).content.decode()
    assert "no longer exists" in page
    assert "It was <strong>Desk</strong>" in page
    assert "Other desk</option>" in page
    answer = signed_in.post(reverse("run-connection", args=[runs[0].pk]), {"connection": str(other.pk)}, follow=True)
    assert "The run goes on with this connection, and 1 more that waited for the same one." in answer.content.decode()
    tasks.work(linger=0)
    assert set(Run.objects.values_list("status", flat=True)) == {"succeeded"}
    assert authorization(peer) == ["Bearer token-of-Other desk"] * 2
    assert AuditEntry.objects.get(action="run.reconnected").detail == {"connection": "Other desk", "runs": 2}


def test_the_chosen_one_switched_off_in_its_turn_parks_it_again(call, desk, connect, workspace, owner, peer):
    gone = str(desk.pk)
    connecting.delete(desk, None)
    run, other, third = call(), connect("Other"), connect("Third")
    switch_off(other)
    assert parking.use_instead(workspace.pk, gone, str(other.pk)) == 1
    tasks.work(linger=0)
    run.refresh_from_db()
    assert "The connection Other is switched off" in run.error["message"]
    assert parking.use_instead(workspace.pk, str(other.pk), str(third.pk)) == 1
    tasks.work(linger=0)
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert authorization(peer) == ["Bearer token-of-Third"]


def test_a_connection_that_does_not_fit_or_is_not_ours_is_refused(call, desk, connect, signed_in, workspace):
    switch_off(desk)
    run, off = call(), connect("Off")
    switch_off(off)
    mail = Connection.objects.create(workspace=workspace, name="Mail", type="smtp")
    for wrong in (str(desk.pk), str(off.pk), str(mail.pk), "", "no id", str(run.pk)):
        answer = signed_in.post(reverse("run-connection", args=[run.pk]), {"connection": wrong}, follow=True)
        assert "Choose a connection of this workspace that the step can use" in answer.content.decode()
    run.refresh_from_db()
    assert (run.status, run.options) == ("parked", {})


def test_the_list_of_parked_runs_names_the_connection(call, desk, signed_in):
    switch_off(desk)
    call()
    listed = signed_in.get(reverse("run-list") + "?status=parked").content.decode()
    assert "The connection Desk is switched off" in listed


def test_the_clock_finds_runs_that_were_being_parked_when_it_was_switched_on(call, desk, peer, monkeypatch):
    switch_off(desk)
    run = call()
    monkeypatch.setattr(parking, "_looked", time.monotonic() - parking.LOOK_EVERY)
    assert parking.look_again() == 0, "it is still off"
    Connection.objects.update(off_at=None)
    monkeypatch.setattr(parking, "_looked", time.monotonic() - parking.LOOK_EVERY)
    assert parking.look_again() == 1
    tasks.work(linger=0)
    run.refresh_from_db()
    assert run.status == "succeeded"


def test_a_parked_run_can_be_cancelled_and_never_goes_on(call, desk, peer, signed_in):
    switch_off(desk)
    run = call()
    signed_in.post(reverse("run-cancel", args=[run.pk]))
    connecting.switch_on(desk, None)
    tasks.work(linger=0)
    run.refresh_from_db()
    assert (run.status, peer.requests) == ("cancelled", [])


def test_a_step_with_an_error_branch_takes_it(call, desk, peer):
    switch_off(desk)
    assert call(on_error="continue").status == "succeeded"
    assert peer.requests == []


def test_a_test_run_fails_at_once(call, desk, workspace):
    switch_off(desk)
    run = call()
    tried = Run.objects.create(workspace=workspace, flow=run.flow, version=run.version, event=run.event,
                               kind="post_call", mode="test", status="queued", due_at=run.created_at)  # fmt: skip
    tasks.work(linger=0)
    tried.refresh_from_db()
    assert (tried.status, tried.error["code"]) == ("failed", "connection_off")
