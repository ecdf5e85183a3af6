"""Group commit: one thread and one connection a process do the hot path's writes, many of them per transaction.

Callers submit `(write, item)` and wait for a future. Whatever has gathered while the last transaction was being
committed, or in a few milliseconds where there is much of it, is handed to each `write` as one list, inside one
transaction. If that fails, every item is tried alone, so one bad item never spoils the others. Reading goes the same
way over a second connection, without a transaction.

Both threads start on first use in the process that uses them, never before a fork.
"""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import connection, transaction

from runtime import present, round_trips

LARGEST_BATCH = 200
MANY = 3  # jobs in one batch: others will soon have something to write too
# How long a recorder that has many waits for more: each transaction costs a millisecond, however little is written.
GATHER_SECONDS = {"sqlite": 0.002, "postgresql": 0.004}  # on SQLite it would mostly wait for its turn instead
UNHURRIED_SECONDS = 0.01
# PostgreSQL rather walks through a table while it is small, and keeps that plan while the table grows. And where it has
# hopes of a better one it plans anew each time, which takes longer than what is planned.
BY_KEYS = (
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
    "SET plan_cache_mode = force_generic_plan"
)
# PostgreSQL's own way to compress what is long takes as long as all else about an event's row; 14 and later, where
# built with it, know a faster one.
FAST_COMPRESSION = (
    "SELECT set_config(name, 'lz4', false) FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)
Write = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class Staged:
    """A write of which only the second part needs the transaction: what `prepare(items)` gives goes to `store`.

    On SQLite one process at a time may write: whatever is done beforehand nobody waits for. What was read meanwhile may
    have changed; constraints say so, and then each item is tried anew, alone.
    """

    prepare: Callable[[list[Any]], Any]
    store: Callable[[Any], list[Any]]

    def __call__(self, items: list[Any]) -> list[Any]:
        """Both, where a transaction is open already."""
        return self.store(self.prepare(items))


class Lane:
    """One daemon thread with its own database connection, working off jobs in the order they came."""

    def __init__(self, name: str, atomic: bool, gather: float = 0.0):
        self.atomic = atomic
        self.gather = gather  # seconds
        self.ready: Any = None  # the connection that was told how to look things up and how to keep them
        self.jobs: queue.SimpleQueue[tuple[Write, Any, Future]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, write: Write, item: Any, told: Callable[[Future], None] | None = None) -> Future:
        """`write` gets a list of items and returns a list of results of the same length.

        `told(future)` is called on the lane's thread once the outcome stands, so that nobody has to wait for it.
        """
        future: Future = Future()
        if told is not None:
            future.add_done_callback(told)
        self.jobs.put((write, item, future))
        return future

    def _run(self):
        had_many = False
        while True:
            jobs = [self.jobs.get()]
            if had_many:
                time.sleep(self.gather)
            while len(jobs) < LARGEST_BATCH and not self.jobs.empty():
                jobs.append(self.jobs.get())
            had_many = len(jobs) >= MANY and self.gather > 0
            self._serve(jobs)

    def _serve(self, jobs):
        groups: dict[Write, list[tuple[Any, Future]]] = {}
        for write, item, future in jobs:
            groups.setdefault(write, []).append((item, future))
        try:
            answers = self._together(groups)
        except Exception:
            self._refresh()
            self._one_by_one(groups)
            return
        for (write, group), results in zip(groups.items(), answers, strict=True):
            del write
            for (_, future), result in zip(group, results, strict=True):
                _tell(future, result)

    def _together(self, groups):
        self._make_ready()
        tasks = [(write, [item for item, _ in group]) for write, group in groups.items()]
        if not self.atomic:
            return [write(items) for write, items in tasks]
        present.look()
        tasks = [
            (write.store, write.prepare(items)) if isinstance(write, Staged) else (write, items)
            for write, items in tasks
        ]
        with self._transaction(len(tasks)):
            return [write(items) for write, items in tasks]

    def _make_ready(self) -> None:
        """Tell a new session how to look up and how to keep: whatever the hot path asks has an index, so no plan may
        walk through a table, however small it is just now."""
        if connection.vendor != "postgresql":
            return
        connection.ensure_connection()
        if connection.connection is not self.ready:
            with connection.cursor() as cursor:
                cursor.execute(BY_KEYS)
                cursor.execute(FAST_COMPRESSION)
            self.ready = connection.connection

    @contextlib.contextmanager
    def _transaction(self, writers: int) -> Iterator[None]:
        """SQLite's turn is had from beginning to end: it is given on when the next one finds the lock free."""
        if connection.vendor == "postgresql":
            with round_trips.saved(writers):
                yield
        else:
            with connection.turn(), transaction.atomic():
                yield

    def _one_by_one(self, groups):
        for write, group in groups.items():
            for item, future in group:
                try:
                    _tell(future, self._together({write: [(item, future)]})[0][0])
                except Exception as error:
                    self._refresh()
                    with contextlib.suppress(InvalidStateError):
                        future.set_exception(error)

    def _refresh(self):
        """After a failure the connection may be dead; the next job gets one. The lane goes on whatever happens.

        A session of PostgreSQL that works is kept: the pool would give it, and what it was told, to somebody else.
        """
        with contextlib.suppress(Exception):
            keep = connection.vendor == "postgresql" and connection.get_autocommit() and connection.is_usable()
            if not keep:
                connection.close()


def _tell(future: Future, result: Any) -> None:
    """What was asked for is done, even if nobody waits for it any more: a caller who hung up took the future back."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(result)


_lanes: dict[tuple[int, str], Lane] = {}
_lock = threading.Lock()


def _lane(name: str, atomic: bool, gather: Mapping[str, float] = MappingProxyType({})) -> Lane:
    """`gather`: seconds by the database's vendor, which is asked once: a request's first look at a connection makes it
    one of its own."""
    key = (os.getpid(), name)
    if key not in _lanes:
        with _lock:
            if key not in _lanes:
                _lanes[key] = Lane(name, atomic, gather.get(connection.vendor, 0.0))
    return _lanes[key]


def recorder() -> Lane:
    """The process's writing lane: each batch is one transaction."""
    return _lane("recorder", atomic=True, gather=GATHER_SECONDS)


def unhurried() -> None:
    """Nobody waits for what this process writes: its recorder may gather more of it."""
    recorder().gather = UNHURRIED_SECONDS


def loader() -> Lane:
    """The process's reading lane."""
    return _lane("loader", atomic=False)


def gate_lane() -> Lane:
    """The process's lane for gates (runtime/gates.py): their row locks are never held together with those of runs'
    records, so processes cannot wait for each other crosswise."""
    return _lane("gates", atomic=True)
