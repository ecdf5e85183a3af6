"""Celery and Huey with W1 as a function of Python: the burst alone, for nothing they answer waits for its end.

Two worker processes each; Celery's tasks are in Redis and taken off at their end, Huey's in SQLite. No history is kept.
"""

import contextlib
from pathlib import Path

from tests import servers
from tests.load.client import call
from tests.load.peers.installing import queues_python
from tests.load.peers.peer import Peer

WARM = 20


class TaskQueue(Peer):
    program = "queue_program.py"
    paths = {"burst": "/"}
    ready = "/done"

    def until_ready(self):
        super().until_ready()
        self.client.run([(self.paths["burst"], call(n)[1]) for n in range(WARM)], 4)
        self.until_done(WARM)  # the door is there earlier than the workers behind it

    def prepare(self, echo):
        self.echo, self.servers = echo, contextlib.ExitStack()
        return [str(self.port)]

    def done(self) -> int:
        return self.ask("/done")["done"]

    def interpreter(self) -> Path:
        return queues_python()

    @property
    def path(self) -> Path:
        return Path(__file__).with_name(self.program)

    def environment(self) -> dict[str, str]:
        own = {"QUEUE": self.name.lower(), "BROKER": self.broker(), "ECHO": self.echo}
        return {**super().environment(), **own, "DONE": str(self.folder / "done")}

    def broker(self) -> str:
        raise NotImplementedError

    def close(self) -> None:
        super().close()
        self.servers.close()


class CeleryQueue(TaskQueue):
    name = "Celery"

    def broker(self):
        return self.servers.enter_context(servers.redis())


class HueyQueue(TaskQueue):
    name = "Huey"

    def broker(self):
        return str(self.folder / "tasks.sqlite3")
