"""kill -9 of any process at any moment loses no accepted event and doubles no recorded step.

Each test prints its seed. Kills at named points are carried out by the processes themselves (runtime/crashing.py);
the others strike a random process of the tree at a random moment.
"""

import os
import random
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.claiming import MOST_CLAIMS
from tests.crash import invariants
from tests.crash.instance import Instance, Peer, kill

SETTLE_SECONDS = 90
SEED = int(os.environ.get("CRASH_SEED") or time.time_ns() % 1_000_000)


@pytest.fixture
def database(tmp_path):
    """A database of its own: a SQLite file, or one on the PostgreSQL that DATABASE_URL names."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield f"sqlite:///{tmp_path}/crash.sqlite3"
        return
    import psycopg

    name = f"crash_{os.urandom(4).hex()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield url.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running(folder: Path, database: str, *parts, **environment):
    print(f"seed {SEED}")
    peer = Peer(SEED)
    instance = Instance(folder, database, peer, CRASH_SEED=str(SEED), **environment)
    try:
        instance.start(*parts)
        yield instance, peer
    finally:
        instance.close()
        peer.close()
        print((folder / "log").read_text(errors="replace")[-4000:])


def post_all(instance, prefix, count, threads=4) -> dict[str, dict]:
    """Post `count` calls from several clients; returns {call id: confirmed answer}."""
    accepted, names = {}, iter([f"{prefix}-{number}" for number in range(count)])
    lock, troubles = threading.Lock(), []

    def client():
        while True:
            with lock:
                name = next(names, None)
            if name is None:
                return
            try:
                accepted[name] = instance.post(name)
            except Exception as trouble:
                troubles.append(trouble)
                return

    clients = [threading.Thread(target=client) for _ in range(threads)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert not troubles, troubles
    return accepted


def settle(instance, seconds=SETTLE_SECONDS):
    """Until nothing is under way any more; processes that die are started again."""
    deadline = time.monotonic() + seconds
    while invariants.unfinished(instance):
        assert time.monotonic() < deadline, f"runs are stuck: {stuck(instance)}"
        instance.ensure()
        time.sleep(0.1)


def stuck(instance):
    return [run for run in invariants.runs(instance).values() if run["status"] not in invariants.FINAL][:5]


def check_all(instance, peer, accepted):
    invariants.check_intake(instance, accepted)
    invariants.check_ends(instance)
    invariants.check_steps(instance)
    invariants.check_effects(instance, peer.calls)


POINTS = ("after_claim", "before_effect", "after_effect", "before_record", "after_record")


def test_kills_at_named_points_lose_and_double_nothing(tmp_path, database):
    """Workers kill themselves at every named point, sixty times and more."""
    enough = 60
    odds = {"SEGUE_CRASH_POINTS": "on", "CRASH_AT": ",".join(POINTS), "CRASH_ODDS": "0.008"}
    with running(tmp_path, database, "web", "worker", **odds) as (instance, peer):
        accepted, earlier = {}, {}
        for turn in range(40):
            accepted |= post_all(instance, f"turn{turn}", 50)
            instance.ensure()
            assert earlier.items() <= invariants.finals(instance).items(), "something final changed"
            earlier = invariants.finals(instance)
            if len(instance.crashes()) >= enough:
                break
            settle(instance)
        settle(instance)
        crashes = instance.crashes()
        print(f"{len(crashes)} kills at named points, {len(accepted)} runs")
        assert len(crashes) >= enough
        assert set(crashes) == set(POINTS)
        assert earlier.items() <= invariants.finals(instance).items(), "something final changed"
        check_all(instance, peer, accepted)


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path, database):
    """Any process of the worker's tree, any moment, sixty times."""
    chance = random.Random(SEED)
    with running(tmp_path, database, "web", "worker") as (instance, peer):
        accepted, kills = {}, 0
        while kills < 60:
            accepted |= post_all(instance, f"kill{kills}", 6)
            time.sleep(chance.uniform(0, 0.3))
            victims = instance.processes("worker")
            if victims and kill(chance.choice(victims)):
                kills += 1
            instance.ensure()
        settle(instance)
        print(f"{kills} kills at random moments, {len(accepted)} runs")
        check_all(instance, peer, accepted)


def test_a_killed_web_process_loses_no_event_it_confirmed(tmp_path, database):
    """The web process dies twenty times under posts, also between writing and confirming."""
    chance = random.Random(SEED)
    odds = {"SEGUE_CRASH_POINTS": "on", "CRASH_AT": "after_accept", "CRASH_ODDS": "0.03"}
    with running(tmp_path, database, "web", "worker", **odds) as (instance, peer):
        over, killed = threading.Event(), []

        def strike():
            while not over.wait(chance.uniform(0.5, 1.5)):
                web = instance.processes("web")
                if web and kill(web[0]):
                    killed.append(1)

        def revive():
            while not over.wait(0.05):
                instance.ensure()

        helpers = [threading.Thread(target=strike), threading.Thread(target=revive)]
        for helper in helpers:
            helper.start()
        accepted, turn, until = {}, 0, time.monotonic() + 180
        while len(killed) + len(instance.crashes()) < 20:  # a fast machine needs more posts to die as often
            assert time.monotonic() < until, "the web process did not die often enough"
            accepted |= post_all(instance, f"web{turn}", 20)
            turn += 1
        over.set()
        for helper in helpers:
            helper.join()
        settle(instance)
        print(f"{len(killed)} + {len(instance.crashes())} deaths of the web process, {len(accepted)} runs")
        assert len(killed) + len(instance.crashes()) >= 20
        check_all(instance, peer, accepted)


def test_an_idle_workers_death_does_not_wedge_the_queue(tmp_path, database):
    """django-q2 by itself never works again after this; the watchdog sees to it that we do."""
    with running(tmp_path, database, "web", "worker") as (instance, peer):
        accepted = post_all(instance, "before", 3)
        settle(instance)
        for turn in range(3):
            for process in instance.processes("worker")[1:]:
                if process.children() == [] and turn < 2:
                    kill(process)
            accepted |= post_all(instance, f"after{turn}", 3)
            settle(instance, seconds=30)
        check_all(instance, peer, accepted)


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


def test_the_death_of_the_whole_tree_leaves_no_process_behind(tmp_path, database):
    with running(tmp_path, database, "web", "worker") as (instance, peer):
        accepted = post_all(instance, "tree", 20)
        family = instance.processes("worker")
        kill(family[0])
        deadline = time.monotonic() + 20
        while any(process.is_running() and process.status() != "zombie" for process in family):
            assert time.monotonic() < deadline, f"left behind: {family}"
            time.sleep(0.1)
        instance.ensure()
        settle(instance)
        check_all(instance, peer, accepted)
