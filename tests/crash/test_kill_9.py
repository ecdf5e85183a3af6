"""kill -9 of any process at any moment loses no accepted event and doubles no recorded step.

Each test prints its seed. Kills at named points are carried out by the processes themselves (runtime/crashing.py);
the others strike a random process of the tree at a random moment.
"""

import random
import threading
import time

import pytest

from runtime.claiming import MOST_CLAIMS
from runtime.crashing import WEB_POINTS, WORKER_POINTS
from tests.crash import invariants
from tests.crash.instance import kill
from tests.crash.storm import SEED, post_all, running, settle, sized
from tests.until import until

ENOUGH_RUNS, ENOUGH_DEATHS = sized(400, 5_000), sized(250, 3_000)
WEB_POSTS, IDLE_ROUNDS = sized(200, 1_000), sized(1, 10)
# Points that a run passes once in a while strike more often, so that each has its turn.
ODDS = (
    "0.02,after_ring=0.3,after_fire=0.6,after_hint=0.2,before_renew=0.2,task_started=0.2,before_claim=0.05,"
    "after_claim=0.05,before_load=0.06,during_record=0.04,after_drive=0.04"
)
MOST = sized(22, 260)


def test_kills_at_named_points_lose_and_double_nothing(tmp_path, database):
    """Workers of three hosts kill themselves at every named point, and the peer kills them in the middle of calls."""
    workers = ("worker", "worker2", "worker3")
    crash = {"SEGUE_CRASH_POINTS": "on", "CRASH_AT": ",".join(WORKER_POINTS), "CRASH_ODDS": ODDS,
             "CRASH_MOST": str(MOST)}  # fmt: skip
    chance, during = random.Random(SEED), []
    with running(tmp_path, database, "web", *workers, **crash) as (instance, peer):

        def strike(body, port):
            if len(during) < MOST and chance.random() < 0.02:
                during.append(instance.kill_caller(port))

        peer.on_call = strike
        accepted, fired, turn = {}, 0, 0
        deadline = time.monotonic() + sized(240, 3_600)
        while not (done := _struck(instance, during)) or len(accepted) < ENOUGH_RUNS:
            assert time.monotonic() < deadline, f"not enough deaths: {_deaths(instance, during)}"
            if not instance.schedule_is_due():
                instance.make_schedule_due()
                fired += 1
            accepted |= post_all(instance, f"turn{turn}", 12)
            turn += 1
            instance.ensure()
            invariants.check_nothing_forgotten(instance)
            until(lambda: instance.ensure() or invariants.unfinished(instance) < 100, 90, "runs are stuck")
        settle(instance)
        until(lambda: not instance.schedule_is_due(), 30)
        settle(instance)
        print(f"{sum(done.values())} kills, {len(accepted)} runs: {done}")
        assert instance.query("SELECT count(*) FROM runtime_event WHERE source = 'schedule'") == [(fired,)]
        invariants.check(instance, accepted, peer.calls, parked_at_most=len(accepted) // 50)


def _deaths(instance, during) -> dict[str, int]:
    return {point: instance.crashes().count(point) for point in WORKER_POINTS} | {"during_effect": len(during)}


def _struck(instance, during) -> dict[str, int] | None:
    """How often each point struck, once that is enough: all of them in all, and each of them."""
    deaths = _deaths(instance, during)
    return deaths if sum(deaths.values()) >= ENOUGH_DEATHS and min(deaths.values()) >= 3 else None


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path, database):
    """Any process of the worker's tree, any moment, sixty times."""
    chance = random.Random(SEED)
    with running(tmp_path, database, "web", "worker") as (instance, peer):
        accepted, kills = {}, 0
        while kills < 60:
            accepted |= post_all(instance, f"kill{kills}", 6)
            time.sleep(chance.uniform(0, 0.3))  # the moment is what is drawn by lot
            victims = instance.processes("worker")
            if victims and kill(chance.choice(victims)):
                kills += 1
            instance.ensure()
        settle(instance)
        print(f"{kills} kills at random moments, {len(accepted)} runs")
        invariants.check(instance, accepted, peer.calls)


def test_a_killed_web_process_loses_no_event_it_confirmed(tmp_path, database):
    """The web process dies twenty times under posts, also between writing and confirming."""
    chance = random.Random(SEED)
    odds = {"SEGUE_CRASH_POINTS": "on", "CRASH_AT": ",".join(WEB_POINTS), "CRASH_ODDS": "0.01"}
    with running(tmp_path, database, "web", "worker", **odds) as (instance, peer):
        over, killed = threading.Event(), []

        def strike():
            seen = 0
            while not over.wait(chance.uniform(0.5, 1.5)):
                web = instance.processes("web")
                # Any of its processes; not while it still starts, on a slow machine.
                if instance.confirmed > seen and web and kill(chance.choice(web)):
                    seen = instance.confirmed
                    killed.append(1)

        def revive():
            while not over.wait(0.05):
                instance.ensure()

        helpers = [threading.Thread(target=strike), threading.Thread(target=revive)]
        for helper in helpers:
            helper.start()
        accepted, turn, until = {}, 0, time.monotonic() + sized(180, 1_800)
        # A fast machine needs more posts to die as often, a slow one more deaths for as many posts.
        while len(killed) + len(instance.crashes()) < 20 or len(accepted) < WEB_POSTS:
            assert time.monotonic() < until, "the web process did not die often enough"
            accepted |= post_all(instance, f"web{turn}", 20)
            turn += 1
        over.set()
        for helper in helpers:
            helper.join()
        settle(instance)
        print(f"{len(killed)} + {len(instance.crashes())} deaths of the web process, {len(accepted)} runs")
        assert len(killed) + len(instance.crashes()) >= 20
        invariants.check(instance, accepted, peer.calls)


@pytest.mark.alone
def test_the_death_of_any_idle_process_does_not_wedge_the_queue(tmp_path, database):
    """Each process of the tree once: the cluster's first, sentinel, workers, pusher, monitor, clock.

    django-q2 by itself never works again after an idle worker's death; the watchdog sees to it that we do.
    """
    with running(tmp_path, database, "web", "worker", WATCHDOG_SECONDS="2") as (instance, peer):
        accepted = post_all(instance, "before", 3)
        settle(instance)
        family = len(instance.processes("worker"))
        assert family >= 7
        for position in [*range(1, family)] * IDLE_ROUNDS:
            until(lambda at=position: _kill_one(instance, family, at), 30, "the tree did not grow again")
            accepted |= post_all(instance, f"after{len(accepted)}", 2)
            settle(instance, seconds=30)
        invariants.check(instance, accepted, peer.calls)


def _kill_one(instance, family, position) -> bool:
    """Kill the process at that place of a whole tree. What dies of itself meanwhile, with its cluster, is not it."""
    tree = instance.processes("worker")
    return len(tree) >= family and kill(tree[position])


@pytest.mark.alone
def test_a_host_whose_threads_are_all_busy_is_not_taken_for_a_wedged_one(tmp_path, database):
    """Work is due for longer than the watchdog waits, because peers are slow: nothing is killed, nothing repeated."""
    patience = {"RUN_THREADS": "2", "WATCHDOG_SECONDS": "2.5", "WORKERS": "1", "LEASE_SECONDS": "10"}
    with running(tmp_path, database, "web", "worker", **patience) as (instance, peer):
        peer.failing = 0  # it is slow, and that is all: a call that stumbles at each try would end its run
        peer.on_call = lambda body, port: time.sleep(2)  # six on two threads: busy for longer than the watchdog waits
        accepted = post_all(instance, "busy", 6)
        settle(instance)
        assert "restarting the cluster" not in (instance.folder / "log").read_text(errors="replace")
        invariants.check(instance, accepted, peer.calls)


def test_a_run_that_kills_its_worker_is_parked_and_takes_nobody_with_it(tmp_path, database):
    with running(tmp_path, database, "web", "worker") as (instance, peer):
        peer.on_call = lambda body, port: '"poison"' in body and instance.kill_caller(port)
        accepted = post_all(instance, "before", 15)
        accepted |= {"poison": instance.post("poison")} | post_all(instance, "after", 15)
        settle(instance)
        statuses = {run["event"]: run["status"] for run in invariants.runs(instance).values()}
        poisoned = accepted.pop("poison")["event"]
        of_events = {invariants.plain(event): status for event, status in statuses.items()}
        assert of_events.pop(invariants.plain(poisoned)) == "parked"
        assert set(of_events.values()) == {"succeeded"}
        assert len(of_events) == 30
        assert sum('"poison"' in body for _, _, body in peer.calls) == MOST_CLAIMS


@pytest.mark.parametrize("leader_too", [False, True])
def test_the_death_of_the_whole_tree_leaves_no_process_behind(tmp_path, database, leader_too):
    """Nor when who would have noticed it, the leader of django-q2's processes, dies with it."""
    with running(tmp_path, database, "web", "worker") as (instance, peer):
        accepted = post_all(instance, "tree", 20)
        settle(instance)
        accepted |= post_all(instance, "more", 20)
        family = instance.processes("worker")
        if leader_too:
            kill(next(child for child in family[0].children() if child.children()))
        kill(family[0])
        until(lambda: not any(map(_lives, family)), 20, f"left behind: {family}")
        instance.ensure()
        settle(instance)
        invariants.check(instance, accepted, peer.calls)


def _lives(process) -> bool:
    return process.is_running() and process.status() != "zombie"
