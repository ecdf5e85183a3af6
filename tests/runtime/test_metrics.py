"""/metrics: figures that an operator's alarms can stand on."""

from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, WorkerBeat
from tests.flows import call_ended, chain, end, post_json, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert found["segue_runs_ended", "succeeded"] == 1
    assert found["segue_runs_ended", "failed"] == 1
    assert found["segue_step_seconds_count", "api_request"] == 2
    assert found["segue_http_calls", "succeeded"] == 1


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
