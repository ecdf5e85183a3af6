"""The one django-q2 task: there is due work, take it. It carries no arguments, and never raises.

A task claims due runs in batches and drives them side by side on a bounded pool, so that a slow peer keeps one thread
waiting and nobody else. It goes on claiming while it has free threads, stops claiming after 20 s and ends when its
running steps have ended, well inside the queue's own time-out. Beside suspects (runtime/claiming.py) it claims nothing.
"""

import logging
import os
import socket
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from runtime import broker
from runtime.active import ActiveRun, load
from runtime.claiming import claim, database_now, keeper, park
from runtime.deadlines import adopt
from runtime.group_commit import loader, recorder
from runtime.models import Run, WorkerBeat
from runtime.runner import drive

log = logging.getLogger("segue.worker")
CLAIM_FOR_SECONDS = 20.0
LARGEST_CLAIM = 32
LOOK_AGAIN_SECONDS = 0.05
_pools: dict[int, ThreadPoolExecutor] = {}


def work() -> None:
    """Drive what is due."""
    try:
        _beat()
        _work(time.monotonic() + CLAIM_FOR_SECONDS)
    except Exception:
        log.exception("The worker task ended early; the clock starts another")


def _work(claim_until: float) -> None:
    running: set[Future] = set()
    alone = False
    while True:
        alone = alone and bool(running)
        claiming = time.monotonic() < claim_until and not alone
        runs = _claim(running) if claiming and len(running) < settings.RUN_THREADS else []
        alone = alone or any(run.suspect for run in runs)
        running |= {_start(run) for run in runs}
        if not running:
            break
        if len(runs) < LARGEST_CLAIM:
            timeout = LOOK_AGAIN_SECONDS if claiming else None
            running = set(wait(running, timeout=timeout, return_when=FIRST_COMPLETED).not_done)
        else:
            running = {future for future in running if not future.done()}
    if time.monotonic() >= claim_until:
        _pass_on()


def _claim(running: set[Future]) -> list[ActiveRun]:
    """Claimed in one short transaction; read, which takes longer, outside of it."""
    limit = min(settings.RUN_THREADS - len(running), LARGEST_CLAIM)
    claimed = recorder().submit(claim, (limit, not running)).result()
    if not claimed:
        return []
    runs, broken = loader().submit(load, claimed).result()
    for one in broken:
        recorder().submit(park, one).result()
    return list(runs)


def _start(run: ActiveRun) -> Future:
    keeper().hold([run])
    adopt(run)
    return _pool().submit(drive, run)


def _pass_on() -> None:
    """This task has claimed long enough; if there is more, somebody else goes on."""
    with transaction.atomic():
        if Run.objects.filter(due_at__lte=database_now()).exists():
            broker.hint()


def _pool() -> ThreadPoolExecutor:
    if os.getpid() not in _pools:
        _pools[os.getpid()] = ThreadPoolExecutor(settings.RUN_THREADS, thread_name_prefix="run")
    return _pools[os.getpid()]


def _beat() -> None:
    """Tell the watchdog that tasks start on this host."""
    WorkerBeat.objects.filter(host=socket.gethostname()).update(task_at=timezone.now(), beat_at=timezone.now())
