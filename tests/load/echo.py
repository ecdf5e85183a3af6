"""The fast peer of the workloads, in a process of its own: answers a POST with its body; /slow after five seconds."""

import asyncio
import sys

import httptools
import uvloop

SLOW_SECONDS = 5
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Echo(asyncio.Protocol):
    def __init__(self):
        self.parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_begin(self):
        self.body = b""

    def on_url(self, url):
        self.path = url

    def on_body(self, part):
        self.body += part

    def on_message_complete(self):
        if self.path.startswith(b"/slow"):
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._answer, self.body)
        else:
            self._answer(self.body)

    def _answer(self, body):
        if not self.transport.is_closing():  # who asked may have given up
            self.transport.write(HEAD % len(body) + body)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with whoever started it: standard input is a pipe that closes then.
    await loop.run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
