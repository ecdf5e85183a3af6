"""WS /ws/conversations/<id>/?token=: a visitor's page hears what is said, as it is said.

Frames are {"kind": "message", "message": {...}} and {"kind": "state", "status", "expects"}; `?after=<message id>`
begins after that message, else with the next one. The page says nothing here: replies go over HTTP, each answered.
Limits: 5 sockets a conversation, frames of 4 KB. A wrong or missing token is closed with 4401, as is any foreign id;
a page of a site that the conversation's agent does not list, with 4403.
"""

import asyncio
import logging
from collections import Counter
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import close_old_connections

from builder.websocket import Socket
from runtime.chatting import message_json
from runtime.conversation_threads import is_token_of
from runtime.engine.values import safe_dumps
from runtime.live import Tailer
from runtime.models import Conversation
from runtime.origins import is_own, may_talk

SOCKETS_A_CONVERSATION = 5
LARGEST_FRAME = 4 * 1024
MOST_AT_ONCE = 200
NOT_ALLOWED, OTHER_SITE, TOO_MUCH, TOO_SLOW, FAILED = 4401, 4403, 4429, 4008, 1011
log = logging.getLogger("segue.conversations")
_sockets: Counter[UUID] = Counter()


def conversation_news(ids: list[UUID]) -> list[tuple[Any, UUID, dict[str, Any]]]:
    """One look for all that are watched: how many messages there are, and the state."""
    close_old_connections()
    rows = Conversation.objects.filter(pk__in=ids).values_list("pk", "said", "status", "expects")
    found = [(pk, pk, {"kind": "said", "said": said, "status": status, "expects": expects})
             for pk, said, status, expects in rows]  # fmt: skip
    close_old_connections()
    return found


tailer = Tailer(conversation_news)


class ConversationConsumer(Socket):
    """One page that follows one conversation."""

    counted = False
    heard = 0  # the number of the last message sent
    state: Any = None

    async def connect(self) -> None:
        self.id: UUID = self.scope["url_route"]["kwargs"]["conversation_id"]
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        await self.accept()  # so that the page sees why it is closed
        if not await self._welcome():
            return await self.close(OTHER_SITE)
        heard = await self._allowed((query.get("token") or [""])[0], (query.get("after") or [""])[0])
        if heard is None:
            return await self.close(NOT_ALLOWED)
        if _sockets[self.id] >= SOCKETS_A_CONVERSATION:
            return await self.close(TOO_MUCH)
        _sockets[self.id] += 1
        self.counted, self.heard = True, heard
        self.queue = tailer.subscribe(self.id)
        self.task = asyncio.create_task(self._forward())

    def leave(self) -> None:
        if not self.counted:
            return
        self.counted = False
        _sockets[self.id] -= 1
        if not _sockets[self.id]:
            del _sockets[self.id]
        self.task.cancel()
        tailer.unsubscribe(self.id, self.queue)

    async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        """Nothing is said here; who says too much at once is shown out."""
        if len(text_data or bytes_data or "") > LARGEST_FRAME:
            await self.close(TOO_MUCH)

    async def _forward(self) -> None:
        try:
            await self._tell()
            while await self.queue.get() is not None:
                await self._tell()
            await self.close(TOO_SLOW)
        except OSError:
            return  # the page is gone: `leave` sees to the rest
        except Exception:
            log.exception("A conversation could not be read; its page connects anew")
            await self.close(FAILED)

    async def _tell(self) -> None:
        messages, state = await self._news()
        for seq, message in messages:
            await self.send(safe_dumps({"kind": "message", "message": message}))
            self.heard = seq
        if state != self.state:
            self.state = state
            await self.send(safe_dumps({"kind": "state", **state}))

    @database_sync_to_async
    def _welcome(self) -> bool:
        """Whether the page is on our address, or on a site that may talk here."""
        headers = {name: value.decode("latin-1") for name, value in self.scope["headers"]}
        origin = headers.get(b"origin", "")
        return is_own(origin, headers.get(b"host", "")) or may_talk([(self.id, origin)])[0]

    @database_sync_to_async
    def _allowed(self, token: str, after: str) -> int | None:
        """The number of the message after which to begin; None for who may not listen."""
        conversation = Conversation.objects.filter(pk=self.id).first()
        if conversation is None or not token or not is_token_of(conversation, token):
            return None
        try:
            known = conversation.messages.filter(pk=UUID(after)).values_list("seq", flat=True).first()
        except ValueError:
            return conversation.said
        return known or 0

    @database_sync_to_async
    def _news(self) -> tuple[list[tuple[int, dict[str, Any]]], dict[str, Any]]:
        conversation = Conversation.objects.get(pk=self.id)
        rows = conversation.messages.filter(seq__gt=self.heard).order_by("seq")[:MOST_AT_ONCE]
        state = {"status": conversation.status, "expects": conversation.expects}
        return [(row.seq, message_json(row)) for row in rows], state
