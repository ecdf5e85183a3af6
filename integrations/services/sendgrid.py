"""SendGrid: email over its Web API v3 (twilio/sendgrid-oai, `tsg_mail_v3.json`, SendMail).

A success is 202 with an empty body; the message's id is the header `X-Message-Id`. It knows no idempotency key.
Errors are `{"errors": [{"message", "field", "help"}]}`.
"""

from types import SimpleNamespace
from typing import Any

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.email_addresses import name_and_address, people_in
from integrations.escaped_text import in_html, render_escaped
from integrations.exchange import Exchange, Request
from integrations.service_node import ServiceNode
from runtime.engine.errors import StepError
from runtime.engine.fields import ConnectionRef, JsonBody, LongText, TextField

MOST_RECIPIENTS = 1000  # SendGrid's own limit for one request

register_connection_type(
    ConnectionType(
        "sendgrid", "SendGrid", "An API key with the right Mail Send: SendGrid, Settings, API keys.",
        (
            ConnectionField("key", "API key", secret=True, help="It begins with SG."),
            ConnectionField("sender", "From", help="Bot <bot@example.com>: a sender verified in SendGrid."),
        ),
        bearer("key"), icon="sendgrid", base_url="https://api.sendgrid.com", test=Probe("/v3/scopes"),
    )
)  # fmt: skip


class SendGridEmail(ServiceNode):
    """Sends an email with SendGrid, as text, as HTML, or from a template of SendGrid's.

    Values put into the HTML are escaped. SendGrid cannot tell a repetition from a new email, so one that may have gone
    out is not sent again.
    """

    type, label, order = "sendgrid_send_email", "Send email (SendGrid)", 1
    app = {"id": "sendgrid", "label": "SendGrid", "icon": "sendgrid"}
    effect = "once"
    keywords = ("mail", "notify", "html", "message", "newsletter")
    advice = {
        400: "Check the addresses and the content of the step.",
        401: "The API key was revoked or lacks the right Mail Send; put a new one into the connection.",
        403: "Verify the sender in SendGrid (Settings, Sender Authentication), or give the key the right Mail Send.",
        413: "The email is larger than 30 MB; send less.",
    }
    connection = ConnectionRef("SendGrid", types=["sendgrid"], required=True)
    to = TextField("To", required=True, max_length=4000, help="Several addresses with commas between them.")
    subject = TextField("Subject", default="", max_length=1000)
    text = LongText("Text", default="")
    html = LongText("HTML", default="", help="Values are escaped.")
    template_id = TextField("Template", default="", max_length=64, section="More", advanced=True,
                            help="The id (d-…) of a dynamic template, instead of text and HTML.")  # fmt: skip
    template_data = JsonBody("Template data", section="More", advanced=True)
    reply_to = TextField("Reply to", default="", max_length=320, section="More", advanced=True)
    outputs = ({"name": "message_id", "label": "SendGrid message", "type": "text", "sample": "14c5d75ce93.dfd.64b469"},)
    references, summary = ("message_id",), ("to ", {"field": "to"})
    filled = {"to": "ops@example.com", "subject": "Call {{interaction.id}}", "text": "{{interaction.summary}}",
              "html": "<p>{{interaction.summary}}</p>"}  # fmt: skip

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        exchange.send(self.request(given, exchange.step))
        return {"message_id": exchange.headers.get("x-message-id")}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        sender = name_and_address(step.connection(step.config["connection"]).values["sender"])
        html = render_escaped(step.config["html"] or "", step, in_html)
        content = [{"type": kind, "value": value}
                   for kind, value in (("text/plain", given.text), ("text/html", html)) if value.strip()]  # fmt: skip
        if not content and not given.template_id:
            raise StepError("The email is empty: fill in its text, its HTML or a template.", code="empty_field")
        person: dict[str, Any] = {"to": people_in(given.to, most=MOST_RECIPIENTS)}
        if given.template_data is not None:
            person["dynamic_template_data"] = given.template_data
        message = {"personalizations": [person], "from": sender, "subject": " ".join(given.subject.split())}
        if given.reply_to:
            message["reply_to"] = people_in(given.reply_to, most=1)[0]
        more = {"template_id": given.template_id} if given.template_id else {"content": content}
        return Request("POST", "/v3/mail/send", json={**message, **more})
