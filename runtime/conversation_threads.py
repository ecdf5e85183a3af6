"""Conversations as their doors show them: found for who may read, the thread with its messages."""

from typing import Any
from uuid import UUID

from django.utils.crypto import constant_time_compare

from runtime.chatting import message_json
from runtime.models import Contact, Conversation
from runtime.models.base import token_hash

PAGE = 500  # messages


def is_token_of(conversation: Conversation, token: str) -> bool:
    return bool(conversation.token_hash) and constant_time_compare(token_hash(token), str(conversation.token_hash))


def conversations(ids: list[UUID]) -> list[Conversation | None]:
    """Each of these, None where there is none. On the loader's lane."""
    rows = {row.pk: row for row in Conversation.objects.filter(pk__in=ids)}
    return [rows.get(each) for each in ids]


def threads(asked: list[tuple[Any, str, bool]]) -> list[dict[str, Any]]:
    """Each (conversation, after, whether its own token asked) as a thread. On the loader's lane."""
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
