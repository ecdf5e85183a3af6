"""An owner that was away for longer than its lease writes nothing more: the fence."""

import signal
import threading

from tests.crash import invariants
from tests.crash.storm import post_all, running, settle
from tests.until import until

PAUSES = 3


def test_an_owner_that_slept_through_its_lease_changes_nothing_when_it_wakes(tmp_path, database):
    """A worker is stopped in the middle of a call; another host takes its runs over and ends them; then it wakes."""
    with running(tmp_path, database, "web", "worker", "worker2") as (instance, peer):
        lock, paused = threading.Lock(), []

        def pause(body, port):
            with lock:
                if len(paused) >= PAUSES:
                    return
                for process in instance.callers(port):
                    process.send_signal(signal.SIGSTOP)
                    paused.append(process)

        peer.on_call = pause
        accepted = {}
        for turn in range(PAUSES):
            accepted |= post_all(instance, f"pause{turn}", 4)
            until(lambda turn=turn: len(paused) > turn, 30, "nobody called")
            settle(instance)
            before = _recorded(instance)
            for process in paused:
                process.send_signal(signal.SIGCONT)
            # It wakes, finishes what it had begun, and is refused: seen in the log, nowhere else.
            until(lambda turn=turn: _log(instance).count("taken over") > turn, 30, "the sleeper was never refused")
            assert _recorded(instance) == before
        settle(instance)
        invariants.check(instance, accepted, peer.calls)


def _recorded(instance):
    rows = instance.query('SELECT run_id, "index", attempt, seq, status, started_at FROM runtime_steprun')
    return sorted(map(str, rows))


def _log(instance) -> str:
    return (instance.folder / "log").read_text(errors="replace")
