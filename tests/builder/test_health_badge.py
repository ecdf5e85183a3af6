# ruff: noqa: F811  fixtures are borrowed by name
"""System health on the dashboard: each thing that a person should look at, brought about as it comes about."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from builder.pages import dashboard
from runtime import clock, gates, tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Gate, Run, WorkerBeat
from tests.flows import call_ended, chain, end, post_json, wait_for
from tests.runtime.conftest import peer, publish  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_worker_is_there(monkeypatch):
    monkeypatch.setattr(clock, "_last_beat", 0.0)
    clock.tick()
    yield
    gates.forget()


@pytest.fixture
def health(signed_in):
    """health() -> (what the badge says, what is listed below it)."""

    def look():
        shown = signed_in.get("/dashboard/").content.decode().split('id="queue-title"')[1]
        badge = re.search(r'<span class="badge" data-tone="(ok|bad)"><svg.*?</svg>([^<]+)</span>', shown)
        listed = shown.split('id="troubles"')[1].split("</div>")[0] if 'id="troubles"' in shown else ""
        return badge[2], [unescape(text) for text in re.findall(r"<span>([^<]+)</span>", listed)]

    return look


@pytest.fixture
def call(workspace, publish):
    """call(step) -> a run of a flow with this step, accepted and not driven."""

    def start(step):
        publish(workspace, chain(call_ended(), step, end()))
        event = {"interaction": {"id": "c-1"}}
        recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", event)).result(10)
        return Run.objects.latest("id")

    return start


def test_all_is_well_while_runs_wait_on_purpose(health, call):
    call(wait_for("later", 60))
    tasks.work(linger=0)
    assert health() == ("Healthy", [])


def test_no_worker_gives_a_sign_of_life(health):
    WorkerBeat.objects.update(beat_at=timezone.now() - timedelta(seconds=16))
    assert health() == ("Look at it", ["No worker gives a sign of life."])


def test_what_is_due_lies_there(health, call):
    run = call(wait_for("later", 60))
    Run.objects.filter(pk=run.pk).update(due_at=timezone.now() - timedelta(minutes=3, seconds=5))
    badge, (text,) = health()
    assert badge == "Look at it"
    assert re.fullmatch(r"Work that is due has waited for 3 min.*: the workers do not keep up\.", text)
    tasks.work(linger=0)
    assert health() == ("Healthy", [])


def test_a_run_is_parked(health, call):
    Run.objects.filter(pk=call(wait_for("later", 60)).pk).update(claims=5)
    tasks.work(linger=0)
    assert Run.objects.get().status == "parked"
    assert health() == ("Look at it", ["1 run is parked."])


def test_a_breaker_is_open(health, call, workspace, peer):
    peer.answers = [(500, {})]
    host = peer.url.removeprefix("http://").rstrip("/")
    Gate.objects.create(workspace=workspace, key=f"host:{host}", name=host, opens_after=1)
    call(post_json("call", peer.url))
    tasks.work(linger=0)
    gates.gate_lane().submit(lambda jobs: jobs, None).result(10)  # what was told of the answer is written
    assert health() == ("Look at it", [f"{host} failed 1 time in a row and is asked only now and then."])


def test_a_limit_that_is_reached_is_no_trouble(health, workspace):
    Gate.objects.create(workspace=workspace, key="host:a", name="a", at_once=1, queued=True)
    assert health() == ("Healthy", [])


def test_the_disk_is_nearly_full(health, monkeypatch):
    monkeypatch.setattr(dashboard, "LOW_DISK", 1 << 60)
    badge, (text,) = health()
    assert badge == "Look at it"
    assert re.fullmatch(r"The disk has [\d.,]+\s[KMGT]B left\.", text)
