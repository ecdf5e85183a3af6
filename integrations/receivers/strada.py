"""Strada: an inbound call asks for variables. It sends a shared secret and documents no names for the two numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import Headers, Received, Receiver, interaction, ringing
from integrations.receivers.normalising import first_text, text
from runtime.signatures import is_one_of

CALLER = ("callerNumber", "caller_number", "caller", "fromNumber", "from_number", "from")
CALLED = ("calledNumber", "called_number", "called", "toNumber", "to_number", "to")


class Strada(Receiver):
    name, label = "strada", "Strada"

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        good = is_one_of(headers.get("x-strada-secret", ""), secrets)
        return None if good else "X-Strada-Secret is not the agent's signing secret."

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        caller, called = (first_text(*(value.get(name) for name in names)) for names in (CALLER, CALLED))
        call = first_text(value.get("callId"), value.get("call_id"), value.get("id"))
        event = text(value.get("event")) or text(value.get("type"))
        key = f"strada:{event or 'inbound'}:{call}" if call else None
        if event is not None and "inbound" not in event:
            return [Received(f"strada.{event}", key, interaction(value, id=call), data=value)]
        if caller is None and called is None:
            raise ValueError("This is no inbound call of Strada: it names neither the caller nor the called number.")
        return [ringing("strada", value, key, "inbound", id=call, **{"from": caller}, to=called)]

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        return {"agentVariables": dict(variables)}
