"""How a call to a flow's own address proves where it comes from: the schemes a webhook trigger can ask for.

Each says why a call is not taken (None = it is), over the raw bytes, with every secret that is good just now; and which
id of the sender makes a repetition. A signature is looked at before a time stamp: who cannot sign learns nothing.
GitHub signs no time, so its deliveries are known by their id alone, for as long as the event is kept (7 days at least).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.signatures import bearer, is_signed, parts_of, seconds_of, standard_webhooks

TOLERANCE = 300.0
Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scheme:
    """refusal(headers by lower-case name, body, secrets, now) -> words or None; id_of(headers, parsed body) -> id."""

    refusal: Callable[[Headers, bytes, Sequence[str], float], str | None]
    id_of: Callable[[Headers, Any], str]


def _github(headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
    given = headers.get("x-hub-signature-256", "")
    if not given.startswith("sha256="):
        return "The body is not signed: X-Hub-Signature-256 (sha256=...) is missing."
    good = is_signed([given.removeprefix("sha256=")], secrets, body, as_base64=False)
    return None if good else "X-Hub-Signature-256 does not fit the body."


def _stripe(headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
    parts = parts_of(headers.get("stripe-signature", ""))
    stamps, given = parts.get("t", []), parts.get("v1", [])
    sent_at = seconds_of(stamps[0]) if len(stamps) == 1 else None
    if not given or sent_at is None:
        return "The body is not signed: Stripe-Signature (t=...,v1=...) is missing."
    if not is_signed(given, secrets, stamps[0].encode() + b"." + body, as_base64=False):
        return "Stripe-Signature does not fit the body."
    if abs(now - sent_at) > TOLERANCE:
        return "Stripe-Signature is more than five minutes away from now."
    return None


def _bearer(headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
    return None if bearer(headers, secrets) else "Authorization: Bearer with the secret of this address is missing."


def _unsigned(headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
    return None


def _webhook_id(headers: Headers, body: Any) -> str:
    return headers.get("webhook-id", "")


def _member_id(headers: Headers, body: Any) -> str:
    found = body.get("id") if isinstance(body, Mapping) else None
    return found if isinstance(found, str) else ""


SCHEMES = {
    "none": Scheme(_unsigned, _webhook_id),
    "standard_webhooks": Scheme(standard_webhooks, _webhook_id),
    "github": Scheme(_github, lambda headers, body: headers.get("x-github-delivery", "")),
    "stripe": Scheme(_stripe, _member_id),
    "bearer": Scheme(_bearer, _webhook_id),
}
KNOWN_BY_ID = ("standard_webhooks", "github", "stripe")  # an Idempotency-Key beside it, which nobody signed, is nothing


def refusal(mode: str, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
    """None if the call may come in, else why not. A scheme without a secret takes nothing."""
    scheme = SCHEMES[mode]
    if mode != "none" and not secrets:
        return "This address asks for signed calls, but no secret is set for it."
    return scheme.refusal(headers, body, secrets, now)
