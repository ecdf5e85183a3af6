"""Email over a mail server of your own (SMTP: RFC 5321, with STARTTLS or TLS). The line is `integrations/mail.py`."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from integrations import mail
from integrations.authentication import Values
from integrations.calling import masked
from integrations.connected import ConnectedNode
from integrations.connection_types import ConnectionField, ConnectionType, register_connection_type
from integrations.email_addresses import addresses_in, name_and_address
from integrations.escaped_text import in_html, render_escaped
from integrations.given import given
from integrations.http import fetch
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, ConnectionRef, List, LongText, Object, TextField
from runtime.engine.node_type import SUCCESS_OR_ERROR
from runtime.engine.outcomes import Done, Outcome

LARGEST_ATTACHMENT = 5 * 1024 * 1024  # bytes
TEST_SECONDS = 10
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_FROM_TEXT, _FROM_URL = {"field": "source", "in": ["text"]}, {"field": "source", "in": ["url"]}


def server_of(values: Values) -> mail.MailServer:
    """The mail server that a connection's values describe."""
    return mail.MailServer(
        values["host"], int(values.get("port") or 587), values.get("security") or mail.STARTTLS,
        values.get("username", ""), values.get("password", ""),
    )  # fmt: skip


def _sign_in(values: Values) -> str:
    """The connection's test: sign in, send nothing."""
    mail.check(server_of(values), TEST_SECONDS)
    return f"{values.get('username') or 'mail'} at {values['host']}"


def _check(values: Values) -> Iterator[tuple[str, str]]:
    try:
        name_and_address(values["sender"])
    except StepError as error:
        yield "sender", error.message
    if values.get("username") and values.get("security") == mail.PLAIN:
        yield "security", "A password is not sent without encryption; choose STARTTLS or TLS."


register_connection_type(
    ConnectionType(
        "smtp", "Mail server (SMTP)", "The server that takes your mail, with the account it is sent from.",
        (
            ConnectionField("host", "Server", pattern=r"[A-Za-z0-9.:-]+", help="For example smtp.example.com."),
            ConnectionField("port", "Port", default="587", pattern=r"\d{1,5}", help="587, 465, 2525 or 25."),
            ConnectionField("security", "Security", default=mail.STARTTLS,
                            options=((mail.STARTTLS, "STARTTLS"), (mail.TLS, "TLS from the start"),
                                     (mail.PLAIN, "None (inside your network only)"))),
            ConnectionField("username", "User name", required=False),
            ConnectionField("password", "Password", secret=True, required=False),
            ConnectionField("sender", "From", help="Bot <bot@example.com>: what recipients see."),
        ),
        apply=None, icon="email", more_hosts=("{host}",), test=_sign_in, check_more=_check,
    )
)  # fmt: skip


class SendEmail(ConnectedNode):
    """Sends an email over your own mail server, as text, HTML or both, with attachments.

    Values put into the HTML are escaped, so a transcript cannot break the page. A message that was handed over without
    an answer is not sent again: nobody gets it twice.
    """

    type, label, icon, order = "send_email", "Send email", "email", 1
    app, group = {"id": "email", "label": "Email", "icon": "email"}, "services"
    kinds = ("post_call", "action", "inbound", "conversation", "automation")
    keywords = ("mail", "smtp", "notify", "html", "attachment", "message")
    effect, timeout_seconds = "once", 30

    missing = "Choose the mail server that sends this email; a new one is made under Connections, Mail server (SMTP)."
    connection = ConnectionRef("Mail server", types=["smtp"], required=True)
    to = TextField("To", required=True, max_length=4000, help="Several addresses with commas between them.")
    subject = TextField("Subject", required=True, max_length=1000)
    text = LongText("Text", default="", help="What mail programs without HTML show; made from the HTML where empty.")
    html = LongText("HTML", default="", help="Values are escaped.")
    cc = TextField("Cc", default="", max_length=4000, section="More", advanced=True)
    bcc = TextField("Bcc", default="", max_length=4000, section="More", advanced=True)
    reply_to = TextField("Reply to", default="", max_length=400, section="More", advanced=True)
    attachments = List(
        "Attachments", default=[], max_items=10, section="More", advanced=True,
        item=Object(fields={
            "name": TextField("File name", required=True, max_length=200),
            "source": Choice("From", default="text", options=[("text", "Text"), ("url", "Address")]),
            "content": LongText("Content", default="", visible_if=_FROM_TEXT),
            "url": TextField("Address", default="", visible_if=_FROM_URL, help="Fetched when the email is sent."),
        }),
    )  # fmt: skip
    ports, summary = SUCCESS_OR_ERROR, ("to ", {"field": "to"})
    outputs = (
        {"name": "message_id", "label": "Message id", "type": "text", "sample": "run-1.3@example.com",
         "scope": "steps", "ports": ["success"]},
        {"name": "refused", "label": "Refused addresses", "type": "list", "sample": [], "scope": "steps",
         "ports": ["success"]},
    )  # fmt: skip
    example = {
        "type": "send_email", "key": "send_email", "label": "Tell sales",
        "config": {
            "connection": None, "to": "sales@example.com", "subject": "A lead called: {{interaction.id}}",
            "text": "{{interaction.summary}}", "html": "<p>{{interaction.summary}}</p>", "cc": "", "bcc": "",
            "reply_to": "",
            "attachments": [{"name": "transcript.txt", "source": "text", "content": "{{interaction.transcript}}"}],
        },
        "settings": {"retry": {"max_attempts": 4, "backoff_seconds": 60, "factor": 3}},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        account = self.credentials(step)
        settings = given(self.fields, step.config, step)
        message, recipients = _message(step, settings, account.values)
        shown = {name.lower(): str(value) for name, value in message.items() if name in ("From", "To", "Cc", "Subject")}
        step.record_request(account.mask.value({**shown, "text": settings.text, "connection": account.name}))
        output = {"message_id": message["Message-ID"].strip("<>"), "refused": []}
        if step.mode == "dry":
            step.warn("dry_run", "Dry run: nothing was sent.")
            return Done(output=output, port="success")
        try:
            for attachment in settings.attachments:
                _attach(step, message, attachment)
            refused = mail.send(server_of(account.values), message, recipients, step.timeout)
        except StepError as error:
            raise masked(error, account.mask) from None
        for address, why in refused.items():
            step.warn("refused", f"{address} was refused: {why}")
        step.reference("Email", output["message_id"])
        return Done(output={**output, "refused": list(refused)}, port="success")


def _message(step: Any, settings: SimpleNamespace, values: Values) -> tuple[EmailMessage, list[str]]:
    """The message without its attachments, and everybody it goes to."""
    message, sender = EmailMessage(), name_and_address(values["sender"])
    to, cc, bcc = (addresses_in(text) for text in (settings.to, settings.cc, settings.bcc))
    recipients = addresses_in(", ".join([*to, *cc, *bcc]))
    message["From"] = f'"{sender["name"]}" <{sender["email"]}>' if "name" in sender else sender["email"]
    message["To"] = ", ".join(to)
    for header, written in (("Cc", cc), ("Reply-To", addresses_in(settings.reply_to))):
        if written:
            message[header] = ", ".join(written)
    message["Subject"] = " ".join(settings.subject.split())[:500]
    message["Date"] = format_datetime(step.now)
    local = re.sub(r"[^A-Za-z0-9.-]", ".", step.idempotency_key)
    message["Message-ID"] = f"<{local}@{sender['email'].rpartition('@')[2]}>"
    html = render_escaped(step.config["html"] or "", step, in_html)
    message.set_content(settings.text or " ".join(_TAGS.sub(" ", html).split()))
    if html:
        message.add_alternative(html, subtype="html")
    return message, recipients


def _attach(step: Any, message: EmailMessage, attachment: SimpleNamespace) -> None:
    name = re.sub(r"[\x00-\x1f/\\]", "_", attachment.name)
    if attachment.source != "url":
        message.add_attachment(attachment.content or "", filename=name)
        return
    response = fetch("GET", attachment.url, timeout=step.timeout, max_bytes=LARGEST_ATTACHMENT)
    if response.status != 200:
        host = urlsplit(response.url).hostname
        raise StepError(f"The attachment {name} could not be fetched: {host} answered {response.status}.",
                        "attachment", response.status >= 500)  # fmt: skip
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    main, _, sub = (kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind) else "application/octet-stream").partition("/")
    message.add_attachment(response.body, maintype=main, subtype=sub, filename=name)
