"""`python -m tests.load.soak --minutes 10 --rate 20`: what every process keeps over a steady load; it ends by itself.

Memory, threads and open files of each process, and the sizes of the database and its journal, are noted every ten
seconds; at the end every call is accounted for (tests/crash/invariants.py). It ends with 1, and says why, when a
process that was there all the time grew, keeps more threads or files, or the journal is beyond its limit. On SQLite, or
on the PostgreSQL that DATABASE_URL names. Of two hours a tenth of a megabyte an hour can be seen; of ten minutes what
counts is that nothing climbs from look to look.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

MOST_SLOPE = 1.0  # MB an hour
NOISE = 1.5  # MB by which one look differs from another in a process that keeps nothing
LARGEST_JOURNAL = 64  # MB, the journal_size_limit of settings.py
WARM = 2  # looks after which a process has all it keeps
LOOK_SECONDS = 10


class Look(NamedTuple):
    """One process at one moment; `memory`: MB that are its own."""

    seconds: float
    memory: float
    files: int
    threads: int


class Watch:
    """Looks at an instance's processes; `seen`: what each pid held."""

    def __init__(self, instance):
        self.instance, self.began = instance, time.monotonic()
        self.seen: dict[int, list[Look]] = {}
        self.looks = 0

    def look(self) -> None:
        self.looks += 1
        for name in self.instance.parts:
            for process in self.instance.processes(name):
                try:
                    memory = process.memory_full_info().uss / 1e6
                    seen = Look(time.monotonic() - self.began, memory, process.num_fds(), process.num_threads())
                except psutil.Error:
                    continue
                self.seen.setdefault(process.pid, []).append(seen)

    def steady(self) -> list[list[Look]]:
        """Of each process that was there all the time, the looks after it was warm."""
        return [looks[WARM:] for looks in self.seen.values() if len(looks) == self.looks > WARM]

    def growth(self) -> float:
        """MB by which the process that grew most grew after it was warm."""
        return max(looks[-1].memory - looks[0].memory for looks in self.steady())

    def climb(self) -> float:
        """MB by which the median of the last third of a process's looks exceeds that of the third before."""
        thirds = [(looks[len(looks) // 3 : -(len(looks) // 3)], looks[-(len(looks) // 3) :]) for looks in self.steady()]
        return max(
            statistics.median(look.memory for look in last) - statistics.median(look.memory for look in middle)
            for middle, last in thirds
        )

    def more(self, what: str) -> int:
        """By how many the fewest `files` or `threads` of the later half exceed the most of the earlier one."""
        halves = [(looks[: len(looks) // 2], looks[len(looks) // 2 :]) for looks in self.steady()]
        return max(
            min(getattr(look, what) for look in later) - max(getattr(look, what) for look in earlier)
            for earlier, later in halves
        )

    def more_files(self) -> int:
        return self.more("files")

    def slope(self) -> float:
        """MB an hour of the process that climbs most over its later half, by least squares."""
        return max(
            _slope([(look.seconds, look.memory) for look in looks[len(looks) // 2 :]]) for looks in self.steady()
        )

    def __str__(self):
        return "\n".join(
            f"{pid}: {len(looks)} looks, {looks[0].memory:.1f} -> {looks[-1].memory:.1f} MB, "
            f"{looks[0].files} -> {looks[-1].files} files, {looks[0].threads} -> {looks[-1].threads} threads"
            for pid, looks in self.seen.items()
        )


def _slope(points: list[tuple[float, float]]) -> float:
    at = sum(x for x, _ in points) / len(points)
    mean = sum(y for _, y in points) / len(points)
    spread = sum((x - at) ** 2 for x, _ in points)
    return 3600 * sum((x - at) * (y - mean) for x, y in points) / spread if spread else 0.0


def sizes(database: str) -> dict[str, float]:
    """MB of an SQLite database and of its journal; of a PostgreSQL nothing."""
    path = database.removeprefix("sqlite://")
    found = {"database": Path(path), "journal": Path(path + "-wal")} if path != database else {}
    return {name: file.stat().st_size / 1e6 for name, file in found.items() if file.exists()}


def faults(watch: Watch, hours: float, held: list[dict[str, float]]) -> list[str]:
    """In words, what grew."""
    judged = {
        f"a process climbed by {watch.climb():.1f} MB": watch.climb() > NOISE + MOST_SLOPE * hours,
        f"memory climbs by {watch.slope():.1f} MB an hour": hours >= 1 and watch.slope() > MOST_SLOPE,
        f"{watch.more('files')} more open files": watch.more("files") > 0,
        f"{watch.more('threads')} more threads": watch.more("threads") > 0,
        "the journal is beyond its limit": max((each.get("journal", 0) for each in held), default=0) > LARGEST_JOURNAL,
    }
    return [words for words, grew in judged.items() if grew]


def load(instance, watch: Watch, minutes: float, rate: int) -> tuple[dict, list[dict[str, float]]]:
    """`rate` calls each second; the answers, and the sizes at each look."""
    from tests.crash.storm import post_all

    accepted, held, until, second = {}, [], time.monotonic() + minutes * 60, 0
    while time.monotonic() < until:
        began = time.monotonic()
        accepted |= post_all(instance, f"second{second}", rate, threads=8)
        if second % LOOK_SECONDS == 0:
            watch.look()
            held.append(sizes(instance.database))
        second += 1
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))
    return accepted, held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=20, help="runs a second")
    options = parser.parse_args()
    import tests.environment  # noqa: F401  the settings that tests run with
    from tests.crash import invariants
    from tests.crash.storm import running, settle

    with tempfile.TemporaryDirectory() as folder:
        database = os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/soak.sqlite3"
        with running(Path(folder), database, "web", "worker", RUN_THREADS="64", LEASE_SECONDS="30") as (instance, peer):
            peer.failing = 0.0  # of so many runs some would meet its mistakes at every try, and rightly fail
            watch = Watch(instance)
            accepted, held = load(instance, watch, options.minutes, options.rate)
            found = report(watch, accepted, held, options.minutes)
            settle(instance)
            delays = sorted(instance.delays("second"))
            late = [f"{1000 * delays[at]:.0f}" for at in (len(delays) // 2, -len(delays) // 100)]
            print(f"started after {late[0]} ms (p50), {late[1]} (p99)", flush=True)
            invariants.check(instance, accepted, peer.calls)
    return 1 if found else 0


def report(watch: Watch, accepted: dict, held: list[dict[str, float]], minutes: float) -> list[str]:
    """Say what each process held, before the runs themselves are looked at; what grew."""
    begun, ended = held[0], held[-1]
    print(f"{len(accepted):,} runs in {minutes:g} min, load of the machine {os.getloadavg()[0]:.0f}\n{watch}")
    print("; ".join(f"{name} {begun[name]:.1f} -> {ended[name]:.1f} MB" for name in begun if name in ended))
    print(f"climbed {watch.climb():.2f} MB, at the end {watch.slope():.2f} an hour; ", end="")
    print(f"{watch.more('files')} files and {watch.more('threads')} threads more")
    found = faults(watch, minutes / 60, held)
    print("It grows: " + ", ".join(found) if found else "Nothing grows.", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
