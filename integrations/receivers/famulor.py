"""Famulor: post-call and conversation-ended bodies without an envelope, signed read receipts, mid-call tools."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import (
    CALL_ENDED,
    CONVERSATION_ENDED,
    Headers,
    Received,
    Receiver,
    interaction,
    tool_called,
)
from integrations.receivers.normalising import between, merged, moment, role, seconds, table, text, turn
from integrations.receivers.signing import misfit
from runtime.interactions import turns_of
from runtime.signatures import is_one_of

STATUSES = {
    "completed": "completed", "ended": "completed", "busy": "busy", "failed": "failed", "no-answer": "no_answer",
    "no_answer": "no_answer", "canceled": "canceled", "cancelled": "canceled", "voicemail": "voicemail",
}  # fmt: skip
CHANNELS = {"whatsapp": "whatsapp", "sms": "sms", "email": "email"}


class Famulor(Receiver):
    name, label = "famulor", "Famulor"

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        """Only read receipts are signed; the other bodies carry the secret in a header that the user sets."""
        given = headers.get("x-signature-256", "")
        if given:
            return misfit("X-Signature-256", [given], body, secrets)
        if is_one_of(headers.get("x-webhook-secret", ""), secrets):
            return None
        return "The body is not signed: X-Signature-256, X-Webhook-Secret or a bearer token is missing."

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        if value.get("trigger_source") == "mid_call_tool" or headers.get("x-webhook-source") == "mid-call-action":
            return [_tool(value, headers)]
        if value.get("event") == "message_status":
            return [_receipt(value)]
        if "customer_phone" in value and "assistant_phone" in value:
            return [_call(value)]
        if "conversation_id" in value and "transcript" in value:
            return [_conversation(value)]
        if isinstance(value.get("event"), str):
            return [Received(f"famulor.{value['event']}", None, interaction(value), data=value)]
        raise ValueError("This is none of the bodies that Famulor documents.")


def _call(value: dict[str, Any]) -> Received:
    """There is no direction; only a campaign's or lead's call is known to be outbound. Guessing would dial wrongly."""
    started, ended = moment(value.get("created_at")), moment(value.get("finished_at"))
    lasted = seconds(value.get("duration"))
    transcript = text(value.get("transcript"))
    variables = merged(value.get("input_variables"), value.get("extracted_variables"))
    made = interaction(
        value, id=text(value.get("id")), channel="phone", direction="outbound" if _is_campaign(value) else None,
        contact_number=text(value.get("customer_phone")), agent_number=text(value.get("assistant_phone")),
        started_at=started, ended_at=ended, duration_seconds=between(started, ended) if lasted is None else lasted,
        status=_status(value), ended_reason=text(value.get("status")), transcript=transcript,
        turns=turns_of(transcript) if transcript else [], recording_url=text(value.get("recording_url")),
        variables=variables,
    )  # fmt: skip
    data = {f"{name}_id": text(value[name].get("id")) for name in ("lead", "campaign")
            if isinstance(value.get(name), Mapping)}  # fmt: skip
    key = f"famulor:post-call:{made['id']}" if made["id"] else None
    return Received(CALL_ENDED, key, made, _contact(value), variables=variables, data=data)


def _conversation(value: dict[str, Any]) -> Received:
    started, ended = moment(value.get("created_at")), moment(value.get("ended_at"))
    channel = CHANNELS.get(str(value.get("type")), "chat")
    variables = merged(value.get("input_variables"), value.get("extracted_variables"))
    made = interaction(
        value, id=text(value.get("conversation_id")), channel=channel, direction=_who_began(value, channel),
        contact_number=text(value.get("customer_phone")), agent_number=text(table(value, "sender").get("phone_number")),
        started_at=started, ended_at=ended, duration_seconds=between(started, ended), status=_status(value),
        ended_reason=text(value.get("status")), summary=text(table(value, "extracted_variables").get("summary")),
        turns=_turns(value.get("transcript"), started), variables=variables,
    )  # fmt: skip
    data = {"attachments": value["attachments"]} if isinstance(value.get("attachments"), list) else {}
    key = f"famulor:conversation-ended:{made['id']}" if made["id"] else None
    return Received(CONVERSATION_ENDED, key, made, _contact(value), variables=variables, data=data)


def _receipt(value: dict[str, Any]) -> Received:
    """Whether a message was delivered and read: no end of anything."""
    direction = value.get("direction") if value.get("direction") in ("inbound", "outbound") else None
    made = interaction(
        value, id=text(value.get("conversation_id")), channel="whatsapp", direction=direction,
        **{"from": text(value.get("from"))}, to=text(value.get("to")), status=text(value.get("status")),
    )  # fmt: skip
    made["variables"] = None
    key = f"famulor:message_status:{value.get('whatsapp_message_id')}:{value.get('status')}"
    return Received("famulor.message_status", key, made, data=value)


def _tool(value: dict[str, Any], headers: Headers) -> Received:
    """The tool's own parameters and the talk's context come side by side; no name is sent, the address is the name."""
    context = table(value, "conversation_context")
    known = ("trigger_source", "conversation_context", "workflow_parameters", "custom_data")
    loose = {name: item for name, item in value.items() if name not in known}
    arguments = merged(context, value.get("workflow_parameters"), value.get("custom_data"), loose)
    call = {"tool_call_id": None, "name": text(value.get("tool_name")) or "", "arguments": arguments}
    made = tool_called(
        "famulor", value, [call], id=text(headers.get("x-conversation-id")), channel="phone",
        contact_number=text(context.get("customer_phone")),
    )  # fmt: skip
    named = {"phone": context.get("customer_phone"), "email": context.get("customer_email"),
             "name": context.get("customer_name")}  # fmt: skip
    made.contact = {name: item for name, item in named.items() if text(item)}
    return made


def _is_campaign(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("campaign"), Mapping) or isinstance(value.get("lead"), Mapping)


def _status(value: Mapping[str, Any]) -> str:
    return STATUSES.get(str(value.get("status") or "").lower(), "completed")


def _who_began(value: Mapping[str, Any], channel: str) -> str | None:
    """A messenger conversation runs in the direction of its first message; a chat widget proves nothing."""
    if channel == "chat" or not isinstance(value.get("transcript"), list):
        return None
    speakers = (role(said.get("role")) for said in value["transcript"] if isinstance(said, Mapping))
    return {"user": "inbound", "agent": "outbound"}.get(next(speakers, ""))


def _turns(transcript: Any, started: str | None) -> list[dict[str, Any]]:
    """Times come from `timestamp`: the vendor's `timestamp_unix` is a year off in its own documentation."""
    turns = []
    for said in transcript if isinstance(transcript, list) else ():
        if isinstance(said, Mapping) and said.get("content"):
            at = between(started, moment(said.get("timestamp")))
            turns.append(turn(role(said.get("role")), said["content"], at))
    return turns


def _contact(value: Mapping[str, Any]) -> dict[str, Any]:
    named = {"phone": text(value.get("customer_phone")), "name": text(value.get("customer_name"))}
    return {name: item for name, item in named.items() if item}
