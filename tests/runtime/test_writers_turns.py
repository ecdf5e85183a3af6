"""On SQLite who writes now and then comes to write beside who writes all the time (runtime/sqlite3/base.py)."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db.utils import ConnectionHandler, OperationalError

from runtime.sqlite3.base import UNNOTICED

pytestmark = pytest.mark.without_database
WRITING_SECONDS = 0.05  # of each transaction of who writes all the time
PATIENCE = 5.0  # seconds, on a busy machine; in SQLite's own order it was twenty, and then a mistake
SHORT = 3.0  # seconds; a database's patience with SQLite's lock


@pytest.fixture(autouse=True)
def _files_of_their_own(django_db_blocker):
    """Not the database that pytest-django keeps tests from."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def path(tmp_path):
    return tmp_path / "writers.sqlite3"


@pytest.fixture
def database(path):
    """database() -> a connection of the thread's own to one file."""
    return opened(path, 20)


def opened(path, timeout):
    options = {"timeout": timeout, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    handler = ConnectionHandler({"default": {"ENGINE": "runtime.sqlite3", "NAME": path, "OPTIONS": options}})
    elsewhere(lambda: (write(handler["default"], "CREATE TABLE IF NOT EXISTS kept (value)"), handler.close_all()))
    return lambda: handler["default"]


def elsewhere(work):
    """What `work` gives on a thread of its own: this one may ask no database."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def write(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def transaction(connection):
    """One transaction, as Django's `atomic` begins and ends it."""
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    write(connection, "INSERT INTO kept VALUES (1)")
    connection.commit()
    connection.set_autocommit(True)


def alone(connection):
    write(connection, "UPDATE kept SET value = 2")


def is_free(path):
    """Whether somebody else could have the turn now."""
    with open(f"{path}-turn", "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


ALWAYS_WRITING = """
import fcntl, sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
following, turn = open(sys.argv[1] + "-next", "a"), open(sys.argv[1] + "-turn", "a")
print("begun", flush=True)
while True:
    fcntl.flock(following, fcntl.LOCK_EX)
    fcntl.flock(turn, fcntl.LOCK_EX)
    fcntl.flock(following, fcntl.LOCK_UN)
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO kept VALUES (1)")
    time.sleep(float(sys.argv[2]))
    database.execute("COMMIT")
    fcntl.flock(turn, fcntl.LOCK_UN)
"""


@pytest.fixture
def always_writing(database, path):
    """Two processes that each begin to write as soon as the other has ended, as lanes do that have much to do."""
    command = [sys.executable, "-c", ALWAYS_WRITING, str(path), str(WRITING_SECONDS)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in processes:
            process.stdout.readline()
        yield
        ended = [process.poll() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert ended == [None, None]


@pytest.mark.parametrize("once", [transaction, alone], ids=["a transaction", "a statement by itself"])
@pytest.mark.usefixtures("always_writing")
def test_nobody_is_kept_from_writing(database, once):
    def now_and_then():
        connection, longest = database(), 0.0
        for _ in range(20):
            began = time.monotonic()
            once(connection)
            longest = max(longest, time.monotonic() - began)
        connection.close()
        return longest

    assert elsewhere(now_and_then) < PATIENCE


def test_who_has_the_turn_keeps_it_whatever_it_reads_and_writes_meanwhile(database, path):
    def ask():
        connection, free = database(), []
        with connection.turn():
            write(connection, "INSERT INTO kept VALUES (1)")
            free.append(is_free(path))
            transaction(connection)
            with connection.turn():
                write(connection, "DELETE FROM kept")
            free.append(is_free(path))
        free.append(is_free(path))
        connection.close()
        return free

    assert elsewhere(ask) == [False, False, True]


def test_a_transaction_has_the_turn_only_until_it_has_begun(database, path):
    def ask():
        connection = database()
        connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        free = is_free(path)
        connection.rollback()
        connection.close()
        return free

    assert elsewhere(ask)


def test_a_connection_that_is_closed_gives_its_turn_back(database, path):
    def ask():
        connection, free = database(), []
        with connection.turn():
            write(connection, "INSERT INTO kept VALUES (1)")
            connection.close()
            free.append(is_free(path))
        transaction(connection)
        connection.close()
        return free

    assert elsewhere(ask) == [True]


@pytest.mark.parametrize("once", [transaction, alone], ids=["a transaction", "a statement by itself"])
def test_a_program_that_does_not_let_go_costs_all_that_wait_the_same_patience(path, once):
    database = opened(path, SHORT)

    def ask():
        connection, began = database(), time.monotonic()
        with pytest.raises(OperationalError, match="locked"):
            once(connection)
        connection.close()
        return time.monotonic() - began

    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(4) as pool:
        took = [one.result() for one in [pool.submit(ask) for _ in range(4)]]
    holder.execute("ROLLBACK")
    holder.close()
    assert max(took) < SHORT + 3 * UNNOTICED + 1, took  # one after the other it would be four times that


def test_a_place_that_takes_no_files_is_said_by_sqlite(tmp_path):
    handler = ConnectionHandler({"default": {"ENGINE": "runtime.sqlite3", "NAME": tmp_path / "gone" / "kept.sqlite3"}})

    def ask():
        with handler["default"].turn():
            write(handler["default"], "DELETE FROM kept")

    with pytest.raises(OperationalError, match="unable to open database file"):
        elsewhere(ask)


def test_the_queue_is_open_to_whom_the_database_is(database, path):
    os.chmod(path, 0o660)
    elsewhere(lambda: (transaction(database()), database().close()))
    assert [oct(os.stat(f"{path}-{name}").st_mode & 0o777) for name in ("next", "turn")] == ["0o660", "0o660"]
