"""The worker's tree: this process watches, and forks the django-q2 cluster (a group of its own) and the clock.

Why a watchdog: `kill -9` of an *idle* django-q2 worker leaves the queue's lock held, and the cluster looks alive but
runs nothing, for good; a killed sentinel leaves orphans that go on taking tasks. So liveness is judged by work, not by
processes: if something has been due for 15 s and no task was at work on this host for 15 s, the whole group is killed
and started anew. What it was driving comes back when its leases expire.

This process stays single-threaded and imports everything before it forks, so the children share its memory.
"""

import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connections

from runtime import leaving, live, present, tasks
from runtime.models import Run, WorkerBeat

log = logging.getLogger("segue.worker")
GRACE_SECONDS = 65.0  # a step may take 60
LOOK_EVERY = 1.0
ALIVE_SECONDS = 15.0


def beats_here() -> bool:
    """Whether this host's worker gave a sign of life lately: a container's health check."""
    present.look()
    since = present.now() - timedelta(seconds=ALIVE_SECONDS)
    return WorkerBeat.objects.filter(host=socket.gethostname(), beat_at__gt=since).exists()


class Child:
    """A forked process that leads its own session; ending it ends its whole group."""

    def __init__(self, name: str, body: Callable[[], None]):
        self.name, self.body = name, body
        self.start()

    def start(self) -> None:
        connections.close_all()
        gc.collect()
        gc.freeze()
        self.pid = os.fork()
        if self.pid == 0:
            self._be_child()

    def _be_child(self) -> None:
        status = 1
        try:
            os.setsid()
            leaving.let_loose()
            leaving.end_with_worker()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.body()
            status = 0
        except BaseException:
            log.exception("The %s ended with an error", self.name)
        finally:
            os._exit(status)

    def ended(self) -> bool:
        pid, _ = os.waitpid(self.pid, os.WNOHANG)
        return pid != 0

    def terminate(self) -> None:
        """Only the leader: it lets what runs end. (A signal to all of django-q2's processes can deadlock it.)"""
        os.kill(self.pid, signal.SIGTERM)

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def restart(self) -> None:
        self.kill_group()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self.start()


class Worker:
    """Supervises the cluster and the clock until told to stop."""

    def __init__(self):
        self.stopping = False
        self.healthy_since = time.monotonic()

    def run(self) -> None:
        _without_pool()
        if os.environ.get("SEGUE_SUPERVISED") == "1":
            threading.Thread(target=_end_with_supervisor, name="supervisor", daemon=True).start()
        WorkerBeat.objects.update_or_create(
            host=socket.gethostname(),
            defaults={"pid": os.getpid(), "started_at": present.now(), "beat_at": present.now(), "task_at": None},
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        leaving.tie()
        live.get_ready()
        self.cluster = Child("cluster", _cluster)
        self.clock = Child("clock", _clock)
        while not self.stopping:
            time.sleep(LOOK_EVERY)
            self._look()
        self._end()

    def _stop(self, *_):
        self.stopping = True
        tasks.let_go()

    def _look(self) -> None:
        for child in (self.cluster, self.clock):
            if not self.stopping and child.ended():
                log.warning("The %s ended; starting it again", child.name)
                child.restart()
                self.healthy_since = time.monotonic()
        try:
            wedged = self._wedged()
        except Exception:
            log.exception("The watchdog could not look at the database")
            connections.close_all()
            return
        if wedged and not self.stopping:
            log.error("Work was due for %g s and nobody took it: restarting the cluster", settings.WATCHDOG_SECONDS)
            self.cluster.restart()
            self.healthy_since = time.monotonic()

    def _wedged(self) -> bool:
        limit = settings.WATCHDOG_SECONDS
        if time.monotonic() - self.healthy_since < limit:
            return False
        present.look()
        old = present.now() - timedelta(seconds=limit)
        if not Run.objects.filter(due_at__lt=old).exists():
            return False
        task_at = WorkerBeat.objects.filter(host=socket.gethostname()).values_list("task_at", flat=True).first()
        return task_at is None or task_at < old

    def _end(self) -> None:
        """Let running steps end; what is left goes on elsewhere, or at the next start."""
        for child in (self.clock, self.cluster):
            child.terminate()
        until = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < until and not self.cluster.ended():
            time.sleep(0.05)
        for child in (self.clock, self.cluster):
            child.kill_group()


def _end_with_supervisor() -> None:
    """`manage.py up` holds the other end of our standard input; when it dies, however, we stop.

    The descriptor is read raw: `sys.stdin` would hold its lock over the forks to come.
    """
    with contextlib.suppress(OSError):
        while os.read(0, 64):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _give_way() -> None:
    """Nobody waits for who drives runs here, so they interrupt none that somebody waits for: SCHED_BATCH of sched(7).

    They get as much of the processor as before. A lower priority would keep all waiting who want to write to SQLite
    while one of them does. Linux only.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _cluster() -> None:
    from django_q.cluster import Cluster

    _give_way()
    cluster = Cluster()
    cluster.start()
    cluster.sentinel.join()


def _clock() -> None:
    from runtime.clock import run_clock

    run_clock()


def _without_pool() -> None:
    """The connection pool's threads do not survive a fork; a worker needs only a few connections, kept open."""
    for alias in connections:
        connections[alias].settings_dict["OPTIONS"].pop("pool", None)
    sys.stdout.flush()
