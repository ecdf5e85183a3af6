"""Webhooks of our own: events sent to somebody's endpoint, signed by Standard Webhooks (standardwebhooks.com).

Ten tries over three days, each in the run's own wait, so no worker sleeps and no restart loses one. The id is the
step's idempotency key: receivers recognise a repetition, and a replay, by it. 410 says that nobody wants them any more:
the connection is switched off then, as after five days in which nothing was taken (integrations/endpoints.py).
"""

import hashlib
from types import SimpleNamespace
from typing import Any

from integrations.connection_types import ConnectionField, ConnectionType, register_connection_type
from integrations.endpoints import EndpointNode
from integrations.exchange import Exchange, Request
from integrations.http import fetch
from integrations.webhook_signing import ID, Outgoing, problems, sign
from runtime.engine.errors import StepError
from runtime.engine.fields import ConnectionRef, JsonBody, TextField
from runtime.engine.values import safe_dumps

DELAYS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)  # seconds before each try
SPREAD = 0.2  # a delay is that much shorter or longer, so that many runs do not come back at once
DAY = 86_400.0
TEST_SECONDS = 10


def _ping(values: Any) -> str:
    """The connection's test: a signed event of the type `webhook.test`, which receivers may ignore."""
    headers = {"Content-Type": "application/json"}
    content = safe_dumps({"type": "webhook.test", "data": {}}).encode()
    request = sign(values, Outgoing(values["base_url"], headers, content))
    response = fetch("POST", request.url, headers=request.headers, body=content, timeout=TEST_SECONDS, redirects=0)
    if not 200 <= response.status < 300:
        raise StepError(f"The endpoint answered the test event with {response.status}.", f"http_{response.status}")
    return f"it took a test event ({response.status})"


register_connection_type(
    ConnectionType(
        "webhook_out", "Webhook endpoint", "An address that takes your events, and the secret they are signed with.",
        (
            ConnectionField("base_url", "Address", pattern=r"https?://.+", help="Such as https://example.com/hooks."),
            ConnectionField("secret", "Signing secret", secret=True,
                            help="whsec_ and at least 24 bytes in base64; `openssl rand -base64 32` makes them."),
            ConnectionField("previous_secret", "Previous secret", secret=True, required=False, advanced=True,
                            help="While receivers change over to a new one, both sign."),
        ),
        sign, icon="webhook_out", base_url="{base_url}", test=_ping, check_more=problems,
        limits={"at_once": 5, "opens_after": 20},
    )
)  # fmt: skip


class SendWebhook(EndpointNode):
    """Sends an event to an endpoint, signed by Standard Webhooks, and tries for three days until it is taken.

    The run waits here between the tries; what should not wait for the endpoint goes before this step. After ten tries
    the event is among the undelivered webhooks, from where it can be sent again under the same id. An endpoint that
    answers 410, or takes nothing for five days, is switched off until somebody switches its connection on again.
    """

    type, label, order = "send_webhook", "Send webhook", 1
    app = {"id": "webhook_out", "label": "Webhook", "icon": "webhook_out"}
    keywords = ("event", "notify", "http", "post", "standard webhooks", "signature")
    timeout_seconds, attempts, longest_pause = 15, len(DELAYS), DAY
    advice = {410: "The endpoint wants no more events."}
    passing, final = frozenset(range(300, 600)), frozenset({410})
    connection = ConnectionRef("Endpoint", types=["webhook_out"], required=True)
    event = TextField("Event type", required=True, default="call.ended", max_length=120,
                      pattern=r"[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*", help="Words with dots between them.")  # fmt: skip
    data = JsonBody("Data", required=True, help="JSON; receivers get it as `data`.")
    outputs = (
        {"name": "webhook_id", "label": "Webhook", "type": "text", "sample": "0190f3b2-6b1c:3"},
        {"name": "status", "label": "Status", "type": "number", "sample": 204},
        {"name": "tries", "label": "Tries", "type": "number", "sample": 1},
    )
    references, summary = ("webhook_id",), ({"field": "event"},)
    filled = {"data": '{"id": "{{interaction.id}}", "summary": "{{interaction.summary}}"}'}

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        step = exchange.step
        step.reference("Webhook", step.idempotency_key)  # undelivered ones are looked for too
        try:
            exchange.send(self.request(given, step))
        except StepError as error:
            if error.code == "bad_answer" and 200 <= exchange.answered[-1]["status"] < 300:
                return self._taken(exchange)  # a thank-you page is as good as nothing
            error.retry_after = max(error.retry_after or 0, delay_before(step.attempt + 1, step.idempotency_key))
            raise
        return self._taken(exchange)

    def _taken(self, exchange: Exchange) -> dict[str, Any]:
        step, status = exchange.step, exchange.answered[-1]["status"]
        return {"webhook_id": step.idempotency_key, "status": status, "tries": step.attempt}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        event = {"type": given.event, "timestamp": step.scope["run"].get("started_at"), "data": given.data}
        return Request("POST", "", json=event, headers={ID: step.idempotency_key})


def delay_before(attempt: int, key: str) -> float:
    """Seconds before the try of that number; spread by the key, so that repeating a run's history gives the same."""
    if attempt > len(DELAYS):
        return 0
    share = int.from_bytes(hashlib.sha256(f"{key}:{attempt}".encode()).digest()[:4]) / 2**32
    return DELAYS[attempt - 1] * (1 - SPREAD + 2 * SPREAD * share)
