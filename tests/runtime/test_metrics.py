"""/metrics: figures that an operator's alarms can stand on."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families

from integrations.service_node import ServiceNode
from runtime import broker, tallies
from runtime.awaiting import decide
from runtime.engine import registry
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, StepRun, Tally, Wait, WorkerBeat
from runtime.operating import cancel
from tests.flows import call_ended, chain, end, node, post_json, wait_for
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_counted(db):
    """What other tests left to be counted is not ours."""
    tallies.flush()
    Tally.objects.all().delete()


@pytest.fixture
def figures(client):
    """figures() -> {(name, labels...): value} of a scrape."""

    def scrape():
        answer = client.get("/metrics")
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.content.decode())
        return {(row.name, *sorted(row.labels.values())): row.value for family in families for row in family.samples}

    return scrape


@pytest.fixture
def send(workspace):
    def once(call="call_1"):
        payload = {"interaction": {"id": call, "status": "completed"}}
        return recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", payload)).result(10)

    return once


def test_runs_and_steps_are_counted(figures, workspace, publish, send, work, peer):
    peer.answers = [(200, {}), (500, {})]
    publish(workspace, chain(call_ended(), post_json("call", peer.url), end()))
    send("good")
    work()
    send("bad")
    work()
    found = figures()
    assert found["segue_runs_ended_total", "succeeded"] == 1
    assert found["segue_runs_ended_total", "failed"] == 1
    assert found["segue_runs_ended_total", "cancelled"] == found["segue_runs_ended_total", "timed_out"] == 0
    assert found["segue_steps_total", "api_request", "succeeded"] == 1
    assert found["segue_steps_total", "api_request", "http_500"] == 1
    assert found["segue_step_seconds_count", "api_request"] == 2
    assert found["segue_step_seconds_bucket", "+Inf", "api_request"] == 2
    assert found["segue_step_seconds_sum", "api_request"] == pytest.approx(
        sum(StepRun.objects.filter(type="api_request").values_list("seconds", flat=True))
    )
    assert found["segue_calls_total", "succeeded"] == found["segue_calls_total", "http_500"] == 1


def test_steps_are_counted_for_good_whatever_is_forgotten(figures, workspace, publish, send, work):
    publish(workspace, chain(call_ended(), end()))
    for number in range(3):
        send(f"call_{number}")
    work()
    StepRun.objects.all().delete()
    tallies.flush()
    assert figures()["segue_steps_total", "call_ended", "succeeded"] == 3


def test_a_step_that_waits_counts_once_when_it_has_ended(figures, workspace, publish, send, work):
    publish(workspace, chain(call_ended(), wait_for("pause", 0.01), end()))
    send()
    until(lambda: work() or Run.objects.get().status == "succeeded")
    assert figures()["segue_steps_total", "succeeded", "wait"] == 1


def test_what_two_processes_counted_is_added_up(figures):
    """Each adds to the same rows; what is in no bucket is beyond the last."""
    kind = ("api_request", "succeeded", tallies.bucket_of(0.2))
    slow = ("api_request", "timeout", tallies.bucket_of(3600))
    tallies._add([{kind: [2, 0.4]}, {slow: [1, 3600.0]}])
    tallies._add([{kind: [3, 0.6]}])
    found = figures()
    assert found["segue_steps_total", "api_request", "succeeded"] == 5
    assert found["segue_step_seconds_bucket", "0.1", "api_request"] == 0
    assert found["segue_step_seconds_bucket", "0.25", "api_request"] == 5
    assert found["segue_step_seconds_bucket", "60.0", "api_request"] == 5
    assert found["segue_step_seconds_bucket", "+Inf", "api_request"] == 6


def test_counts_that_could_not_be_added_are_added_with_the_next(figures, workspace, publish, send, work, monkeypatch):
    publish(workspace, chain(call_ended(), end()))
    with monkeypatch.context() as broken:
        broken.setattr(tallies, "_add_soon", lambda taken: recorder().submit(lambda items: [1 / 0], taken))
        send()
        work()
        tallies.flush()
    assert figures()["segue_steps_total", "call_ended", "succeeded"] == 1


def test_what_another_thread_is_just_adding_is_waited_for(figures, workspace, publish, send, work, monkeypatch):
    """The process adds its counts every second: also while somebody asks."""
    publish(workspace, chain(call_ended(), end()))
    figures()  # the first takes longer
    send()
    adding, goes_on, add = threading.Event(), threading.Event(), tallies._add_soon

    def slowly(taken):
        adding.set()
        assert goes_on.wait(20)
        return add(taken)

    monkeypatch.setattr(tallies, "_add_soon", slowly)
    work()
    threading.Thread(target=tallies.flush, daemon=True).start()  # unless the process does so just now
    assert adding.wait(20)
    threading.Timer(0.5, goes_on.set).start()
    assert figures()["segue_steps_total", "call_ended", "succeeded"] == 1


@pytest.mark.parametrize("type", ["send_email", "database_query"])
def test_mail_and_databases_are_calls_too(type, figures, workspace, publish, send, work):
    publish(workspace, chain(call_ended(), node("out", type, {}), end(), ports={"out": "success"}))
    send()
    work()
    assert figures()["segue_calls_total", Run.objects.get().error["code"]] == 1


def test_what_lies_about_and_what_waits_is_seen(figures, workspace, publish, send, work):
    publish(workspace, chain(call_ended(), wait_for("pause", 60), end()))
    send()
    Run.objects.update(due_at=timezone.now() - timedelta(seconds=40))
    assert figures()["segue_due_seconds",] >= 40
    work()
    found = figures()
    assert found["segue_runs_open", "waiting"] == 1
    assert found["segue_due_runs",] == 0


def test_a_silent_worker_is_seen(figures):
    long_ago = timezone.now() - timedelta(seconds=90)
    WorkerBeat.objects.create(host="one", pid=1, started_at=long_ago, beat_at=long_ago)
    assert figures()["segue_worker_beat_seconds", "one"] >= 90


def test_a_token_keeps_strangers_out(client, settings):
    settings.METRICS_TOKEN = "of the scraper"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer guessed"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer of the scraper"}).status_code == 200


def test_how_late_a_timer_was_does_not_count_the_slow_step_after_it(figures, workspace, publish, send, work, peer):
    """Both are recorded together, after the call; the wait ended before it began."""
    publish(workspace, chain(call_ended(), wait_for("pause", 0.01), post_json("call", peer.url), end()))
    send()
    peer.gate.clear()
    until(lambda: Wait.objects.exists() or work())
    working = threading.Thread(target=lambda: (work(), connection.close()))
    working.start()
    until(lambda: Run.objects.filter(status="running").exists())
    peer.gate.set()
    working.join(20)
    until(lambda: Run.objects.get().status == "succeeded" or work())
    wait, call = Wait.objects.get(), Run.objects.get().steps.get(node="call")
    assert wait.until <= wait.closed_at <= call.started_at
    late = (wait.closed_at - wait.until).total_seconds()
    found = figures()
    assert found["segue_timer_lateness_seconds_count",] == 1
    assert 0 <= late - found["segue_timer_lateness_seconds_sum",] < call.seconds


def test_runs_that_end_without_a_last_step_are_counted_and_only_timers_that_went_off_are(
    figures, workspace, publish, send, work
):
    """A run is cancelled once, however often that is asked; a wait that a person ended was not late."""
    publish(workspace, chain(call_ended(), wait_for("pause", 600), end()))
    for name in ("one", "two"):
        send(name)
    work()
    first, second = Run.objects.order_by("id")
    cancel(first)
    cancel(first)
    with transaction.atomic():
        assert decide(Wait.objects.get(run=second), "skipped", None)
    work()
    found = figures()
    assert found["segue_runs_ended_total", "cancelled"] == 1
    assert found["segue_runs_ended_total", "succeeded"] == 1
    assert found["segue_timer_lateness_seconds_count",] == 0


def test_how_long_a_message_has_waited_for_a_worker(figures, workspace, publish, send, work):
    publish(workspace, chain(call_ended(), end()))
    assert figures()["segue_queue_lag_seconds",] == 0
    send()
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=12))
    found = figures()
    assert found["segue_queue_hints",] == 1
    assert found["segue_queue_lag_seconds",] >= 12
    assert broker.WokenBroker("segue")._claim()
    assert figures()["segue_queue_hints",] == 0


def test_calls_of_services_count_as_calls_with_why_they_failed(figures, workspace, publish, send, work, peer):
    """Every step that uses the one door, not only API requests; those that were passed by did not call."""
    service = next(each for each in registry.all_types() if isinstance(each, ServiceNode))
    steps = [{**post_json("off", peer.url), "disabled": True}, node("service", service.type, {})]
    publish(workspace, chain(call_ended(), *steps, end(), ports={"service": "success"}))
    send()
    work()
    error = Run.objects.get().error
    assert error["node"] == "service"
    calls = {key[1]: value for key, value in figures().items() if key[0] == "segue_calls_total"}
    assert calls == {error["code"]: 1}
