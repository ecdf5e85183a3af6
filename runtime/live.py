"""Live: a web process tails what somebody watches, and says that something changed; facts are fetched over HTTP.

One tailer per process, only while somebody listens: every 100 ms it looks at the newest runs of the watched flows and
at whatever probes other floors registered (the builder's draft revision), and is woken earlier by `started`, a lossy
"this node begins now" from the worker. Hints are {"kind": "run", "run", "seq", "status"} and
{"kind": "started", "run", "node"}; a client that missed some resumes with `?after=<seq>`.
"""

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection

from runtime import wake
from runtime.models import Run

log = logging.getLogger("segue.live")
INTERVAL = 0.1
WATCHED_RUNS = 20
FULL = 1000
REDIS_SECONDS = 0.5  # for an answer of Redis
QUIET_SECONDS = 5.0  # without a try after it gave none
UNHEARD_SECONDS = 0.2  # without a "started" after nobody listened to one; whoever comes then sees runs go on by looking
Probe = Callable[[Iterable[UUID]], dict[UUID, dict[str, Any]]]
Hearer = Callable[[UUID, dict[str, Any]], None]
Look = Callable[[list[UUID]], list[tuple[Any, UUID, dict[str, Any]]]]  # (what, watched id, hint) as things stand
_probes: list[Probe] = []
_hearers: dict[str, Hearer] = {}
CHANNEL = "segue:live"


def register_probe(probe: Probe) -> None:
    """`probe(flow_ids)` -> {flow_id: hint}; a hint is sent whenever it differs from the last one."""
    _probes.append(probe)


def register_hearer(kind: str, hear: Hearer) -> None:
    """`hear(flow_id, hint)` on the event loop for casts of a kind that are no hints for browsers."""
    _hearers[kind] = hear


def started(run_id: Any, node: str, flow_id: Any) -> None:
    """The worker is about to perform `node`: a hint that may be lost, from a thread that owns no connection.

    Where nobody listened a moment ago, Redis is not asked again at once: a busy worker would ask it for each call out.
    """
    global _unheard_until
    if time.monotonic() >= _unheard_until and not cast(flow_id, {"kind": "started", "run": str(run_id), "node": node}):
        _unheard_until = time.monotonic() + UNHEARD_SECONDS


def cast(flow_id: Any, hint: dict[str, Any]) -> bool:
    """Tell every web process that shows `flow_id`; may be lost. PostgreSQL needs Redis for it.

    False = Redis says that nobody listens, or nothing at all.
    """
    global _quiet_until
    text = json.dumps({**hint, "flow": str(flow_id)})
    try:
        if settings.REDIS_URL:
            if time.monotonic() >= _quiet_until:
                return bool(_redis().publish(CHANNEL, text))
        elif connection.vendor == "sqlite":
            wake.ring(wake.LIVE, text)
            return True
    except Exception:
        # Steps wait for this call: a Redis that does not answer must not cost each of them a time-out.
        _quiet_until = time.monotonic() + QUIET_SECONDS
        log.debug("A live hint was lost", exc_info=True)
    return False


_quiet_until = _unheard_until = 0.0


def get_ready() -> None:
    """Import what the first hint would: once, for a process that is about to fork others."""
    if settings.REDIS_URL:
        import redis  # noqa: F401


class Tailer:
    """Who watches what (flows, unless `look` looks for something else), and what they were told last."""

    def __init__(self, look: "Look | None" = None):
        self.look = look or _news
        self.watchers: dict[UUID, set[asyncio.Queue]] = {}
        self.told: dict[Any, Any] = {}
        self.task: asyncio.Task | None = None
        self.bell: asyncio.Event | None = None

    def subscribe(self, flow_id: UUID) -> asyncio.Queue:
        """Hints about `flow_id` from now on; None in the queue = too slow, reconnect."""
        queue: asyncio.Queue = asyncio.Queue(FULL)
        self.watchers.setdefault(flow_id, set()).add(queue)
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._tail())
        return queue

    def unsubscribe(self, flow_id: UUID, queue: asyncio.Queue) -> None:
        self.watchers.get(flow_id, set()).discard(queue)
        if not self.watchers.get(flow_id):
            self.watchers.pop(flow_id, None)

    def publish(self, flow_id: UUID, hint: dict[str, Any]) -> None:
        """Tell the watchers of this process at once (presence, a draft saved here)."""
        for queue in list(self.watchers.get(flow_id, ())):
            try:
                queue.put_nowait(hint)
            except asyncio.QueueFull:
                queue.get_nowait()
                queue.put_nowait(None)
                self.unsubscribe(flow_id, queue)

    async def _tail(self):
        self.bell = asyncio.Event()
        listener = _Listener(asyncio.get_running_loop(), self._rang)
        self.told = {}
        try:
            while self.watchers:
                try:
                    await self._look()
                except Exception:
                    log.exception("Looking for news failed; trying again")
                    await asyncio.sleep(1)
                await self._pause()
        finally:
            listener.stop()

    async def _pause(self):
        # Not `asyncio.wait_for`: before Python 3.12 it forgets that it was cancelled when the bell rings just then,
        # and the loop that is being closed would wait for this task for ever.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL):
                await self.bell.wait()
        self.bell.clear()

    async def _look(self):
        """Tell what is new since the last look; at the first all is: what changed since a page was loaded cannot be
        told from what did not, and whoever knows it already passes over it.
        """
        found = await sync_to_async(self.look, thread_sensitive=False)(list(self.watchers))
        before, self.told = self.told, {key: hint for key, _, hint in found}
        for key, flow_id, hint in found:
            if before.get(key) != hint:
                self.publish(flow_id, hint)

    def _rang(self, texts: list[str]):
        for text in texts:
            hint = json.loads(text)
            flow_id = UUID(hint.pop("flow"))
            _hearers.get(hint["kind"], self.publish)(flow_id, hint)
        if self.bell is not None:
            self.bell.set()


def _news(flow_ids: list[UUID]) -> list[tuple[Any, UUID, dict[str, Any]]]:
    """[(what, flow, hint)] as things stand."""
    close_old_connections()
    found = []
    for flow_id in flow_ids:
        rows = Run.objects.filter(flow_id=flow_id).order_by("-id").values_list("id", "status", "seq", "changes")
        for run_id, status, seq, changes in rows[:WATCHED_RUNS]:
            hint = {"kind": "run", "run": str(run_id), "seq": seq, "status": status, "changes": changes}
            found.append((run_id, flow_id, hint))
    for number, probe in enumerate(_probes):
        found.extend(((number, flow_id), flow_id, hint) for flow_id, hint in probe(flow_ids).items())
    close_old_connections()
    return found


class _Listener:
    """A thread that hears the workers' hints while a tailer runs; polling covers what it misses."""

    def __init__(self, loop: asyncio.AbstractEventLoop, heard: Callable[[list[str]], None]):
        self.loop, self.heard, self.stopped = loop, heard, threading.Event()
        if settings.REDIS_URL or connection.vendor == "sqlite":
            listen = self._redis if settings.REDIS_URL else self._sockets
            threading.Thread(target=listen, name="live", daemon=True).start()

    def stop(self):
        self.stopped.set()

    def _sockets(self):
        ear = wake.Ear(wake.LIVE)
        while not self.stopped.is_set():
            if texts := ear.wait(wake.LONGEST_WAIT):
                self._tell(texts)
        ear.close()

    def _redis(self):
        while not self.stopped.is_set():
            try:
                with _redis().pubsub(ignore_subscribe_messages=True) as pubsub:
                    pubsub.subscribe(CHANNEL)
                    while not self.stopped.is_set():
                        if message := pubsub.get_message(timeout=wake.LONGEST_WAIT):
                            self._tell([message["data"].decode()])
            except Exception:
                log.warning("Redis cannot be reached; live views fall back to polling")
                self.stopped.wait(5)

    def _tell(self, texts: list[str]):
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.heard, texts)


_clients: dict[str, Any] = {}


def _redis():
    if settings.REDIS_URL not in _clients:
        import redis

        _clients[settings.REDIS_URL] = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        )
    return _clients[settings.REDIS_URL]


tailer = Tailer()
