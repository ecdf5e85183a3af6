"""What both kinds of websockets share: whatever ends them, they leave nothing behind."""

import contextlib
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer


class Socket(AsyncWebsocketConsumer):
    """A consumer that gives back what it took in `leave`, which may be called more than once.

    Channels tells a consumer that it was disconnected only while nothing has gone wrong in it, and writing to a browser
    that is gone goes wrong: an OSError of the server's, which is no mistake of ours.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            with contextlib.suppress(OSError):
                await super().__call__(scope, receive, send)
        finally:
            self.leave()

    async def disconnect(self, code: int) -> None:
        self.leave()

    def leave(self) -> None:
        raise NotImplementedError
