"""Retell: `call_ended`, then (seconds later, in any order) `call_analyzed` with the same call; custom functions."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import (
    CALL_ENDED,
    Headers,
    Received,
    Receiver,
    as_texts,
    interaction,
    ringing,
    split_off,
    tool_called,
)
from integrations.receivers.normalising import between, merged, moment, seconds, status_of, table, text, tool_call
from integrations.receivers.signing import misfit
from runtime.interactions import turns_of
from runtime.signatures import parts_of

TOLERANCE_MS = 300_000
MOMENTS = {"call_ended": "ended", "call_analyzed": "analysed"}
CHANNELS = {"phone_call": "phone", "web_call": "web_call"}
STATUSES = (
    ("no_answer", "no_answer"), ("busy", "busy"), ("voicemail", "voicemail"), ("transfer", "transferred"),
    ("dial_failed", "failed"), ("invalid_destination", "failed"), ("error", "failed"),
)  # fmt: skip


class Retell(Receiver):
    name, label = "retell", "Retell"
    calls_lack_ids, answers_within = True, 9.0  # of 10 s; then it asks up to three times more

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        parts = parts_of(headers.get("x-retell-signature", ""))
        stamp, given = parts.get("v", [""])[0], parts.get("d", [])
        if not given or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 16:
            return "The body is not signed: X-Retell-Signature (v=...,d=...) is missing."
        if abs(round(now * 1000) - int(stamp)) > TOLERANCE_MS:
            return "X-Retell-Signature is more than five minutes away from now."
        return misfit("X-Retell-Signature", given, body + stamp.encode(), secrets)

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        event = value.get("event")
        if not isinstance(event, str):
            return [_function(value)]
        call = table(value, "call")
        if event in MOMENTS:
            return [_ended(value, event, call)]
        if event == "call_inbound":
            return [_inbound(value)]
        key = f"retell:{event}:{call['call_id']}" if text(call.get("call_id")) else None
        return [Received(f"retell.{event}", key, interaction(value, **_sides(call)), data={"event": event})]

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        """Nothing to say: the number's own agent takes the call. `override_agent_id` chooses another one."""
        other, rest = split_off(variables, "override_agent_id")
        call: dict[str, Any] = {"override_agent_id": other} if other else {}
        return {"call_inbound": call | ({"dynamic_variables": as_texts(rest)} if rest else {})}


def _ended(raw: dict[str, Any], event: str, call: dict[str, Any]) -> Received:
    analysis = table(call, "call_analysis")
    started, ended = moment(call.get("start_timestamp")), moment(call.get("end_timestamp"))
    milliseconds = call.get("duration_ms")
    vendors = seconds(milliseconds, of=1000)
    reason, transcript = text(call.get("disconnection_reason")), text(call.get("transcript"))
    variables = _variables(call, analysis.get("custom_analysis_data"))
    made = interaction(
        raw, **_sides(call), started_at=started, ended_at=ended,
        duration_seconds=between(started, ended) if vendors is None else vendors,
        status=_status(call, analysis, reason), ended_reason=reason,
        disposition=_disposition(analysis.get("call_successful")),
        sentiment=text(analysis.get("user_sentiment")), summary=text(analysis.get("call_summary")),
        transcript=transcript, turns=turns_of(transcript) if transcript else [],
        recording_url=text(call.get("recording_url")), variables=variables,
    )  # fmt: skip
    data = {name: call[name] for name in ("metadata", "agent_id", "agent_name", "call_cost") if call.get(name)}
    if "in_voicemail" in analysis:
        data["in_voicemail"] = analysis["in_voicemail"]
    key = f"retell:{event}:{made['id']}" if made["id"] else None
    return Received(CALL_ENDED, key, made, _contact(made), analysis, variables, data, MOMENTS[event])


def _status(call: Mapping[str, Any], analysis: Mapping[str, Any], reason: str | None) -> str:
    if reason is None and call.get("call_status") in ("error", "not_connected"):
        return "failed"
    if reason is None and analysis.get("in_voicemail") is True:
        return "voicemail"
    return status_of(reason, STATUSES, "completed")


def _disposition(successful: Any) -> str | None:
    if not isinstance(successful, bool):
        return None
    return "successful" if successful else "unsuccessful"


def _inbound(raw: dict[str, Any]) -> Received:
    call = table(raw, "call_inbound")
    sides = _sides(call)
    key = f"retell:call_inbound:{sides['from']}:{sides['to']}:{raw.get('event_timestamp')}"
    received = ringing("retell", raw, key, "call_inbound", **sides)
    received.sip_headers = table(call, "custom_sip_headers")
    return received


def _function(value: dict[str, Any]) -> Received:
    """A custom function: {name, args, call}, or, in args-only mode, nothing but the arguments."""
    if isinstance(value.get("args"), Mapping) and isinstance(value.get("call"), Mapping):
        call, found = table(value, "call"), tool_call(value)
        transcript, variables = text(call.get("transcript")), _variables(call)
        made = tool_called(
            "retell", value, [found] if found else [], **_sides(call), started_at=moment(call.get("start_timestamp")),
            transcript=transcript, turns=turns_of(transcript) if transcript else None, variables=variables,
        )  # fmt: skip
        made.variables, made.contact = variables, _contact(made.interaction)
        return made
    return tool_called("retell", value, [{"tool_call_id": None, "name": "", "arguments": value}])


def _variables(call: Mapping[str, Any], extracted: Any = None) -> dict[str, Any]:
    return merged(call.get("retell_llm_dynamic_variables"), call.get("collected_dynamic_variables"), extracted)


def _sides(call: Mapping[str, Any]) -> dict[str, Any]:
    direction = call.get("direction") if call.get("direction") in ("inbound", "outbound") else None
    return {
        "id": text(call.get("call_id")), "channel": CHANNELS.get(str(call.get("call_type"))), "direction": direction,
        "from": text(call.get("from_number")), "to": text(call.get("to_number")),
    }  # fmt: skip


def _contact(made: Mapping[str, Any]) -> dict[str, Any]:
    return {"phone": made["contact_number"]} if made["contact_number"] else {}
