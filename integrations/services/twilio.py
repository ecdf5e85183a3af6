"""Twilio: SMS and WhatsApp messages (its OpenAPI, `twilio_api_v2010.json`, CreateMessage; twilio.com/docs/api/errors).

Bodies are forms, numbers E.164. A message cannot be recognised when repeated, so one that may have gone out is not
sent again. Errors are `{code, message, more_info, status}`; 20429 is the rate limit.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from integrations.authentication import basic
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Request, path_of
from integrations.phones import e164
from integrations.quiet_hours import is_within_hours
from integrations.service_node import ServiceNode
from runtime.engine.errors import StepError
from runtime.engine.fields import ConnectionRef, LongText, TextField

LONGEST_BODY = 1600  # characters, Twilio's own limit (error 21617)

register_connection_type(
    ConnectionType(
        "twilio", "Twilio", "The Account SID and Auth Token of your Twilio console.",
        (
            ConnectionField("account_sid", "Account SID", pattern=r"AC[0-9a-fA-F]{32}", help="AC and 32 digits."),
            ConnectionField("auth_token", "Auth token", secret=True),
            ConnectionField("sender", "From", required=False,
                            help="A number such as +14155550132, or a Messaging Service SID (MG…)."),
        ),
        basic("{account_sid}", "{auth_token}"), icon="twilio", base_url="https://api.twilio.com",
        test=Probe("/2010-04-01/Accounts.json?PageSize=1",
                   told=lambda body: str(body["accounts"][0]["friendly_name"])),
    )
)  # fmt: skip


class TwilioNode(ServiceNode):
    app = {"id": "twilio", "label": "Twilio", "icon": "twilio"}
    advice = {
        401: "Check the Account SID and the Auth Token in the connection.",
        "20003": "Check the Account SID and the Auth Token in the connection.",
        "21211": "The number to send to does not exist; check where it comes from.",
        "21212": "The number to send from is not right; check it in the step and in the connection.",
        "21408": "Sending to this country is off: Twilio console, Messaging, Geo permissions.",
        "21606": "The sender cannot send messages; choose a number that can.",
        "21608": "A trial account sends to verified numbers only.",
        "21610": "This person has answered STOP; they must write START first. Do not write to them.",
        "21614": "This is no mobile number.",
        "63016": "Outside of 24 hours after their last message WhatsApp takes templates only.",
    }
    passing = frozenset({"20429"})
    effect = "once"
    keywords = ("text", "message", "phone", "mobile")
    connection = ConnectionRef("Twilio", types=["twilio"], required=True)
    to = TextField("To", required=True, max_length=64, help="A number with its country, like +14155550132.")
    body = LongText("Text", required=True, max_length=LONGEST_BODY)
    sender = TextField("From", default="", max_length=64, help="Empty: the connection's.")
    outputs = (
        {"name": "sid", "label": "Twilio message", "type": "text", "sample": "SM00000000000000000000000000000000"},
        {"name": "status", "label": "Status", "type": "text", "sample": "queued"},
        {"name": "to", "label": "To", "type": "text", "sample": "+14155550132"},
        {"name": "segments", "label": "Segments", "type": "number", "sample": 1},
    )
    references, summary = ("sid",), ("to ", {"field": "to"})
    prefix = ""

    def code_of(self, body: Any) -> str:
        return str(body.get("code") or "") if isinstance(body, dict) else ""

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        yield from super().check(node, graph)
        if not is_within_hours(node, graph):
            text = "This message may go out in the night: put a Wait before it with Only within hours switched on."
            yield "W104", "", text

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        values = step.connection(step.config["connection"]).values
        sender = given.sender or values.get("sender") or ""
        if not sender:
            raise StepError("There is no sender: fill in From here or in the connection.", code="empty_field")
        if len(given.body) > LONGEST_BODY:
            raise StepError(
                f"The text has {len(given.body):,} characters; a message takes {LONGEST_BODY:,}.", "too_long"
            )
        service = sender.startswith("MG")
        form = {
            "To": self.prefix + e164(given.to.removeprefix("whatsapp:"), "The number to send to"),
            "MessagingServiceSid": sender if service else None,
            "From": None if service else self._from(sender), "Body": given.body,
        }  # fmt: skip
        return Request("POST", path_of("/2010-04-01/Accounts/{}/Messages.json", values["account_sid"]), form=form)

    def _from(self, sender: str) -> str:
        """A number; for SMS also a short code or an alphanumeric sender, which are no E.164."""
        number = sender.removeprefix("whatsapp:")
        return self.prefix + (e164(number, "The number to send from") if number.startswith(("+", "00")) else number)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        if body.get("error_code"):
            raise StepError(f"Twilio did not take the message: {body.get('error_message')}", f"{body['error_code']}")
        return {"sid": body["sid"], "status": body.get("status"), "to": body.get("to"),
                "segments": int(body.get("num_segments") or 0)}  # fmt: skip


class SendSms(TwilioNode):
    """Sends an SMS. `status` is what Twilio says at once, mostly **queued**: that it arrived is told later, elsewhere.

    People sleep: let it go out through a **Wait** with **Only within hours**.
    """

    type, label, order, icon = "twilio_send_sms", "Send SMS", 1, "sms"
    filled = {
        "to": "{{interaction.contact_number}}",
        "body": "Thank you for your call. Book here: https://example.com/book",
    }


class SendWhatsApp(TwilioNode):
    """Sends a WhatsApp message from a sender that Twilio has approved. Within 24 hours after the person wrote."""

    type, label, order, icon = "twilio_send_whatsapp", "Send WhatsApp message", 2, "chat"
    prefix = "whatsapp:"
    filled = {"to": "{{interaction.contact_number}}", "body": "Thank you, {{contact.name}}. We have booked your demo."}
