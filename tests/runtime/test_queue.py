"""The queue only hints: one unclaimed message at most, woken at once, and harmless to lose or repeat."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from runtime import broker, wake
from runtime.clock import tick
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import call_ended, chain, end

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(workspace, publish):
    publish(workspace, chain(call_ended(), end()))

    def once(number=1):
        arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": f"call_{number}"}})
        return recorder().submit(accept, arrival).result(10)

    return once


def test_many_runs_share_one_hint(send):
    for number in range(20):
        send(number)
    assert OrmQ.objects.count() == 1


def test_a_hint_that_is_rolled_back_was_never_there(db):
    with transaction.atomic():
        broker.hint()
        transaction.set_rollback(True)
    assert OrmQ.objects.count() == 0


def test_a_hint_is_claimed_once(send):
    send()
    first, second = broker.WokenBroker("segue"), broker.WokenBroker("segue")
    assert first._claim()
    assert second._claim() is None


def test_a_lost_hint_is_made_up_for_by_the_clock(send, work):
    send()
    OrmQ.objects.all().delete()
    tick()
    assert OrmQ.objects.count() == 1


def test_a_repeated_hint_does_nothing_twice(send, work):
    send()
    work()
    work()
    assert Run.objects.get().steps.count() == 2


def test_the_clock_sleeps_until_the_next_wake_up_and_no_longer(send):
    send()
    OrmQ.objects.all().delete()
    Run.objects.update(due_at=timezone.now() + timedelta(seconds=0.1))
    assert 0 < tick() <= 0.1
    assert OrmQ.objects.count() == 0
    Run.objects.update(due_at=timezone.now() + timedelta(hours=1))
    assert tick() <= 0.25


def test_whoever_waits_is_woken_at_once(db):
    ear = wake.Ear(wake.DUE)
    heard: list[float] = []
    waiting = threading.Thread(target=lambda: heard.append(_seconds(lambda: ear.wait(1.0))))
    waiting.start()
    wake.ring(wake.DUE)
    waiting.join(5)
    connection.close()
    ear.close()
    assert heard[0] < 0.9


def _seconds(action) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started
