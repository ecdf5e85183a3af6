"""Outgoing webhooks: signed so that receivers can check them, tried for three days, never twice under two ids."""

import json
import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from builder.connecting import save
from builder.gating import gate_of
from builder.undelivered import undelivered
from integrations.connection_types import TYPES
from integrations.endpoints import switch_on
from integrations.models import Connection
from integrations.services.outgoing_webhook import DELAYS, SPREAD, delay_before
from integrations.webhook_signing import signature
from runtime import tasks
from runtime.engine.outcomes import Done, Fail
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Gate, Run
from runtime.operating import retry
from runtime.signatures import standard_webhooks
from tests.flows import call_ended, chain, end, node
from tests.peers import Answer, Peer
from tests.runtime.conftest import publish  # noqa: F401
from tests.until import until

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_dGhpcyBpcyBhIG5ldyBzZWNyZXQgb2YgMzIgYg=="
SECRETS = {"secret": NEW, "previous_secret": ""}
EVENT = {"interaction": {"id": "c-1", "summary": 'She said "yes"'}}
CONFIG = {"event": "call.ended", "data": '{"id": "{{interaction.id}}", "summary": "{{interaction.summary}}"}'}


def send(do, **more):
    return do("send_webhook", CONFIG, EVENT, values=more.pop("values", SECRETS), **more)


def test_a_signature_is_the_one_of_the_standards_own_example():
    signed = signature(OLD, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_is_signed_over_the_bytes_that_leave(do, vendor):
    vendor.answers["/"] = Answer(204)
    outcome, row = send(do)
    assert outcome.output == {"webhook_id": "run-1:0", "status": 204, "tries": 1}
    assert ("Webhook", "run-1:0") in row["references"]
    asked = vendor.requests[0]
    assert asked.json["type"] == "call.ended"
    assert asked.json["data"] == {"id": "c-1", "summary": 'She said "yes"'}
    assert asked.headers["webhook-id"] == "run-1:0"
    assert abs(int(asked.headers["webhook-timestamp"]) - time.time()) < 60
    assert standard_webhooks(asked.headers, asked.body, [NEW], time.time()) is None
    assert standard_webhooks(asked.headers, asked.body + b" ", [NEW], time.time())


def test_while_a_secret_is_replaced_both_sign(do, vendor):
    vendor.answers["/"] = Answer(204)
    send(do, values={"secret": NEW, "previous_secret": OLD})
    asked = vendor.requests[0]
    for secret in (OLD, NEW):
        assert standard_webhooks(asked.headers, asked.body, [secret], time.time()) is None


def test_no_signature_stays_in_history(do, vendor):
    vendor.answers["/"] = Answer(204)
    _, row = send(do)
    assert vendor.requests[0].headers["webhook-signature"] not in json.dumps(row, default=str)


def test_secrets_are_checked_when_they_are_saved():
    kind, address = TYPES["webhook_out"], {"base_url": "https://example.com/hooks"}
    assert not kind.check({**address, "secret": NEW})
    assert "24 to 64 bytes" in kind.check({**address, "secret": "whsec_c2hvcnQ="})["secret"]
    assert "base_url" in kind.check({"base_url": "example.com", "secret": NEW})


def test_the_connections_test_sends_a_signed_test_event(vendor):
    vendor.answers["/"] = Answer(200)
    test = TYPES["webhook_out"].test
    assert test({"base_url": vendor.url, "secret": NEW}) == "it took a test event (200)"
    assert vendor.requests[0].json["type"] == "webhook.test"
    assert standard_webhooks(vendor.requests[0].headers, vendor.requests[0].body, [NEW], time.time()) is None


@pytest.mark.parametrize("status", [302, 400, 401, 404, 422, 500, 501, 503])
def test_whatever_is_not_2xx_is_tried_again(status, do, vendor):
    vendor.answers["/"] = Answer(status, "no")
    outcome, _ = send(do)
    assert isinstance(outcome, Fail)
    assert outcome.retryable
    assert 4 <= outcome.retry_after <= 6


def test_410_is_never_tried_again(do, vendor):
    vendor.answers["/"] = Answer(410)
    outcome, _ = send(do)
    assert (outcome.code, outcome.retryable) == ("http_410", False)
    assert "wants no more events" in outcome.message


def test_a_thank_you_page_counts_as_taken(do, vendor):
    vendor.answers["/"] = Answer(200, "<html><title>Thanks</title></html>", {"Content-Type": "text/html"})
    assert isinstance(send(do)[0], Done)


def test_retry_after_is_heeded_for_up_to_a_day(do, vendor):
    vendor.answers["/"] = Answer(503, "", {"Retry-After": "999999"})
    assert send(do)[0].retry_after == 86_400


def test_tries_are_spread_over_three_days_and_not_all_at_one_moment():
    for attempt, delay in enumerate(DELAYS, start=1):
        spread = {round(delay_before(attempt, f"run-{n}:0"), 3) for n in range(50)}
        assert all(delay * (1 - SPREAD) <= each <= delay * (1 + SPREAD) for each in spread)
        assert len(spread) > 40 or delay == 0
    assert 3 * 86_400 < sum(DELAYS) < 3.2 * 86_400


@pytest.fixture
def flow(workspace, publish, open_to):  # noqa: F811
    """flow(peer, *events): a published flow that sends each ended call to the peer."""

    def flow(peer, *events):
        open_to(peer)
        connection = Connection(workspace=workspace, type="webhook_out")
        address = {"base_url": f"{peer.url}/hooks"}
        assert not save(connection, None, name="Receiver", config=address, secrets={"secret": NEW})
        step = node("hook", "send_webhook", {**CONFIG, "connection": str(connection.pk)})
        publish(workspace, chain(call_ended(), step, end(), ports={"hook": "success"}))
        for event in events or (EVENT,):
            recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", event)).result(10)
        tasks.work(linger=0)

    return flow


def let_time_pass():
    """As if the next tries were due, and the pause of a breaker that has opened were over."""
    past = timezone.now() - timedelta(seconds=1)
    Gate.objects.filter(probe_at__gt=past).update(probe_at=past)
    Gate.objects.filter(held_until__gt=past).update(held_until=past)
    for run in Run.objects.filter(status="waiting"):
        run.state["wait"]["until"] = past.isoformat()
        Run.objects.filter(pk=run.pk).update(due_at=past, state=run.state)
    tasks.work(linger=0)


@pytest.mark.django_db(transaction=True)
def test_a_run_waits_between_the_tries_and_the_id_stays(flow):
    with Peer({"/hooks": Answer(500)}) as peer:
        flow(peer)
        run = Run.objects.get()
        assert run.status == "waiting"
        assert timedelta(seconds=3) < run.due_at - timezone.now() < timedelta(seconds=7)
        let_time_pass()
        assert timedelta(minutes=3) < Run.objects.get().due_at - timezone.now() < timedelta(minutes=7)
        peer.answers["/hooks"] = Answer(204)
        let_time_pass()
        assert Run.objects.get().status == "succeeded"
        assert {asked.headers["webhook-id"] for asked in peer.requests} == {f"{run.pk}:1"}
        assert len(peer.requests) == 3


@pytest.mark.django_db(transaction=True)
def test_a_peer_that_fails_half_of_the_time_gets_every_event_or_it_is_listed_as_undelivered(flow, workspace):
    """Every other request fails, in four ways, one of them after it was taken; two events are never taken."""
    taken, chance = set(), random.Random(50)

    def answer(asked):
        event = Webhook(NEW).verify(asked.body, asked.headers)["data"]["id"]
        fails = chance.choice((Answer(500), Answer(503), Answer(429), None)) if chance.random() < 0.5 else False
        if event.startswith("never"):
            return Answer(500)
        if fails is None:
            raise ConnectionAbortedError  # it has the event, and nobody learns of it
        return fails or taken.add(event) or Answer(204)

    events = [{"interaction": {"id": f"{'never' if number % 6 == 5 else 'call'}-{number}"}} for number in range(16)]
    with Peer({"/hooks": answer}) as peer:
        flow(peer, *events)
        under_way = Run.objects.filter(status__in=("waiting", "running", "queued"))
        until(
            lambda: not under_way.exists() or let_time_pass(),
            words=lambda: f"{len(peer.requests)} sent; {list(under_way.values('status', 'state__wait', 'due_at'))}",
        )
        sent = [(Webhook(NEW).verify(asked.body, asked.headers), asked) for asked in peer.requests]
    ends = {run.event.payload["interaction"]["id"]: run for run in Run.objects.select_related("event")}
    assert {name for name, run in ends.items() if run.status == "succeeded"} == taken
    listed = {each.run.pk for each in undelivered(workspace)}
    assert {name for name, run in ends.items() if run.pk in listed} == set(ends) - taken >= {"never-5", "never-11"}
    tries = Counter(body["data"]["id"] for body, _ in sent)
    assert tries["never-5"] == tries["never-11"] == max(tries.values()) == 10
    assert len(sent) > 16 + 2 * 9, "nothing failed"
    ids = {(body["data"]["id"], asked.headers["webhook-id"]) for body, asked in sent}
    assert ids == {(name, f"{run.pk}:1") for name, run in ends.items()}
    assert len({asked.body for _, asked in sent}) == len(events), "an event changed between its tries"


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_has_five_events_under_way_at_most_and_its_breaker_opens_after_twenty_failures(flow, workspace):
    with Peer({"/hooks": Answer(204)}) as peer:
        flow(peer)
    gate = gate_of(Connection.objects.get())
    assert (gate.at_once, gate.rate, gate.opens_after) == (5, None, 20)


@pytest.mark.django_db(transaction=True)
def test_after_ten_tries_it_can_be_replayed_under_the_same_id(flow):
    with Peer({"/hooks": Answer(410)}) as peer:
        flow(peer)
        run = Run.objects.get()
        assert run.status == "failed"
        peer.answers["/hooks"] = Answer(204)
        switch_on(Connection.objects.get())
        again = retry(run)
        tasks.work(linger=0)
        again.refresh_from_db()
        assert again.status == "succeeded"
        assert [asked.headers["webhook-id"] for asked in peer.requests] == [f"{run.pk}:1"] * 2
