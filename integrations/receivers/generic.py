"""Any other system: it posts our own event (CONTRACT, `POST /events/`) to an agent's address, signed or not.

Signatures understood: Standard Webhooks, `X-Signature-256` / `X-Hub-Signature-256: sha256=<hex>`, `X-Signature`
(with `X-Timestamp`), `X-Webhook-Secret`, a bearer token.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.receivers import CALL_ENDED, CONVERSATION_ENDED, Headers, Received, Receiver, interaction
from integrations.receivers.normalising import merged, table, text
from integrations.receivers.signing import NOT_NOW, misfit, stamped
from runtime.arrivals import BadEvent, event_errors
from runtime.signatures import is_one_of, standard_webhooks

SIGNED = ("x-signature-256", "x-hub-signature-256", "x-signature")
PARTS = frozenset(("type", "id", "agent", "occurred_at", "interaction", "contact", "analysis", "variables", "data"))


class Generic(Receiver):
    name, label = "generic", "Any system"

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        if "webhook-signature" in headers:
            return standard_webhooks(headers, body, secrets, now)
        given = next((headers[name] for name in SIGNED if headers.get(name)), "")
        if given:
            signed = stamped(headers, body, now)
            return NOT_NOW if signed is None else misfit("The signature", [given], signed, secrets)
        if is_one_of(headers.get("x-webhook-secret", ""), secrets):
            return None
        return "The body is not signed: Webhook-Signature, X-Signature-256, X-Webhook-Secret or a bearer token."

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        conversation = table(value, "interaction")
        bare = not value.get("interaction") and not isinstance(value.get("type"), str)
        if bare:
            conversation = {name: item for name, item in value.items() if name not in PARTS - {"id"}}
        kind = text(value.get("type")) or CALL_ENDED
        _check({**_parts(value), "interaction": conversation} if bare else {**value, "type": kind})
        made = interaction(conversation.pop("raw", None) or value, **conversation)
        variables = merged(made["variables"], table(value, "variables"))
        made["variables"] = variables
        own = text(value.get("id")) if value.get("type") or value.get("interaction") else None
        known = own or (made["id"] if kind in (CALL_ENDED, CONVERSATION_ENDED) else None)
        return [
            Received(
                kind, f"generic:{kind}:{known}" if known else None, made, table(value, "contact"),
                table(value, "analysis"), variables, table(value, "data"),
            )
        ]  # fmt: skip

    def answer(self, received: Sequence[Received], results: Sequence[Mapping[str, Any]]) -> tuple[int, Any]:
        return 202, None


def _parts(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": CALL_ENDED, **{name: item for name, item in value.items() if name in PARTS - {"id"}}}


def _check(event: Mapping[str, Any]) -> None:
    """The same checks as `POST /events/`, except that members of one's own are no mistake here. Raises BadEvent."""
    own = {name: item for name, item in event.items() if name in PARTS}
    if errors := list(event_errors(own)):
        raise BadEvent(errors)
