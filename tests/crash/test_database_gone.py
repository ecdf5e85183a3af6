"""PostgreSQL restarts, crashes, and refuses to write, while runs are under way."""

import signal
import threading
import time

import pytest

from tests import servers
from tests.crash import invariants
from tests.crash.storm import post_all, running, settle, sized
from tests.until import until

RECOVERED_WITHIN = 10.0  # seconds after which no request may fail any more
GONE_SECONDS, READ_ONLY_SECONDS = 2.0, sized(8.0, 20.0)
ACTIVE = sized(60, 200)


@pytest.fixture
def own():
    """A PostgreSQL of this test's own, for it is not treated well."""
    with servers.postgresql_server() as server:
        yield server


class Caller:
    """Somebody who reports calls all the time and notes when nobody took one."""

    def __init__(self, instance):
        self.instance, self.over = instance, threading.Event()
        self.accepted: dict[str, dict] = {}
        self.in_a_row = 0
        self.refused: list[tuple[float, int]] = []  # (when, status; 0 = no answer)
        self.thread = threading.Thread(target=self._call)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _call(self):
        number = 0
        while not self.over.wait(0.1):
            name = f"caller-{number}"
            try:
                status, answer = self.instance.report(name)
            except OSError:
                status, answer = 0, {}
            if status in (200, 202):
                self.accepted[name] = answer
                number += 1
                self.in_a_row += 1
            else:
                self.in_a_row = 0
                self.refused.append((time.monotonic(), status))


def _check(instance, peer, accepted, caller, recovered):
    caller.in_a_row = 0
    until(lambda: caller.in_a_row >= 20, RECOVERED_WITHIN + 20, "nobody takes events any more")
    caller.over.set()
    caller.thread.join()
    late = [at - recovered for at, _ in caller.refused if at > recovered + RECOVERED_WITHIN]
    assert not late, f"requests were refused {late} s after the database was back"
    assert {status for _, status in caller.refused} <= {503}, caller.refused
    settle(instance)
    invariants.check(instance, accepted | caller.accepted, peer.calls)


@pytest.mark.parametrize("how", ["restarts", "crashes"])
def test_runs_go_on_after_the_database_restarts(tmp_path, own, how):
    with running(tmp_path, own.url, "web", "worker") as (instance, peer), Caller(instance) as caller:
        accepted = post_all(instance, "before", ACTIVE, threads=8)
        own.stop(signal.SIGQUIT if how == "crashes" else signal.SIGINT)
        time.sleep(GONE_SECONDS)  # how long it is gone is what is tried here: nothing happens that could be waited for
        own.start()
        _check(instance, peer, accepted, caller, time.monotonic())


def test_a_database_that_only_reads_loses_nothing(tmp_path, own):
    """As while it fails over to a replica: accepts are refused with 503, and what was accepted goes on later."""
    with running(tmp_path, own.url, "web", "worker") as (instance, peer), Caller(instance) as caller:
        accepted = post_all(instance, "before", ACTIVE, threads=8)
        with instance.connected() as connection:
            _read_only(connection, "on")
            time.sleep(READ_ONLY_SECONDS)  # as long as a failover takes; leases and retries run out meanwhile
            refused = len(caller.refused)
            _read_only(connection, "off")
        assert refused, "something was accepted that could not be stored"
        _check(instance, peer, accepted, caller, time.monotonic())


def _read_only(connection, value):
    connection.execute("SET default_transaction_read_only = off")
    connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    connection.execute("SELECT pg_reload_conf()")
