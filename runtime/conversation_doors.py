"""The machine doors of conversations: who may talk, and how long is waited for the flow.

A program comes with an API key (`conversations:write`); a visitor's page with the conversation's own token, which opens
this one conversation and nothing else. A foreign id, and a token of another conversation, are 404.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from runtime import chat_judging, conversing, replying
from runtime.active import load
from runtime.arrivals import hash_of, idempotency_key, json_only, parse
from runtime.authorising import Refused, caller
from runtime.claiming import keeper, park
from runtime.conversation_bodies import read_opening, read_reply
from runtime.conversation_threads import conversations, is_token_of, threads
from runtime.conversing import Ending, Turn, token_of
from runtime.engine.values import safe_dumps
from runtime.group_commit import loader, recorder
from runtime.models import Conversation
from runtime.problem import problem
from runtime.runner import drive, waited_for

SCOPE = "conversations:write"
ANSWER_WITHIN = 20.0  # seconds; what the flow says later is fetched, or comes over the websocket
LOOK_EVERY = 0.05
THREADS = 32
_pools: dict[int, ThreadPoolExecutor] = {}


async def begin(request: HttpRequest) -> HttpResponse:
    who = await caller(request.headers.get("Authorization", ""), SCOPE)
    json_only(request.content_type or "", "Send JSON (application/json).")
    value = parse(request.body) if request.body.strip() else {}
    opening = await read_opening(who.workspace_id, value)
    key = idempotency_key(request)
    if key:
        opening.header_key, opening.body_hash = key, hash_of(value)
    turn: Turn = await _write(conversing.begin, opening)
    if turn.refused:
        return _refused(turn.refused)
    return _json(await opened(turn), 201)


async def opened(turn: Turn) -> dict[str, Any]:
    """The answer to who began a conversation, once its flow has said what it says first."""
    answer = await _answered(turn)
    return {"id": str(turn.conversation_id), "token": token_of(turn.conversation_id), **answer}


async def say(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    conversation, by_token = await _allowed(request, conversation_id)
    json_only(request.content_type or "", "Send JSON (application/json).")
    reply = read_reply(conversation_id, parse(request.body) if request.body.strip() else {}, by_token)
    if reply.role == "user":
        reply.judged = await chat_judging.judged(conversation, reply.text)
    turn: Turn = await _write(replying.reply, reply)
    if turn.refused:
        return _refused(turn.refused)
    return _json(await _answered(turn), 200)


async def thread(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    conversation, by_token = await _allowed(request, conversation_id)
    after = request.GET.get("after", "")
    shown = await _read(threads, (conversation.pk, after, by_token))
    return _json(shown, 200)


async def end(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    conversation, by_token = await _allowed(request, conversation_id)
    await _write(conversing.ending, Ending(conversation.pk, "visitor" if by_token else "api"))
    return _json({"id": str(conversation.pk), "status": "ended"}, 200)


async def resolve(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    conversation, by_token = await _allowed(request, conversation_id)
    if by_token:
        raise Refused(403, "permission_denied", "Only a program with an API key says that a conversation is resolved.")
    await _write(conversing.resolve, conversation.pk)
    return _json(await _read(threads, (conversation.pk, "", False)), 200)


async def _allowed(request: HttpRequest, conversation_id: UUID) -> tuple[Conversation, bool]:
    """(the conversation, whether its own token was shown). Raises Refused."""
    authorization = request.headers.get("Authorization", "")
    kind, _, token = authorization.partition(" ")
    found: Conversation | None = await _read(conversations, conversation_id)
    token = token.strip() if kind.lower() == "bearer" else ""
    if token and found is not None and is_token_of(found, token):
        return found, True
    if token and not token.startswith("sk_"):
        raise Refused(404, "not_found", "There is no such conversation.")
    who = await caller(authorization, SCOPE)
    if found is None or found.workspace_id != who.workspace_id:
        raise Refused(404, "not_found", "There is no such conversation.")
    return found, False


async def _answered(turn: Turn) -> dict[str, Any]:
    """Drive what the turn claimed, and give what was said by its next pause, or within ANSWER_WITHIN."""
    until = asyncio.get_running_loop().time() + ANSWER_WITHIN
    if turn.claimed is not None:
        await _drive(turn)
    while (answer := await _read(conversing.answers, turn)) is None:
        if asyncio.get_running_loop().time() > until:
            raise Refused(409, "reply_lost", "The first of these is still being answered; ask again in a moment.")
        await asyncio.sleep(LOOK_EVERY)
    if not turn.repeated and (turn.message_id or turn.key_id):
        await _write(conversing.keep_answers, (turn, answer))
    return dict(answer)


async def _drive(turn: Turn) -> None:
    runs, broken = await _read(load, [turn.claimed])
    for one in broken:
        await _write(park, one)
    for run in runs:
        keeper().hold([run])
        driven, then = waited_for()
        _pool().submit(drive, run, then)
        await asyncio.wait([driven], timeout=ANSWER_WITHIN)  # it goes on behind, its lease kept


def _refused(refusal: tuple[int, str, str]) -> HttpResponse:
    status, code, words = refusal
    return problem(status, code, words, headers={"Retry-After": "10"} if status == 429 else {})


def _json(value: Any, status: int) -> HttpResponse:
    return HttpResponse(safe_dumps(value), status=status, content_type="application/json")


async def _write(write: Any, item: Any) -> Any:
    return await asyncio.wrap_future(recorder().submit(write, item))


async def _read(read: Any, item: Any) -> Any:
    return await asyncio.wrap_future(loader().submit(read, item))


def _pool() -> ThreadPoolExecutor:
    if os.getpid() not in _pools:
        _pools[os.getpid()] = ThreadPoolExecutor(THREADS, thread_name_prefix="conversation")
    return _pools[os.getpid()]
