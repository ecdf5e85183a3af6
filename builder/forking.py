"""Several web processes on one listening socket, forked from one that has imported everything: they share its memory.

Python lets one thread of a process run at a time, so one process answers no more callers than one core can; and when
one of several dies, the others go on. Who keeps them imports nothing and does nothing else: it forks one that imports
everything, and that one forks them and goes; the kernel then makes them children of who keeps them (a subreaper,
prctl(2)). So nobody holds on to pages that those who serve have long written to, each for itself. What ends is started
again in the same way; all are told to end when who keeps them is told to; and when it is gone, however, they take
nobody new, answer whom they have, and go too.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from builder.supervising import ASKED_TO_END, FAILURES, FIRST_BACKOFF, WITHIN_SECONDS, in_words, say

YOUNG_SECONDS = 5.0  # who ends earlier has failed at its start
LAST_WORDS_SECONDS = 8.0  # for those left behind, to answer; a process that is told to end takes six at most
PR_SET_CHILD_SUBREAPER = 36


def begin(count: int, load: Callable[[], object]) -> int:
    """Keep `count` processes alive; returns in each of them, with its place among them, from 0, after `load()`.

    The process that calls it does not come back. It exits when all have ended: with 0 when it was told to end, with 1
    when starting them failed again and again. It must have one thread and no loop; so must `load` leave its own.
    Raises OSError where the kernel knows no subreapers, which is elsewhere than on Linux.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "several web processes need Linux; set WEBS=1")
    return _Family(count, load).begin()


def ask(question: Callable[[], int]) -> int:
    """The answer of a process that is forked for it: what has to be imported to know it, is not here then."""
    heard, said = os.pipe()
    asked = os.fork()
    if asked == 0:
        os.write(said, str(question()).encode())
        os._exit(0)
    os.close(said)
    with open(heard, encoding="ascii") as answer:
        text = answer.read()
    if status := os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]):
        sys.exit(status if status > 0 else 1)  # it has said why
    return int(text)


class _Family:
    def __init__(self, count: int, load: Callable[[], object]):
        self.count, self.load = count, load
        self.members: dict[int, tuple[int, float]] = {}  # process id -> (place, when it was heard of)
        self.forker: int | None = None  # the one that is just importing, or forking
        self.failures: deque[float] = deque(maxlen=FAILURES)
        self.stopping = self.failed = False
        self.lifeline = os.pipe()  # only we have its writing end
        self.born = os.pipe()  # a line for each that was forked: its place, its id
        os.set_blocking(self.born[0], False)

    def begin(self) -> int:
        for number in ASKED_TO_END:
            signal.signal(number, self._stop)
        while True:
            if missing := self._missing():
                place = self._fork(missing)
                if place is not None:
                    return place
            elif self.forker is None and not self.members:
                break
            self._bury(*os.wait())
        for number in ASKED_TO_END:
            signal.signal(number, signal.SIG_IGN)  # told again while Python ends, it would end by the signal
        sys.exit(1 if self.failed else 0)

    def _missing(self) -> list[int]:
        if self.stopping or self.forker is not None:
            return []
        there = {place for place, _ in self.members.values()}
        return [place for place in range(self.count) if place not in there]

    def _fork(self, missing: list[int]) -> int | None:
        """Fork the one that forks; the place in each that it forks, None in this process."""
        # A signal that came between would be taken by the wrong one of the two.
        signal.pthread_sigmask(signal.SIG_BLOCK, ASKED_TO_END)
        self.forker = os.fork()
        if self.forker == 0:
            for number in ASKED_TO_END:
                signal.signal(number, signal.SIG_DFL)
            os.close(self.lifeline[1])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKED_TO_END)
        if self.forker == 0:
            return self._fork_each(missing)
        if self.stopping:  # told just before
            _tell(self.forker)
        return None

    def _fork_each(self, missing: list[int]) -> int:
        self.load()
        for place in missing:
            forked = os.fork()
            if forked == 0:
                os.close(self.born[1])
                threading.Thread(target=_end_with, args=[self.lifeline[0]], name="forked-by", daemon=True).start()
                return place
            os.write(self.born[1], f"{place} {forked}\n".encode())
        os._exit(0)

    def _hear(self) -> None:
        """Who was born. Who was killed before it could be named is started again, and ends with us at the latest."""
        with contextlib.suppress(BlockingIOError):
            for line in os.read(self.born[0], 65536).decode().splitlines():
                place, member = map(int, line.split())
                self.members[member] = place, time.monotonic()
                if self.stopping:
                    _tell(member)

    def _stop(self, *_) -> None:
        self.stopping = True
        for member in [*self.members, self.forker]:
            if member:
                _tell(member)

    def _bury(self, ended: int, status: int) -> None:
        """One ended: one of them, the one that forks, or what one of them left behind."""
        self._hear()
        now = began = time.monotonic()
        words = in_words(os.waitstatus_to_exitcode(status))
        if ended == self.forker:
            self.forker = None
            told = f"no web process could be started ({words}); trying again"
            if status == 0:
                return
        elif ended in self.members:
            place, began = self.members.pop(ended)
            told = f"web process {place + 1} of {self.count} ended ({words}); another takes its place"
        else:
            return
        if self.stopping:
            return
        say(told)
        if now - began < YOUNG_SECONDS:
            self.failures.append(now)
            time.sleep(FIRST_BACKOFF)
            self.failed = len(self.failures) == FAILURES and time.monotonic() - self.failures[0] < WITHIN_SECONDS
            if self.failed:
                self._stop()


def _tell(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)


def _end_with(lifeline: int) -> None:
    """This process ends when the one that keeps it is gone: as if it had been told to, or by force."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_WORDS_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
