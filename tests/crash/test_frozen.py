"""A process that is stopped in the middle of its transaction does not keep its runs for as long as it sleeps."""

import signal

import psutil

from tests.crash import invariants
from tests.crash.storm import post_all, running, settle
from tests.until import until


def test_runs_locked_by_a_process_that_sleeps_are_taken_over_and_it_changes_nothing_when_it_wakes(tmp_path, database):
    """It stops with its runs' news written and not committed; the server ends its transaction after 30 s."""
    with running(tmp_path, database, "web") as (instance, peer):
        instance.own["worker"] = {
            "SEGUE_CRASH_POINTS": "on", "CRASH_AT": "during_record", "CRASH_BY": "STOP", "CRASH_MOST": "1",
        }  # fmt: skip
        instance.start("worker")
        accepted = post_all(instance, "frozen", 6)
        until(lambda: asleep(instance), 30, "nobody stopped")
        instance.start("worker2")
        settle(instance)
        sleepers = asleep(instance)
        assert sleepers, "the others have ended its runs, not it"
        before = recorded(instance)
        for sleeper in sleepers:
            sleeper.send_signal(signal.SIGCONT)
        log = instance.folder / "log"
        until(lambda: "taken over" in log.read_text(errors="replace"), 30, "the sleeper was never refused")
        assert recorded(instance) == before
        accepted |= post_all(instance, "awake", 6)
        settle(instance)
        invariants.check(instance, accepted, peer.calls)


def asleep(instance) -> list[psutil.Process]:
    """The worker's processes that are stopped."""
    return [process for process in instance.processes("worker") if process.status() == psutil.STATUS_STOPPED]


def recorded(instance) -> list[str]:
    rows = instance.query('SELECT run_id, "index", attempt, seq, status, started_at FROM runtime_steprun')
    return sorted(map(str, rows))
