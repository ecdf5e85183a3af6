"""Websockets of which the other end has stopped reading: nothing is kept for it longer than its sign of life is due.

uvicorn stops writing once 64 KB wait for a slow reader, so it holds no memory; and it asks every `ws_ping_interval`
whether the other end is there. But it parts from one that does not answer by a polite close, which waits until all is
read: for ever, where nobody reads. Here such a line is cut, so that its consumer, its place among the sockets of a
visitor and what waits to be sent are free again.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class SocketProtocol(WebSocketsSansIOProtocol):
    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.close" and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
