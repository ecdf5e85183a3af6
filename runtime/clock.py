"""The worker's own clock: rings when work is due, whatever happened to the hint that should have said so.

Waiting runs, expired leases and lost hints are one thing here: rows whose `due_at` has come. One indexed look at the
earliest of them tells how long to sleep, a quarter of a second at most, so that timers are late by less than that.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.db.models import Min

from runtime import broker, gatekeeping, operations, parking, present, schedules, statistics
from runtime.crashing import crash_point
from runtime.intake import KEYS_KEPT
from runtime.models import IdempotentAnswer, Run, WorkerBeat

log = logging.getLogger("segue.clock")
LONGEST_SLEEP = 0.25
SWEEP_EVERY = 3600.0


def run_clock() -> None:
    """Tick for ever; one per worker host (several do no harm)."""
    swept, aligned = 0.0, False
    while True:
        try:
            aligned = aligned or schedules.realign(present.now()) >= 0
            time.sleep(tick())
            if time.monotonic() - swept > SWEEP_EVERY:
                swept = time.monotonic()
                sweep()
        except Exception:
            log.exception("The clock missed a tick")
            close_old_connections()
            time.sleep(1)


def tick() -> float:
    """Ring if something is due; returns how many seconds to sleep."""
    present.look()
    now = present.now()
    _beat(now)
    statistics.look()
    schedules.fire()
    gatekeeping.pump_all()
    operations.advance()
    parking.look_again()
    earliest = Run.objects.filter(due_at__isnull=False).aggregate(earliest=Min("due_at"))["earliest"]
    if earliest is None:
        return LONGEST_SLEEP
    if earliest <= now:
        crash_point("after_ring")
        with transaction.atomic():
            broker.hint()
        return LONGEST_SLEEP
    return min(LONGEST_SLEEP, (earliest - now).total_seconds())


_chores: list[Callable[[], Any]] = []


def every_hour(chore: Callable[[], Any]) -> None:
    """Have `chore` done once an hour beside the clock; it may be done on several hosts at once."""
    _chores.append(chore)


def sweep() -> None:
    """Forget answers to repeated writes after their week; start the chores on a thread of their own."""
    IdempotentAnswer.objects.filter(created_at__lt=present.now() - KEYS_KEPT).delete()
    threading.Thread(target=_do_chores, name="chores", daemon=True).start()


def _do_chores() -> None:
    for chore in _chores:
        try:
            chore()
        except Exception:
            log.exception("%s was not done; it is tried again in an hour", chore.__name__)
    connection.close()


_last_beat = 0.0


def _beat(now) -> None:
    global _last_beat
    if time.monotonic() - _last_beat < 2:
        return
    _last_beat = time.monotonic()
    WorkerBeat.objects.update_or_create(
        host=socket.gethostname(),
        defaults={"pid": os.getppid(), "beat_at": now},
        create_defaults={"pid": os.getppid(), "beat_at": now, "started_at": now},
    )
