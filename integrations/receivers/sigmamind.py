"""SigmaMind: an inbound call asks for variables. No signatures are documented: a secret header, or a token."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import Headers, Received, Receiver, as_texts, ringing
from integrations.receivers.normalising import first_text
from runtime.signatures import is_one_of


class SigmaMind(Receiver):
    name, label = "sigmamind", "SigmaMind"
    answers_within = 9.0  # of 10 s; then it asks up to three times more

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        good = is_one_of(headers.get("x-webhook-secret", ""), secrets)
        return None if good else "X-Webhook-Secret or a bearer token is missing."

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        caller = first_text(value.get("from_number"), value.get("from"))
        called = first_text(value.get("to_number"), value.get("to"))
        if caller is None and called is None:
            raise ValueError("This is no inbound call of SigmaMind: it names neither from_number nor to_number.")
        call = first_text(value.get("call_id"), value.get("id"))
        key = f"sigmamind:inbound:{call}" if call else None
        return [ringing("sigmamind", value, key, "inbound", id=call, **{"from": caller}, to=called)]

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        return {"dynamic_variables": as_texts(variables)}
