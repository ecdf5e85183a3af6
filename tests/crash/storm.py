"""What the storms share: an instance and its peer, posting from several clients, waiting for the calm."""

import os
import time
from contextlib import contextmanager
from pathlib import Path

from tests.crash import invariants
from tests.crash.instance import Instance, Peer
from tests.side_by_side import side_by_side
from tests.until import until

# A mutated copy of the program (tests/crash/test_guards.py) is not given as long to show that it hangs.
SETTLE_SECONDS = float(os.environ.get("CRASH_SETTLE_SECONDS", "90"))
LONG = os.environ.get("CRASH_LONG") == "1"  # the nightly form: `CRASH_LONG=1 pytest tests/crash --timeout 7200`
SEED = int(os.environ.get("CRASH_SEED") or time.time_ns() % 1_000_000)


def sized(short, long):
    """How many or how long: CI's figure, or that of the nightly form (SAFETY section 7)."""
    return long if LONG else short


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
