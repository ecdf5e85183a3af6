"""Several web processes on one listening socket, forked from one that has imported everything: they share its memory.

Python lets one thread of a process run at a time, so one process answers no more callers than one core can; and when
one of several dies, the others go on. The one that forks them does nothing else. It starts again what ends, at once,
for nothing has to be imported anew; tells all to end when it is told to; and when it is gone, however, they take nobody
new, answer whom they have, and go too.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections import deque

from django.db import connections

from builder.supervising import ASKED_TO_END, FAILURES, FIRST_BACKOFF, WITHIN_SECONDS, say

YOUNG_SECONDS = 5.0  # who ends earlier has failed at its start
LAST_WORDS_SECONDS = 8.0  # for those left behind, to answer; a process that is told to end takes six at most


def begin(count: int) -> int:
    """Fork `count` processes and keep them alive; returns in each of them, with its place among them, from 0.

    The process that calls it does not come back. It exits when all have ended: with 0 when it was told to end, with 1
    when starting them failed again and again. It must have one thread and no loop.
    """
    return _Family(count).begin()


class _Family:
    def __init__(self, count: int):
        self.count = count
        self.members: dict[int, tuple[int, float]] = {}  # process id -> (place, when it was forked)
        self.failures: deque[float] = deque(maxlen=FAILURES)
        self.stopping = self.failed = False
        self.lifeline = os.pipe()  # only the one that forks has its writing end

    def begin(self) -> int:
        for number in ASKED_TO_END:
            signal.signal(number, self._stop)
        for place in range(self.count):
            if self._fork(place):
                return place
        while self.members:
            ended, status = os.wait()
            place, began = self.members.pop(ended)
            if self._goes_on(place, time.monotonic() - began, status) and self._fork(place):
                return place
        for number in ASKED_TO_END:
            signal.signal(number, signal.SIG_IGN)  # told again while Python ends, it would end by the signal
        sys.exit(1 if self.failed else 0)

    def _fork(self, place: int) -> bool:
        """Whether this is the new process."""
        connections.close_all()
        # A signal that came between would be taken by the wrong one of the two.
        signal.pthread_sigmask(signal.SIG_BLOCK, ASKED_TO_END)
        forked = os.fork()
        if forked:
            self.members[forked] = place, time.monotonic()
        else:
            self._part()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKED_TO_END)
        return not forked

    def _part(self) -> None:
        """What the new process does not share with the one it came from."""
        for number in ASKED_TO_END:
            signal.signal(number, signal.SIG_DFL)
        os.close(self.lifeline[1])
        threading.Thread(target=_end_with, args=[self.lifeline[0]], name="forked-by", daemon=True).start()

    def _stop(self, *_) -> None:
        self.stopping = True
        for member in self.members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGTERM)

    def _goes_on(self, place: int, lived: float, status: int) -> bool:
        """Whether another one takes the place of one that ended."""
        if self.stopping:
            return False
        code = os.waitstatus_to_exitcode(status)
        words = f"status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        say(f"web process {place + 1} of {self.count} ended ({words}); another takes its place")
        if lived < YOUNG_SECONDS:
            self.failures.append(time.monotonic())
            time.sleep(FIRST_BACKOFF)
            self.failed = len(self.failures) == FAILURES and time.monotonic() - self.failures[0] < WITHIN_SECONDS
            if self.failed:
                self._stop()
        return not self.stopping


def _end_with(lifeline: int) -> None:
    """This process ends when the one that forked it is gone: as if it had been told to, or by force."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_WORDS_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
