"""Claiming: a lease with a fence. Whoever moves `due_at` ahead and raises `fence` owns the run until then.

Every write of a run names the fence it was claimed under, so an owner that lost its lease (a long pause, a clock step)
writes nothing more. Leases are kept alive every third of their length for the runs of this process. A run that was
claimed five times without recording a step is parked: visible, never hot. Runs that were driven by a process when it
died are suspects, the innocent among them too, so they are driven in ever smaller groups with nothing beside them: only
what kills its process alone is parked.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from runtime import present
from runtime.active import ActiveRun, Claimed
from runtime.crashing import crash_point
from runtime.group_commit import recorder
from runtime.models import Run, Status
from runtime.rows import among, change, execute, id_of

MOST_CLAIMS = 5
TOGETHER = {2: 8, 3: 2, 4: 1}  # claims without progress -> how many such suspects are driven side by side
_ME = f"{socket.gethostname()[:40]}:{{pid}}:{os.urandom(3).hex()}"


def me() -> str:
    """This process's name in `claimed_by`."""
    return _ME.format(pid=os.getpid())


def database_now():
    """Lease times are the database's: hosts' clocks differ. On SQLite there is one host."""
    return Now() if connection.vendor == "postgresql" else timezone.now()


def claim(wanted: list[tuple[int, bool]]) -> list[list[Claimed]]:
    """For each (limit, whether nothing runs beside them), that many due runs. On the recorder's lane."""
    crash_point("before_claim")
    found = [_claim(_choose(_due(limit), alone)) for limit, alone in wanted]
    crash_point("after_claim")
    return found


Standing = dict[Any, tuple[int, str, int]]  # {run: (claims without progress, status, fence)}
_DUE = """SELECT id, claims, status, fence FROM runtime_run WHERE due_at IS NOT NULL AND due_at <= {now}
ORDER BY due_at LIMIT %s"""
# SQLite's rows as one: each that is fetched gives Python's lock away (runtime/rows.py), with a transaction open.
_DUE_AS_ONE = f"SELECT json_group_array(json_array(id, claims, status, fence)) FROM ({_DUE.format(now='%s')})"


def _due(limit: int) -> Standing:
    """Nobody else claims them before this transaction ends."""
    if connection.vendor == "postgresql":
        rows = execute(_DUE.format(now="STATEMENT_TIMESTAMP()") + " FOR UPDATE SKIP LOCKED", [limit])
    else:
        rows = json.loads(execute(_DUE_AS_ONE, [timezone.now(), limit])[0][0])
    return {id_of(run_id): (claims, status, fence) for run_id, claims, status, fence in rows}


def _choose(standing: Standing, alone: bool) -> Standing:
    """Suspects never beside others: a group of them if nothing else runs here, else everybody but them."""
    worst = max((claims for claims, *_ in standing.values() if claims in TOGETHER), default=0)
    if not worst:
        return standing
    if not alone:
        return {run_id: found for run_id, found in standing.items() if found[0] not in TOGETHER}
    return dict([item for item in standing.items() if item[1][0] == worst][: TOGETHER[worst]])


def _claim(standing: Standing) -> list[Claimed]:
    text = f"Parked: {MOST_CLAIMS} attempts in a row recorded no step. Retry it once the cause is gone."
    park([(run_id, text) for run_id, (claims, *_) in standing.items() if claims >= MOST_CLAIMS])
    mine = {run_id: found for run_id, found in standing.items() if found[0] < MOST_CLAIMS}
    if not mine:
        return []
    (lease, until), (those, ids) = _lease(), among(list(mine))
    change(
        f"UPDATE runtime_run SET status = 'running', claimed_by = %s, fence = fence + 1, claims = claims + 1, "
        f"changes = changes + 1, due_at = {lease} WHERE id {those}",
        [me(), until, *ids],
    )
    return [
        Claimed(run_id, fence + 1, took_over=status == Status.RUNNING, suspect=claims in TOGETHER)
        for run_id, (claims, status, fence) in mine.items()
    ]


def claim_to_answer(run_id: Any) -> Claimed | None:
    """The run, if it waits and nobody was faster, for the request that brings what it waits for."""
    lease, until = _lease()
    rows = execute(
        f"UPDATE runtime_run SET status = 'running', claimed_by = %s, fence = fence + 1, claims = claims + 1, "
        f"changes = changes + 1, due_at = {lease} WHERE id = %s AND status = 'waiting' RETURNING fence",
        [me(), until, run_id],
    )
    return Claimed(run_id, rows[0][0], took_over=False, suspect=False) if rows else None


def lease_end() -> Any:
    """When a lease that begins now ends, for a row that is written with one."""
    return present.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _lease() -> tuple[str, Any]:
    """(SQL of a lease's end, its one value): by the database's clock."""
    if connection.vendor == "postgresql":
        return "STATEMENT_TIMESTAMP() + make_interval(secs => %s)", settings.LEASE_SECONDS
    return "%s", timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def park(runs: list[tuple[Any, str]]) -> list[None]:
    """Set each (run, why) aside: visible, never hot."""
    for run_id, text in runs:
        Run.objects.filter(id=run_id).update(
            status=Status.PARKED, due_at=None, claimed_by="", changes=F("changes") + 1,
            error={"message": text[:500], "code": "parked", "node": None},
        )  # fmt: skip
    return [None for _ in runs]


def suspects_are_due() -> bool:
    """Whether somebody has to drive suspects, which needs a process with nothing beside them."""
    return Run.objects.filter(due_at__lte=database_now(), claims__in=TOGETHER).exists()


class LeaseKeeper:
    """Keeps the leases of this process's runs alive while they are driven.

    Not of those whose step ought to have ended long ago: its thread may never come back, so somebody else takes over.
    """

    def __init__(self):
        self.held: dict[tuple[Any, int], ActiveRun] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._renew_for_ever, name="leases", daemon=True).start()

    def hold(self, runs: Iterable[ActiveRun]) -> None:
        with self._lock:
            self.held.update(((run.id, run.fence), run) for run in runs)

    def release(self, run: ActiveRun) -> None:
        with self._lock:
            self.held.pop((run.id, run.fence), None)

    def renewable(self) -> list[Any]:
        """The runs whose leases are kept alive."""
        with self._lock:
            return [run.id for run in self.held.values() if not run.overstayed]

    def lost(self) -> bool:
        """Whether a step of this process does not come back."""
        with self._lock:
            return any(run.overstayed for run in self.held.values())

    def _renew_for_ever(self):
        while True:
            time.sleep(settings.LEASE_SECONDS / 3)
            if ids := self.renewable():
                crash_point("before_renew")
                recorder().submit(_renew, ids).exception()


def _renew(batches: list[list[Any]]) -> list[int]:
    until = database_now() + timedelta(seconds=settings.LEASE_SECONDS)
    return [
        Run.objects.filter(id__in=ids, claimed_by=me(), status=Status.RUNNING).update(due_at=until) for ids in batches
    ]


_keepers: dict[int, LeaseKeeper] = {}


def keeper() -> LeaseKeeper:
    """This process's lease keeper; it starts on first use, after any fork."""
    if os.getpid() not in _keepers:
        _keepers[os.getpid()] = LeaseKeeper()
    return _keepers[os.getpid()]
