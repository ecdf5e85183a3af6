"""An upgrade under load, in the documented order: migrate, then web, then worker; nobody is refused, nothing is lost.
Web and worker have a role of their own that may read and write, and change no table; migrations have the owner's.

A checkout holds one release only, so this one plays the old: the next release's schema is this one's and whatever a
migration may add (tests/test_migrations.py has the rule), put under the running processes.
"""

import contextlib
import os
import threading
from urllib.parse import urlsplit

from tests.crash import invariants
from tests.crash.storm import running, settle, sized
from tests.until import until

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {role}",
)
SOME, LASTING = 20, sized(20, 10_000)  # calls; ten thousand take ten minutes
HOT = ("runtime_run", "runtime_event", "runtime_steprun", "runtime_wait", "runtime_trigger", "runtime_flow",
       "runtime_flowversion", "runtime_workerbeat", "django_q_ormq")  # fmt: skip
NEXT_SCHEMA = [
    statement
    for table in HOT
    for statement in (
        f"ALTER TABLE {table} ADD COLUMN next_note text NULL",
        f"ALTER TABLE {table} ADD COLUMN next_count integer NOT NULL DEFAULT 0",
        f"ALTER TABLE {table} ADD COLUMN next_at timestamptz NOT NULL DEFAULT now()",
    )
    if not (table == "runtime_trigger" and "next_at" in statement)
] + [
    "CREATE TABLE runtime_next (id bigserial PRIMARY KEY, run_id uuid REFERENCES runtime_run DEFERRABLE)",
    "CREATE INDEX CONCURRENTLY run_next ON runtime_run (next_at)",
]


def test_an_upgrade_in_the_documented_order_refuses_and_loses_nothing(tmp_path, database):
    with running(tmp_path, database, RUN_THREADS="4") as (instance, peer), plain_role(instance) as url:
        instance.environment["DATABASE_URL"] = url
        instance.start("web", "worker")
        load = Load(instance)
        load.beside(SOME)
        for statement in NEXT_SCHEMA:  # migrate
            with instance.connected() as connection:
                connection.execute("SET lock_timeout = '5s'")
                connection.execute(statement)
        load.beside(LASTING)
        instance.start("web2")
        load.beside(10)
        instance.stop("web")
        load.beside(10)
        instance.start("worker2")
        load.beside(10)
        instance.stop("worker")
        load.beside(20)
        load.end()
        assert not load.refused, f"somebody was turned away during the upgrade: {load.refused}"
        settle(instance)
        print(f"{len(load.accepted)} runs")
        invariants.check(instance, load.accepted, peer.calls)
        keys = [key for _, key, _ in peer.calls]
        assert len(keys) - len(set(keys)) <= len(keys) // 10, "a worker that is asked to stop lets its steps end"


@contextlib.contextmanager
def plain_role(instance):
    """The database's address for a role as README's Deployment makes it."""
    role = f"app_{os.urandom(4).hex()}"
    grants = [statement.format(role=role) for statement in GRANTS]
    with instance.connected() as connection:
        for statement in (f"CREATE ROLE {role} LOGIN PASSWORD 'plain'", *grants):
            connection.execute(statement)
    at = urlsplit(instance.database)
    yield at._replace(netloc=f"{role}:plain@{at.netloc.rpartition('@')[2]}").geturl()
    instance.stop_all()
    with instance.connected() as connection:
        connection.execute(f"DROP OWNED BY {role}")
        connection.execute(f"DROP ROLE {role}")


class Load:
    """Callers who never stop, and try only once."""

    def __init__(self, instance, callers=3):
        self.instance, self.over = instance, threading.Event()
        self.accepted: dict[str, dict] = {}
        self.refused: list = []
        self.threads = [threading.Thread(target=self._call, args=[number]) for number in range(callers)]
        for thread in self.threads:
            thread.start()

    def beside(self, count):
        """Until so many more calls were taken."""
        goal = len(self.accepted) + count
        until(lambda: len(self.accepted) >= goal or self.refused, sized(60, 1_800), "the callers wait")

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _call(self, caller):
        number = 0
        while not self.over.wait(0.05):
            name = f"load-{caller}-{number}"
            number += 1
            try:
                status, answer = self.instance.report(name)
            except OSError as error:
                self.refused.append(error)
                return
            if status != 202:
                self.refused.append((status, answer))
                return
            self.accepted[name] = answer
