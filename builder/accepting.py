"""Taking connections from a socket that several processes listen to, so that each comes to about as many.

Whoever looks first would take all that wait, and one process would answer most callers while another has nothing to
do: connections are kept. So each takes one at a time, and lets a process with fewer go first, for a moment: one that is
too busy to look, or stopped, keeps nobody waiting.
"""

import asyncio
import errno
import socket
from collections.abc import Callable

from builder.shares import Shares

LETS_OTHERS_SECONDS = 0.003
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
NO_ROOM_SECONDS = 1.0


class Acceptor:
    """Takes connections for the process at `place` of `shares`; as much of an `asyncio.Server` as uvicorn asks for.

    `connected()` says how many it has.
    """

    def __init__(self, listening: socket.socket, made: Callable[[], asyncio.Protocol], shares: Shares, place: int,
                 connected: Callable[[], int]):  # fmt: skip
        self.listening, self.made, self.shares, self.place = listening, made, shares, place
        self.connected = connected
        self.loop = asyncio.get_running_loop()
        self.under_way: set[asyncio.Task] = set()
        self.later: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self.look()

    def look(self) -> None:
        """From now on, until closed."""
        self.loop.add_reader(self.listening, self._somebody_came)

    def note(self) -> None:
        """Tell the others how many there are."""
        self.shares.note(self.place, self.connected() + len(self.under_way))

    def close(self) -> None:
        if self.later is not None:
            self.later.cancel()
        if self.listening.fileno() >= 0:
            self.loop.remove_reader(self.listening)
            self.listening.close()

    async def wait_closed(self) -> None:
        """Nothing is left open by then."""

    def _somebody_came(self) -> None:
        self.note()
        if self.shares.somebody_has_fewer(self.place):
            self._pause(LETS_OTHERS_SECONDS, self._take)
        else:
            self._take()

    def _pause(self, seconds: float, then: Callable[[], None]) -> None:
        self.loop.remove_reader(self.listening)

        def go_on() -> None:
            self.look()
            then()

        self.later = self.loop.call_later(seconds, go_on)

    def _take(self) -> None:
        try:
            line, _ = self.listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or who came has gone
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            self._pause(NO_ROOM_SECONDS, lambda: None)
            return
        line.setblocking(False)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self.loop.create_task(self._begin(line))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        self.note()

    async def _begin(self, line: socket.socket) -> None:
        try:
            await self.loop.connect_accepted_socket(self.made, line)
        except OSError:
            line.close()  # who came has gone
