"""Synthflow: the report after a call, and inbound calls that ask for variables.

Its signature covers the call's id and nothing else: the body can be altered and sent again, so repetitions are known by
that id. A ringing call has no id yet; the signature is taken over the body then, or the secret in a header.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import CALL_ENDED, Headers, Received, Receiver, as_texts, interaction, ringing, split_off
from integrations.receivers.normalising import first_text, later, member, merged, moment, seconds, table, text
from runtime.engine.values import BadJson, safe_loads
from runtime.interactions import turns_of
from runtime.signatures import is_one_of, is_signed

SIGNATURES = ("http-synthflow-signature", "http_synthflow_signature", "synthflow-signature")
STATUSES = {
    "completed": "completed", "no-answer": "no_answer", "busy": "busy", "failed": "failed", "canceled": "canceled",
    "user-canceled": "canceled", "left_voicemail": "voicemail", "hangup_on_voicemail": "voicemail", "spam": "failed",
}  # fmt: skip


class Synthflow(Receiver):
    name, label = "synthflow", "Synthflow"
    answers_within = 9.0  # of 10 s; then it asks up to three times more

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        if is_one_of(headers.get("x-webhook-secret", ""), secrets):
            return None
        given = next((headers[name] for name in SIGNATURES if headers.get(name)), "")
        if not given:
            return "The body is not signed: Synthflow-Signature, X-Webhook-Secret or a bearer token is missing."
        good = is_signed([given], secrets, (_call_id(body) or "").encode() or body)
        return None if good else "Synthflow-Signature does not fit the call's id."

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        if value.get("event") == "call_inbound":
            call = table(value, "call_inbound")
            sides = {"from": text(call.get("from_number")), "to": text(call.get("to_number"))}
            return [ringing("synthflow", value, None, "call_inbound", **sides)]
        if isinstance(value.get("call"), Mapping):
            return [_report(value, table(value, "call"))]
        raise ValueError("This is none of the bodies that Synthflow documents.")

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        """An empty `override_model_id` keeps the agent that was called; without it Synthflow hangs up."""
        other, rest = split_off(variables, "override_model_id")
        return {"call_inbound": {"override_model_id": other} | ({"custom_variables": as_texts(rest)} if rest else {})}


def _call_id(body: bytes) -> str | None:
    try:
        return text(member(safe_loads(body), "call", "call_id"))
    except BadJson:
        return None


def _report(raw: dict[str, Any], call: dict[str, Any]) -> Received:
    started, lasted = moment(call.get("start_time")), seconds(call.get("duration"))
    lead, transcript = table(raw, "lead"), text(call.get("transcript"))
    word = first_text(call.get("status"), raw.get("status"))
    ended = word is None or word in STATUSES
    variables = merged(*(member(action, "return_value") for action in table(raw, "executed_actions").values()))
    made = interaction(
        raw, id=text(call.get("call_id")), channel="phone", contact_number=text(lead.get("phone_number")),
        started_at=started, ended_at=later(started, lasted) if ended else None, duration_seconds=lasted,
        status=STATUSES.get(word or "completed", "in_progress"), ended_reason=text(call.get("end_call_reason")),
        transcript=transcript, turns=turns_of(transcript) if transcript else [],
        recording_url=text(call.get("recording_url")), variables=variables,
    )  # fmt: skip
    named = {"name": text(lead.get("name")), "phone": text(lead.get("phone_number")), "email": text(lead.get("email"))}
    data = {name: call[name] for name in ("model_id", "external_id", "timezone") if call.get(name)}
    kind, what = (CALL_ENDED, "post-call") if ended else ("synthflow.call_status", f"call-status:{word}")
    return Received(
        kind, f"synthflow:{what}:{made['id']}" if made["id"] else None, made,
        {name: value for name, value in named.items() if value}, variables=variables, data=data,
    )  # fmt: skip
