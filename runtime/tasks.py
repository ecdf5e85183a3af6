"""The one django-q2 task: there is due work, take it. It carries no arguments, and never raises.

A task is on duty at its process's desk for 20 s: it claims due runs in batches and hands them to the process's bounded
pool, where they are driven side by side, so that a slow peer keeps one thread waiting and nobody else. It listens to
the bell that rings with every hint, so that work which comes while it is there starts at once, without the queue's
detour. Then it goes, well inside the queue's own time-out, whatever still runs in the pool: the process's next task
finds it at the desk. So however slow the peers are, somebody goes on claiming while there are free threads.

A task stays until the pool is empty (and what runs is handed on between effects, runtime/leaving.py) where its process
must not go on: the worker was told to stop, this is the last task that django-q2 gives the process, a step did not come
back within its time (the queue's time-out then ends the process), or suspects are due, which are driven with nothing
beside them (runtime/claiming.py).
"""

import contextlib
import logging
import os
import queue
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import transaction
from django_q.conf import Conf

from runtime import broker, leaving, present, wake
from runtime.active import ActiveRun, load
from runtime.claiming import claim, database_now, keeper, park, suspects_are_due
from runtime.crashing import crash_point
from runtime.deadlines import adopt
from runtime.group_commit import loader, recorder, unhurried
from runtime.models import Run, WorkerBeat
from runtime.runner import drive

log = logging.getLogger("segue.worker")
CLAIM_FOR_SECONDS = 20.0
LARGEST_CLAIM = 32
GATHER_SECONDS = 0.01  # how long a few free threads wait for more, so that claims share a transaction
BEAT_EVERY = 2.0
EMPTY_WITHIN = 90.0  # seconds; a step may take 60
RUNG, DRIVEN = "rung", "driven"


def work(linger: float = CLAIM_FOR_SECONDS) -> None:
    """Drive what is due, and what becomes due within `linger` seconds (at most 20)."""
    try:
        desk = _desk()
        desk.tasks += 1
        _beat()
        crash_point("task_started")
        desk.work(linger)
    except Exception:
        log.exception("The worker task ended early; the clock starts another")


def let_go() -> None:
    """Called by the worker's supervisor: tasks that only listen end now, the others when their steps have ended."""
    leaving.stop()
    wake.ring(wake.DUE)


class _Desk:
    """A process's place at the queue, one task at a time: what its pool drives, and whether more may be due."""

    def __init__(self) -> None:
        self.inbox: queue.SimpleQueue[str] = queue.SimpleQueue()  # runs that were driven, and the bell
        self.pool = ThreadPoolExecutor(settings.RUN_THREADS, thread_name_prefix="run")
        self.tasks = self.running = 0
        self.alone = False  # suspects are being driven
        unhurried()
        threading.Thread(target=_listen, args=[self.inbox], name="bell", daemon=True).start()

    def work(self, linger: float) -> None:
        """One task's turn."""
        leaving.stay()
        self.claim_until = time.monotonic() + CLAIM_FOR_SECONDS
        self.linger_until = time.monotonic() + min(linger, CLAIM_FOR_SECONDS)
        self.more = True  # there may be due runs that nobody has looked at
        self.gathered = True  # few free threads have waited long enough for others, or somebody rang
        while True:
            _beat()  # also while all threads are busy: the watchdog must not take patience for a wedge
            if self.more and self._may_claim() and self._has_room():
                self._take()
            if self._is_over():
                break
            if self.running or not self.more:
                self._wait()
        _pass_on(stay=linger > 0)

    def _is_over(self) -> bool:
        now = time.monotonic()
        if self.running:
            return now >= self.claim_until and not self._must_empty()
        return leaving.leaving() or now >= (self.claim_until if self.more else self.linger_until)

    def _must_empty(self) -> bool:
        """Whether what runs here has to end before this task does; from then on it is handed on between effects."""
        if not leaving.leaving() and (self.tasks == Conf.RECYCLE or keeper().lost() or self._makes_way()):
            leaving.leave()
        return leaving.leaving()

    def _makes_way(self) -> bool:
        """For suspects that wait for a process with nothing beside them; one process at a time."""
        return not self.alone and suspects_are_due() and leaving.turn_to_empty(EMPTY_WITHIN)

    def _may_claim(self) -> bool:
        return time.monotonic() < self.claim_until and not self.alone and not leaving.leaving()

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
            self.pool.submit(drive, run, self._driven)
            self.running += 1

    def _driven(self, run: ActiveRun) -> None:
        crash_point("after_drive")
        self.inbox.put(DRIVEN)

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

    def _note(self, news: str) -> None:
        if news == RUNG:
            self.more = self.gathered = True
            return
        self.running -= 1
        if not self.running and self.alone:
            self.alone, self.more = False, True


def _pass_on(stay: bool) -> None:
    """Another task goes on: so that somebody listens (`stay`), or because there is more."""
    if leaving.stopping():
        return
    with transaction.atomic():
        if stay or Run.objects.filter(due_at__lte=database_now()).exists():
            broker.hint()


_desks: dict[int, _Desk] = {}


def _desk() -> _Desk:
    """This process's; made on first use, after any fork."""
    if os.getpid() not in _desks:
        leaving.end_with_worker()
        _desks[os.getpid()] = _Desk()
    return _desks[os.getpid()]


def _listen(inbox: queue.SimpleQueue[str]) -> None:
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
