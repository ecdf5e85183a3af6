"""Django's backend for SQLite, with a queue before its lock.

SQLite has one writer at a time; the others sleep and look again, every tenth of a second after a while. Against
processes that write one transaction after the other (runtime/group_commit.py) who sleeps hardly ever finds the lock
free, and gives up after twenty seconds: a draft that is not saved, a clock that misses its tick. So whoever is about
to write takes the turn first, a lock of the kernel's whose release wakes those that wait. Who has just had it could
be faster than they are: so the next in line has a lock of its own, which it holds until it has the turn.

The turn is kept until SQLite's own lock is held, or for as long as `turn` says. What was waited for it is taken from
the patience with SQLite's lock, so that of many that wait for a program that does not let go each gives up in time.
"""

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.db.backends.sqlite3 import base

log = logging.getLogger("segue.database")
WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE")
UNNOTICED = 1.0  # seconds of waiting that are not taken from the patience: two statements more
PATIENCE = 5.0  # seconds with SQLite's lock where the settings name none, as in sqlite3 itself
AT_ONCE = contextlib.nullcontext()  # what does not write waits for nobody


class DatabaseWrapper(base.DatabaseWrapper):
    _locks: tuple[IO[bytes], IO[bytes]] | None = None  # next, turn; each connection opens them for itself
    _has_turn = False
    _waited = 0.0

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else begins to write meanwhile. Where there can be no such files SQLite's lock alone must do."""
        if self._has_turn or self.is_in_memory_db() or not self._take_turn():
            yield
            return
        try:
            yield
        finally:
            self._has_turn = False
            if self._locks is not None:  # closing the connection has given it back
                fcntl.flock(self._locks[1], fcntl.LOCK_UN)

    def _take_turn(self) -> bool:
        began = time.monotonic()
        try:
            if self._locks is None:
                self._locks = self._file("next"), self._file("turn")
            following, turn = self._locks
            fcntl.flock(following, fcntl.LOCK_EX)
            try:
                fcntl.flock(turn, fcntl.LOCK_EX)
            finally:
                fcntl.flock(following, fcntl.LOCK_UN)
        except OSError as error:
            log.warning("Nobody queues for SQLite here (%s); who writes may be kept waiting", error)
            return False
        self._has_turn, self._waited = True, time.monotonic() - began
        return True

    def _file(self, name: str) -> IO[bytes]:
        """Whose the database is, this is too, whoever comes first."""
        path = f"{self.settings_dict['NAME']}-{name}"
        file = open(path, "ab", buffering=0, opener=lambda path, flags: os.open(path, flags, 0o600))  # noqa: SIM115
        with contextlib.suppress(OSError):
            found, its = os.stat(self.settings_dict["NAME"]), os.fstat(file.fileno())
            if os.geteuid() in (0, its.st_uid) and (its.st_uid, its.st_mode) != (found.st_uid, found.st_mode):
                os.fchmod(file.fileno(), found.st_mode & 0o666)
                os.fchown(file.fileno(), found.st_uid, found.st_gid)
        return file

    @contextlib.contextmanager
    def _hurrying(self) -> Iterator[None]:
        """With the patience for SQLite's lock that waiting for the turn has left."""
        if not self._has_turn or self._waited < UNNOTICED:
            yield
            return
        patience = float(self.settings_dict["OPTIONS"].get("timeout", PATIENCE))
        left = max(0.0, patience - self._waited)
        self.connection.execute(f"PRAGMA busy_timeout = {int(left * 1000)}")
        try:
            yield
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")

    def create_cursor(self, name: str | None = None) -> "Cursor":
        cursor = self.connection.cursor(factory=Cursor)
        cursor.database = self
        return cursor

    @contextlib.contextmanager
    def beginning(self) -> Iterator[None]:
        """Around the statement that takes SQLite's lock."""
        with self.turn(), self._hurrying():
            yield

    def _start_transaction_under_autocommit(self) -> None:
        with self.beginning():
            super()._start_transaction_under_autocommit()

    def _close(self) -> None:
        locks, self._locks = self._locks, None
        try:
            super()._close()
        finally:
            for file in locks or ():
                file.close()


class Cursor(base.SQLiteCursorWrapper):
    """What it writes outside of a transaction is one by itself."""

    database: DatabaseWrapper

    def execute(self, query: str, params: Any = None) -> Any:
        with self._turn(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        with self._turn(query):
            return super().executemany(query, param_list)

    def _turn(self, query: str) -> contextlib.AbstractContextManager[None]:
        alone = not self.connection.in_transaction and query.lstrip()[:7].upper().startswith(WRITING)
        return self.database.beginning() if alone else AT_ONCE
