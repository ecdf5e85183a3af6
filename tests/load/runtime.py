"""Measures the runtime against SPEED.md section 3: `manage.py bench`, or `python -m tests.load.runtime`.

On SQLite (synchronous=FULL) and on PostgreSQL (fsync on) with Redis; everything on this machine, history on, end to end
over HTTP, bounded in count and time. Figures are of one machine: read them as ratios.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import psutil

from tests import servers
from tests.crash.instance import ROOT, Instance
from tests.load.client import Client, action, call, median, quantile

os.environ.setdefault("SECRET_KEY", "only for measuring, and only on this machine: 0123456789 abcdefghijklmnop")
os.environ.setdefault("SECRET_KEKS", "bench:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")
# figure -> (unit, what stage "First light" asks for: "<=" or ">=", and how much)
BUDGETS = {
    "W1 burst, runs/s": (">=", 200),
    "accept under burst, p99 ms": ("<=", 250),
    "W1 action, 1 client, p50 ms": ("<=", 15),
    "W1 action, 16 clients, runs/s": (">=", 150),
    "W2 action, 1 client, p50 ms": ("<=", 10),
    "W2 action, 16 clients, runs/s": (">=", 250),
    "accepted to first step, idle, p50 ms": ("<=", 50),
    "100 runs hanging: others' start, p95 ms": ("<=", 1000),
    "timer lateness, 2,000 waits, p99 ms": ("<=", 2000),
    "memory idle, MB": ("<=", 350),
    "memory under burst, MB": ("<=", 500),
}


class Measured(Instance):
    """An instance as in production: no crash points, ordinary leases."""

    stage = "tests.load.stage"

    def __init__(self, folder, database, peer, **environment):
        ordinary = {"LEASE_SECONDS": "30", "WATCHDOG_SECONDS": "15", "RUN_THREADS": "64", "MALLOC_ARENA_MAX": "2"}
        super().__init__(folder, database, peer, **{**ordinary, **environment})
        self.client = Client(self.address, self.key)

    def memory(self) -> float:
        """PSS of web and worker trees, in MB."""
        total = 0
        for name in self.parts:
            for process in self.processes(name):
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += process.memory_full_info().pss
        return total / 1e6

    def count(self, condition) -> int:
        return self.query(f"SELECT count(*) FROM runtime_run WHERE {condition}")[0][0]

    def wait_until_done(self, seconds=120, look=None):
        deadline = time.monotonic() + seconds
        while self.count("status IN ('queued', 'running', 'waiting')"):
            assert time.monotonic() < deadline, "the runs did not end in time"
            if look:
                look()
            time.sleep(0.05)

    def delays(self, agent, node="start") -> list[float]:
        """Milliseconds from accepting each event of `agent` to the start of its run's step at `node`."""
        rows = self.query(
            "SELECT e.received_at, s.started_at FROM runtime_steprun s JOIN runtime_run r ON r.id = s.run_id "
            f"JOIN runtime_event e ON e.id = r.event_id WHERE s.node = '{node}' AND e.agent = '{agent}' "
            "ORDER BY s.id"
        )
        return [(moment(started) - moment(received)).total_seconds() * 1000 for received, started in rows]


def moment(value) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def measure(instance) -> dict[str, float]:
    """All figures of one instance, in the order of the table."""
    client, figures = instance.client, {}
    warm = [action("w1")] * 20 + [action("w2")] * 20 + [call(f"warm{n}") for n in range(20)]
    client.run(warm, 4)
    instance.wait_until_done()
    figures["memory idle, MB"] = instance.memory()
    for name, count in (("w1", 300), ("w2", 300)):
        taken, _ = client.run([action(name)] * count, 1)
        figures[f"{name.upper()} action, 1 client, p50 ms"] = median(taken) * 1000
    for name, count in (("w1", 1500), ("w2", 2000)):
        _, seconds = client.run([action(name)] * count, 16)
        figures[f"{name.upper()} action, 16 clients, runs/s"] = count / seconds
    before = len(instance.delays("w1"))
    for number in range(40):
        client.run([call(f"idle{number}")], 1)
        instance.wait_until_done()
    figures["accepted to first step, idle, p50 ms"] = median(instance.delays("w1")[before:])
    figures |= burst(instance)
    figures |= hanging(instance)
    figures |= timers(instance)
    return figures


def burst(instance, count=2000) -> dict[str, float]:
    most = 0.0

    def look():
        nonlocal most
        most = max(most, instance.memory())

    began = time.perf_counter()
    taken, _ = instance.client.run([call(f"burst{number}") for number in range(count)], 16)
    instance.wait_until_done(look=look)
    seconds = time.perf_counter() - began
    return {
        "W1 burst, runs/s": count / seconds,
        "accept under burst, p99 ms": quantile(taken, 0.99) * 1000,
        "memory under burst, MB": max(most, instance.memory()),
    }


def hanging(instance) -> dict[str, float]:
    """100 runs wait for a slow peer; how long others wait for their start."""
    before = len(instance.delays("w1"))
    instance.client.run([call(f"slow{number}", "slow") for number in range(100)], 16)
    for number in range(40):
        instance.client.run([call(f"beside{number}")], 1)
        time.sleep(0.05)
    instance.wait_until_done()
    return {"100 runs hanging: others' start, p95 ms": quantile(instance.delays("w1")[before:], 0.95)}


def timers(instance, count=2000) -> dict[str, float]:
    """Lateness of waits of five seconds."""
    instance.client.run([call(f"wait{number}", "waits") for number in range(count)], 16)
    instance.wait_until_done()
    rows = instance.query(
        "SELECT w.until, s.started_at FROM runtime_wait w JOIN runtime_steprun s ON s.run_id = w.run_id "
        "WHERE s.node = 'end' AND w.node = 'pause'"
    )
    late = [(moment(started) - moment(until)).total_seconds() * 1000 for until, started in rows]
    assert len(late) == count
    return {"timer lateness, 2,000 waits, p99 ms": quantile(late, 0.99)}


class Echo:
    """The echo peer's process."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.echo"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def databases(names):
    """(name, database url, redis url) one after the other; servers run only while needed."""
    with contextlib.ExitStack() as stack:

        def each():
            for name in names:
                if name == "sqlite":
                    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="segue-bench-"))
                    yield name, f"sqlite:///{folder}/bench.sqlite3", ""
                else:
                    database = stack.enter_context(servers.postgresql(durable=True))
                    yield name, database, stack.enter_context(servers.redis())

        yield each()


def run(name, database, redis) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        echo = Echo()
        instance = Measured(Path(folder), database, echo, DATABASE_URL=database, REDIS_URL=redis)
        try:
            instance.start("web", "worker")
            return measure(instance)
        finally:
            instance.close()
            echo.close()
            log = (Path(folder) / "log").read_text(errors="replace")
            if log:
                print(log[-3000:], file=sys.stderr)


def table(results: dict[str, dict[str, float]]) -> list[str]:
    lines = [f"{'':42}{'asked for':>12}" + "".join(f"{name:>14}" for name in results)]
    for figure, (relation, bound) in BUDGETS.items():
        line = f"{figure:42}{relation + ' ' + format(bound, ','):>12}"
        for figures in results.values():
            mark = "" if holds(figure, figures[figure]) else " !"
            line += f"{figures[figure]:>12,.1f}{mark:<2}"
        lines.append(line)
    return lines


def holds(figure, value) -> bool:
    relation, bound = BUDGETS[figure]
    return value <= bound if relation == "<=" else value >= bound


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"], metavar="sqlite|postgresql")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure of this stage is missed")
    options = parser.parse_args()
    results = {}
    with databases(options.databases) as each:
        for name, database, redis in each:
            print(f"measuring {name} ...", flush=True)
            results[name] = run(name, database, redis)
    print("\n".join(table(results)))
    good = all(holds(figure, figures[figure]) for figures in results.values() for figure in BUDGETS)
    sys.exit(0 if good or not options.check else 1)


if __name__ == "__main__":
    main()
