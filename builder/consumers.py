"""WS /ws/flows/<id>/: hints that something changed (draft, run, presence); facts are fetched over HTTP.

Checked at connect: the origin is the host that was asked (where any host is allowed, asgi.py lets every origin in), a
session, membership of the flow's workspace; the last two again every 30 s. Limits: frames of 64 KB, 20 messages a
second, 50 sockets a user. Each tab is told its own name and the build that runs ("welcome"), then who is here.
"""

import asyncio
import contextlib
import secrets
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from builder import presence
from builder.build import build_id
from builder.models import Draft
from builder.websocket import Socket
from runtime.engine.values import BadJson, safe_dumps, safe_loads
from runtime.live import register_probe, tailer
from runtime.models import Flow, Membership, User

LARGEST_FRAME = 64 * 1024
MESSAGES_A_SECOND = 20
SOCKETS_A_USER = 50
RECHECK_SECONDS = 30
EXPIRE_SECONDS = 3
NOT_SIGNED_IN, NOT_ALLOWED, TOO_MUCH, TOO_SLOW = 4401, 4403, 4429, 4008
_sockets: Counter[Any] = Counter()


def draft_hints(flow_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the tailer watches for the editor: each draft's revision, and the version that is live."""
    drafts = Draft.objects.filter(flow__in=list(flow_ids)).values_list("flow_id", "revision", "flow__published__number")
    return {
        flow_id: {"kind": "draft", "revision": revision, "published": number} for flow_id, revision, number in drafts
    }


register_probe(draft_hints)


class FlowConsumer(Socket):
    """One browser tab that looks at one flow."""

    queue: asyncio.Queue | None = None
    counted = False
    closing = False

    async def connect(self):
        self.user = self.scope["user"]
        self.flow_id: UUID = self.scope["url_route"]["kwargs"]["flow_id"]
        self.messages: deque[float] = deque(maxlen=MESSAGES_A_SECOND)
        await self.accept()  # so that the browser sees why it is closed
        code = await self._refusal() if self._same_origin() else NOT_ALLOWED
        if code is None and _sockets[self.user.pk] >= SOCKETS_A_USER:
            code = TOO_MUCH
        if code is not None:
            return await self.close(code)
        _sockets[self.user.pk] += 1
        self.counted = True
        self.queue = tailer.subscribe(self.flow_id)
        self.key = secrets.token_hex(8)
        self.tasks = [asyncio.create_task(each) for each in (self._forward(), self._recheck(), self._expire())]
        await self.send(safe_dumps({"kind": "welcome", "id": self.key, "build": build_id()}))
        self._sign(None)
        presence.ask(self.flow_id)

    def leave(self):
        if not self.counted:
            return
        self.counted = False
        _sockets[self.user.pk] -= 1
        for task in self.tasks:
            task.cancel()
        tailer.unsubscribe(self.flow_id, self.queue)
        presence.leave(self.flow_id, self.key)

    async def receive(self, text_data=None, bytes_data=None):
        """{"kind": "here", "node": id or null}: the only thing a browser says."""
        if self.closing:
            return
        if len(text_data or bytes_data or "") > LARGEST_FRAME or self._too_fast():
            return await self.close(TOO_MUCH)
        try:
            message = safe_loads(text_data or "null")
        except BadJson:
            message = None
        if isinstance(message, dict) and message.get("kind") == "here":
            node = message.get("node")
            self._sign(node[:64] if isinstance(node, str) else None)

    async def close(self, code=None, reason=None):
        """Once: what a browser had sent before it heard of it, and our own tasks, may find further reasons."""
        if not self.closing:
            self.closing = True
            await super().close(code, reason)

    def _same_origin(self) -> bool:
        headers = dict(self.scope["headers"])
        origin, host = headers.get(b"origin", b"").decode("latin-1"), headers.get(b"host", b"").decode("latin-1")
        return bool(origin) and urlsplit(origin).netloc in (host, urlsplit(settings.PUBLIC_URL).netloc)

    def _sign(self, node: str | None) -> None:
        name = self.user.display_name
        initials = "".join(word[0] for word in name.split()[:2]).upper()
        presence.sign(self.flow_id, presence.Person(self.key, str(self.user.pk), name, initials, node))

    def _too_fast(self) -> bool:
        now = time.monotonic()
        full = len(self.messages) == MESSAGES_A_SECOND and now - self.messages[0] < 1
        self.messages.append(now)
        return full

    async def _forward(self):
        with contextlib.suppress(OSError):  # the browser is gone: `leave` sees to the rest
            while (hint := await self.queue.get()) is not None:
                await self.send(safe_dumps(hint))
            await self.close(TOO_SLOW)

    async def _expire(self):
        while True:
            await asyncio.sleep(EXPIRE_SECONDS)
            presence.expire(self.flow_id)

    async def _recheck(self):
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            code = await self._refusal()
            if code is not None:
                return await self.close(code)

    @database_sync_to_async
    def _refusal(self) -> int | None:
        """The close code for who may not look at this flow (any more)."""
        if not self.user.is_authenticated or not self._still_signed_in():
            return NOT_SIGNED_IN
        flow = Flow.objects.kept().filter(pk=self.flow_id).first()
        if flow is None or not Membership.objects.filter(workspace=flow.workspace_id, user=self.user).exists():
            return NOT_ALLOWED
        return None

    def _still_signed_in(self) -> bool:
        """The session is there, the account is not switched off, the password is the one signed in with."""
        session, user = self.scope["session"], User.objects.filter(pk=self.user.pk, is_active=True).first()
        known = session.get(HASH_SESSION_KEY, "")
        return (
            user is not None
            and session.exists(session.session_key)
            and constant_time_compare(known, user.get_session_auth_hash())
        )
