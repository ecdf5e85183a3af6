"""A small, bounded load generator: kept connections to one address of this machine, each request timed."""

import asyncio
import json
import statistics
import time

DEADLINE = 1  # of the flows that are too late with their answer
TRANSCRIPT = "\n".join(f'{"Agent" if n % 2 else "User"}: line {n} of what was said, with "quotes"' for n in range(80))


class Client:
    """`requests` are (path, body) pairs; `run(requests, clients)` returns the seconds each took and all took.

    `look` is called with each answer's body, in whatever order they come.
    """

    def __init__(self, address, key):
        self.address, self.key = address, key

    def run(self, requests, clients, look=None):
        self.look = look
        return asyncio.run(self._run(list(requests), clients))

    async def _run(self, requests, clients):
        waiting = iter(requests)
        began = time.perf_counter()
        parts = await asyncio.gather(*(self._one(waiting) for _ in range(clients)))
        return [seconds for part in parts for seconds in part], time.perf_counter() - began

    async def _one(self, waiting):
        reader, writer = await asyncio.open_connection(*self.address)
        taken = []
        for path, body in waiting:
            began = time.perf_counter()
            while (answered := await self._asked(reader, writer, path, body))[0] == 429:
                await asyncio.sleep(0.1)  # a key has its limit of requests a second
            status, answer = answered
            assert status in (200, 202), f"{path} answered {status}: {answer[:300]}"
            taken.append(time.perf_counter() - began)
            if self.look:
                self.look(json.loads(answer))
        writer.close()
        return taken

    async def _asked(self, reader, writer, path, body) -> tuple[int, bytes]:
        writer.write(self._request(path, body))
        return await self._answer(reader)

    def _request(self, path, body) -> bytes:
        raw = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        return head.encode() + raw

    async def _answer(self, reader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = b""
        if "transfer-encoding: chunked" in head:
            while size := int((await reader.readline()).strip() or b"0", 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = await reader.readexactly(int(head.split("content-length:", 1)[1].split("\r\n", 1)[0]))
        return int(head.split(" ", 2)[1]), body


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
    return f"/api/v1/actions/{name}/", {"arguments": {}, "interaction": interaction}


def inbound(agent) -> tuple[str, dict]:
    return "/api/v1/inbound/", {"from": "+14155551234", "to": "+18005559876", "agent": agent}


def quantile(values, share) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values) -> float:
    return statistics.median(values)
