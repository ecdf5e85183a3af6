"""What a run says and does in its conversation becomes rows, in the transaction that records the run's steps.

So a message is there exactly once, with the step that said it; a crash before loses both, and the step is taken anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime import contacts, present
from runtime.active import ActiveRun, iso
from runtime.engine.chat import tags_after
from runtime.engine.state import WAITING
from runtime.intake import Arrival, accept
from runtime.interactions import complete
from runtime.models import Conversation, Message
from runtime.models.base import time_ordered_id

MOST_TURNS = 2_000
_SPEAKERS = {"user": "user", "agent": "agent", "human": "agent", "system": "system"}


@dataclass(frozen=True, slots=True)
class Talked:
    """A run's news for its conversation: changes, what it waits for (a reply or nothing), whether it is over."""

    conversation_id: Any
    workspace_id: Any
    run_id: Any
    mode: str
    changes: tuple[Mapping[str, Any], ...]
    awaited: Mapping[str, Any] | None
    over: bool
    event: Mapping[str, Any]


def talked(run: ActiveRun) -> Talked | None:
    """What to record of a run's talk; None where there is nothing."""
    conversation_id = run.options.get("conversation")
    if not conversation_id and not run.chat:
        return None
    wait = run.state.wait if run.state.status == WAITING else None
    awaited = wait["for"] if wait is not None and wait["kind"] == "reply" else None
    over = run.state.finished or bool(run.stopped)
    return Talked(conversation_id, run.workspace_id, run.id, run.mode, tuple(run.chat), awaited, over, run.event)


def record_talk(news: Talked) -> None:
    """On the recorder's lane, after the run's own row."""
    conversation = _conversation_of(news)
    if conversation is None:
        if not news.conversation_id:
            _remember_of_call(news)
        return
    about_contact = [change for change in news.changes if _is_about_contact(change)]
    if about_contact and conversation.contact_id and news.mode == "live":
        changed = contacts.change(conversation.contact_id, about_contact)
        if changed:
            _tell_of_contact(conversation, changed)
    if conversation.run_id == news.run_id and conversation.status not in ("with_human", "ended"):
        conversation.expects = None if news.awaited is None else dict(news.awaited["expects"])
        conversation.status = "open" if news.awaited is None else news.awaited.get("status", "waiting")
    for change in news.changes:
        if not _is_about_contact(change) and conversation.status != "ended":
            _DO[change["do"]](conversation, change, news)
    if news.over and conversation.run_id == news.run_id:
        conversation.run_id = None
    conversation.last_at = present.now()
    conversation.save()


def _conversation_of(news: Talked) -> Conversation | None:
    """The one the run leads; for a run beside (an action, say), the chat it is about while that goes on. Locked."""
    rows = Conversation.objects.select_for_update()
    if news.conversation_id:
        return rows.filter(pk=news.conversation_id).first()
    interaction_id = (news.event.get("interaction") or {}).get("id")
    if news.mode != "live" or not isinstance(interaction_id, str) or not interaction_id:
        return None
    ours = rows.filter(workspace_id=news.workspace_id, interaction_id=interaction_id[:255], mode="live")
    return ours.exclude(status="ended").exclude(token_hash=None).first()


def _is_about_contact(change: Mapping[str, Any]) -> bool:
    return change["do"] == "contact" or (change["do"] == "tag" and change["on"] == "contact")


def _remember_of_call(news: Talked) -> None:
    """What a flow after a call (or one without a chat) remembers: of the contact, and of the call under its own id."""
    if news.mode != "live":
        return
    about_contact = [change for change in news.changes if _is_about_contact(change)]
    contact = contacts.of_call(news.workspace_id, news.event)
    if about_contact and contact is not None:
        contacts.change(contact.pk, about_contact)
    tags = [change for change in news.changes if change["do"] == "tag" and change["on"] == "conversation"]
    interaction = news.event.get("interaction") or {}
    if not tags or not interaction.get("id"):
        return
    found, _ = Conversation.objects.get_or_create(
        workspace_id=news.workspace_id, interaction_id=str(interaction["id"])[:255],
        defaults={"contact": contact, "status": "ended", "agent": str(interaction.get("agent") or "")[:63],
                  "channel": str(interaction.get("channel") or "phone")[:20]},
    )  # fmt: skip
    conversation = Conversation.objects.select_for_update().get(pk=found.pk)
    for change in tags:
        _tag(conversation, change, news)
    conversation.save(update_fields=["tags"])


def _tell_of_contact(conversation: Conversation, changed: list[str]) -> None:
    """What a conversation taught us of its contact, for other flows and systems; `changed` are the names."""
    payload = payload_of(conversation)
    payload["data"] = {"changed": changed, "conversation": str(conversation.pk)}
    accept([Arrival(conversation.workspace_id, "chat", "contact.updated", payload, agent=conversation.agent)])


def _say(conversation: Conversation, change: Mapping[str, Any], news: Talked) -> None:
    if conversation.status == "with_human":
        return  # a person has the word
    body = {name: change[name] for name in ("buttons", "image", "form") if change.get(name)}
    add_message(conversation, "agent", change["text"], body, run_id=news.run_id)


def _tag(conversation: Conversation, change: Mapping[str, Any], news: Talked) -> None:
    conversation.tags = tags_after(conversation.tags, change["add"], change["remove"])


def _hand_over(conversation: Conversation, change: Mapping[str, Any], news: Talked) -> None:
    at = iso(present.now())
    conversation.status, conversation.expects = "with_human", None
    conversation.handoff = {"queue": change["queue"], "reason": change["reason"], "at": at, "run": str(news.run_id)}
    if news.mode != "live":
        return
    payload = payload_of(conversation, turns=change["transcript"])
    payload["data"] = {"queue": change["queue"], "reason": change["reason"], "conversation": str(conversation.pk)}
    accept([Arrival(conversation.workspace_id, "chat", "handoff.requested", payload,
                    key=f"{conversation.pk}:{news.run_id}", agent=conversation.agent)])  # fmt: skip


def _end(conversation: Conversation, change: Mapping[str, Any], news: Talked) -> None:
    end(conversation, change["reason"])


_DO = {"say": _say, "tag": _tag, "hand_over": _hand_over, "end": _end}


def end(conversation: Conversation, reason: str) -> None:
    """The conversation is over; flows that start after conversations hear of it. Not saved; a transaction is open."""
    conversation.status, conversation.expects = "ended", None
    conversation.ended_at, conversation.ended_reason = present.now(), reason[:60]
    if conversation.mode != "live":
        return
    payload = payload_of(conversation, turns=True)
    payload["data"] = {"conversation": str(conversation.pk), "tags": list(conversation.tags)}
    accept([Arrival(conversation.workspace_id, "chat", "conversation.ended", payload,
                    key=conversation.interaction_id, agent=conversation.agent)])  # fmt: skip


def add_message(
    conversation: Conversation, role: str, text: str, body: Mapping[str, Any] | None = None, *,
    client_id: str | None = None, run_id: Any = None, id: Any = None,
) -> Message:  # fmt: skip
    """One more message; the conversation's row is locked, and is to be saved by who calls."""
    conversation.said += 1
    return Message.objects.create(
        id=id or time_ordered_id(), conversation=conversation, seq=conversation.said, role=role, client_id=client_id,
        text=text, body=dict(body or {}), run_id=run_id, at=present.now(),
    )  # fmt: skip


def payload_of(conversation: Conversation, turns: bool = False) -> dict[str, Any]:
    """An event about a conversation: the one interaction, the contact as remembered, the visitor, what was said."""
    ended = conversation.ended_at
    seconds = (ended - conversation.started_at).total_seconds() if ended else None
    interaction = {
        "id": conversation.interaction_id, "channel": conversation.channel, "direction": "inbound",
        "agent": conversation.agent or None, "status": "completed" if ended else "in_progress",
        "started_at": iso(conversation.started_at), "ended_at": iso(ended) if ended else None,
        "duration_seconds": seconds, "ended_reason": conversation.ended_reason or None,
        "language": conversation.visitor.get("language"), "variables": conversation.variables,
    }  # fmt: skip
    if turns:
        interaction["turns"] = list(_turns(conversation))
    contact = contacts.shown(conversation.contact) if conversation.contact_id else conversation.visitor.get("contact")
    number = (contact or {}).get("phone")
    return {
        "interaction": complete({**interaction, "contact_number": number}), "contact": contact or {"tags": []},
        "visitor": {name: value for name, value in conversation.visitor.items() if name != "contact"},
        "variables": dict(conversation.variables),
    }  # fmt: skip


def _turns(conversation: Conversation) -> Iterable[dict[str, Any]]:
    for message in conversation.messages.order_by("seq")[:MOST_TURNS]:
        at = (message.at - conversation.started_at).total_seconds()
        yield {"role": _SPEAKERS[message.role], "text": words_of(message), "at_seconds": round(max(0.0, at), 3)}


def words_of(message: Message) -> str:
    """A message as a transcript has it; a filled-in form reads as its lines."""
    form = message.body.get("filled")
    if message.role == "user" and isinstance(form, Mapping):
        return "\n".join(f"{name}: {value}" for name, value in form.items())
    return message.text


def message_json(message: Message) -> dict[str, Any]:
    """A message as the wire has it (CONTRACT, Conversations)."""
    body = message.body
    return {
        "id": str(message.pk), "role": message.role, "text": message.text, "buttons": body.get("buttons") or [],
        "image": body.get("image"), "form": body.get("form") or body.get("filled"), "at": iso(message.at),
    }  # fmt: skip
