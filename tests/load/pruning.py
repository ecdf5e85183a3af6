"""`python -m tests.load.pruning [sqlite|postgresql]`: what forgetting old runs costs those that come meanwhile.

Of very many stored runs one day's go (`--stored`, `--days`), while one client reports calls one after the other: how
long acceptance takes it before and meanwhile, how long the longest transaction of the pruning is, and how many runs go
a second. SQLite has one writer, so a transaction of the pruning is a time in which nothing is accepted. `--on` takes a
database that was filled before (`tests.load.history --keep`), and changes it.
"""

import argparse
import json
import os
import subprocess
import sys
import time

from tests.load.client import call, median, quantile
from tests.load.many_runs import DAYS
from tests.load.measured import ROOT, databases, running

ALONE_SECONDS = 10.0
LONGEST = 50.0  # milliseconds of one transaction
HERE = "tests.load.pruning"


def timed_pruning() -> dict[str, float]:
    """Prune, in this process; how long each outermost transaction held what it locked."""
    import django

    django.setup()
    from django.db import transaction

    from builder.pruning import prune

    held: list[float] = []
    enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__
    began: list[float] = []

    def entered(self):
        enter(self)
        began.append(time.perf_counter())

    def left(self, *raised):
        leave(self, *raised)
        since = began.pop()
        if not began:
            held.append((time.perf_counter() - since) * 1000)

    transaction.Atomic.__enter__, transaction.Atomic.__exit__ = entered, left
    started, processor = time.perf_counter(), time.process_time()
    gone = prune()
    seconds = time.perf_counter() - started
    return {
        "runs that went": gone["runs"],
        "runs a second": gone["runs"] / seconds,
        "processor ms a run": (time.process_time() - processor) * 1000 / max(gone["runs"], 1),
        "transactions": len(held),
        "a transaction, p50 ms": median(held),
        "a transaction, p99 ms": quantile(held, 0.99),
        "a transaction, longest ms": max(held),
    }


def accepted_while(instance, name, going_on) -> list[float]:
    """Milliseconds to acceptance of one call after the other, while `going_on()`."""
    taken, number = [], 0
    while going_on():
        seconds, _ = instance.client.run([call(f"{name}{number}-{n}") for n in range(10)], 1)
        taken += [each * 1000 for each in seconds]
        number += 1
    return taken


def first_chores_are_done(instance, quiet=6.0, most=240.0) -> None:
    """The clock counts each day once when it starts: until no count was added for a while."""
    until, counts, since = time.monotonic() + most, 0, time.monotonic()
    while time.monotonic() < until and (not counts or time.monotonic() - since < quiet):
        time.sleep(1)
        if (found := instance.query("SELECT count(*) FROM builder_slotcount")[0][0]) != counts:
            counts, since = found, time.monotonic()


def measured(instance, days: float) -> dict[str, float]:
    first_chores_are_done(instance)
    with instance.connected() as connection:
        connection.execute(f"UPDATE runtime_workspace SET retention_days = {DAYS - days:.0f} WHERE name = 'Large'")
    until = time.monotonic() + ALONE_SECONDS
    alone = accepted_while(instance, "alone", lambda: time.monotonic() < until)
    instance.wait_until_done()
    pruning = subprocess.Popen(
        [sys.executable, "-m", HERE, "--prune"], cwd=ROOT, env=instance.environment, stdout=subprocess.PIPE, text=True
    )
    beside = accepted_while(instance, "beside", lambda: pruning.poll() is None)
    figures = json.loads(pruning.communicate()[0].splitlines()[-1])
    return {
        **figures,
        **{f"accepted alone, {name} ms": quantile(alone, share) for name, share in (("p50", 0.5), ("p99", 0.99))},
        **{f"accepted meanwhile, {name} ms": quantile(beside, share) for name, share in (("p50", 0.5), ("p99", 0.99))},
        "accepted meanwhile, most ms": max(beside),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", nargs="?", default="sqlite", choices=["sqlite", "postgresql"])
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--days", type=float, default=1, help="so many of the ninety days go")
    parser.add_argument("--on", metavar="URL", help="a database that was filled before")
    parser.add_argument("--prune", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prune:
        print(json.dumps(timed_pruning()))
        return 0
    with databases([options.database]) as each:
        ((_, database, redis),) = each
        with running(options.on or database, redis, 0 if options.on else options.stored) as instance:
            figures = measured(instance, options.days)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    for name, value in figures.items():
        print(f"{name:28} {value:12,.1f}")
    return 0 if figures["a transaction, p99 ms"] <= LONGEST else 1


if __name__ == "__main__":
    sys.exit(main())
