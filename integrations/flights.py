"""What one process knows of access tokens, so that a herd of steps makes one request (see integrations/tokens.py)."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from integrations.grants import Held
from runtime.engine.errors import StepError

FAILED_FOR = 5.0  # seconds in which a refusal is told again instead of asked for again
KEPT = 1024


class Flights:
    """What this process knows: the latest token of each connection, who is getting one, what just failed."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.locks: dict[UUID, threading.Lock] = {}
        self.known: OrderedDict[UUID, Held] = OrderedDict()
        self.failed: dict[UUID, tuple[float, int, StepError]] = {}

    @contextmanager
    def alone(self, connection_id: UUID, seconds: float) -> Iterator[bool]:
        with self.guard:
            lock = self.locks.setdefault(connection_id, threading.Lock())
        entered = lock.acquire(timeout=seconds) if seconds else lock.acquire(blocking=False)
        try:
            yield entered
        finally:
            if entered:
                lock.release()

    def latest(self, connection_id: UUID) -> Held | None:
        return self.known.get(connection_id)

    def remember(self, connection_id: UUID, held: Held) -> None:
        with self.guard:
            self.known[connection_id] = held
            self.failed.pop(connection_id, None)
            while len(self.known) > KEPT:
                self.known.popitem(last=False)

    def drop(self, connection_id: UUID) -> None:
        with self.guard:
            self.known.pop(connection_id, None)
            self.failed.pop(connection_id, None)

    def note_failure(self, connection_id: UUID, version: int, error: StepError) -> None:
        with self.guard:
            self.failed[connection_id] = (time.monotonic(), version, error)

    def raise_recent(self, connection_id: UUID, version: int) -> None:
        """Those who waited for a request that failed are told the same."""
        at, seen, error = self.failed.get(connection_id, (0.0, -1, None))
        if error is not None and seen == version and time.monotonic() - at < FAILED_FOR:
            raise StepError(error.message, error.code, error.retryable, error.retry_after, error.detail)
