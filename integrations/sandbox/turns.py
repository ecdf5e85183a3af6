"""Who runs next: a few at once, and those who wait are served workspace by workspace, so that none can hold all."""

import threading
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Turns:
    """At most `count` at a time."""

    def __init__(self, count: int):
        self._lock = threading.Lock()
        self._free = count
        self._waiting: OrderedDict[Hashable, deque[threading.Event]] = OrderedDict()

    @contextmanager
    def taken(self, tenant: Hashable, seconds: float) -> Iterator[bool]:
        """Inside it is `tenant`'s turn; False if none came within `seconds`."""
        mine = self._take(tenant, seconds)
        try:
            yield mine
        finally:
            if mine:
                self._give_back()

    def _take(self, tenant: Hashable, seconds: float) -> bool:
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            called = threading.Event()
            self._waiting.setdefault(tenant, deque()).append(called)
        if called.wait(seconds):
            return True
        with self._lock:
            if called.is_set():  # between the end of the wait and the lock
                return True
            queue = self._waiting[tenant]
            queue.remove(called)
            if not queue:
                del self._waiting[tenant]
            return False

    def _give_back(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            tenant, queue = self._waiting.popitem(last=False)
            queue.popleft().set()
            if queue:
                self._waiting[tenant] = queue  # behind the other workspaces
