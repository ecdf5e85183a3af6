"""Waits under pressure: a reply and the time-out race, a month goes by, and nobody is missed or served twice."""

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from runtime import awaiting, tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, StepRun, Wait
from tests.flows import call_ended, chain, end, node, wait_for
from tests.runtime.moved_clock import moved_clock

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 1000
UNLESS = {"mode": "unless", "seconds": 3600, "events": ["message.received"], "same": "conversation"}


def send(workspace, type, call, **data):
    payload = {"interaction": {"id": call}, "data": data}
    return recorder().submit(accept, Arrival(workspace.pk, "api", type, payload))


def test_a_reply_and_the_time_out_race_a_thousand_times_and_each_run_takes_exactly_one_way(workspace, publish):
    document = chain(
        call_ended(), node("pause", "wait", UNLESS), end("replied", outcome="reply"),
        edges=(("pause", "elapsed", "late"),), beside=(end("late", outcome="late"),), ports={"pause": "event"},
    )  # fmt: skip
    publish(workspace, document)
    for future in [send(workspace, "call.ended", f"call_{number}") for number in range(ROUNDS)]:
        future.result(30)
    while Run.objects.filter(status="queued").exists():
        tasks.work(linger=0)
    assert Run.objects.filter(status="waiting").count() == ROUNDS
    _their_time_is_up()

    def replies():
        for future in [send(workspace, "message.received", f"call_{number}") for number in range(ROUNDS)]:
            future.result(30)
        connection.close()

    replying = threading.Thread(target=replies)
    replying.start()
    while Run.objects.filter(status__in=("waiting", "queued", "running")).exists():
        tasks.work(linger=0)
    replying.join()
    runs = Run.objects.filter(kind="post_call")
    assert runs.filter(status="succeeded").count() == ROUNDS
    replied, late = runs.filter(outcome="reply").count(), runs.filter(outcome="late").count()
    assert replied + late == ROUNDS
    assert StepRun.objects.filter(type="wait").count() == ROUNDS
    assert StepRun.objects.filter(node__in=("replied", "late")).count() == ROUNDS, "never both ways"
    assert not Wait.objects.filter(closed_at=None).exists()


def _their_time_is_up():
    """Every open wait ends now: the rows say an earlier moment, as the runs' state does."""
    past = timezone.now() - timedelta(seconds=1)
    runs = list(Run.objects.filter(status="waiting"))
    for run in runs:
        run.state["wait"]["until"], run.due_at = past.isoformat(), past
    Run.objects.bulk_update(runs, ["state", "due_at"], batch_size=200)


def test_a_reply_that_came_before_the_wait_was_opened_ends_it_at_once(workspace, publish, work):
    document = chain(
        call_ended(), wait_for("first", 3600), node("pause", "wait", UNLESS), end("replied", outcome="reply"),
        ports={"pause": "event"},
    )  # fmt: skip
    publish(workspace, document)
    send(workspace, "call.ended", "call_1").result(10)
    work()
    send(workspace, "message.received", "call_1").result(10)
    _their_time_is_up()
    work()
    work()
    assert Run.objects.get().outcome == "reply"


def test_a_month_goes_by_and_no_wait_is_missed_or_served_twice(workspace, publish, monkeypatch):
    """Waits spread over thirty days, the clock moved by a day at a time; WAITS=10000 is the long form."""
    flow = publish(workspace, chain(call_ended(), wait_for("later", 60), end(outcome="served")))
    start = datetime(2027, 3, 1, tzinfo=UTC)  # Europe changes its clocks within this month
    count = int(os.environ.get("WAITS", "1500"))
    moments = [start + timedelta(seconds=n * 30 * 86_400 / count) for n in range(count)]
    Run.objects.bulk_create([_waiting(flow, start, moment) for moment in moments], batch_size=500)
    with moved_clock(monkeypatch) as move:
        for hours in range(0, 30 * 24 + 1, 24):
            now = start + timedelta(hours=hours)
            move(now)
            while Run.objects.filter(due_at__lte=now).exists():
                tasks.work(linger=0)
            expected = sum(moment <= now for moment in moments)
            assert Run.objects.filter(outcome="served").count() == expected, f"after {hours} hours"
    assert Run.objects.filter(outcome="served").count() == count
    assert StepRun.objects.filter(node="end").count() == count, "each once"


def _waiting(flow, since, until):
    wait = {"kind": "time", "until": until.isoformat(), "for": None}
    state = {"node": "later", "status": "waiting", "index": 1, "as_of": since.isoformat(), "wait": wait}
    return Run(workspace=flow.workspace, flow=flow, version=flow.published, kind="post_call", status="waiting", seq=2,
               due_at=until, started_at=since, state=state)  # fmt: skip


def test_what_is_sent_on_by_hand_and_by_the_clock_goes_on_once(workspace, publish, owner):
    publish(workspace, chain(call_ended(), wait_for("later", 3600), end(outcome="went on")))
    for future in [send(workspace, "call.ended", f"call_{number}") for number in range(40)]:
        future.result(10)
    while Run.objects.filter(status="queued").exists():
        tasks.work(linger=0)
    _their_time_is_up()
    said = []

    def skip():
        for wait in list(Wait.objects.filter(closed_at=None)):
            said.append(awaiting.decide(wait, "skipped", owner.user))
        connection.close()

    skipping = threading.Thread(target=skip)
    skipping.start()
    while Run.objects.filter(status__in=("waiting", "running")).exists():
        tasks.work(linger=0)
    skipping.join()
    assert Run.objects.filter(outcome="went on").count() == 40
    assert StepRun.objects.filter(node="end").count() == 40
