"""Keep a process on one core at a time: Linux only, elsewhere and on a single core nothing happens.

Python lets one thread run at a time. Each call of the system (a socket, the database) lets go of that right; with
threads on several cores another thread takes it at once, on another core, and who called has to wait for it although it
could have gone on. On one core the next thread runs when this one has nothing to do. A web process that answers
sixteen callers at once does a fifth to two fifths more that way (tests/load/README.md).

The core is not chosen for good: every few seconds the process goes where others do least, if that is worth the move.
"""

import contextlib
import os
import random
import threading
import time
from collections.abc import Mapping

LOOK_EVERY = (4.0, 6.0)  # seconds, by chance: of two processes on one core not both go at the same moment
WORTH_MOVING = 0.25  # of a core: by how much others use this one more than that one
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100  # a second, of what /proc/stat counts in
_given: set[int] = set()  # the cores that this process had before


def stay_on_one_core(place: int = 0, among: int = 1) -> None:
    """From now on, with all threads that there are and will be.

    `place`, from 0, `among` processes that share the work: each keeps to cores that the others keep away from.
    """
    if hasattr(os, "sched_getaffinity") and len(allowed := os.sched_getaffinity(0)) > 1:
        _given.update(allowed)
        own = sorted(allowed)[place % len(allowed) :: among]
        threading.Thread(target=_stay, args=[own], name="one-core", daemon=True).start()


def let_go(process: int) -> None:
    """Give a process that was just started, and inherited the core, those that this one had; by its id."""
    if _given:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(process, _given)


def better(core: int, others: Mapping[int, float]) -> int:
    """Where to run, now on `core`, where `others` use that share of each core."""
    idlest = min(others, key=lambda each: others[each])
    return idlest if others[core] - others[idlest] > WORTH_MOVING else core


def used_by_others(
    before: Mapping[int, int], now: Mapping[int, int], seconds: float, core: int, own: float
) -> dict[int, float]:
    """The share of each core, from what each was used in ticks and the seconds that this process ran, on `core`."""
    shares = {each: (ticks - before[each]) / TICKS / seconds for each, ticks in now.items()}
    return {**shares, core: shares[core] - own / seconds}


def _stay(allowed: list[int]) -> None:
    core = random.choice(allowed)
    try:
        _move_to({core})
        while len(allowed) > 1:
            at, own, before = time.monotonic(), time.process_time(), used(allowed)
            time.sleep(random.uniform(*LOOK_EVERY))
            seconds, mine = time.monotonic() - at, time.process_time() - own
            found = better(core, used_by_others(before, used(allowed), seconds, core, mine))
            if found != core:
                core = found
                _move_to({core})
    except (OSError, ValueError, KeyError):  # no such figures here, or a core was taken away
        with contextlib.suppress(OSError):
            _move_to(_given)


def _move_to(cores: set[int]) -> None:
    for _ in range(2):  # a thread that begins meanwhile has the core of who began it
        for thread in os.listdir("/proc/self/task"):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread), cores)


def used(cores: list[int]) -> dict[int, int]:
    """For how long each of them has been busy since the start of the machine, in ticks (proc(5), /proc/stat)."""
    with open("/proc/stat") as file:
        lines = [line.split() for line in file if line.startswith("cpu")]
    counted = {line[0]: [int(number) for number in line[1:9]] for line in lines}
    return {core: sum(counted[f"cpu{core}"]) - sum(counted[f"cpu{core}"][3:5]) for core in cores}
