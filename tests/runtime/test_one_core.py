"""The web process keeps to one core, and goes where others do least (runtime/one_core.py)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import one_core
from tests.until import until

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux lets a process choose"),
    pytest.mark.without_database,
]
ROOT = Path(__file__).resolve().parent.parent.parent
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
STAYS = """
import os, sys, threading, time
from runtime import one_core
one_core.LOOK_EVERY = (0.1, 0.2)
threading.Thread(target=time.sleep, args=[600], daemon=True).start()
"""
LEAVES = """
began, taken = time.monotonic(), []
def used(cores):  # others use the core that was chosen first
    taken.extend(os.sched_getaffinity(0) if not taken else ())
    return {core: int((time.monotonic() - began) * one_core.TICKS) if core in taken else 0 for core in cores}
one_core.used = used
"""
LASTS = """
one_core.stay_on_one_core()
while True:
    threading.Thread(target=time.sleep, args=[0.05]).start()
    time.sleep(0.01)
    if taken: print(*taken, flush=True)
"""
TAKES_ITS_PLACE = """
one_core.stay_on_one_core({place}, {among})
while len(os.sched_getaffinity(0)) > 1 and os.cpu_count() > 1: time.sleep(0.01)
print(*os.sched_getaffinity(0), flush=True)
time.sleep(600)
"""
STARTS_A_SANDBOX = """
one_core.stay_on_one_core()
while len(os.sched_getaffinity(0)) > 1 and os.cpu_count() > 1: time.sleep(0.01)
from integrations.sandbox.pool import Zygote
zygote = Zygote()
print(*sorted(os.sched_getaffinity(zygote.process.pid)), flush=True)
zygote.end()
"""


@pytest.fixture
def start():
    """start(program) -> it as a process of ours, ended with the test."""
    processes = []

    def start(program):
        command = [sys.executable, "-c", program]
        processes.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def threads_cores(process):
    """The cores that each of its threads may use."""
    found = set()
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        try:
            found.add(tuple(os.sched_getaffinity(int(thread))))
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize(
    ("core", "others", "found"),
    [
        (0, {0: 0.1, 1: 0.0}, 0),  # not for so little
        (0, {0: 0.9, 1: 0.2}, 1),
        (1, {0: 0.9, 1: 0.2}, 1),
        (2, {0: 0.5, 1: 0.3, 2: 1.0}, 1),
        (0, {0: -0.1, 1: 0.1}, 0),  # its own use, counted a moment apart, may seem more than all
    ],
)
def test_it_goes_where_others_do_least(core, others, found):
    assert one_core.better(core, others) == found


def test_what_it_uses_itself_is_not_what_others_use():
    before, now = {0: 1000, 1: 1000}, {0: 1000 + 5 * one_core.TICKS, 1: 1000 + 2 * one_core.TICKS}
    assert one_core.used_by_others(before, now, 5.0, core=0, own=4.5) == pytest.approx({0: 0.1, 1: 0.4})


def test_the_machine_tells_how_much_each_core_was_used():
    before = one_core.used(CORES)
    assert set(before) == set(CORES)
    until(lambda: sum(one_core.used(CORES).values()) > sum(before.values()))


def test_all_threads_leave_a_core_together_that_others_use(start):
    if len(CORES) == 1:
        return  # there is none to go to
    process = start(STAYS + LEAVES + LASTS)
    first = int(process.stdout.readline())
    elsewhere = {(core,) for core in CORES if core != first}
    until(lambda: threads_cores(process) <= elsewhere)


def test_those_that_share_the_work_keep_to_cores_of_their_own(start):
    among = len(CORES)
    theirs = [start(STAYS + TAKES_ITS_PLACE.format(place=place, among=among)) for place in range(among)]
    assert [int(process.stdout.readline()) for process in theirs] == CORES


def test_programs_of_flows_are_not_kept_to_the_core_of_who_starts_them(start):
    process = start(STAYS + STARTS_A_SANDBOX)
    assert process.stdout.readline().split() == [str(core) for core in CORES]
