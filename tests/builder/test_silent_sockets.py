"""A websocket whose other end has stopped reading holds no memory, keeps nobody waiting, and is cut off in time."""

import asyncio
import contextlib
import logging
import socket

import pytest
import uvicorn
from websockets.asyncio.client import connect

from builder.serving import configuration
from builder.visitor_socket import ConversationConsumer

FRAME = "x" * 60_000
GONE = "gone"


class Talker:
    """An application that talks without end to whoever asks for /flood, and once to all others."""

    def __init__(self):
        self.sent, self.ended = 0, asyncio.Event()

    async def __call__(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        if scope["path"] != "/flood":
            await send({"type": "websocket.send", "text": "hello"})
            return await send({"type": "websocket.close"})
        try:
            while True:
                await send({"type": "websocket.send", "text": FRAME})
                self.sent += len(FRAME)
        except OSError:
            assert (await receive())["type"] == "websocket.disconnect"
            self.ended.set()


@contextlib.asynccontextmanager
async def served():
    """(the application, the port of its server), with signs of life asked for often."""
    application, listening = Talker(), socket.create_server(("127.0.0.1", 0))
    often = {"ws_ping_interval": 0.5, "ws_ping_timeout": 0.5, "ws_per_message_deflate": False}
    server = uvicorn.Server(configuration(application, timeout_graceful_shutdown=1, **often))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    yield application, listening.getsockname()[1]
    server.should_exit = True
    await running
    listening.close()


def asks_and_never_reads(port):
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    line.sendall(b"GET /flood HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")  # fmt: skip
    return line


@pytest.mark.asyncio
async def test_who_does_not_read_is_cut_off_and_meanwhile_others_are_heard():
    async with asyncio.timeout(20), served() as (application, port), connect(f"ws://127.0.0.1:{port}/other") as other:
        silent = asks_and_never_reads(port)
        assert await other.recv() == "hello"
        await application.ended.wait()
        assert application.sent < 16 << 20, "what nobody reads is not written on and on"
        silent.close()


@pytest.mark.asyncio
async def test_a_page_that_is_gone_is_no_error_of_ours(monkeypatch, caplog):
    async def is_gone():
        raise OSError(GONE)

    consumer = ConversationConsumer()
    monkeypatch.setattr(consumer, "_tell", is_gone)
    with caplog.at_level(logging.DEBUG):
        assert await consumer._forward() is None
    assert GONE not in caplog.text


@pytest.mark.asyncio
async def test_a_page_whose_conversation_cannot_be_read_is_told_to_connect_anew(monkeypatch, caplog):
    closed = []

    async def cannot_be_read():
        raise RuntimeError("database is locked")

    async def close(code):
        closed.append(code)

    consumer = ConversationConsumer()
    monkeypatch.setattr(consumer, "_tell", cannot_be_read)
    monkeypatch.setattr(consumer, "close", close)
    await consumer._forward()
    assert closed == [1011]
    assert "database is locked" in caplog.text
