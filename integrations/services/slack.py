"""Slack: messages and answers in threads (docs.slack.dev/reference/methods/chat.postMessage; "Rate limits").

Slack answers 200 with `{"ok": false, "error": ...}`; a rate limit is 429 with Retry-After, or the error `ratelimited`.
A message is recognised by `client_msg_id`, a UUID made of the idempotency key. `ts` is a text: a number loses digits.
"""

import uuid
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.escaped_text import in_slack, render_escaped
from integrations.exchange import Request
from integrations.grants import Grant
from integrations.oauth_types import CLIENT_ID, CLIENT_SECRET, SCOPE
from integrations.service_node import ServiceNode
from runtime.engine.errors import StepError
from runtime.engine.fields import ConnectionRef, JsonBody, LongText, TextField, Toggle

LONGEST_TEXT = 40_000  # characters; Slack cuts longer texts


def _complaint(body: Any) -> str:
    return "" if body.get("ok") else str(body.get("error") or "no reason")


_PROBE = Probe("/api/auth.test", method="POST", complaint=_complaint,
               told=lambda body: f"{body['user']} in {body['team']}")  # fmt: skip
register_connection_type(
    ConnectionType(
        "slack", "Slack", "A bot token: api.slack.com/apps, your app, OAuth & Permissions; with the scope chat:write.",
        (ConnectionField("token", "Bot token", secret=True, help="It begins with xoxb-."),),
        bearer("token"), icon="slack", base_url="https://slack.com",
        test=_PROBE,
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "slack_sign_in", "Slack (sign in)", "Somebody adds your Slack app; for a client id and secret.",
        (CLIENT_ID, CLIENT_SECRET, replace(SCOPE, default="chat:write")), icon="slack", base_url="https://slack.com",
        grant=Grant("https://slack.com/api/oauth.v2.access", authorize_url="https://slack.com/oauth/v2/authorize"),
        test=_PROBE,
    )
)  # fmt: skip
_TOKEN = "Make a new bot token in Slack and put it into the connection."


class SlackNode(ServiceNode):
    app = {"id": "slack", "label": "Slack", "icon": "slack"}
    advice = {
        "channel_not_found": "Check the channel's id or name; to a private channel the bot must be invited first.",
        "not_in_channel": "Invite the bot to the channel: /invite @your-bot.",
        "is_archived": "The channel is archived; choose another.",
        "invalid_auth": _TOKEN, "not_authed": _TOKEN, "token_revoked": _TOKEN, "token_expired": _TOKEN,
        "account_inactive": "The bot's account was switched off. " + _TOKEN,
        "missing_scope": "Give the app the scope chat:write in Slack, then install it again.",
        "msg_too_long": "Shorten the text, for example with | truncate: 3000.",
        "no_text": "There is no text to send.",
        "thread_not_found": "There is no message with this ts in this channel.",
        "ratelimited": "Slack asks for fewer messages; it takes about one a second in a channel.",
    }  # fmt: skip
    passing = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})
    keywords = ("message", "chat", "notify", "channel", "alert")
    connection = ConnectionRef("Slack", types=["slack", "slack_sign_in"], required=True)
    channel = TextField("Channel", required=True, max_length=80, help="Its id (C0123ABC), #name, or a person's id.")
    text = LongText("Text", required=True, max_length=LONGEST_TEXT, help="Values are escaped; *bold*, _italic_ work.")
    blocks = JsonBody("Blocks", help="Block Kit, a JSON list; the text is then what notifications show.",
                      section="More", advanced=True)  # fmt: skip
    outputs = (
        {"name": "ts", "label": "Slack message", "type": "text", "sample": "1503435956.000247"},
        {"name": "channel", "label": "Channel id", "type": "text", "sample": "C0123ABCDEF"},
    )
    references = ("ts",)
    summary = ({"field": "channel"},)

    def complaint(self, body: Any) -> bool:
        return not (isinstance(body, dict) and body.get("ok"))

    def code_of(self, body: Any) -> str:
        return str(body.get("error") or "") if isinstance(body, dict) else ""

    def words_of(self, body: Any) -> str:
        needed = body.get("needed") if isinstance(body, dict) else None
        return f"{self.code_of(body)} (needed: {needed})" if needed else self.code_of(body)

    def message(self, given: SimpleNamespace, step: Any) -> dict[str, Any]:
        text = render_escaped(step.config["text"], step, in_slack)
        if given.blocks is not None and not isinstance(given.blocks, list):
            raise StepError("Blocks must be a JSON list.", code="bad_blocks")
        return {
            "channel": given.channel, "text": text[:LONGEST_TEXT], **({"blocks": given.blocks} if given.blocks else {}),
            "client_msg_id": str(uuid.uuid5(uuid.NAMESPACE_URL, step.idempotency_key)),
        }  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        return Request("POST", "/api/chat.postMessage", json=self.message(given, step))

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"ts": body["ts"], "channel": body.get("channel")}


class SendMessage(SlackNode):
    """Posts a message to a channel or a person. A transcript with < and > in it is shown as it is, it pings nobody."""

    type, label, order = "slack_send_message", "Send message", 1
    filled = {"channel": "#support", "text": "*Escalated:* call {{interaction.id}}\n{{interaction.summary}}"}


class ReplyInThread(SlackNode):
    """Answers in the thread below a message that an earlier step has sent."""

    type, label, order = "slack_thread_reply", "Reply in thread", 2
    thread_ts = TextField("Message (ts)", required=True, max_length=40, pattern=r"\d{10}\.\d{1,9}")
    broadcast = Toggle("Show it in the channel too", default=False, section="More", advanced=True)
    filled = {
        "channel": "#support", "text": "{{interaction.transcript | truncate: 3000}}", "thread_ts": "1503435956.000247",
    }  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        thread = {"thread_ts": given.thread_ts, "reply_broadcast": given.broadcast}
        return Request("POST", "/api/chat.postMessage", json={**self.message(given, step), **thread})
