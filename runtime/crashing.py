"""Named points at which a test may kill or stop the process, to prove that nothing is lost there.

They exist only where the environment asked for them (SEGUE_CRASH_POINTS, set by tests/crash); elsewhere the function
returns at once. CRASH_AT names points (or `any`). CRASH_ODDS is a probability per pass (1 by default), also by name:
`0.01,before_ring=0.2`. CRASH_MOST is how often a point strikes at most, over all processes. CRASH_SEED makes it repeat;
CRASH_LOG is a file that gets the name of each point at which a process was hit. With CRASH_BY=STOP it is not killed
but sleeps (SIGSTOP) until somebody wakes it.
"""

import os
import random
import signal
import threading
from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings

#: Where a process that takes work can die, in the order in which one run passes them.
WORKER_POINTS = (
    "after_ring",  # the clock saw due work and has not said so yet
    "after_fire",  # a schedule's run is written and not committed
    "after_hint",  # the queue gave its hint away
    "task_started",
    "before_claim",
    "after_claim",  # written, not committed
    "before_load",  # the runs are ours, nothing is read
    "before_effect",
    "after_effect",
    "before_record",
    "during_record",  # written, not committed
    "after_record",
    "after_drive",  # the run has ended or waits; its task has not heard of it yet
    "before_renew",
)
#: Where a process that accepts events can die.
WEB_POINTS = ("before_accept", "after_accept", "before_answer")


def crash_point(name: str) -> None:
    """Die here by SIGKILL, or stop until SIGCONT, if a test wants that."""
    if not settings.CRASH_POINTS:
        return
    wanted = os.environ.get("CRASH_AT", "").split(",")
    if not ({name, "any"} & set(wanted)) or _chance(os.getpid()).random() >= _odds(name, os.environ.get("CRASH_ODDS")):
        return
    if log := os.environ.get("CRASH_LOG"):
        if _struck(log, name) >= int(os.environ.get("CRASH_MOST", "1000000")):
            return
        with open(log, "a") as file:
            file.write(name + "\n")
    if os.environ.get("CRASH_BY") == "STOP":
        # A stop sent to the process is its first thread's to take, when that comes to run; this one would go on.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _odds(name: str, text: str | None) -> float:
    return _odds_by_name(text or "1").get(name, _odds_by_name(text or "1")[""])


@lru_cache(maxsize=2)
def _odds_by_name(text: str) -> Mapping[str, float]:
    """{name: probability}; "" is everybody else's."""
    general, *special = text.split(",")
    return {"": float(general), **{name: float(odds) for name, _, odds in (one.partition("=") for one in special)}}


def _struck(log: str, name: str) -> int:
    try:
        with open(log) as file:
            return file.read().split().count(name)
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=1)
def _chance(pid: int) -> random.Random:
    """Of this process: forked ones must not all die at the same pass."""
    return random.Random(f"{os.environ.get('CRASH_SEED', '')} {pid}")
