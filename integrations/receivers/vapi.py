"""Vapi: everything comes to one server URL inside `message`, told apart by its `type`."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import (
    CALL_ENDED,
    Headers,
    Received,
    Receiver,
    interaction,
    ringing,
    split_off,
    tool_called,
)
from integrations.receivers.normalising import (
    between,
    call_text,
    first_text,
    member,
    merged,
    moment,
    role,
    seconds,
    status_of,
    table,
    text,
    tool_calls,
    turn,
)
from integrations.receivers.signing import NOT_NOW, misfit, stamped
from runtime.engine.values import safe_dumps
from runtime.signatures import DIGEST_OF_HEX_LENGTH, is_one_of

SIDES = {"inboundPhoneCall": ("phone", "inbound"), "outboundPhoneCall": ("phone", "outbound")}
# `endedReason` has hundreds of values; these marks are in those that are no completed call. Unknown ones are.
STATUSES = (
    ("did-not-answer", "no_answer"), ("busy", "busy"), ("voicemail", "voicemail"), ("forwarded", "transferred"),
    ("error", "failed"), ("failed", "failed"), ("cancelled", "canceled"), ("canceled", "canceled"),
)  # fmt: skip
# Sent many times a second while people talk; nobody's flow listens to them.
CHATTER = frozenset(
    {"transcript", "conversation-update", "speech-update", "model-output", "voice-input", "user-interrupted", "hang",
     "voice-request", "knowledge-base-request", "phone-call-control", "assistant.speechStarted"}
)  # fmt: skip


class Vapi(Receiver):
    name, label = "vapi", "Vapi"
    answers_within = 6.5  # of 7.5 s, which Vapi never extends

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        if "x-vapi-secret" in headers:
            good = is_one_of(headers["x-vapi-secret"], secrets)
            return None if good else "X-Vapi-Secret is not the agent's signing secret."
        given = headers.get("x-signature", "").strip()
        if not given:
            return "The body is not signed: X-Signature, X-Vapi-Secret or a bearer token is missing."
        given = given.partition("=")[2] if given.lower().startswith(("sha1=", "sha256=", "sha512=")) else given
        signed, digest = stamped(headers, body, now), DIGEST_OF_HEX_LENGTH.get(len(given), "sha256")
        return NOT_NOW if signed is None else misfit("X-Signature", [given], signed, secrets, digest)

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        message = value.get("message")
        if not isinstance(message, Mapping) or not isinstance(message.get("type"), str):
            raise ValueError("A body from Vapi has a message with a type.")
        kind, call_id = message["type"], text(member(message, "call", "id"))
        if kind == "end-of-call-report":
            return [_ended(value, message, call_id)]
        if kind in ("tool-calls", "function-call"):
            return [_tool_calls(value, message)]
        if kind in CHATTER or kind.startswith("transcript"):
            return []
        status = text(message.get("status"))
        key = f"vapi:{kind}:{call_id}" + (f":{status}" if status else "") if call_id else None
        if kind == "assistant-request":
            call = ringing("vapi", value, key, kind, **_sides(message))
            call.contact, call.data = _contact(message), dict(message)
            return [call]
        return [
            Received(f"vapi.{kind}", key, interaction(value, **_sides(message)), _contact(message), data=dict(message))
        ]

    def answer(self, received: Sequence[Received], results: Sequence[Mapping[str, Any]]) -> tuple[int, Any]:
        """Vapi wants 200 whatever happened, and a result for every call; failures are the tool's `error`."""
        if not any(item.tool_calls for item in received):
            return 200, None if received else {}
        return 200, {"results": [_result(result) for result in results]}

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        """Vapi must be told which assistant takes the call: the flow's `assistant_id`, else the agent's own."""
        chosen, rest = split_off(variables, "assistant_id")
        assistant = chosen or platform_id
        return ({"assistantId": assistant} if assistant else {}) | {"assistantOverrides": {"variableValues": rest}}


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"toolCallId": result["tool_call_id"], "name": result["name"]}
    response = result["response"]
    if result["status"] == "error":
        answer["error"] = first_text(member(response, "error"), response) or "The action failed."
    else:
        answer["result"] = response if isinstance(response, str) else safe_dumps(response)
    return answer


def _ended(raw: dict[str, Any], message: Mapping[str, Any], call_id: str | None) -> Received:
    artifact, analysis, call = table(message, "artifact"), table(message, "analysis"), table(message, "call")
    started = moment(message.get("startedAt") or call.get("startedAt"))
    ended = moment(message.get("endedAt") or call.get("endedAt"))
    vendors = seconds(message.get("durationSeconds"))
    reason = text(message.get("endedReason") or call.get("endedReason"))
    inputs = table(call, "assistantOverrides", "variableValues")
    variables = merged(inputs, artifact.get("variableValues"), analysis.get("structuredData"))
    transcript = text(artifact.get("transcript") or message.get("transcript"))
    messages = artifact.get("messages") or message.get("messages")
    turns = _turns(messages) if isinstance(messages, list) else None
    made = interaction(
        raw, **_sides(message), started_at=started, ended_at=ended,
        duration_seconds=between(started, ended) if vendors is None else vendors,
        status=status_of(reason, STATUSES, "completed"), ended_reason=reason,
        disposition=text(analysis.get("successEvaluation")),
        summary=first_text(analysis.get("summary"), message.get("summary")), transcript=transcript,
        turns=turns if turns or not transcript else None, recording_url=_recording(message, artifact),
        variables=variables,
    )  # fmt: skip
    made["turns"] = made["turns"] or []
    return Received(
        CALL_ENDED, f"vapi:end-of-call-report:{call_id}" if call_id else None, made, contact=_contact(message),
        analysis=analysis, variables=variables, data={"cost": message.get("cost")} if message.get("cost") else {},
    )  # fmt: skip


def _tool_calls(raw: dict[str, Any], message: Mapping[str, Any]) -> Received:
    calls = tool_calls(message.get("toolCallList") or message.get("toolCalls"))
    if not calls:
        pairs = message.get("toolWithToolCallList")
        inner = [{**pair, **table(pair, "toolCall")} for pair in pairs if isinstance(pair, Mapping)] if pairs else []
        calls = tool_calls(inner or [message.get("functionCall")])
    variables = table(message, "call", "assistantOverrides", "variableValues")
    made = tool_called("vapi", raw, calls, **_sides(message), variables=variables)
    made.contact, made.variables = _contact(message), variables
    return made


def _sides(message: Mapping[str, Any]) -> dict[str, Any]:
    call = table(message, "call")
    kind = text(call.get("type"))
    channel, direction = SIDES.get(kind or "", ("web_call" if kind else None, None))
    contact = first_text(member(message, "customer", "number"), member(call, "customer", "number"))
    agent = first_text(member(message, "phoneNumber", "number"), member(call, "phoneNumber", "number"))
    return {
        "id": text(call.get("id")), "channel": channel, "direction": direction, "contact_number": contact,
        "agent_number": agent,
    }  # fmt: skip


def _contact(message: Mapping[str, Any]) -> dict[str, Any]:
    customer = {**table(message, "call", "customer"), **table(message, "customer")}
    named = {"name": text(customer.get("name")), "email": text(customer.get("email")),
             "phone": text(customer.get("number"))}  # fmt: skip
    return {name: value for name, value in named.items() if value}


def _turns(messages: list[Any]) -> list[dict[str, Any]]:
    """What was said and done; the assistant's instructions (a first system message) are no turn."""
    turns = []
    for said in messages:
        if not isinstance(said, Mapping) or said.get("role") == "system":
            continue
        at, speaker = said.get("secondsFromStart"), role(said.get("role"))
        calls = said.get("toolCalls")
        if isinstance(calls, list) and calls:
            turns += [turn("tool", call_text(member(c, "function", "name"), member(c, "function", "arguments")), at)
                      for c in calls]  # fmt: skip
            continue
        words = next((said[key] for key in ("message", "result", "content") if said.get(key) not in (None, "")), "")
        if words:
            turns.append(turn(speaker, words, at))
    return turns


def _recording(message: Mapping[str, Any], artifact: Mapping[str, Any]) -> str | None:
    return first_text(
        artifact.get("recordingUrl"), member(artifact, "recording", "mono", "combinedUrl"),
        member(artifact, "recording", "stereoUrl"), artifact.get("stereoRecordingUrl"), message.get("recordingUrl"),
    )  # fmt: skip
