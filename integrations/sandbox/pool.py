"""This process's zygotes: started when needed, asked one program at a time, replaced when they die."""

import atexit
import contextlib
import importlib.util
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from integrations.sandbox.turns import Turns
from runtime import one_core
from runtime.engine.errors import StepError

WALL_SECONDS = 1.5
GRACE = 0.2  # how long after that the zygote may take to say so, before it is ended itself
START_SECONDS = 10
REQUEST, ANSWER = struct.Struct(">cdII"), struct.Struct(">cII")
RUN, COMPILE = b"R", b"C"
ANSWERED, TOO_SLOW, DIED, TOO_LONG = b"R", b"T", b"D", b"L"
ZYGOTE = Path(__file__).with_name("zygote.py")


class NotConfined(Exception):
    """This machine cannot confine a program; the message says what is missing."""


class _Gone(Exception):
    """The zygote closed its end. `started`: a program was running."""

    def __init__(self, started: bool):
        super().__init__(started)
        self.started = started


@dataclass(frozen=True, slots=True)
class Answer:
    """How a program ended: a kind above, what the child wrote, its largest memory in KiB, seconds on the wall."""

    kind: bytes
    payload: bytes
    memory_kib: int
    seconds: float


class Zygote:
    """One helper process and the socket to it."""

    def __init__(self, machine: str = ""):
        self.socket, theirs = socket.socketpair()
        engine = importlib.util.find_spec("_quickjs")
        folder = str(Path(engine.origin).parent) if engine and engine.origin else ""
        command = [sys.executable, "-I", str(ZYGOTE), folder, *filter(None, [machine])]
        with theirs:
            self.process = subprocess.Popen(
                command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={}, cwd="/",
                start_new_session=True,
            )  # fmt: skip
        one_core.let_go(self.process.pid)
        self.still_possible = self._greeting()

    def _greeting(self) -> str:
        """What a child of it could still do; empty when it is confined as it should be."""
        self.socket.settimeout(START_SECONDS)
        said = b""
        try:
            while not said.endswith(b"\n"):
                said += self._read(1)
        except (OSError, _Gone):
            self.end()
            raise _Gone(False) from None
        return said[1:].decode().strip()

    def ask(self, what: bytes, source: str, inputs: str, seconds: float) -> Answer:
        """Raises _Gone when the zygote dies, TimeoutError when it does not keep its own limit."""
        program, given = source.encode("utf-8", "replace"), inputs.encode()
        started_at, started = time.monotonic(), False
        self.socket.settimeout(seconds + GRACE)
        try:
            self.socket.sendall(REQUEST.pack(what, seconds, len(program), len(given)) + program + given)
            self._read(1)
            started = True
            kind, length, memory = ANSWER.unpack(self._read(ANSWER.size))
            payload = self._read(length)
        except (ConnectionError, _Gone):
            raise _Gone(started) from None
        return Answer(kind, payload, memory, time.monotonic() - started_at)

    def end(self) -> None:
        """It and the child it may have: they are a process group of their own."""
        self.socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _read(self, length: int) -> bytes:
        parts = b""
        while len(parts) < length:
            part = self.socket.recv(length - len(parts))
            if not part:
                raise _Gone(False)
            parts += part
        return parts


class Pool:
    """As many programs at once as there are processors."""

    def __init__(self, size: int, machine: str = ""):
        self._machine = machine
        self._turns = Turns(size)
        self._idle: list[Zygote] = []
        self._lock = threading.Lock()
        self._refusal = ""

    def ask(self, what: bytes, source: str, inputs: str, seconds: float, tenant: Hashable, patience: float) -> Answer:
        """Run or compile a program. Raises NotConfined, and StepError for what was not the program's fault."""
        with self._turns.taken(tenant, patience) as mine:
            if not mine:
                text = "No JavaScript sandbox became free in time; programs of other steps hold them all."
                raise StepError(text, "sandbox_busy", retryable=True)
            for _ in range(2):  # one that died while it was idle is replaced
                try:
                    return self._ask(what, source, inputs, seconds)
                except _Gone as gone:
                    if gone.started:
                        text = "The JavaScript sandbox was ended in the middle of the program, from outside."
                        raise StepError(text, "sandbox_ended", retryable=True) from None
            raise NotConfined("its helper process does not start")

    def _ask(self, what: bytes, source: str, inputs: str, seconds: float) -> Answer:
        zygote = self._take()
        try:
            answer = zygote.ask(what, source, inputs, seconds)
        except TimeoutError:
            zygote.end()
            return Answer(TOO_SLOW, b"", 0, seconds)
        except BaseException:
            zygote.end()
            raise
        with self._lock:
            self._idle.append(zygote)
        return answer

    def _take(self) -> Zygote:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        if self._refusal and not settings.JS_ALLOW_WEAK_SANDBOX:
            raise NotConfined(self._refusal)  # a machine does not change while it runs
        zygote = Zygote(self._machine)
        if zygote.still_possible and not settings.JS_ALLOW_WEAK_SANDBOX:
            zygote.end()
            self._refusal = f"a program could still {zygote.still_possible}"
            raise NotConfined(self._refusal)
        return zygote

    def end(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for zygote in idle:
            zygote.end()

    def forget(self) -> None:
        """After a fork: these zygotes are the parent's, and must see its end when it ends."""
        for zygote in self._idle:
            zygote.socket.close()
            zygote.process.returncode = 0  # not ours to wait for


@lru_cache
def weakness(machine: str = "") -> str:
    """What a program could still do on this machine; empty where it is confined as it should be."""
    try:
        zygote = Zygote(machine)
    except _Gone:
        return "not be run at all: its helper process does not start"
    zygote.end()
    return zygote.still_possible


_pool: Pool | None = None
_pool_lock = threading.Lock()


def own_pool() -> Pool:
    """The pool of this process."""
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = Pool(os.cpu_count() or 1)
            atexit.register(_pool.end)
        return _pool


def _after_fork() -> None:
    global _pool, _pool_lock
    _pool_lock = threading.Lock()
    if _pool is not None:
        _pool.forget()
        atexit.unregister(_pool.end)
        _pool = None


os.register_at_fork(after_in_child=_after_fork)
