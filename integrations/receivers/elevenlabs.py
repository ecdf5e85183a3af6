"""ElevenLabs: post-call webhooks told apart by `type`; its server tools and initiation calls carry no envelope."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import (
    CALL_ENDED,
    CONVERSATION_ENDED,
    Headers,
    Received,
    Receiver,
    interaction,
    ringing,
    tool_called,
)
from integrations.receivers.normalising import (
    call_text,
    first_text,
    later,
    member,
    merged,
    moment,
    role,
    seconds,
    status_of,
    table,
    text,
    turn,
)
from integrations.receivers.signing import misfit
from runtime.engine.values import items_of, to_text
from runtime.signatures import parts_of, seconds_of

OLDEST, NEWEST = 1800.0, 300.0  # the vendor's own kit allows half an hour back; ahead it checks nothing, we do
STATUSES = (("busy", "busy"), ("no-answer", "no_answer"), ("no_answer", "no_answer"))


class ElevenLabs(Receiver):
    name, label = "elevenlabs", "ElevenLabs"

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        parts = parts_of(headers.get("elevenlabs-signature", ""))
        stamp, given = parts.get("t", [""])[0], parts.get("v0", [])
        sent_at = seconds_of(stamp)
        if not given or sent_at is None:
            return "The body is not signed: ElevenLabs-Signature (t=...,v0=...) is missing."
        if not -NEWEST <= now - sent_at <= OLDEST:
            return "ElevenLabs-Signature is too far away from now."
        return misfit("ElevenLabs-Signature", given, stamp.encode() + b"." + body, secrets)

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        kind, data = value.get("type"), value.get("data")
        if isinstance(kind, str) and isinstance(data, Mapping):
            reader = {"post_call_transcription": _ended, "call_initiation_failure": _not_reached}.get(kind, _other)
            return [reader(value, kind, data)]
        if {"caller_id", "agent_id", "called_number"} <= set(value):
            return [_initiation(value)]
        return [tool_called("elevenlabs", value, [{"tool_call_id": None, "name": "", "arguments": value}])]

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        """Every variable that the agent knows has to be in it, or the call fails; texts, numbers or booleans."""
        plain = {name: value if isinstance(value, bool | int | float) else to_text(value)
                 for name, value in variables.items()}  # fmt: skip
        return {"type": "conversation_initiation_client_data", "dynamic_variables": plain}


def _ended(raw: dict[str, Any], kind: str, data: Mapping[str, Any]) -> Received:
    metadata, analysis = table(data, "metadata"), table(data, "analysis")
    started = moment(metadata.get("start_time_unix_secs"))
    lasted = seconds(metadata.get("call_duration_secs"))
    reason = first_text(metadata.get("termination_reason"), member(metadata, "error", "reason"))
    given = table(data, "conversation_initiation_client_data")
    variables = merged(given.get("dynamic_variables"), _collected(analysis))
    sides = _sides(metadata)
    made = interaction(
        raw, id=text(data.get("conversation_id")), **sides, started_at=started, ended_at=later(started, lasted),
        duration_seconds=lasted, status="failed" if data.get("status") == "failed" else "completed",
        ended_reason=reason, disposition=text(analysis.get("call_successful")),
        summary=text(analysis.get("transcript_summary")), turns=_turns(data.get("transcript")),
        language=first_text(
            metadata.get("main_language"), member(given, "conversation_config_override", "agent", "language")
        ),
        variables=variables,
    )  # fmt: skip
    contact = {"id": text(data.get("user_id")), "phone": made["contact_number"]}
    return Received(
        CALL_ENDED if sides["channel"] in ("phone", "web_call") else CONVERSATION_ENDED,
        f"elevenlabs:{kind}:{made['id']}" if made["id"] else None, made,
        {name: value for name, value in contact.items() if value}, analysis, variables,
        {name: data[name] for name in ("agent_id", "user_id", "agent_name") if data.get(name)},
    )  # fmt: skip


def _not_reached(raw: dict[str, Any], kind: str, data: Mapping[str, Any]) -> Received:
    reason, conversation = text(data.get("failure_reason")), text(data.get("conversation_id"))
    body = table(data, "metadata", "body")
    made = interaction(
        raw, id=conversation, channel="phone", direction="outbound", to=first_text(body.get("To"), body.get("Called")),
        **{"from": first_text(body.get("From"), body.get("Caller"))}, turns=[], ended_reason=reason,
        status=status_of(reason, STATUSES, "failed"), variables={},
    )  # fmt: skip
    return Received(CALL_ENDED, f"elevenlabs:{kind}:{conversation}" if conversation else None, made)


def _other(raw: dict[str, Any], kind: str, data: Mapping[str, Any]) -> Received:
    """The audio of a call, and what is yet to be invented. The audio itself is left out: it can be many megabytes."""
    conversation = text(data.get("conversation_id"))
    kept = {name: value for name, value in data.items() if name != "full_audio"}
    made = interaction({**raw, "data": kept}, id=conversation)
    made["variables"] = None
    key = f"elevenlabs:{kind}:{conversation}" if conversation else None
    return Received(f"elevenlabs.{kind}", key, made, data=kept)


def _initiation(value: dict[str, Any]) -> Received:
    call = text(value.get("call_sid"))
    sides = {"id": call, "from": text(value["caller_id"]), "to": text(value["called_number"])}
    key = f"elevenlabs:init:{call}" if call else None
    return ringing("elevenlabs", value, key, "conversation_initiation", **sides)


def _sides(metadata: Mapping[str, Any]) -> dict[str, Any]:
    for name, channel in (("phone_call", "phone"), ("whatsapp", "whatsapp")):
        line = metadata.get(name)
        if isinstance(line, Mapping):
            direction = line.get("direction") if line.get("direction") in ("inbound", "outbound") else None
            contact = first_text(line.get("external_number"), line.get("whatsapp_user_id"))
            return {"channel": channel, "direction": direction, "contact_number": contact,
                    "agent_number": text(line.get("agent_number"))}  # fmt: skip
    channel = "chat" if metadata.get("text_only") is True else "web_call"
    return {"channel": channel, "direction": None, "contact_number": None, "agent_number": None}


def _turns(transcript: Any) -> list[dict[str, Any]]:
    turns = []
    for said in transcript if isinstance(transcript, list) else ():
        if not isinstance(said, Mapping):
            continue
        at = said.get("time_in_call_secs")
        if said.get("message"):
            turns.append(turn(role(said.get("role")), said["message"], at))
        for call in items_of(said.get("tool_calls")):
            turns.append(turn("tool", call_text(member(call, "tool_name"), member(call, "params_as_json")), at))
        for result in items_of(said.get("tool_results")):
            turns.append(turn("tool", member(result, "result_value") or "", at))
    return turns


def _collected(analysis: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the data collection without their wrappers."""
    found = table(analysis, "data_collection_results")
    return {name: item["value"] if isinstance(item, Mapping) and "value" in item else item
            for name, item in found.items()}  # fmt: skip
