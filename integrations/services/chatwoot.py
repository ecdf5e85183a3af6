"""Chatwoot, in its cloud or your own: conversations for a handoff (developers.chatwoot.com/api-reference:
"Create New Conversation", "Assign Conversation", "Search Contacts", "Create Contact").

The token goes in `api_access_token`. A conversation needs the contact's `source_id` in the inbox, which the contact's
`contact_inboxes` holds. It knows no idempotency key.
"""

from types import SimpleNamespace
from typing import Any

from integrations.authentication import header
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Exchange, Request, path_of
from integrations.phones import e164
from integrations.service_node import ServiceNode
from runtime.engine.errors import StepError
from runtime.engine.fields import ConnectionRef, KeyValues, LongText, Number, TextField

register_connection_type(
    ConnectionType(
        "chatwoot", "Chatwoot", "The access token of a user: Chatwoot, Profile settings, at the end of the page.",
        (
            ConnectionField("account_id", "Account id", pattern=r"\d+", help="The number after /accounts/."),
            ConnectionField("token", "Access token", secret=True),
        ),
        header("api_access_token", "{token}"), icon="chatwoot", base_url="https://app.chatwoot.com",
        test=Probe("/api/v1/profile", told=lambda body: str(body["email"])),
    )
)  # fmt: skip


class ChatwootNode(ServiceNode):
    app = {"id": "chatwoot", "label": "Chatwoot", "icon": "chatwoot"}
    effect = "once"
    advice = {
        401: "Check the access token in the connection, and that its user belongs to the account.",
        404: "Check the account id in the connection, and the ids in the step.",
    }
    keywords = ("handoff", "chat", "inbox", "support", "agent")
    connection = ConnectionRef("Chatwoot", types=["chatwoot"], required=True)

    def path(self, step: Any, pattern: str, *values: Any) -> str:
        account = step.connection(step.config["connection"]).values["account_id"]
        return path_of(f"/api/v1/accounts/{{}}{pattern}", account, *values)


class CreateConversation(ChatwootNode):
    """Opens a conversation with a contact, found by email or phone number (made where there is none), for your team."""

    type, label, order = "chatwoot_create_conversation", "Create conversation", 1
    inbox_id = Number("Inbox id", required=True, template=True, min=1)
    email = TextField("Contact's email", default="", max_length=320, help="An email or a phone number is needed.")
    phone = TextField("Contact's phone", default="", max_length=64)
    name = TextField("Contact's name", default="", max_length=255, help="For a contact that is made.")
    text = LongText("Text", required=True, max_length=20_000)
    team_id = Number("Team id", template=True, min=1, section="More", advanced=True)
    attributes = KeyValues("Custom attributes", default=[], max_items=50, section="More", advanced=True)
    outputs = (
        {"name": "conversation_id", "label": "Chatwoot conversation", "type": "number", "sample": 250},
        {"name": "contact_id", "label": "Chatwoot contact", "type": "number", "sample": 7},
        {"name": "status", "label": "Status", "type": "text", "sample": "open"},
    )
    references, summary = ("conversation_id",), ({"field": "email"}, " ", {"field": "phone"})
    filled = {"inbox_id": 1, "email": "{{contact.email}}", "phone": "{{interaction.contact_number}}",
              "name": "{{contact.name}}", "text": "{{interaction.summary}}"}  # fmt: skip

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        phone = e164(given.phone) if given.phone else ""
        if not (given.email or phone):
            raise StepError("A contact needs an email or a phone number.", code="empty_field")
        path = self.path(exchange.step, "/contacts/search")
        found = exchange.send(Request("GET", path, query={"q": given.email or phone}))["payload"]
        contact = found[0] if found else self._make(exchange, given, phone)
        source = self._source(exchange, contact, given.inbox_id)
        opened = {
            "source_id": source, "inbox_id": given.inbox_id, "contact_id": contact["id"], "status": "open",
            "message": {"content": given.text}, **({"team_id": given.team_id} if given.team_id else {}),
            **({"custom_attributes": given.attributes} if given.attributes else {}),
        }  # fmt: skip
        body = exchange.send(Request("POST", self.path(exchange.step, "/conversations"), json=opened))
        return {"conversation_id": body["id"], "contact_id": contact["id"], "status": body.get("status", "open")}

    def _make(self, exchange: Exchange, given: SimpleNamespace, phone: str) -> dict[str, Any]:
        person = {"inbox_id": given.inbox_id, "name": given.name or given.email or phone,
                  **({"email": given.email} if given.email else {}),
                  **({"phone_number": phone} if phone else {})}  # fmt: skip
        payload = exchange.send(Request("POST", self.path(exchange.step, "/contacts"), json=person))["payload"]
        return dict(payload.get("contact") or payload)

    def _source(self, exchange: Exchange, contact: dict[str, Any], inbox_id: int) -> str:
        """The contact's name in the inbox; a contact that was never there gets one."""
        for known in contact.get("contact_inboxes") or []:
            if known["inbox"]["id"] == inbox_id:
                return str(known["source_id"])
        path = self.path(exchange.step, "/contacts/{}/contact_inboxes", contact["id"])
        return str(exchange.send(Request("POST", path, json={"inbox_id": inbox_id}))["source_id"])


class AssignConversation(ChatwootNode):
    """Gives a conversation to an agent or a team."""

    type, label, order = "chatwoot_assign_conversation", "Assign conversation", 2
    effect = "keyed"  # giving it to the same again changes nothing
    conversation_id = TextField("Conversation", required=True, max_length=30)
    assignee_id = Number("Agent id", template=True, min=1, help="An agent or a team is needed; the agent goes first.")
    team_id = Number("Team id", template=True, min=1)
    outputs = (
        {"name": "conversation_id", "label": "Chatwoot conversation", "type": "text", "sample": "250"},
        {"name": "assignee", "label": "Given to", "type": "text", "sample": "Support"},
    )
    references, summary = ("conversation_id",), ({"field": "conversation_id"},)
    filled = {"conversation_id": "250", "team_id": 1}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        if not (given.assignee_id or given.team_id):
            raise StepError("Say who gets the conversation: an agent or a team.", code="empty_field")
        who = {"assignee_id": given.assignee_id} if given.assignee_id else {"team_id": given.team_id}
        path = self.path(step, "/conversations/{}/assignments", given.conversation_id)
        return Request("POST", path, json=who)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"conversation_id": given.conversation_id, "assignee": body.get("name")}
