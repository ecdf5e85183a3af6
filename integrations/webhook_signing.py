"""Signing outgoing webhooks as standardwebhooks.com says: HMAC-SHA256 over `{id}.{timestamp}.{body}`, base64.

The signature is made when the request leaves, over the very bytes that leave; its time is the try's own. While a
secret is being replaced both sign, so receivers may change over whenever they like.
"""

import base64
import binascii
import hmac
import time
import uuid
from collections.abc import Iterator

from integrations.authentication import Outgoing, Values

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret, by the standard
ID = "webhook-id"


def sign(values: Values, request: Outgoing) -> Outgoing:
    """The request with its id (kept if it has one), the time and the signatures. One without a body stays as it is."""
    if request.body is None:
        return request
    found = next((text for name, text in request.headers.items() if name.lower() == ID), "")
    message_id, now = found or f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    secrets = filter(None, (values.get("secret"), values.get("previous_secret")))
    signatures = " ".join(signature(secret, message_id, now, request.body) for secret in secrets)
    request = request.with_header(ID, message_id).with_header("webhook-timestamp", now)
    return request.with_header("webhook-signature", signatures)


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """`v1,<base64>`."""
    text = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), text, "sha256")).decode()


def key_of(secret: str) -> bytes:
    """The key's bytes: what stands in base64 after `whsec_`, as `openssl rand -base64 32` writes it."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def problems(values: Values) -> Iterator[tuple[str, str]]:
    """What is wrong with the secrets of a connection."""
    for name in ("secret", "previous_secret"):
        secret = values.get(name) or ""
        if secret.startswith(PREFIX) and not SHORTEST <= len(key_of(secret)) <= LONGEST:
            yield name, f"After {PREFIX} come {SHORTEST} to {LONGEST} bytes in base64."
