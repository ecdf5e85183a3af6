"""What shows only with time, in a short form: memory, open files, and slow peers beside everybody else.

`python -m tests.load.soak` is the long form.
"""

import time

import pytest

from tests.crash import invariants
from tests.crash.storm import post_all, running, settle
from tests.load.soak import Watch

SLOW, SLOW_SECONDS = 100, 4.0  # a step of these flows may take five
START_WITHIN_P95 = 1.0  # seconds, on any machine; on a quiet one it is below 0.2, and it would be 4 if they waited
ROUNDS, PER_ROUND = 5, 50
MOST_FILES = 20  # what is opened at first use; a file left open by each run would be ten times that
MOST_GROWTH = 15.0  # MB a process may grow by after it is warm; a leak of a run's state would be far more


@pytest.mark.alone
def test_a_hundred_runs_that_wait_for_a_slow_peer_delay_nobody(tmp_path, database):
    threads = {"RUN_THREADS": "64", "LEASE_SECONDS": "15", "WATCHDOG_SECONDS": "15"}
    with running(tmp_path, database, "web", "worker", **threads) as (instance, peer):
        accepted = post_all(instance, "warm", 5)
        settle(instance)
        asked = set()

        def slow(body):  # the first call of each of these runs
            fresh = '"slow-' in body and body not in asked
            asked.add(body)
            return fresh

        peer.on_call = lambda body, port: time.sleep(SLOW_SECONDS) if slow(body) else None
        accepted |= post_all(instance, "slow", SLOW, threads=16)
        for number in range(25):
            accepted |= post_all(instance, f"quick{number}", 1)
        settle(instance)
        delays = sorted(instance.delays("quick"))
        print(f"start delays beside {SLOW} hanging runs: {[round(delay * 1000) for delay in delays]} ms")
        assert delays[int(len(delays) * 0.95)] < START_WITHIN_P95
        invariants.check(instance, accepted, peer.calls)


def test_processes_neither_grow_nor_keep_files_open(tmp_path, database):
    with running(tmp_path, database, "web", "worker", RUN_THREADS="64") as (instance, peer):
        accepted = {}
        watch = Watch(instance)
        for number in range(ROUNDS):
            accepted |= post_all(instance, f"round{number}", PER_ROUND, threads=8)
            settle(instance)
            watch.look()
        print(watch)
        assert watch.growth() < MOST_GROWTH, str(watch)
        assert watch.more_files() < MOST_FILES, str(watch)
        invariants.check(instance, accepted, peer.calls)
