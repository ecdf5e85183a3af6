"""A queue message is only a hint: lost, tripled and shuffled ones change nothing but the moment."""

import random
import threading

from tests.crash import invariants
from tests.crash.storm import SEED, post_all, running, settle
from tests.until import until

MISCHIEF_EVERY = 0.05
MOST_COPIES = 30


def test_hints_that_are_lost_tripled_and_shuffled_lose_and_double_nothing(tmp_path, database):
    with running(tmp_path, database, "web", "worker", "worker2") as (instance, peer):
        over, done = threading.Event(), {"lost": 0, "tripled": 0}
        gremlin = threading.Thread(target=_mischief, args=[instance, over, done])
        gremlin.start()
        try:
            accepted = post_all(instance, "hint", 150)
            settle(instance)
        finally:
            over.set()
            gremlin.join()
        print(done)
        assert min(done.values()) > 0
        invariants.check(instance, accepted, peer.calls)


def _mischief(instance, over, done):
    """Of the hints that are there, three of ten vanish, the others become three, in another order."""
    chance = random.Random(SEED)
    with instance.connected() as connection:
        while not over.wait(MISCHIEF_EVERY):
            hints = [pk for (pk,) in connection.execute("SELECT id FROM django_q_ormq").fetchall()]
            for pk in hints:
                if chance.random() < 0.3:
                    connection.execute(f"DELETE FROM django_q_ormq WHERE id = {pk}")
                    done["lost"] += 1
                elif len(hints) < MOST_COPIES:
                    copy = 'INSERT INTO django_q_ormq ("key", payload, "lock") SELECT "key", payload, "lock"'
                    connection.execute(f"{copy} FROM django_q_ormq WHERE id = {pk}")
                    connection.execute(f"{copy} FROM django_q_ormq WHERE id = {pk}")
                    other = chance.choice(hints)
                    lock = f'(SELECT MIN("lock") FROM django_q_ormq WHERE id IN ({pk}, {other}))'
                    connection.execute(f'UPDATE django_q_ormq SET "lock" = {lock} WHERE id = {pk}')
                    done["tripled"] += 1


def test_work_whose_every_hint_is_gone_is_found_by_the_clock(tmp_path, database):
    """The sweeper alone: no hint is left, and nobody is there who remembers one."""
    with running(tmp_path, database, "web") as (instance, peer):
        accepted = post_all(instance, "lost", 10)
        with instance.connected() as connection:
            connection.execute("DELETE FROM django_q_ormq")
        instance.start("worker")
        settle(instance)
        invariants.check(instance, accepted, peer.calls)


def test_a_schedule_fires_once_however_many_clocks_look(tmp_path, database):
    """Three hosts' clocks race for every moment."""
    with running(tmp_path, database, "worker", "worker2", "worker3") as (instance, peer):
        for _ in range(20):
            instance.make_schedule_due()
            until(lambda: not instance.schedule_is_due(), 30, "nobody fired the schedule")
        settle(instance)
        assert instance.query("SELECT count(*) FROM runtime_event WHERE source = 'schedule'") == [(20,)]
        assert instance.query("SELECT count(*) FROM runtime_run") == [(20,)]
        invariants.check(instance, {}, peer.calls)
