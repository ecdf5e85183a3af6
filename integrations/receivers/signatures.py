"""Signatures over raw bodies, always compared in constant time and with every secret and every signature given."""

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence

DIGEST_OF_HEX_LENGTH = {40: "sha1", 64: "sha256", 128: "sha512"}


def mac(secret: str | bytes, text: bytes, digest: str = "sha256") -> bytes:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, text, digest).digest()


def is_signed(given: Iterable[str], secrets: Sequence[str], *texts: bytes, digest: str = "sha256") -> bool:
    """Whether one of the signatures `given` (hex or base64) is that of one of the texts under one of the secrets."""
    found = False
    candidates = [signature.strip() for signature in given][:10]
    for secret in secrets:
        for text in texts:
            expected = mac(secret, text, digest)
            for candidate in candidates:
                found |= same(candidate.lower(), expected.hex())
                found |= same(candidate, base64.b64encode(expected).decode())
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
