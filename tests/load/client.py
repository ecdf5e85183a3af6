"""A small, bounded load generator: kept connections to one address of this machine, each request timed.

It shares the machine with what it measures, so it does as little as it can: requests are written before the clock
starts, and what reads the answers is C.
"""

import asyncio
import json
import statistics
import time

import httptools
import uvloop

DEADLINE = 1  # of the flows that are too late with their answer
TRANSCRIPT = "\n".join(f'{"Agent" if n % 2 else "User"}: line {n} of what was said, with "quotes"' for n in range(80))


class Client:
    """`requests` are (path, body) pairs; `run(requests, clients)` returns the seconds each took and all took.

    `look` is called with each answer's body, in whatever order they come.
    """

    def __init__(self, address, key):
        self.address, self.key = address, key

    def run(self, requests, clients, look=None):
        requests = list(requests)
        written = {id(each): self._written(*each) for each in requests}  # most are the same one many times
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._run([written[id(each)] for each in requests], clients, look))

    async def _run(self, requests, clients, look):
        loop, waiting = asyncio.get_running_loop(), iter(requests)
        began = time.perf_counter()
        lines = [(await loop.create_connection(lambda: Line(waiting, look), *self.address))[1] for _ in range(clients)]
        parts = await asyncio.gather(*(line.done for line in lines))
        return [seconds for part in parts for seconds in part], time.perf_counter() - began

    def _written(self, path, body) -> bytes:
        raw = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        return head.encode() + raw


class Line(asyncio.Protocol):
    """One connection: sends what is `waiting`, one request after the other; `done` are the seconds each took."""

    def __init__(self, waiting, look):
        self.waiting, self.look = waiting, look
        self.loop = asyncio.get_running_loop()
        self.done, self.taken = self.loop.create_future(), []
        self.parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport):
        self.transport = transport
        self._next()

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the connection was closed before the answer"))

    def data_received(self, data):
        try:
            self.parser.feed_data(data)
        except Exception as error:
            if not self.done.done():
                self.done.set_exception(error)

    def on_message_begin(self):
        self.body = b""

    def on_body(self, part):
        self.body += part

    def on_message_complete(self):
        status = self.parser.get_status_code()
        if status == 429:  # a key has its limit of requests a second
            self.loop.call_later(0.1, self.transport.write, self.request)
            return
        self.taken.append(time.perf_counter() - self.began)
        assert status in (200, 202), f"{status}: {self.body[:300]}"
        if self.look:
            self.look(json.loads(self.body))
        self._next()

    def _next(self):
        self.request = next(self.waiting, None)
        if self.request is None:
            self.done.set_result(self.taken)
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(self.request)


def call(number, agent="w1") -> tuple[str, dict]:
    """A call-ended event with a transcript of about 4 kB."""
    interaction = {
        "id": f"{agent}-{number}", "status": "completed", "duration_seconds": 93, "from": "+14155551234",
        "summary": "The caller asked for a new blender.", "transcript": TRANSCRIPT,
    }  # fmt: skip
    return "/api/v1/events/", {
        "type": "call.ended",
        "id": f"{agent}-{number}",
        "agent": agent,
        "interaction": interaction,
    }


def reply(number) -> tuple[str, dict]:
    """What the run of that call waits for."""
    interaction = {"id": f"asks-{number}"}
    return "/api/v1/events/", {"type": "message.received", "id": f"reply-{number}", "interaction": interaction}


def waiting_call(number, until) -> tuple[str, dict]:
    """A short one, for the flow that waits until the moment it names."""
    name = f"wait-{number}"
    interaction = {"id": name, "status": "completed", "variables": {"until": until.isoformat()}}
    return "/api/v1/events/", {"type": "call.ended", "id": name, "agent": "waits", "interaction": interaction}


def action(name) -> tuple[str, dict]:
    interaction = {
        "id": "now",
        "status": "in_progress",
        "duration_seconds": 9,
        "summary": "s",
        "transcript": TRANSCRIPT,
    }
    return f"/api/v1/actions/{name}/", {"arguments": {"text": "hello"}, "interaction": interaction}


def inbound(agent) -> tuple[str, dict]:
    return "/api/v1/inbound/", {"from": "+14155551234", "to": "+18005559876", "agent": agent}


def quantile(values, share) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values) -> float:
    return statistics.median(values)
