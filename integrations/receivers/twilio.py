"""Twilio: status of calls and recordings, messages that come in; forms, signed over the address they were sent to."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from integrations.receivers import CALL_ENDED, MESSAGE, Headers, Received, Receiver, interaction
from integrations.receivers.normalising import moment, seconds, turn
from runtime.engine.values import to_number
from runtime.signatures import mac, same

STATUSES = {"completed": "completed", "busy": "busy", "failed": "failed", "no-answer": "no_answer",
            "canceled": "canceled"}  # fmt: skip
MOST_FIELDS = 1000


class Twilio(Receiver):
    name, label = "twilio", "Twilio"

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        given = headers.get("x-twilio-signature", "").strip()
        if not given:
            return "The body is not signed: X-Twilio-Signature is missing."
        signed = _signed_text(headers, body)
        good = False
        for secret in secrets:
            good |= signed is not None and same(given, base64.b64encode(mac(secret, signed, "sha1")).decode())
        return None if good else "X-Twilio-Signature does not fit body and address; is PUBLIC_URL the right one?"

    def read(self, body: bytes, headers: Headers) -> list[Received]:
        pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
        value = {name: text for name, text in pairs if text}
        if value.get("RecordingSid") and value.get("RecordingStatus"):
            return [_recording(value)]
        if value.get("CallSid") and value.get("CallStatus"):
            return [_call(value)]
        if sid := value.get("MessageSid") or value.get("SmsSid"):
            return [_message(value, sid)]
        raise ValueError("This is none of the forms that Twilio sends: CallSid or MessageSid is missing.")

    def answer(self, received: Sequence[Received], results: Sequence[Mapping[str, Any]]) -> tuple[int, Any]:
        return 204, None


def _signed_text(headers: Headers, body: bytes) -> bytes | None:
    """The address and each field with its value, sorted; of a JSON body its hash is in the address."""
    url = headers.get(":url", "")
    digest = parse_qs(urlsplit(url).query).get("bodySHA256")
    if digest:
        return url.encode() if same(digest[0].lower(), hashlib.sha256(body).hexdigest()) else None
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    return (url + "".join(name + text for name, text in sorted(set(pairs)))).encode()


def _sides(value: Mapping[str, str]) -> dict[str, Any]:
    way = value.get("Direction", "")
    direction = "inbound" if way == "inbound" else "outbound" if way.startswith("outbound") else None
    return {"from": value.get("From"), "to": value.get("To"), "direction": direction}


def _call(value: dict[str, str]) -> Received:
    word = value["CallStatus"]
    ended, lasted = _instant(value.get("Timestamp")), seconds(to_number(value.get("CallDuration")))
    began = ended.timestamp() - lasted if ended and lasted else None
    over = word in STATUSES
    made = interaction(
        value, id=value["CallSid"], channel="phone", **_sides(value), started_at=moment(began),
        ended_at=moment(ended.timestamp()) if ended and over else None, duration_seconds=lasted,
        status=STATUSES.get(word, "ringing" if word in ("ringing", "queued", "initiated") else "in_progress"),
        recording_url=value.get("RecordingUrl"), variables={},
    )  # fmt: skip
    kind = CALL_ENDED if over else "twilio.call_status"
    return Received(kind, f"twilio:call:{made['id']}:{word}", made, _contact(made), data=value)


def _recording(value: dict[str, str]) -> Received:
    made = interaction(value, id=value.get("CallSid"), channel="phone", recording_url=value.get("RecordingUrl"))
    made["variables"] = None
    return Received("twilio.recording", f"twilio:recording:{value['RecordingSid']}:{value['RecordingStatus']}", made,
                    data=value)  # fmt: skip


def _message(value: dict[str, str], sid: str) -> Received:
    ends = {name: value.get(name, "").removeprefix("whatsapp:") or None for name in ("From", "To")}
    channel = "whatsapp" if value.get("From", "").startswith("whatsapp:") else "sms"
    state = value.get("MessageStatus") or (value.get("SmsStatus") if "Body" not in value else None)
    made = interaction(
        value, id=sid, channel=channel, direction="outbound" if state else "inbound", **{"from": ends["From"]},
        to=ends["To"], status="completed", turns=[turn("user", value["Body"])] if value.get("Body") else [],
        variables={},
    )  # fmt: skip
    if state:
        return Received("twilio.message_status", f"twilio:sms:{sid}:{state}", made, _contact(made), data=value)
    return Received(MESSAGE, f"twilio:sms:{sid}", made, _contact(made), data=value)


def _contact(made: Mapping[str, Any]) -> dict[str, Any]:
    return {"phone": made["contact_number"]} if made["contact_number"] else {}


def _instant(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
