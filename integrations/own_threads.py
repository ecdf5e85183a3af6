"""A pool of threads that each process has for itself: threads do not survive a fork, so a child begins anew."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class OwnThreads:
    """`count` threads, made at the first use in a process."""

    def __init__(self, count: int, name: str):
        self.count, self.name = count, name
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def submit(self, work: Callable[..., Result], *args: object) -> "Future[Result]":
        with self._lock:  # of threads that come first at the same time, one makes the pool
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.count, thread_name_prefix=self.name)
        return self._pool.submit(work, *args)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
