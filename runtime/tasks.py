"""The one django-q2 task: there is due work, take it. It carries no arguments, and never raises.

A task claims due runs in batches and drives them side by side on a bounded pool, so that a slow peer keeps one thread
waiting and nobody else. It stops claiming after 20 s and ends when its running steps have ended, well inside the
queue's own time-out. Until then it listens to the bell that rings with every hint, so that work which comes while it is
there starts at once, without the queue's detour. Beside suspects (runtime/claiming.py) it claims nothing.
"""

import contextlib
import logging
import mmap
import os
import queue
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import transaction

from runtime import broker, present, wake
from runtime.active import ActiveRun, load
from runtime.claiming import claim, database_now, keeper, park
from runtime.crashing import crash_point
from runtime.deadlines import adopt
from runtime.group_commit import loader, recorder
from runtime.models import Run, WorkerBeat
from runtime.runner import drive

log = logging.getLogger("segue.worker")
CLAIM_FOR_SECONDS = 20.0
LARGEST_CLAIM = 32
GATHER_SECONDS = 0.01  # how long a few free threads wait for more, so that claims share a transaction
BEAT_EVERY = 2.0
RUNG = "rung"
# Shared by the worker's whole tree, which is forked after this is imported: set when it is told to stop.
_stopping = mmap.mmap(-1, 1)


def work(linger: float = CLAIM_FOR_SECONDS) -> None:
    """Drive what is due, and what becomes due within `linger` seconds (at most 20)."""
    try:
        _beat()
        crash_point("task_started")
        _Desk(linger).work()
    except Exception:
        log.exception("The worker task ended early; the clock starts another")


def let_go() -> None:
    """Called by the worker's supervisor: tasks that only listen end now, the others when their steps have ended."""
    _stopping[0] = 1
    wake.ring(wake.DUE)


class _Desk:
    """One task: how many runs it has under way, and whether more may be due."""

    def __init__(self, linger: float):
        self.inbox = _inbox()
        self.claim_until = time.monotonic() + CLAIM_FOR_SECONDS
        self.linger_until = time.monotonic() + linger
        self.lingers = linger > 0
        self.running = 0
        self.more = True  # there may be due runs that nobody has looked at
        self.gathered = True  # few free threads have waited long enough for others, or somebody rang
        self.alone = False  # suspects are being driven

    def work(self) -> None:
        while True:
            _beat()  # also while all threads are busy: the watchdog must not take patience for a wedge
            if self.more and self._may_claim() and self._has_room():
                self._take()
            if not self.running:
                if not self._may_claim() or (not self.more and time.monotonic() >= self.linger_until):
                    break
                if self.more:
                    continue
            self._wait()
        _pass_on(stay=self.lingers)

    def _may_claim(self) -> bool:
        return time.monotonic() < self.claim_until and not self.alone and not _stopping[0]

    def _has_room(self) -> bool:
        free = settings.RUN_THREADS - self.running
        return free >= min(LARGEST_CLAIM, settings.RUN_THREADS) // 2 or (free > 0 and self.gathered)

    def _take(self) -> None:
        """Claimed in one short transaction; read, which takes longer, outside of it."""
        limit = min(settings.RUN_THREADS - self.running, LARGEST_CLAIM)
        claimed = recorder().submit(claim, (limit, not self.running)).result()
        self.more, self.gathered = len(claimed) == limit, False
        if not claimed:
            return
        crash_point("before_load")
        runs, broken = loader().submit(load, claimed).result()
        for one in broken:
            recorder().submit(park, one).result()
        self.alone = any(run.suspect for run in runs)
        for run in runs:
            keeper().hold([run])
            adopt(run)
            self.running += 1
            _pool().submit(self._drive, run)

    def _drive(self, run: ActiveRun) -> None:
        try:
            drive(run)
            crash_point("after_drive")
        finally:
            self.inbox.put(self)

    def _wait(self) -> None:
        """Until a run was driven or the bell rang; what else has gathered is taken along."""
        hurry = self.more and self._may_claim() and self.running < settings.RUN_THREADS
        try:
            self._note(self.inbox.get(timeout=GATHER_SECONDS if hurry else wake.LONGEST_WAIT))
        except queue.Empty:
            self.more = self.gathered = True
            return
        with contextlib.suppress(queue.Empty):
            while True:
                self._note(self.inbox.get_nowait())

    def _note(self, news: Any) -> None:
        """The bell, or the task one of whose runs was driven: perhaps one that ended early and left runs behind."""
        if news == RUNG:
            self.more = self.gathered = True
        if news is not self:
            return
        self.running -= 1
        if not self.running and self.alone:
            self.alone, self.more = False, True


def _pass_on(stay: bool) -> None:
    """Another task goes on: so that somebody listens (`stay`), or because there is more."""
    if _stopping[0]:
        return
    with transaction.atomic():
        if stay or Run.objects.filter(due_at__lte=database_now()).exists():
            broker.hint()


_pools: dict[int, ThreadPoolExecutor] = {}
_inboxes: dict[int, queue.SimpleQueue[Any]] = {}


def _pool() -> ThreadPoolExecutor:
    if os.getpid() not in _pools:
        _pools[os.getpid()] = ThreadPoolExecutor(settings.RUN_THREADS, thread_name_prefix="run")
    return _pools[os.getpid()]


def _inbox() -> queue.SimpleQueue[Any]:
    """This process's news: runs that were driven, and the bell."""
    if os.getpid() not in _inboxes:
        _inboxes[os.getpid()] = inbox = queue.SimpleQueue()
        threading.Thread(target=_listen, args=[inbox], name="bell", daemon=True).start()
    return _inboxes[os.getpid()]


def _listen(inbox: queue.SimpleQueue[Any]) -> None:
    while True:
        try:
            ear = wake.Ear(wake.DUE)
            while True:
                if ear.wait(wake.LONGEST_WAIT):
                    inbox.put(RUNG)
        except Exception:
            log.warning("The bell cannot be heard; looking every second", exc_info=True)
            time.sleep(wake.LONGEST_WAIT)


_last_beat = 0.0


def _beat() -> None:
    """Tell the watchdog that tasks are at work on this host."""
    global _last_beat
    if time.monotonic() - _last_beat > BEAT_EVERY:
        _last_beat = time.monotonic()
        WorkerBeat.objects.filter(host=socket.gethostname()).update(task_at=present.now(), beat_at=present.now())
