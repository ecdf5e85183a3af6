"""The machine doors of conversations: who may talk, what is read, how long is waited for the flow.

A program comes with an API key (`conversations:write`); a visitor's page with the conversation's own token, which opens
this one conversation and nothing else. A foreign id, and a token of another conversation, are 404.
"""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from runtime import chat_judging, conversing, replying
from runtime.active import load
from runtime.arrivals import BadEvent, hash_of, idempotency_key, json_only, known_agent, parse
from runtime.authorising import Refused, caller
from runtime.chatting import message_json
from runtime.claiming import keeper, park
from runtime.conversing import Ending, Opening, Turn, token_of
from runtime.engine.chat import LONGEST_TEXT
from runtime.engine.values import safe_dumps
from runtime.group_commit import loader, recorder
from runtime.models import Contact, Conversation
from runtime.models.base import token_hash
from runtime.problem import problem
from runtime.replying import Reply
from runtime.runner import drive
from runtime.visitors import wrong_in

SCOPE = "conversations:write"
ANSWER_WITHIN = 20.0  # seconds; what the flow says later is fetched, or comes over the websocket
LOOK_EVERY = 0.05
THREADS = 32
LONGEST_ID, MOST_FIELDS, LONGEST_VALUE, PAGE = 100, 50, 2_000, 500
CHANNELS = ("phone", "web_call", "chat", "whatsapp", "sms", "email")
OPENING = frozenset(("agent", "channel", "contact", "visitor", "variables"))
SAYING = frozenset(("id", "text", "choice", "form", "role"))
_pools: dict[int, ThreadPoolExecutor] = {}


async def begin(request: HttpRequest) -> HttpResponse:
    who = await caller(request.headers.get("Authorization", ""), SCOPE)
    json_only(request.content_type or "", "Send JSON (application/json).")
    value = parse(request.body) if request.body.strip() else {}
    opening = await _opening(who.workspace_id, value)
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
    reply = _reply(conversation_id, parse(request.body) if request.body.strip() else {}, by_token)
    if reply.role == "user":
        reply.judged = await chat_judging.judged(conversation, reply.text)
    turn: Turn = await _write(replying.reply, reply)
    if turn.refused:
        return _refused(turn.refused)
    return _json(await _answered(turn), 200)


async def thread(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    conversation, by_token = await _allowed(request, conversation_id)
    after = request.GET.get("after", "")
    shown = await _read(_threads, (conversation.pk, after, by_token))
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
    return _json(await _read(_threads, (conversation.pk, "", False)), 200)


async def _allowed(request: HttpRequest, conversation_id: UUID) -> tuple[Conversation, bool]:
    """(the conversation, whether its own token was shown). Raises Refused."""
    authorization = request.headers.get("Authorization", "")
    kind, _, token = authorization.partition(" ")
    found: Conversation | None = await _read(_conversations, conversation_id)
    token = token.strip() if kind.lower() == "bearer" else ""
    if token and found is not None and is_token_of(found, token):
        return found, True
    if token and not token.startswith("sk_"):
        raise Refused(404, "not_found", "There is no such conversation.")
    who = await caller(authorization, SCOPE)
    if found is None or found.workspace_id != who.workspace_id:
        raise Refused(404, "not_found", "There is no such conversation.")
    return found, False


def is_token_of(conversation: Conversation, token: str) -> bool:
    return bool(conversation.token_hash) and constant_time_compare(token_hash(token), str(conversation.token_hash))


def _conversations(ids: list[UUID]) -> list[Conversation | None]:
    rows = {row.pk: row for row in Conversation.objects.filter(pk__in=ids)}
    return [rows.get(each) for each in ids]


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
        future = asyncio.get_running_loop().run_in_executor(_pool(), drive, run)
        await asyncio.wait([future], timeout=ANSWER_WITHIN)  # it goes on behind, its lease kept


async def _opening(workspace_id: Any, value: Any) -> Opening:
    errors = list(_unknown(value, OPENING))
    if not errors:
        for name in ("contact", "visitor", "variables"):
            if not isinstance(value.get(name), Mapping | None):
                errors.append(_error(f"/{name}", "type", f"{name} must be an object."))
            elif len(safe_dumps(value.get(name) or {})) > 20_000:
                errors.append(_error(f"/{name}", "too_long", f"{name} is larger than 20,000 characters."))
        for name in ("agent", "channel"):
            if not isinstance(value.get(name), str | None):
                errors.append(_error(f"/{name}", "type", f"{name} is a text."))
    if not errors:
        if (value.get("channel") or "chat") not in CHANNELS:
            errors.append(_error("/channel", "invalid", f"channel is one of {', '.join(CHANNELS)}."))
        errors += [_error(f"/visitor/{name}", "invalid", words) for name, words in wrong_in(value.get("visitor") or {})]
        agent = value.get("agent") or ""
        if agent and not await known_agent(workspace_id, agent):
            errors.append(_error("/agent", "unknown_agent", f"There is no agent {agent!r}."))
    if errors:
        raise BadEvent(errors)
    return Opening(
        workspace_id, value.get("agent") or "", value.get("channel") or "chat", value.get("contact") or {},
        value.get("visitor") or {}, value.get("variables") or {},
    )  # fmt: skip


def _reply(conversation_id: UUID, value: Any, by_token: bool) -> Reply:
    errors = list(_unknown(value, SAYING)) or list(_wrong(value, by_token))
    if errors:
        raise BadEvent(errors)
    text = value.get("text") if isinstance(value.get("text"), str) else ""
    form = value.get("form")
    return Reply(
        conversation_id, value["id"], value.get("role") or "user", text or "", str(value.get("choice") or ""),
        dict(form) if form is not None else None,
    )  # fmt: skip


def _wrong(value: Mapping[str, Any], by_token: bool) -> Any:
    client_id, role = value.get("id"), value.get("role")
    if not isinstance(client_id, str) or not 1 <= len(client_id) <= LONGEST_ID:
        yield _error("/id", "required", f"id is your own name for the message, {LONGEST_ID} characters at most.")
    if role not in (None, "user") and (by_token or role != "human"):
        yield _error(
            "/role", "invalid", "role is user, or human where a program with an API key speaks for a colleague."
        )
    given = [name for name in ("text", "choice", "form") if value.get(name) not in (None, "")]
    if len(given) != 1:
        yield _error("", "required", "Say one thing: a text, a choice, or a form.")
    for name, longest in (("text", LONGEST_TEXT), ("choice", 200)):
        if not isinstance(value.get(name) or "", str):
            yield _error(f"/{name}", "type", f"{name} is a text.")
        elif len(value.get(name) or "") > longest:
            yield _error(f"/{name}", "too_long", f"{name} has at most {longest:,} characters.")
    yield from _wrong_form(value.get("form"))


def _wrong_form(form: Any) -> Any:
    if form is None:
        return
    if not isinstance(form, Mapping):
        yield _error("/form", "type", "form is an object: the fields by their names.")
    elif len(form) > MOST_FIELDS:
        yield _error("/form", "too_long", f"A form has at most {MOST_FIELDS} fields.")
    else:
        for name, value in form.items():
            if not isinstance(value, str | int | float | bool | None):
                yield _error(f"/form/{name}", "type", "A field is a text, a number, or true or false.")
            elif len(str(value)) > LONGEST_VALUE or len(name) > LONGEST_ID:
                yield _error(f"/form/{name[:LONGEST_ID]}", "too_long",
                             f"A field has at most {LONGEST_VALUE:,} characters.")  # fmt: skip


def _unknown(value: Any, members: frozenset[str]) -> Any:
    if not isinstance(value, Mapping):
        yield _error("", "type", "The body must be a JSON object.")
        return
    for name in sorted(set(value) - members):
        yield _error(f"/{name}", "unknown", f"There is no member {name!r} here.")


def _threads(asked: list[tuple[Any, str, bool]]) -> list[dict[str, Any]]:
    return [_thread(*each) for each in asked]


def _thread(conversation_id: Any, after: str, by_token: bool) -> dict[str, Any]:
    """The conversation with its messages, 500 at most, those after the one with the id `after`; tags and what is known
    of the contact only for programs.
    """
    conversation = Conversation.objects.select_related("contact").get(pk=conversation_id)
    rows = conversation.messages.order_by("seq")
    try:
        known = rows.filter(pk=UUID(after)).values_list("seq", flat=True).first() if after else None
    except ValueError:
        known = None
    found = list(rows.filter(seq__gt=known or 0)[: PAGE + 1])
    shown = {
        "id": str(conversation.pk), "status": conversation.status, "agent": conversation.agent or None,
        "channel": conversation.channel, "messages": [message_json(each) for each in found[:PAGE]],
        "more": len(found) > PAGE, "expects": conversation.expects,
    }  # fmt: skip
    if by_token:
        return shown
    return {
        **shown, "tags": conversation.tags, "handoff": conversation.handoff, "contact": _contact(conversation.contact),
        "run": str(conversation.run_id) if conversation.run_id else None,
    }  # fmt: skip


def _contact(contact: Contact | None) -> dict[str, Any] | None:
    if contact is None:
        return None
    own = {name: getattr(contact, name) for name in ("name", "email", "phone", "attributes", "tags")}
    return {"id": contact.external_id or str(contact.pk), **own}


def _refused(refusal: tuple[int, str, str]) -> HttpResponse:
    status, code, words = refusal
    return problem(status, code, words, headers={"Retry-After": "10"} if status == 429 else {})


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}


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
