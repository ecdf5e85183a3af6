"""Three hosts, one of them an hour ahead, one an hour behind: nobody loses a lease early, no timer is early or late."""

import json
from pathlib import Path

from tests.crash import invariants
from tests.crash.storm import post_all, running, settle
from tests.until import until

PAUSE = 2.0
LATE = 8.0  # seconds; the slowest machine's time for what lies between the two calls
HOUR = 3600


def test_hosts_whose_clocks_are_an_hour_wrong_steal_no_lease_and_keep_time(tmp_path, database):
    with running(tmp_path, database, CRASH_PAUSE=str(PAUSE), RUN_THREADS="2", LEASE_SECONDS="3") as (instance, peer):
        for name, ahead in (("web2", HOUR), ("worker2", HOUR), ("web3", -HOUR), ("worker3", -HOUR)):
            instance.own[name] = {
                "PYTHONPATH": str(Path(__file__).parent / "wrong_clock"),
                "CLOCK_AHEAD": str(ahead),
            }
        instance.start("web", "web2", "web3", "worker", "worker2", "worker3")
        accepted = {}
        for turn in range(4):
            accepted |= post_all(instance, f"clock{turn}", 12, threads=6)
        for _ in range(3):
            instance.make_schedule_due()
            until(lambda: not instance.schedule_is_due(), 30, "nobody fired the schedule")
        settle(instance)
        assert instance.query("SELECT count(*) FROM runtime_event WHERE source = 'schedule'") == [(3,)]
        pauses = _pauses(peer)
        assert len(pauses) == len(accepted)
        assert min(pauses) >= PAUSE - 0.2, f"a timer was early: {sorted(pauses)[:5]}"
        assert max(pauses) <= PAUSE + LATE, f"a timer was late: {sorted(pauses)[-5:]}"
        invariants.check(instance, accepted, peer.calls)


def _pauses(peer) -> list[float]:
    """Seconds between each run's two calls, by this process's clock."""
    first, second = {}, {}
    for (path, _, body), at in zip(peer.calls, peer.times, strict=True):
        of = first if path == "/first" else second
        if call := json.loads(body)["call"]:
            of.setdefault(call, at)
    return [second[call] - first[call] for call in first]
