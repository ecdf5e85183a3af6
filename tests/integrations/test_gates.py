# ruff: noqa: F811  fixtures are borrowed by name
"""Limits and the circuit breaker of a connection: who may go, in which order, and what history says of it."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from integrations.models import Connection
from runtime import actions, gatekeeping, gates, tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Gate, Run, Turn, Wait
from tests.flows import action_called, call_ended, chain, end, post_json, respond
from tests.runtime.conftest import agent, peer, publish  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh():
    """Every request looks anew at what is known of gates."""
    before, gates.FRESH_SECONDS = gates.FRESH_SECONDS, -1.0
    yield
    gates.FRESH_SECONDS = before
    gates.forget()


@pytest.fixture
def connection(workspace, peer):
    host = peer.url.removeprefix("http://")
    return Connection.objects.create(workspace=workspace, name="Desk", type="none", allowed_hosts=[host])


@pytest.fixture
def limit(workspace, connection):
    def set_it(**limits):
        key = f"connection:{connection.pk}"
        gate, _ = Gate.objects.update_or_create(workspace=workspace, key=key, defaults={"name": "Desk", **limits})
        return gate

    return set_it


@pytest.fixture
def start(workspace):
    def send(count=1):
        arrivals = [
            Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": f"call_{number}"}})
            for number in range(count)
        ]
        for future in [recorder().submit(accept, arrival) for arrival in arrivals]:
            future.result(10)

    return send


def flow_with(peer, connection, **settings):
    body = '{"n": "{{interaction.id}}"}'
    call = post_json("call", peer.url, body, connection=str(connection.pk), settings=settings or None)
    return chain(call_ended(), call, end(outcome="done"))


def until(condition, seconds=20.0):
    """Work, and let the gates' clock tick, until `condition()` holds."""
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at:
        tasks.work(linger=0)
        gatekeeping.pump_all()
        if condition():
            return
    raise AssertionError("it did not come about in time")


def all_succeeded():
    return not Run.objects.exclude(status="succeeded").exists()


def test_without_limits_no_gate_is_asked_and_none_is_made(workspace, publish, peer, connection, start):
    publish(workspace, flow_with(peer, connection))
    start(3)
    until(all_succeeded)
    assert not Gate.objects.exists()
    assert not Turn.objects.exists()
    assert not Wait.objects.exists()


def test_no_more_than_so_many_at_once_and_everybody_gets_a_turn(workspace, publish, peer, connection, start, limit):
    limit(at_once=2)
    publish(workspace, flow_with(peer, connection))
    most, under_way, lock = 0, 0, threading.Lock()
    plain = peer.server.RequestHandlerClass.do_POST

    def counting(handler):
        nonlocal most, under_way
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)  # so that whoever may come in meanwhile does
        with lock:
            under_way -= 1
        plain(handler)

    peer.server.RequestHandlerClass.do_POST = counting
    start(12)
    until(all_succeeded)
    assert most <= 2
    assert len(peer.requests) == 12
    until(lambda: not Turn.objects.exists())
    assert not Wait.objects.filter(closed_at=None).exists()


def test_a_run_that_must_wait_is_a_wait_and_history_says_why(workspace, publish, peer, connection, start, limit):
    limit(rate=1, per=60, free_at=timezone.now() + timedelta(seconds=1.5))
    publish(workspace, flow_with(peer, connection))
    start()
    tasks.work(linger=0)
    run = Run.objects.get()
    assert (run.status, run.claimed_by) == ("waiting", "")
    wait = Wait.objects.get()
    assert (wait.kind, wait.what["why"]) == ("turn", "Desk: 1 a minute have gone")
    assert run.steps.last().warnings[0]["code"] == "waits_for_turn"
    until(all_succeeded)
    step = run.steps.get(node="call")
    assert (step.status, step.attempt, step.warnings[0]["code"]) == ("succeeded", 1, "waited_for_turn")
    assert "Desk: 1 a minute have gone" in step.warnings[0]["message"]


def test_a_rate_is_kept(workspace, publish, peer, connection, start, limit):
    limit(rate=10, per=1)
    publish(workspace, flow_with(peer, connection))
    moments = []
    plain = peer.server.RequestHandlerClass.do_POST

    def noting(handler):
        moments.append(time.monotonic())
        plain(handler)

    peer.server.RequestHandlerClass.do_POST = noting
    start(15)
    until(all_succeeded)
    moments.sort()
    assert len(moments) == 15
    assert moments[-1] - moments[0] > 0.9, "spread over 1.4 s, but for how late a busy machine notes the first"


def test_who_waited_longest_goes_first(workspace, publish, peer, connection, start, limit):
    limit(at_once=1)
    publish(workspace, flow_with(peer, connection))
    start(10)
    until(all_succeeded)
    called = [request["body"]["n"] for request in peer.requests]
    name_of = {run.pk: run.event.payload["interaction"]["id"] for run in Run.objects.select_related("event")}
    waited = [name_of[run_id] for run_id in Wait.objects.order_by("id").values_list("run_id", flat=True)]
    assert len(waited) > 3
    assert [name for name in called if name in waited] == waited


def test_a_pause_that_the_peer_asks_for_holds_the_whole_connection(workspace, publish, peer, connection, start, limit):
    publish(workspace, flow_with(peer, connection, retry={"max_attempts": 3, "backoff_seconds": 0.1}))
    plain = peer.server.RequestHandlerClass.do_POST
    refused = []

    def refusing(handler):
        if refused:
            return plain(handler)
        refused.append(time.monotonic())
        handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        handler.send_response(429)
        handler.send_header("Retry-After", "1")
        handler.send_header("Content-Length", "0")
        return handler.end_headers()

    peer.server.RequestHandlerClass.do_POST = refusing
    start(1)
    tasks.work(linger=0)
    until(lambda: Gate.objects.exclude(held_until=None).exists())
    start(3)
    tasks.work(linger=0)
    assert Wait.objects.filter(kind="turn", closed_at=None).count() == 3
    assert peer.requests == []
    until(all_succeeded)
    assert len(peer.requests) == 4


def test_the_breaker_opens_waits_probes_and_closes(workspace, publish, peer, connection, start, limit):
    gate = limit(opens_after=3)
    publish(workspace, flow_with(peer, connection))
    peer.answers = [(500, {})] * 3 + [(200, {})]
    for number in range(3):
        start(1)
        until(lambda number=number: Run.objects.filter(status="failed").count() == number + 1)
    until(lambda: Gate.objects.get().opened_at is not None)
    start(5)
    tasks.work(linger=0)
    assert Run.objects.filter(status="waiting").count() == 5
    assert len(peer.requests) == 3, "an open breaker sends nothing"
    gatekeeping.pump_all()
    assert len(peer.requests) == 3
    peer.gate.clear()  # the probe hangs
    Gate.objects.update(probe_at=timezone.now())
    gatekeeping.pump_all()
    assert Turn.objects.count() == 1, "one is let through"
    assert gatekeeping.pump_all() == 0, "and only one"
    peer.gate.set()
    until(lambda: Run.objects.filter(status="succeeded").count() == 5)
    gate.refresh_from_db()
    assert (gate.state, gate.failures) == ("closed", 0)


def test_a_probe_that_fails_leaves_it_open_for_longer(workspace, publish, peer, connection, start, limit):
    gate = limit(opens_after=1)
    publish(workspace, flow_with(peer, connection))
    peer.answers = [(503, {})]
    start(1)
    until(lambda: Gate.objects.get().opened_at is not None)
    start(1)
    tasks.work(linger=0)
    Gate.objects.update(probe_at=timezone.now())
    until(lambda: Gate.objects.get().cool_down == 60)
    gate.refresh_from_db()
    assert gate.state == "open"
    assert gate.probe_at > timezone.now() + timedelta(seconds=50)


def test_a_breaker_reset_by_hand_lets_everybody_go_on(workspace, publish, peer, connection, start, limit):
    gate = limit(opens_after=1)
    publish(workspace, flow_with(peer, connection))
    peer.answers = [(401, {}), (200, {})]
    start(1)
    until(lambda: Gate.objects.get().opened_at is not None)
    start(4)
    tasks.work(linger=0)
    assert Run.objects.filter(status="waiting").count() == 4
    gatekeeping.reset(gate)
    until(lambda: Run.objects.filter(status="succeeded").count() == 4)


def test_who_waits_for_an_answer_is_told_at_once(workspace, peer, connection, limit, a_live_action):
    call = actions.Call(Arrival(workspace.pk, "action", "action.called", {"args": {}}), name="look_up")
    started = time.monotonic()
    status, answer = asyncio.run(actions.invoke(call))
    assert (status, answer["status"], answer["response"]) == (200, "fallback", {"sorry": True})
    assert time.monotonic() - started < 2, "not at its deadline of ten seconds"
    assert peer.requests == []


@pytest.fixture
def a_live_action(workspace, publish, peer, connection, limit):
    now = timezone.now()
    limit(opens_after=1, failures=4, opened_at=now, probe_at=now + timedelta(seconds=60), cool_down=60)
    start_node = action_called(deadline_seconds=10, fallback_response={"sorry": True})
    call = post_json("call", peer.url, connection=str(connection.pk))
    publish(workspace, chain(start_node, call, respond()), kind="action")


def test_the_turn_of_a_process_that_died_ends_by_itself(workspace, publish, peer, connection, start, limit):
    gate = limit(at_once=1)
    publish(workspace, flow_with(peer, connection))
    start(1)
    dead = Run.objects.get()
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.update(due_at=None)
    Turn.objects.create(gate=gate, run=dead, from_at=past, until=timezone.now() + timedelta(seconds=60), taken=True)
    start(1)
    tasks.work(linger=0)
    assert Run.objects.filter(status="waiting").count() == 1
    Turn.objects.update(until=past)
    until(lambda: Run.objects.filter(status="succeeded").count() == 1)


@pytest.fixture
def runs(workspace, publish, peer, connection):
    """runs(8) -> so many stored runs that nobody drives."""
    flow = publish(workspace, flow_with(peer, connection))

    def make(count):
        rows = [Run(workspace=workspace, flow=flow, version=flow.published, kind="post_call") for _ in range(count)]
        return [run.pk for run in Run.objects.bulk_create(rows)]

    return make


def ask(gate, run_ids, do="admit"):
    """These runs ask, or give back, in one batch of the gates' lane."""
    jobs = [gates._Job(gate.workspace_id, gate.key, "Desk", run_id, do) for run_id in run_ids]
    with transaction.atomic():
        return gates._serve(jobs)


def test_of_many_that_ask_together_the_first_go_as_far_as_there_is_room(limit, runs):
    gate, asking = limit(at_once=5), runs(8)
    told = ask(gate, asking)
    assert [verdict.why for verdict in told] == [""] * 5 + ["Desk: 5 at once are under way"] * 3
    assert list(Turn.objects.order_by("id").values_list("run_id", flat=True)) == asking[:5]
    gate.refresh_from_db()
    assert gate.queued


def test_of_many_that_ask_together_each_gets_the_moment_that_the_rate_gives_it(limit, runs):
    told = ask(limit(rate=4), runs(4))
    assert [round(verdict.pause, 2) for verdict in told if not verdict.why] == [0, 0.25]
    assert [verdict.why for verdict in told[2:]] == ["Desk: 4 a second have gone"] * 2


def test_who_comes_again_after_its_process_died_has_its_turn_still(limit, runs):
    gate, (first, second) = limit(at_once=1), runs(2)
    ask(gate, [first])
    assert ask(gate, [first])[0].turn
    assert ask(gate, [second])[0].why
    assert Turn.objects.count() == 1


def test_many_pass_an_open_gate_for_the_price_of_one(limit, runs, django_assert_max_num_queries):
    gate, asking = limit(at_once=100, rate=100_000), runs(40)
    with django_assert_max_num_queries(7):  # a transaction, the lock, what there is, the turns, the rate's next moment
        assert not any(verdict.why for verdict in ask(gate, asking))
    with django_assert_max_num_queries(4):
        ask(gate, asking, "give_back")
    assert not Turn.objects.exists()
