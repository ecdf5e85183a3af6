"""What we sign and what we accept, held against the standard's own library."""

import base64
import json
import secrets
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from integrations.authentication import Outgoing
from integrations.webhook_signing import sign
from runtime.signatures import standard_webhooks
from tests.peers import Answer

BODIES = [b"{}", b'{"type": "call.ended", "data": {"text": "Gr\xc3\xbc\xc3\x9fe \\"quoted\\""}}', b"x" * 100_000, b""]


def fresh(size=32):
    return "whsec_" + base64.b64encode(secrets.token_bytes(size)).decode()


@pytest.mark.parametrize("size", [24, 32, 64])
@pytest.mark.parametrize("body", BODIES[:2])
def test_the_library_takes_what_we_sign(body, size):
    secret = fresh(size)
    sent = sign({"secret": secret}, Outgoing("https://example.com/hooks", {"webhook-id": "run-1:3"}, body))
    assert Webhook(secret).verify(body, dict(sent.headers)) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", dict(sent.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(fresh()).verify(body, dict(sent.headers))


def test_the_library_takes_either_secret_while_one_is_replaced():
    old, new = fresh(), fresh()
    sent = sign({"secret": new, "previous_secret": old}, Outgoing("https://example.com/hooks", {}, b"{}"))
    for secret in (old, new):
        assert Webhook(secret).verify(b"{}", dict(sent.headers)) == {}


def test_the_library_takes_what_a_step_sends(do, vendor):
    secret = fresh()
    vendor.answers["/"] = Answer(204)
    config = {"event": "call.ended", "data": '{"id": "{{interaction.id}}"}'}
    do("send_webhook", config, {"interaction": {"id": 'c-"é"'}}, values={"secret": secret, "previous_secret": ""})
    (asked,) = vendor.requests
    assert Webhook(secret).verify(asked.body, asked.headers)["data"] == {"id": 'c-"é"'}


@pytest.mark.parametrize("body", BODIES)
def test_we_take_what_the_library_signs(body):
    secret, now = fresh(), time.time()
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(int(now), UTC), body.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now)), "webhook-signature": signature}
    assert standard_webhooks(headers, body, [fresh(), secret], now) is None
    assert standard_webhooks(headers, body + b" ", [secret], now)
    assert standard_webhooks(headers | {"webhook-id": "msg_2"}, body, [secret], now)
    assert standard_webhooks(headers, body, [secret], now + 301)
    assert standard_webhooks(headers, body, [secret], now - 301)
    assert standard_webhooks(headers, body, [fresh()], now)
