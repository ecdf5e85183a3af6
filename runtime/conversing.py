"""Conversations: a visitor's reply carries the run that waits for it, in the request that brings the reply.

Theory of operation. A conversation has at most one run that drives it. What a visitor says is stored first, in one
transaction with the claim of the run that waits for it; of two replies at once one gets the claim and the other is
told so, having stored nothing. Then the run is driven here, and what it says by its next pause is the answer. A process
that dies in between leaves a claimed run whose lease runs out: a worker goes on with it, and what it says is fetched,
or comes over the websocket. The visitor's own id of a message makes a repetition find the first answer again.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from runtime import broker, contacts, operating, present
from runtime.active import Claimed
from runtime.chat_starts import Chosen, Occasion, choose
from runtime.chatting import end, message_json, payload_of
from runtime.claiming import lease_end, me
from runtime.engine.intents import Match
from runtime.engine.starting import MESSAGE
from runtime.intake import Arrival, accept, run_of
from runtime.matching import surroundings
from runtime.models import (
    FINAL,
    Agent,
    Contact,
    Conversation,
    Event,
    FlowVersion,
    IdempotentAnswer,
    Message,
    Run,
    Status,
    Workspace,
)
from runtime.models.base import time_ordered_id, token_hash
from runtime.visitors import as_of_now, visitor_of

IDLE = timedelta(hours=24)
MOST_ENDED = 5_000  # in one go


@dataclass(slots=True)
class Opening:
    """A conversation that begins. `version`: the draft's snapshot that a test talks with, instead of what is live."""

    workspace_id: Any
    agent: str = ""
    channel: str = "chat"
    contact: Mapping[str, Any] = field(default_factory=dict)
    visitor: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "live"
    version: FlowVersion | None = None
    header_key: str = ""
    body_hash: str = ""


@dataclass(slots=True)
class Turn:
    """What became of an opening or a reply: a run to drive from here, an earlier one, or a refusal (status, code,
    words). `since`: messages after it are the answer, which `message_id` or `key_id` (an Idempotency-Key's row) keeps.
    """

    conversation_id: Any
    claimed: Claimed | None = None
    since: int = 0
    message_id: Any = None
    key_id: Any = None
    repeated: bool = False
    refused: tuple[int, str, str] | None = None


def token_of(conversation_id: Any) -> str:
    """A conversation's token; only its hash is stored, and a repeated request can be told it again."""
    digest = salted_hmac("runtime.conversation", str(conversation_id), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def begin(batch: list[Opening]) -> list[Turn]:
    """Store conversations with the runs they start; a repeated key finds the first again. On the recorder's lane."""
    return [_known(opening) or _begin(opening) for opening in batch]


def _known(opening: Opening) -> Turn | None:
    if not opening.header_key:
        return None
    first = IdempotentAnswer.objects.filter(
        workspace_id=opening.workspace_id, route="conversations", key=opening.header_key
    ).first()
    if first is None:
        return None
    if first.body_hash != opening.body_hash:
        words = "This Idempotency-Key came before with another body."
        return Turn(None, refused=(422, "idempotency_key_reused", words))
    return Turn(UUID(first.answer["conversation"]), key_id=first.pk, repeated=True)


def _begin(opening: Opening) -> Turn:
    workspace = Workspace.objects.get(pk=opening.workspace_id)
    contact = contacts.find_or_make(opening.workspace_id, opening.contact)
    conversation = _conversation(opening, workspace, contact)
    conversation.save(force_insert=True)
    claimed = start(conversation, workspace, "conversation_started", "conversation.started", {})
    conversation.save()
    return Turn(conversation.pk, claimed, key_id=_key_row(opening, conversation.pk))


def _key_row(opening: Opening, conversation_id: Any) -> Any:
    """By this row a repetition finds the conversation; the first answer is added once it is known."""
    if not opening.header_key:
        return None
    return IdempotentAnswer.objects.create(
        workspace_id=opening.workspace_id, route="conversations", key=opening.header_key, status=201,
        body_hash=opening.body_hash, answer={"conversation": str(conversation_id)},
    ).pk  # fmt: skip


def _conversation(opening: Opening, workspace: Workspace, contact: Contact | None) -> Conversation:
    id, visitor = time_ordered_id(), visitor_of(opening.visitor, workspace.availability, workspace.time_zone)
    if contact is None:
        visitor["contact"] = {"tags": [], **opening.contact}  # a test remembers nothing
    return Conversation(
        id=id, workspace=workspace, interaction_id=str(id), agent=opening.agent, channel=opening.channel,
        contact=contact, mode=opening.mode, token_hash=token_hash(token_of(id)), visitor=visitor,
        variables=dict(opening.variables), started_at=present.now(), last_at=present.now(),
    )  # fmt: skip


def begin_test(opening: Opening) -> tuple[Any, Any]:
    """(conversation, run) of a talk with a draft: a worker says what is said first. A transaction is open."""
    assert opening.version is not None
    workspace = Workspace.objects.get(pk=opening.workspace_id)
    conversation = _conversation(opening, workspace, None)
    conversation.save(force_insert=True)
    event = Event.objects.create(
        workspace=workspace, source="test", type="conversation.started", payload=payload_of(conversation),
        interaction_id=conversation.interaction_id, received_at=present.now(),
    )  # fmt: skip
    run = run_of(
        opening.version.flow, opening.version.pk, event, mode=opening.mode,
        options={"conversation": str(conversation.pk), "data_url": ""},
    )  # fmt: skip
    run.save(force_insert=True)
    conversation.run = run
    conversation.save()
    broker.hint()
    return conversation.pk, run.pk


def start(
    conversation: Conversation, workspace: Workspace, trigger_type: str, event_type: str, message: dict[str, Any],
    judged: Mapping[str, Match] | None = None,
) -> Claimed | None:  # fmt: skip
    """Start the flow that is for this, if one is; whoever is not started is kept with the reason, on the event."""
    payload = _payload(conversation, workspace, message)
    came = {**payload, **surroundings(workspace, payload["visitor"]), "type": event_type, "agent": conversation.agent,
            "at": present.now().isoformat()}  # fmt: skip
    chosen, skipped = choose(Occasion(trigger_type, conversation, came, judged or {}))
    if chosen is not None and chosen.match is not None:
        found = {"score": chosen.match.score, "phrase": chosen.match.phrase}
        payload["heard"] = {str(chosen.trigger.flow_id): found}
    accepted = accept([Arrival(
        workspace.pk, "chat", event_type, payload, key=message.get("id") or str(conversation.pk),
        agent=conversation.agent, skipped=skipped,
    )])[0]  # fmt: skip
    if chosen is None:
        return None
    event = Event(pk=accepted.body["event"])
    return _claimed_run(conversation, chosen.trigger.flow, chosen.trigger.version_id, event, chosen)


def hear(conversation: Conversation, message: dict[str, Any]) -> None:
    """A flow leads the conversation, or a person does: others hear of the message all the same, and start no lead."""
    workspace = conversation.workspace
    accept([Arrival(
        workspace.pk, "chat", MESSAGE, _payload(conversation, workspace, message), key=message["id"],
        agent=conversation.agent,
    )])  # fmt: skip


def _payload(conversation: Conversation, workspace: Workspace, message: Mapping[str, Any]) -> dict[str, Any]:
    payload = payload_of(conversation)
    payload["visitor"] |= as_of_now(workspace.availability, workspace.time_zone)
    if message:
        payload["message"] = dict(message)
        payload["data"] = {"text": message["text"], "conversation": str(conversation.pk)}
    return payload


def _claimed_run(
    conversation: Conversation, flow: Any, version_id: Any, event: Event, chosen: Chosen | None
) -> Claimed:
    """A run that this process drives at once; should it die, the lease runs out and a worker takes it."""
    run = run_of(
        flow, version_id, event, status=Status.RUNNING, claimed_by=me(), fence=1, claims=1, due_at=lease_end(),
        mode=conversation.mode, call_key=chosen.call_key if chosen else None,
        options={"conversation": str(conversation.pk), "data_url": _data_url(conversation)},
    )  # fmt: skip
    run.save(force_insert=True)
    conversation.run_id = run.pk
    return Claimed(run.pk, 1, took_over=False, suspect=False)


def _data_url(conversation: Conversation) -> str:
    agents = Agent.objects.filter(workspace_id=conversation.workspace_id, slug=conversation.agent)
    return agents.values_list("data_url", flat=True).first() or ""


@dataclass(frozen=True, slots=True)
class Ending:
    conversation_id: Any
    reason: str


def ending(batch: list[Ending]) -> list[None]:
    """End conversations; a run that still waits for the visitor is cancelled. On the recorder's lane."""
    for one in sorted(batch, key=lambda each: str(each.conversation_id)):
        before = Conversation.objects.get(pk=one.conversation_id)
        if before.run_id and before.status != "ended":
            run = Run.objects.get(pk=before.run_id)
            operating.cancel(run, "the end of the conversation")
        conversation = Conversation.objects.select_for_update().get(pk=before.pk)
        if conversation.status != "ended":
            end(conversation, one.reason)
            conversation.run_id = None
            conversation.save()
    return [None for _ in batch]


@transaction.atomic
def _end_one(conversation_id: Any, before: Any) -> int:
    """End it, if nothing was said in it meanwhile and no flow waits in it."""
    conversation = Conversation.objects.select_for_update().get(pk=conversation_id)
    waits = Run.objects.filter(pk=conversation.run_id).exclude(status__in=FINAL).exists()
    if conversation.status == "ended" or conversation.last_at >= before or waits:
        return 0
    end(conversation, "idle")
    conversation.run_id = None
    conversation.save()
    return 1


def end_idle() -> int:
    """End conversations in which nothing was said for IDLE and no flow is under way; how many. Once an hour."""
    before = present.now() - IDLE
    idle = Conversation.objects.exclude(status="ended").filter(last_at__lt=before)
    return sum(_end_one(pk, before) for pk in list(idle.values_list("pk", flat=True)[:MOST_ENDED]))


def resolve(batch: list[Any]) -> list[None]:
    """A person is done with a conversation: flows may speak again. On the recorder's lane."""
    Conversation.objects.filter(pk__in=batch, status="with_human").update(status="open", run=None)
    return [None for _ in batch]


def keep_answers(batch: list[tuple[Turn, dict[str, Any]]]) -> list[None]:
    """What each turn was answered, for a repetition; never its token. On the recorder's lane."""
    for turn, answer in batch:
        if turn.message_id is not None:
            Message.objects.filter(pk=turn.message_id, answer__isnull=True).update(answer=answer)
        elif turn.key_id is not None:
            first = {"conversation": str(turn.conversation_id), "first": answer}
            IdempotentAnswer.objects.filter(pk=turn.key_id).update(answer=first)
    return [None for _ in batch]


def answers(turns: list[Turn]) -> list[dict[str, Any] | None]:
    """{"messages", "expects", "status"} of each turn as things stand; None while a repeated one is being answered."""
    return [_answer(turn) for turn in turns]


def _first_answer(turn: Turn) -> dict[str, Any] | None:
    if turn.message_id is not None:
        return Message.objects.values_list("answer", flat=True).get(pk=turn.message_id)
    kept = IdempotentAnswer.objects.filter(pk=turn.key_id).values_list("answer", flat=True).first()
    return (kept or {}).get("first")


def _answer(turn: Turn) -> dict[str, Any] | None:
    conversation = Conversation.objects.get(pk=turn.conversation_id)
    if turn.repeated:
        stored = _first_answer(turn)
        if stored is not None:
            return dict(stored)
        if Run.objects.filter(pk=conversation.run_id, status__in=(Status.RUNNING, Status.QUEUED)).exists():
            return None
    messages = []
    for message in conversation.messages.filter(seq__gt=turn.since).order_by("seq"):
        if message.role == "user":
            break  # a later reply has answers of its own
        messages.append(message_json(message))
    return {"messages": messages, "expects": conversation.expects, "status": conversation.status}
