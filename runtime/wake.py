"""Waking: "look now" between processes, so that nobody has to poll fast. Losing a call costs a moment, never work.

On PostgreSQL it is NOTIFY; on SQLite (one host by definition) datagrams to every socket in a short private directory.
Two bells: "due" wakes the broker (runtime/broker.py), "live" wakes whoever shows runs as they happen (runtime/live.py).
"""

import contextlib
import hashlib
import os
import selectors
import socket
import tempfile
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connection

from runtime import round_trips

DUE, LIVE = "due", "live"
LONGEST_WAIT = 1.0
NOTIFY = "SELECT pg_notify(%s, %s)"


def ring(bell: str, text: str = "") -> None:
    """Wake everyone who listens to `bell`. On PostgreSQL inside a transaction it rings at its commit."""
    if connection.vendor == "postgresql":
        round_trips.write([], [], notice(bell, text))
        return
    for path in _listeners(bell):
        try:
            _sender().sendto(text.encode()[:4000], path)
        except (ConnectionRefusedError, FileNotFoundError):
            Path(path).unlink(missing_ok=True)  # its process is gone
        except OSError:
            pass  # a full buffer: the listener is awake already


def notice(bell: str, text: str = "") -> tuple[str, list[str]]:
    """PostgreSQL's statement for it, and its values."""
    return NOTIFY, [f"segue_{bell}", text[:4000]]


def _listeners(bell: str) -> list[str]:
    """Their sockets; the directory is read again when one was added or removed."""
    directory = _directory()
    changed = os.stat(directory).st_mtime_ns
    known = _known.get(bell)
    if known is None or known[0] != (directory, changed):
        known = (directory, changed), [str(path) for path in directory.glob(f"{bell}-*")]
        _known[bell] = known
    return known[1]


_known: dict[str, tuple[tuple[Path, int], list[str]]] = {}
_senders: dict[int, socket.socket] = {}


def _sender() -> socket.socket:
    if os.getpid() not in _senders:
        _senders[os.getpid()] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        _senders[os.getpid()].setblocking(False)
    return _senders[os.getpid()]


class Ear:
    """A listener's end: `wait(seconds)` returns the texts that rang, at the latest after `seconds`."""

    def __init__(self, bell: str):
        self.bell = bell
        self.postgres = connection.vendor == "postgresql"
        self.own = self._listen() if self.postgres else self._bind()

    def wait(self, seconds: float) -> list[str]:
        seconds = min(seconds, LONGEST_WAIT)
        if self.postgres:
            return [notice.payload for notice in self.own.notifies(timeout=seconds, stop_after=1)]
        with selectors.DefaultSelector() as selector:
            selector.register(self.own, selectors.EVENT_READ)
            if not selector.select(seconds):
                return []
        texts = []
        with contextlib.suppress(BlockingIOError):
            while len(texts) < 100:
                texts.append(self.own.recv(4096).decode())
        return texts

    def close(self) -> None:
        self.own.close()
        if not self.postgres:
            self.path.unlink(missing_ok=True)

    def _bind(self):
        self.path = _directory() / f"{self.bell}-{os.getpid()}-{os.urandom(2).hex()}"
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.bind(str(self.path))
        ear.setblocking(False)
        return ear

    def _listen(self):
        """A connection of its own: LISTEN belongs to a session, and the pool hands sessions round."""
        import psycopg

        parameters = {
            name: value
            for name, value in connection.get_connection_params().items()
            if name not in ("cursor_factory", "context", "pool", "prepare_threshold", "server_side_binding", "options")
        }
        listener = psycopg.connect(**parameters, autocommit=True)
        listener.execute(f"LISTEN segue_{self.bell}")
        return listener


def _directory() -> Path:
    """Short (a socket's path has 108 bytes) and private to this user and this database."""
    return _directory_of(str(settings.DATABASES["default"]["NAME"]))


@lru_cache(maxsize=4)
def _directory_of(database: str) -> Path:
    name = hashlib.sha256(database.encode()).hexdigest()[:10]
    directory = Path(tempfile.gettempdir()) / f"segue-{os.getuid()}-{name}"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory
