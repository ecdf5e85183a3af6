"""Tallies: what is counted as it is recorded, for /metrics. True counters: they only grow, whoever is asked.

Steps by type and outcome; beside them, under types that no step has, runs that ended by status, and waits that their
time ended by how late they went on. Each process counts in memory what it has recorded and adds it to the table every
second; a process that is killed loses the counts of its last second, never a step. Nothing on the way of a run waits
for it.
"""

import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from runtime import present
from runtime.group_commit import loader, recorder
from runtime.models import FINAL, Tally
from runtime.rows import Table

if TYPE_CHECKING:
    from runtime.active import ActiveRun

log = logging.getLogger("segue.metrics")
BUCKETS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds; one more holds all beyond
FLUSH_EVERY = 1.0
MOST = 5000  # kinds of steps and outcomes that a process keeps apart between two flushes
NOT_ENDED = ("running", "waiting")
RUN, TIMER = "@run", "@timer"  # whole runs: outcome = status, seconds = from start to end; timers: seconds late
_ADD = (
    "ON CONFLICT (type, outcome, bucket) DO UPDATE SET "
    "count = runtime_tally.count + excluded.count, seconds = runtime_tally.seconds + excluded.seconds"
)
TALLIES = Table(Tally, ["type", "outcome", "bucket", "count", "seconds"], _ADD)
Kind = tuple[str, str, int]  # type, outcome, bucket


def recorded(run: "ActiveRun") -> None:
    """Count what was just recorded: steps that have ended, timers that went off, and the run if this was its end."""
    seen = [_seen(step["type"][:60], _outcome(step), step["seconds"]) for step in run.steps if _has_ended(step)]
    seen += [_seen(TIMER, "elapsed", step["late"]) for step in run.steps if step.get("late") is not None]
    status = run.stopped or run.state.status
    if status in FINAL:
        seen.append(_seen(RUN, status, _lasted(run.started_at)))
    if seen:
        _count(seen)


def ended(status: str, started_at: datetime | None) -> None:
    """Count a run that ended otherwise than by its last step, once the transaction that ends it is committed."""
    seen = [_seen(RUN, status, _lasted(started_at))]
    transaction.on_commit(lambda: _count(seen))


def _lasted(started_at: datetime | None) -> float:
    return max(0.0, (present.now() - started_at).total_seconds()) if started_at else 0.0


def _seen(type: str, outcome: str, seconds: float) -> tuple[Kind, float]:
    return (type, outcome, bucket_of(seconds)), seconds


def _has_ended(step: Mapping[str, Any]) -> bool:
    return step["status"] not in NOT_ENDED


def _outcome(step: Mapping[str, Any]) -> str:
    if step["error"] is None:
        return str(step["status"])
    return str(step["error"].value.get("code") or step["status"])[:60]


def bucket_of(seconds: float) -> int:
    """The index of the first bucket that holds so many seconds."""
    return bisect_left(BUCKETS, seconds)


_counted: dict[Kind, list[float]] = {}
_lock = threading.Lock()
_flushing = threading.Lock()
_flusher: threading.Thread | None = None


def _count(seen: list[tuple[Kind, float]]) -> None:
    global _flusher
    with _lock:
        for kind, seconds in seen:
            row = _counted.get(kind)
            if row is None:
                if len(_counted) >= MOST:
                    continue
                row = _counted[kind] = [0, 0.0]
            row[0] += 1
            row[1] += seconds
        if _flusher is None or not _flusher.is_alive():  # it does not live on in a forked process
            _flusher = threading.Thread(target=_flush_for_ever, name="tallies", daemon=True)
            _flusher.start()
            Finalize(None, flush, exitpriority=10)


def _flush_for_ever() -> None:
    while True:
        time.sleep(FLUSH_EVERY)
        flush()


def flush() -> None:
    """Add what was counted here to the table; what could not be added is tried again with the next.

    Afterwards all is in the table that was counted before, also what another thread was just about to add.
    """
    with _flushing:
        with _lock:
            taken = dict(_counted)
            _counted.clear()
        if not taken:
            return
        try:
            _add_soon(taken).result(30)
        except Exception:
            log.warning("The counts of the last second could not be added yet", exc_info=True)
            with _lock:
                for key, (count, seconds) in taken.items():
                    row = _counted.setdefault(key, [0, 0.0])
                    row[0], row[1] = row[0] + count, row[1] + seconds


def _add_soon(taken: Mapping[Kind, list[float]]) -> Future:
    """One statement of its own, where rows are locked: within a transaction processes could wait crosswise."""
    lane = recorder() if connection.vendor == "sqlite" else loader()
    return lane.submit(_add, taken)


def _add(batches: list[Mapping[Kind, list[float]]]) -> list[None]:
    for taken in batches:
        TALLIES.insert([[*key, int(count), seconds] for key, (count, seconds) in sorted(taken.items())])
    return [None for _ in batches]
