"""Bland: the report after a call, signed over the body; an inbound call is answered with bare variables.

The names in the report are general knowledge of its API (`call_length` is in minutes), not read in its documentation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import CALL_ENDED, Headers, Received, Receiver, interaction, ringing
from integrations.receivers.normalising import (
    between,
    first_text,
    moment,
    role,
    seconds,
    status_of,
    table,
    text,
    turn,
)
from integrations.receivers.signing import signed_whole
from runtime.engine.values import items_of, to_number

REPORTED = ("transcripts", "concatenated_transcript", "call_length", "completed", "corrected_duration", "end_at")
STATUSES = (
    ("no-answer", "no_answer"), ("no_answer", "no_answer"), ("busy", "busy"), ("voicemail", "voicemail"),
    ("cancel", "canceled"), ("transfer", "transferred"), ("fail", "failed"), ("error", "failed"),
)  # fmt: skip


class Bland(Receiver):
    name, label = "bland", "Bland"

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        return signed_whole("X-Webhook-Signature", headers, body, secrets)

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        call = first_text(value.get("call_id"), value.get("c_id"))
        if any(name in value for name in REPORTED):
            return [_report(value, call)]
        sides = {"from": text(value.get("from")), "to": text(value.get("to"))}
        if not any(sides.values()):
            raise ValueError("This is neither a report of Bland nor an inbound call.")
        return [ringing("bland", value, f"bland:inbound:{call}" if call else None, "inbound", id=call, **sides)]

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        return dict(variables)


def _report(value: dict[str, Any], call: str | None) -> Received:
    started, ended = moment(value.get("started_at") or value.get("created_at")), moment(value.get("end_at"))
    minutes, vendors = to_number(value.get("call_length")), to_number(value.get("corrected_duration"))
    lasted = seconds(vendors if vendors is not None else minutes * 60 if minutes is not None else None)
    reason = first_text(value.get("answered_by"), value.get("status"))
    turns = [turn(role(row.get("user")), row["text"], between(started, moment(row.get("created_at"))))
             for row in items_of(value.get("transcripts")) if isinstance(row, Mapping) and row.get("text")]  # fmt: skip
    variables = table(value, "variables")
    made = interaction(
        value, id=call, channel="phone", direction=_direction(value.get("inbound")),
        **{"from": text(value.get("from"))}, to=text(value.get("to")), started_at=started, ended_at=ended,
        duration_seconds=between(started, ended) if lasted is None else lasted,
        status="failed" if value.get("error_message") else status_of(reason, STATUSES, "completed"),
        ended_reason=first_text(value.get("call_ended_by"), reason), disposition=text(value.get("disposition_tag")),
        summary=text(value.get("summary")), transcript=text(value.get("concatenated_transcript")), turns=turns,
        recording_url=text(value.get("recording_url")), variables=variables,
    )  # fmt: skip
    contact = {"phone": made["contact_number"]} if made["contact_number"] else {}
    return Received(CALL_ENDED, f"bland:post-call:{call}" if call else None, made, contact, variables=variables)


def _direction(inbound: Any) -> str | None:
    return ("inbound" if inbound else "outbound") if isinstance(inbound, bool) else None
