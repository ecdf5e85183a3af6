"""An instance to measure: web and worker as in production, on a database of its own, beside a fast peer."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil

from tests import servers
from tests.crash.instance import ROOT, Instance
from tests.load.client import Client

os.environ.setdefault("SECRET_KEY", "only for measuring, and only on this machine: 0123456789 abcdefghijklmnop")
os.environ.setdefault("SECRET_KEKS", "bench:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")
ORDINARY = {"LEASE_SECONDS": "30", "WATCHDOG_SECONDS": "15", "RUN_THREADS": "64", "MALLOC_ARENA_MAX": "2"}


class Measured(Instance):
    """No crash points, no witness, ordinary leases."""

    stage = "tests.load.stage"
    witnessed = False

    def __init__(self, folder, database, peer, **environment):
        super().__init__(folder, database, peer, **{**ORDINARY, **environment})
        self.client = Client(self.address, self.key)

    def memory(self) -> float:
        """PSS of web and worker trees, in MB."""
        total = 0
        for name in self.parts:
            for process in self.processes(name):
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += process.memory_full_info().pss
        return total / 1e6

    def processor(self) -> float:
        """Seconds of processor that the web and worker trees have taken: other programs do not count."""
        total = 0.0
        for name in self.parts:
            for process in self.processes(name):
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    total += times.user + times.system
        return total

    def count(self, condition) -> int:
        return self.query(f"SELECT count(*) FROM runtime_run WHERE {condition}")[0][0]

    def wait_until_done(self, seconds=180, look=None):
        """Until nothing is under way; runs that were stored before as waiting (`--stored`) are not."""
        deadline = time.monotonic() + seconds
        while self.count(
            "due_at IS NOT NULL AND status IN ('queued', 'running', 'waiting') AND due_at < " + self._soon
        ):
            assert time.monotonic() < deadline, "the runs did not end in time"
            if look:
                look()
            time.sleep(0.05)

    @property
    def _soon(self) -> str:
        if self.sqlite:
            return "strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 day')"
        return "now() + interval '1 day'"

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


class Echo:
    """The echo peer's process."""

    host = "127.0.0.1"

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
def running(database: str, redis: str, stored: int = 0) -> Iterator[Measured]:
    """One web and one worker; `stored` runs are in the database before."""
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        echo = Echo()
        instance = Measured(Path(folder), database, echo, DATABASE_URL=database, REDIS_URL=redis)
        try:
            if stored:
                instance.run("-m", "tests.load.many_runs", str(stored))
            instance.start("web", "worker")
            yield instance
        finally:
            instance.close()
            echo.close()
            log = (Path(folder) / "log").read_text(errors="replace")
            if log:
                print(log[-3000:], file=sys.stderr)


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
