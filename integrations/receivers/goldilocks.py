"""Goldilocks: chats that start, escalate and end. No transcript comes along; each delivery has an id of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import (
    CONVERSATION_ENDED,
    CONVERSATION_STARTED,
    HANDOFF,
    Headers,
    Received,
    Receiver,
    interaction,
)
from integrations.receivers.normalising import moment, table, text
from integrations.receivers.signing import signed_whole

TYPES = {
    "conversation.started": CONVERSATION_STARTED, "conversation.ended": CONVERSATION_ENDED, "escalation": HANDOFF,
}  # fmt: skip


class Goldilocks(Receiver):
    name, label = "goldilocks", "Goldilocks"

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        return signed_whole("X-Goldilocks-Signature", headers, body, secrets)

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        event, data = text(value.get("event")), table(value, "data")
        if event is None or not data:
            raise ValueError("A body from Goldilocks has an event and its data.")
        delivery = text(headers.get("x-goldilocks-delivery-id"))
        key = f"goldilocks:{delivery}" if delivery else None
        variables, at = table(data, "metadata"), moment(value.get("timestamp"))
        made = interaction(
            value, id=text(data.get("conversationId")), channel="chat", variables=variables,
            started_at=at if event == "conversation.started" else None,
            ended_at=at if event == "conversation.ended" else None,
            status="completed" if event == "conversation.ended" else "in_progress",
            disposition="escalated" if event == "escalation" else None,
        )  # fmt: skip
        return [Received(TYPES.get(event, f"goldilocks.{event}"), key, made, _contact(data), variables=variables,
                         data=_told(data))]  # fmt: skip


def _contact(data: Mapping[str, Any]) -> dict[str, Any]:
    named = {"id": text(data.get("customerId")), "name": text(data.get("customerLabel"))}
    return {name: value for name, value in named.items() if value}


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("reason", "persona") if data.get(name)}
