"""One peer: started on a port of its own with the workloads in it, asked, and ended."""

import contextlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from tests.load.client import Client
from tests.load.peers.installing import installed, node
from tests.servers import free_port

STARTING = 120.0  # seconds; n8n migrates its database first
BURST = 300.0


class Peer:
    """`paths` are where it is posted what it does of W1, W2 and the burst; `ready` answers once that is there."""

    name = program = ready = ""
    paths: dict[str, str] = {}

    def __init__(self, folder: Path, echo: str):
        self.folder, self.port = folder, free_port()
        arguments = self.prepare(echo)
        self.process = subprocess.Popen(
            [self.interpreter(), self.path, *arguments], cwd=folder, env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=(folder / "log").open("w"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.client = Client(("127.0.0.1", self.port), "none")
        try:
            self.until_ready()
        except BaseException:
            self.close()
            raise

    def prepare(self, echo: str) -> list[str]:
        """Write the workloads down; what is given to the program."""
        raise NotImplementedError

    def done(self) -> int:
        """How many runs of W1 have ended well since the start."""
        raise NotImplementedError

    def interpreter(self) -> Path:
        return node()

    @property
    def path(self) -> Path:
        return installed() / "node_modules" / self.program

    def environment(self) -> dict[str, str]:
        return {**os.environ, "NODE_ENV": "production"}

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.loads(answer.read())

    def memory(self) -> float:
        """PSS of the whole tree, in MB."""
        total = 0
        for process in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total / 1e6

    def until_done(self, count) -> None:
        deadline = time.monotonic() + BURST
        while self.done() < count:
            assert time.monotonic() < deadline, f"{self.name}: {self.done()} of {count} ended"
            time.sleep(0.05)

    def close(self) -> None:
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        for process in [*children, self.process]:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                process.kill()

    def until_ready(self) -> None:
        deadline = time.monotonic() + STARTING
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{(self.folder / 'log').read_text()[-3000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self.ask(self.ready)
        except urllib.error.HTTPError as refused:
            return refused.code == 405
        except (OSError, ValueError):
            return False
        return True
