"""What the storms share: an instance and its peer, posting from several clients, waiting for the calm."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from tests.crash import invariants
from tests.crash.instance import Instance, Peer
from tests.until import until

# A mutated copy of the program (tests/crash/test_guards.py) is not given as long to show that it hangs.
SETTLE_SECONDS = float(os.environ.get("CRASH_SETTLE_SECONDS", "90"))
SEED = int(os.environ.get("CRASH_SEED") or time.time_ns() % 1_000_000)


@contextmanager
def running(folder: Path, database: str, *parts, hub="127.0.0.1", **environment):
    """(instance, peer), with these parts started; all of it has ended afterwards. `hub`: the peer's address."""
    print(f"seed {SEED}")
    peer = Peer(SEED, hub)
    instance = None
    try:
        instance = Instance(folder, database, peer, CRASH_SEED=str(SEED), **environment)
        instance.start(*parts)
        yield instance, peer
    finally:
        if instance is not None:
            instance.close()
        peer.close()
        print((folder / "log").read_text(errors="replace")[-4000:] if (folder / "log").exists() else "no log")


def post_all(instance, prefix, count, threads=4) -> dict[str, dict]:
    """Post `count` calls from several clients; returns {call id: confirmed answer}."""
    accepted: dict[str, dict] = {}
    side_by_side(
        [lambda name=f"{prefix}-{number}": accepted.update({name: instance.post(name)}) for number in range(count)],
        threads,
    )
    return accepted


def side_by_side(jobs: list[Callable[[], object]], threads: int) -> None:
    """Do the jobs with so many threads; the first trouble is raised once all have ended."""
    waiting, lock, troubles = iter(jobs), threading.Lock(), []

    def client():
        while not troubles:
            with lock:
                job = next(waiting, None)
            if job is None:
                return
            try:
                job()
            except Exception as trouble:
                troubles.append(trouble)

    clients = [threading.Thread(target=client) for _ in range(threads)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    if troubles:
        raise troubles[0]


def settle(instance, seconds=SETTLE_SECONDS):
    """Until nothing is under way any more; processes that die are started again."""

    def look_after():
        invariants.check_nothing_forgotten(instance)
        instance.ensure()
        time.sleep(0.1)  # between two looks: each is work for the database under test

    until(
        lambda: not invariants.unfinished(instance), seconds, lambda: f"runs are stuck: {stuck(instance)}", look_after
    )


def stuck(instance):
    return [run for run in invariants.runs(instance).values() if run["status"] not in invariants.FINAL][:5]
