"""Signatures over raw bodies, always compared in constant time and with every secret and every signature given."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping, Sequence

DIGEST_OF_HEX_LENGTH = {40: "sha1", 64: "sha256", 128: "sha512"}


def mac(secret: str | bytes, text: bytes, digest: str = "sha256") -> bytes:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, text, digest).digest()


def is_signed(
    given: Iterable[str], secrets: Sequence[str], *texts: bytes, digest: str = "sha256", as_base64: bool = True
) -> bool:
    """Whether one of the signatures `given` (hex, or base64) is that of one of the texts under one of the secrets."""
    found = False
    candidates = [signature.strip() for signature in given][:10]
    for secret in secrets:
        for text in texts:
            expected = mac(secret, text, digest)
            for candidate in candidates:
                found |= same(candidate.lower(), expected.hex())
                found |= as_base64 and same(candidate, base64.b64encode(expected).decode())
    return found


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def bearer(headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether `Authorization: Bearer <secret>` is there."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and is_one_of(token.strip(), secrets)


def is_one_of(given: str, secrets: Sequence[str]) -> bool:
    """A shared secret that is simply sent along."""
    found = False
    for secret in secrets:
        found |= same(given, secret)
    return found and bool(given)


def parts_of(header: str) -> dict[str, list[str]]:
    """`t=1,v0=ab,v0=cd` as {"t": ["1"], "v0": ["ab", "cd"]}."""
    found: dict[str, list[str]] = {}
    for part in header.split(","):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name, []).append(value)
    return found


def seconds_of(stamp: str) -> float | None:
    """A timestamp in seconds, whether it was given in seconds or in milliseconds; None if it is no number."""
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 16:
        return None
    number = int(stamp)
    return number / 1000 if number > 100_000_000_000 else float(number)


STANDARD_TOLERANCE = 300.0


def standard_webhooks(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float) -> str | None:
    """`v1,<base64>` over `{id}.{timestamp}.{body}` (standardwebhooks.com); several are given while secrets rotate.

    None, or in words why it is not taken. `headers` by lower-case name.
    """
    stamp, id, given = (headers.get(f"webhook-{name}", "") for name in ("timestamp", "id", "signature"))
    sent_at = seconds_of(stamp)
    if not (id and given) or sent_at is None:
        return "The body is not signed: Webhook-Id, Webhook-Timestamp and Webhook-Signature belong together."
    signed = f"{id}.{stamp}.".encode() + body
    marked = [part.partition(",")[2] for part in given.split()[:10] if part.startswith("v1,")]
    good = False
    for key in map(standard_key, secrets):
        expected = base64.b64encode(mac(key, signed)).decode()
        for signature in marked:
            good |= same(signature, expected)
    if not good:
        return "Webhook-Signature does not fit the body."
    if abs(now - sent_at) > STANDARD_TOLERANCE:
        return "Webhook-Timestamp is more than five minutes away from now."
    return None


def standard_key(secret: str) -> bytes:
    """The bytes of a Standard Webhooks secret (`whsec_<base64>`); any other text stands for itself."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (ValueError, binascii.Error):
        return secret.encode()
