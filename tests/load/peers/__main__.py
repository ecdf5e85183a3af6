"""`python -m tests.load.peers`: Segue and its peers doing W1 and W2 one after the other on this machine, as ratios.

Needs npm and a compiler (the first run installs Node-RED and n8n: minutes); then about 10 minutes on two idle cores.
Segue keeps every step's input and output, n8n the execution, the others nothing. `--times 3`: that often in turns, and
the medians.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from tests.load.client import action, call, median, quantile
from tests.load.measured import Echo, databases, running
from tests.load.measures import actions, burst, idle
from tests.load.peers.n8n import N8n
from tests.load.peers.node_red import NodeRed
from tests.load.peers.task_queues import CeleryQueue, HueyQueue

PEERS = {peer.name: peer for peer in (NodeRed, N8n, CeleryQueue, HueyQueue)}
FIGURES = {  # figure -> whether more is better
    "W1 action, 1 client, p50 ms": False,
    "W1 action, 16 clients, runs/s": True,
    "W2 action, 1 client, p50 ms": False,
    "W2 action, 16 clients, runs/s": True,
    "W1 burst, runs/s": True,
    "accept under burst, p99 ms": False,
    "memory idle, MB": False,
    "memory under burst, MB": False,
}


def segue(name) -> dict[str, float]:
    with databases([name]) as each:
        for _, database, redis in each:
            with running(database, redis) as instance:
                return idle(instance) | actions(instance) | burst(instance)
    return {}


def peer(name, share) -> dict[str, float]:
    """The same requests; `share` of the count where a peer takes a second for a few."""
    echo = Echo()
    with tempfile.TemporaryDirectory(prefix="segue-peer-") as folder, contextlib.closing(echo):
        subject = PEERS[name](Path(folder), f"http://{echo.host}:{echo.port}/echo")
        with contextlib.closing(subject):
            return _actions(subject, share) | _burst(subject, share)


def _actions(subject, share) -> dict[str, float]:
    figures = {"memory idle, MB": subject.memory()}
    for name in sorted({"w1", "w2"} & set(subject.paths)):
        asked = subject.paths[name], action(name)[1]
        subject.client.run([asked] * 20, 4)
        taken, _ = subject.client.run([asked] * int(300 * share), 1)
        figures[f"{name.upper()} action, 1 client, p50 ms"] = median(taken) * 1000
        count = int(1500 * share)
        _, seconds = subject.client.run([asked] * count, 16)
        figures[f"{name.upper()} action, 16 clients, runs/s"] = count / seconds
    return figures


def _burst(subject, share) -> dict[str, float]:
    count = int(2000 * share)
    before = subject.done()
    taken, sending = subject.client.run([(subject.paths["burst"], call(f"burst{n}")[1]) for n in range(count)], 16)
    sent = time.perf_counter()
    memory = subject.memory()
    subject.until_done(before + count)
    return {
        "W1 burst, runs/s": count / (sending + time.perf_counter() - sent),
        "accept under burst, p99 ms": quantile(taken, 0.99) * 1000,
        "memory under burst, MB": max(memory, subject.memory()),
    }


def medians(several) -> dict[str, float]:
    return {figure: median([figures[figure] for figures in several]) for figure in several[0]}


def table(results) -> list[str]:
    lines = [f"{'':32}" + "".join(f"{name:>22}" for name in results)]
    ours = next(iter(results.values()))
    for figure, more in FIGURES.items():
        line = f"{figure:32}"
        for figures in results.values():
            value = figures.get(figure)
            if value is None:
                line += f"{'-':>22}"
                continue
            ratio = value / ours[figure] if not more else ours[figure] / value
            line += f"{value:>12,.1f}{'' if figures is ours else f' ({ratio:,.2f}x)':>10}"
        lines.append(line)
    return [*lines, "(times) how much better the first column is; below 1 the peer is ahead"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "subjects", nargs="*", default=["sqlite", "postgresql", *PEERS], metavar=f"sqlite|postgresql|{'|'.join(PEERS)}"
    )
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    results = {}
    for _ in range(options.times):
        for subject in options.subjects:
            print(f"measuring {subject} ...", flush=True)
            name = subject if subject in PEERS else f"Segue, {subject}"
            figures = peer(subject, 0.1 if subject == "n8n" else 1) if subject in PEERS else segue(subject)
            results.setdefault(name, []).append(figures)
    print("\n".join(table({name: medians(each) for name, each in results.items()})))


if __name__ == "__main__":
    sys.exit(main())
