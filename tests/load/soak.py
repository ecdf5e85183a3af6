"""`python -m tests.load.soak [minutes] [runs a second]`: memory and open files of every process over a steady load.

Ends with 1 when a process's memory climbs by more than 1 MB an hour over the second half, or its files grow. On SQLite,
or on the PostgreSQL that DATABASE_URL names.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

MOST_SLOPE = 1.0  # MB an hour
WARM = 2  # looks after which a process has all it keeps


class Watch:
    """Looks at an instance's processes; `seen`: {pid: [(seconds, MB, open files)]}."""

    def __init__(self, instance):
        self.instance, self.began = instance, time.monotonic()
        self.seen: dict[int, list[tuple[float, float, int]]] = {}
        self.looks = 0

    def look(self) -> None:
        self.looks += 1
        for name in self.instance.parts:
            for process in self.instance.processes(name):
                try:
                    memory, files = process.memory_full_info().uss / 1e6, process.num_fds()
                except psutil.Error:
                    continue
                self.seen.setdefault(process.pid, []).append((time.monotonic() - self.began, memory, files))

    def steady(self) -> list[list[tuple[float, float, int]]]:
        return [looks[WARM:] for looks in self.seen.values() if len(looks) == self.looks > WARM]

    def growth(self) -> float:
        """MB by which the process that grew most grew after it was warm."""
        return max(looks[-1][1] - looks[0][1] for looks in self.steady())

    def more_files(self) -> int:
        """By how many the least open files of the later half exceed the most of the earlier one."""
        halves = [(looks[: len(looks) // 2], looks[len(looks) // 2 :]) for looks in self.steady()]
        return max(min(files for *_, files in later) - max(files for *_, files in earlier) for earlier, later in halves)

    def slope(self) -> float:
        """MB an hour of the process that climbs most, by least squares."""
        return max(_slope([(at, memory) for at, memory, _ in looks]) for looks in self.steady())

    def __str__(self):
        return "; ".join(
            f"{pid}: {looks[0][1]:.1f} -> {looks[-1][1]:.1f} MB, {looks[0][2]} -> {looks[-1][2]} files"
            for pid, looks in self.seen.items()
        )


def _slope(points: list[tuple[float, float]]) -> float:
    at = sum(x for x, _ in points) / len(points)
    mean = sum(y for _, y in points) / len(points)
    spread = sum((x - at) ** 2 for x, _ in points)
    return 3600 * sum((x - at) * (y - mean) for x, y in points) / spread if spread else 0.0


def main(minutes: float, rate: float) -> int:
    import tests.environment  # noqa: F401  the settings that tests run with
    from tests.crash import invariants
    from tests.crash.storm import post_all, running, settle

    with tempfile.TemporaryDirectory() as folder:
        database = os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/soak.sqlite3"
        with running(Path(folder), database, "web", "worker", RUN_THREADS="64", LEASE_SECONDS="30") as (instance, peer):
            watch, accepted, until, turn = Watch(instance), {}, time.monotonic() + minutes * 60, 0
            while time.monotonic() < until:
                second = time.monotonic()
                accepted |= post_all(instance, f"turn{turn}", int(rate * 10), threads=8)
                turn += 1
                time.sleep(max(0.0, 10 - (time.monotonic() - second)))
                watch.look()
            settle(instance)
            invariants.check(instance, accepted, peer.calls)
            half = {pid: looks[len(looks) // 2 :] for pid, looks in watch.seen.items()}
            watch.seen, watch.looks = half, max(map(len, half.values()))
            print(f"{len(accepted):,} runs in {minutes:g} min; {watch}")
            print(f"{watch.slope():.2f} MB an hour, {watch.more_files()} files more")
            return 0 if watch.slope() < MOST_SLOPE and watch.more_files() <= 0 else 1


if __name__ == "__main__":
    sys.exit(main(*(float(word) for word in (sys.argv[1:] + ["10", "20"][len(sys.argv) - 1 :])[:2])))
