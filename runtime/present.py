"""The present that all hosts share: the database's clock.

What one host stores, another compares: leases, due times, ends of waits, hints. If each used its own clock, a host that
is an hour off would take leases that hold and let timers go off early, or late. So `now()` is this host's clock less
what it was found to be ahead of PostgreSQL's; between two looks the steady clock tells how far the wall clock was set.
On SQLite there is one host, and its clock is everybody's.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

LOOK_EVERY = 30.0
UNNOTICED = 0.1  # seconds; below it is the way to the database, not a wrong clock


@dataclass(frozen=True, slots=True)
class _Look:
    """`at`: monotonic; `gap`: wall clock less monotonic; `ahead`: wall clock less the database's."""

    at: float
    gap: float
    ahead: float


_last: _Look | None = None


def now() -> datetime:
    """The time to store and to compare with what is stored."""
    here = timezone.now()
    if _last is None:
        return here
    ahead = _last.ahead + (time.time() - time.monotonic() - _last.gap)
    return here if abs(ahead) < UNNOTICED else here - timedelta(seconds=ahead)


def look() -> None:
    """Compare the clocks, once in a while. By a thread that owns a connection, before what it stores."""
    global _last
    if connection.vendor != "postgresql" or (_last is not None and time.monotonic() - _last.at < LOOK_EVERY):
        return
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8")
        (there,) = cursor.fetchone()
    here = time.time()
    _last = _Look(time.monotonic(), here - time.monotonic(), (before + here) / 2 - there)
