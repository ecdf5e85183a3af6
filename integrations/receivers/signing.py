"""What vendors' ways to sign a body have in common; each says None if a body is genuine, else in words why not."""

from collections.abc import Sequence

from integrations.receivers import Headers
from runtime.signatures import is_signed, seconds_of

TOLERANCE = 300.0  # seconds that a body's own time may be away from ours, either way
NOT_NOW = "X-Timestamp is more than five minutes away from now."


def signed_whole(header: str, headers: Headers, body: bytes, secrets: Sequence[str]) -> str | None:
    """The plainest way: `header` has the signature of the body and of nothing else."""
    given = headers.get(header.lower(), "").strip()
    if not given:
        return f"The body is not signed: {header} is missing."
    return misfit(header, [given], body, secrets)


def misfit(
    header: str, given: Sequence[str], signed: bytes, secrets: Sequence[str], digest: str = "sha256"
) -> str | None:
    """Whether one of the signatures `given`, bare or as `sha256=...`, is that of `signed` under one of the secrets."""
    bare = [signature.removeprefix("sha256=") for signature in given]
    return None if is_signed(bare, secrets, signed, digest=digest) else f"{header} does not fit the body."


def stamped(headers: Headers, body: bytes, now: float) -> bytes | None:
    """The text that is signed where a vendor may send `X-Timestamp`; None if that is not about now (`NOT_NOW`)."""
    stamp = headers.get("x-timestamp", "").strip()
    if not stamp:
        return body
    sent_at = seconds_of(stamp)
    if sent_at is None or abs(now - sent_at) > TOLERANCE:
        return None
    return stamp.encode() + b"." + body
