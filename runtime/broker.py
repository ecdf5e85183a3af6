"""The queue: django-q2's ORM broker on the same database, woken instead of polling.

A message is only a hint: "there is due work". It is written in the transaction of the run it is about, at most one
unclaimed at a time, and the task it names (`runtime.tasks.work`) takes no arguments: what to do stands in the run
table. Losing, repeating or reordering hints is harmless; the clock rings again (runtime/clock.py).
"""

from datetime import timedelta
from functools import lru_cache

from django.db import connection, transaction
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from runtime import present, round_trips, wake
from runtime.crashing import crash_point
from runtime.rows import change

WORK = "runtime.tasks.work"


_HINT = """INSERT INTO django_q_ormq ("key", payload, "lock") SELECT %s, %s, %s
WHERE NOT EXISTS (SELECT 1 FROM django_q_ormq WHERE "key" = %s AND "lock" <= %s)"""


def hint() -> None:
    """Say that there is due work; inside a transaction it counts, and rings, from the commit on."""
    now = present.now()
    values = [Conf.CLUSTER_NAME, _payload(), now, Conf.CLUSTER_NAME, now]
    if connection.vendor == "postgresql":
        round_trips.write([_HINT], values, wake.notice(wake.DUE))
    else:
        change(_HINT, values)
        transaction.on_commit(lambda: wake.ring(wake.DUE))


@lru_cache(maxsize=1)
def _payload() -> str:
    """Always the same message, so it is signed once."""
    return SignedPackage.dumps({"id": "work", "name": "work", "func": WORK, "args": (), "kwargs": {}, "started": None})


class WokenBroker(ORM):
    """Claims one hint in a compare-and-swap; with none there, waits for the bell (at most a second, to see stops)."""

    ear: wake.Ear | None = None

    def dequeue(self):
        if self.ear is None:
            self.ear = wake.Ear(wake.DUE)  # here, not in __init__: the pusher has forked by now
        found = self._claim()
        if not found:
            self.ear.wait(wake.LONGEST_WAIT)
            found = self._claim()
        return found

    def _claim(self):
        present.look()
        now = present.now()
        hints = OrmQ.objects.filter(key=self.list_key, lock__lte=now).order_by("lock")
        for pk, lock, payload in hints.values_list("pk", "lock", "payload")[:4]:
            taken = OrmQ.objects.filter(pk=pk, lock=lock).update(lock=now + timedelta(seconds=Conf.RETRY))
            if taken:
                crash_point("after_hint")
                return [(pk, payload)]
        return None
