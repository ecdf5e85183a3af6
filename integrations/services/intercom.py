"""Intercom: conversations for a handoff (developers.intercom.com: "Creates a conversation", "Manage a conversation",
"Search contacts", "Create contact"; API version 2.11).

A conversation is started in a contact's name; the assignment needs the admin who does it. It knows no idempotency key.
Errors are `{"type": "error.list", "errors": [{"code", "message"}]}`; a 429 names its end in X-RateLimit-Reset.
"""

from types import SimpleNamespace
from typing import Any

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.email_addresses import addresses_in
from integrations.exchange import Exchange, Request, path_of
from integrations.service_node import ServiceNode
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, ConnectionRef, LongText, TextField

REGIONS = (("https://api.intercom.io", "United States"), ("https://api.eu.intercom.io", "Europe"),
           ("https://api.au.intercom.io", "Australia"))  # fmt: skip

register_connection_type(
    ConnectionType(
        "intercom", "Intercom", "The access token of your app: Intercom, Developer Hub, your app, Authentication.",
        (
            ConnectionField("token", "Access token", secret=True),
            ConnectionField("admin_id", "Admin id", required=False, pattern=r"\d*",
                            help="Who assigns conversations; the id in the address of the teammate's page."),
            ConnectionField("region", "Region", default=REGIONS[0][0], options=REGIONS),
        ),
        bearer("token"), icon="intercom", base_url="{region}",
        test=Probe("/me", told=lambda body: f"{body['name']} ({body['app']['name']})"),
    )
)  # fmt: skip


class IntercomNode(ServiceNode):
    app = {"id": "intercom", "label": "Intercom", "icon": "intercom"}
    headers = {"Intercom-Version": "2.11"}
    effect = "once"
    advice = {
        "unauthorized": "Check the access token in the connection.",
        "token_revoked": "Put a new token in.",
        "api_plan_restricted": "The Intercom plan of this account does not include this.",
        "not_found": "There is no such contact or conversation in this Intercom account; is the region right?",
        "rate_limit_exceeded": "Intercom asks for fewer requests.",
    }
    passing = frozenset({"rate_limit_exceeded", "server_timeout", "service_unavailable"})
    keywords = ("handoff", "chat", "inbox", "support", "agent")
    connection = ConnectionRef("Intercom", types=["intercom"], required=True)

    def code_of(self, body: Any) -> str:
        errors = body.get("errors") if isinstance(body, dict) else None
        return str(errors[0].get("code") or "") if errors and isinstance(errors[0], dict) else ""


class CreateConversation(IntercomNode):
    """Starts a conversation in a contact's name, found by email (made where there is none), for your team to take."""

    type, label, order = "intercom_create_conversation", "Create conversation", 1
    email = TextField("Contact's email", required=True, max_length=320)
    name = TextField("Contact's name", default="", max_length=255, help="For a contact that is made.")
    text = LongText("Text", required=True, max_length=20_000)
    outputs = (
        {"name": "conversation_id", "label": "Intercom conversation", "type": "text", "sample": "4780"},
        {"name": "contact_id", "label": "Intercom contact", "type": "text", "sample": "660e72f96abd01bd27af618d"},
    )
    references, summary = ("conversation_id", "contact_id"), ({"field": "email"},)
    filled = {"email": "{{contact.email}}", "name": "{{contact.name}}",
              "text": "Call {{interaction.id}}: {{interaction.summary}}"}  # fmt: skip

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        email = addresses_in(given.email, most=1)[0]
        wanted = {"query": {"field": "email", "operator": "=", "value": email}, "pagination": {"per_page": 1}}
        found = exchange.send(Request("POST", "/contacts/search", json=wanted, reads=True))["data"]
        contact = found[0] if found else self._make(exchange, email, given.name)
        role = contact.get("role") if contact.get("role") in ("user", "lead") else "contact"
        sent = {"from": {"type": role, "id": contact["id"]}, "body": given.text}
        body = exchange.send(Request("POST", "/conversations", json=sent))
        return {"conversation_id": body["conversation_id"], "contact_id": contact["id"]}

    def _make(self, exchange: Exchange, email: str, name: str) -> dict[str, Any]:
        person = {"role": "user", "email": email, **({"name": name} if name else {})}
        made = exchange.send(Request("POST", "/contacts", json=person))
        return dict(made)


class AssignConversation(IntercomNode):
    """Gives a conversation to a teammate or a team, with a line that says why."""

    type, label, order = "intercom_assign_conversation", "Assign conversation", 2
    conversation_id = TextField("Conversation", required=True, max_length=64)
    to = Choice("To", options=[("team", "A team"), ("admin", "A teammate")], default="team")
    assignee_id = TextField("Id of the team or teammate", required=True, max_length=64)
    text = LongText("Note", default="", max_length=20_000)
    outputs = (
        {"name": "conversation_id", "label": "Intercom conversation", "type": "text", "sample": "4780"},
        {"name": "state", "label": "State", "type": "text", "sample": "open"},
    )
    references, summary = ("conversation_id",), ({"field": "conversation_id"},)
    filled = {"conversation_id": "4780", "to": "team",
              "assignee_id": "5017690", "text": "Escalated by the voice agent"}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        admin = step.connection(step.config["connection"]).values.get("admin_id")
        if not admin:
            raise StepError("The connection has no admin id: fill in who assigns conversations.", code="empty_field")
        part = {"message_type": "assignment", "type": given.to, "admin_id": admin, "assignee_id": given.assignee_id,
                **({"body": given.text} if given.text.strip() else {})}  # fmt: skip
        return Request("POST", path_of("/conversations/{}/parts", given.conversation_id), json=part)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"conversation_id": given.conversation_id, "state": body.get("state")}
