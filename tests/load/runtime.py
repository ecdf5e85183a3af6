"""Measures the runtime against SPEED.md section 3: `manage.py bench`, or `python -m tests.load.runtime`.

On SQLite (synchronous=FULL) and on PostgreSQL (fsync on) with Redis; everything on this machine, history on, end to end
over HTTP, bounded in count and time. Figures are of one machine: read them as ratios.
"""

import argparse
import sys

from tests.load.measured import databases, running
from tests.load.measures import MEASURES

# figure -> what SPEED.md asks of stage 2: "<=" or ">=", and how much; None = for comparison only
BUDGETS = {
    "W1 burst, runs/s": (">=", 700),
    "W1 burst, processor ms a run": None,
    "W1 burst through limits, runs/s": None,
    "W1 through limits, processor ms a run": None,
    "accept under burst, p99 ms": ("<=", 60),
    "W1 action, 1 client, p50 ms": ("<=", 6),
    "W1 action, 16 clients, runs/s": (">=", 400),
    "W2 action, 1 client, p50 ms": ("<=", 4),
    "W2 action, 16 clients, runs/s": (">=", 800),
    "accepted to first step, idle, p50 ms": ("<=", 10),
    "100 runs hanging: others' start, p95 ms": ("<=", 200),
    "past the deadline, p50 ms": None,
    "past the deadline, p99.9 ms": ("<=", 250),
    "past the deadline, most ms": None,
    "timer lateness, 10,000 waits, p50 ms": None,
    "timer lateness, 10,000 waits, p99 ms": ("<=", 1000),
    "timer lateness, 10,000 waits, most ms": None,
    "a wait opened and ended, processor ms": None,
    "a reply among 10,000 waits: goes on after, p95 ms": ("<=", 2000),
    "10,000 steps saved, ms": ("<=", 2000),
    "10,000 steps judged, ms": ("<=", 1000),
    "memory idle, MB": ("<=", 300),
    "memory under burst, MB": ("<=", 450),
}


def table(results: dict[str, dict[str, float]]) -> list[str]:
    lines = [f"{'':50}{'asked for':>12}" + "".join(f"{name:>14}" for name in results)]
    for figure, budget in BUDGETS.items():
        if not any(figure in figures for figures in results.values()):
            continue
        line = f"{figure:50}{budget[0] + ' ' + format(budget[1], ',') if budget else '-':>12}"
        for figures in results.values():
            mark = "" if holds(figure, figures[figure]) else " !"
            line += f"{figures[figure]:>12,.1f}{mark:<2}"
        lines.append(line)
    return lines


def holds(figure, value) -> bool:
    relation, bound = BUDGETS[figure] or ("<=", value)
    return value <= bound if relation == "<=" else value >= bound


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"], metavar="sqlite|postgresql")
    parser.add_argument("--only", default=",".join(MEASURES), help=f"some of {','.join(MEASURES)}")
    parser.add_argument("--stored", type=int, default=0, help="so many runs are in the database before")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure of this stage is missed")
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with databases(options.databases) as each:
        for name, database, redis in each:
            results[name] = {}
            with running(database, redis, options.stored) as instance:
                for measure in options.only.split(","):
                    print(f"measuring {measure} on {name} ...", flush=True)
                    results[name] |= MEASURES[measure](instance)
    print("\n".join(table(results)))
    good = all(holds(figure, value) for figures in results.values() for figure, value in figures.items())
    sys.exit(0 if good or not options.check else 1)


if __name__ == "__main__":
    main()
