"""Zendesk Support: tickets and users (developer.zendesk.com/api-reference/ticketing, "Tickets", "Users").

API tokens authenticate as `{email}/token` by HTTP Basic. Creating takes an `Idempotency-Key`, remembered for two
hours ("Idempotency" in its introduction). A 429 carries Retry-After in seconds; errors carry their useful text in
`details.<field>[].description`.
"""

from types import SimpleNamespace
from typing import Any

from integrations import answers
from integrations.authentication import basic
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Request, path_of
from integrations.service_node import ServiceNode
from runtime.engine.fields import Choice, ConnectionRef, KeyValues, LongText, TextField, Toggle

register_connection_type(
    ConnectionType(
        "zendesk", "Zendesk", "An API token: Admin Center, Apps and integrations, APIs, Zendesk API.",
        (
            ConnectionField("subdomain", "Subdomain", pattern=r"[a-zA-Z0-9-]+",
                            help="The part before .zendesk.com."),
            ConnectionField("email", "Email of the agent", help="Tickets are made in this agent's name."),
            ConnectionField("token", "API token", secret=True),
        ),
        basic("{email}/token", "{token}"), icon="zendesk", base_url="https://{subdomain}.zendesk.com",
        test=Probe("/api/v2/users/me.json", told=lambda body: str(body["user"]["name"])),
    )
)  # fmt: skip
PRIORITIES = [("", "As it is"), ("low", "Low"), ("normal", "Normal"), ("high", "High"), ("urgent", "Urgent")]
STATUSES = [("", "As it is"), ("open", "Open"), ("pending", "Pending"), ("hold", "On hold"), ("solved", "Solved")]
TICKET_OUTPUTS = (
    {"name": "ticket_id", "label": "Zendesk ticket", "type": "number", "sample": 35436},
    {"name": "status", "label": "Status", "type": "text", "sample": "new"},
    {"name": "url", "label": "Address", "type": "text", "sample": "https://acme.zendesk.com/agent/tickets/35436"},
)


class ZendeskNode(ServiceNode):
    app = {"id": "zendesk", "label": "Zendesk", "icon": "zendesk"}
    advice = {
        401: "Check the agent's email and the API token in the connection, and that token access is on in Zendesk.",
        403: "The agent of the connection may not do this; give the role more rights in Zendesk.",
        404: "There is nothing under this number in this Zendesk account.",
        "IdempotentRequestError": "A different request was sent under the same key; start a new run.",
    }
    keywords = ("ticket", "support", "help desk", "case")
    connection = ConnectionRef("Zendesk", types=["zendesk"], required=True)

    def code_of(self, body: Any) -> str:
        return str(body.get("error") or "") if isinstance(body, dict) else ""

    def words_of(self, body: Any) -> str:
        """The descriptions under `details` say which field is wrong; the one above them does not."""
        details = body.get("details") if isinstance(body, dict) else None
        said = [str(row.get("description")) for rows in (details or {}).values() for row in rows] if details else []
        return "; ".join(said)[:300] or answers.words_of(body)


class CreateTicket(ZendeskNode):
    """Opens a ticket in Zendesk. A repetition after a crash or a retry finds the first ticket and makes no second."""

    type, label, order = "zendesk_create_ticket", "Create ticket", 1
    idempotency_header = "Idempotency-Key"
    subject = TextField("Subject", required=True, max_length=500)
    comment = LongText("Text", required=True, help="The ticket's first comment.")
    public = Toggle("The requester sees the text", default=False)
    requester_email = TextField("Requester's email", default="", max_length=320)
    requester_name = TextField("Requester's name", default="", max_length=255)
    priority = Choice("Priority", options=PRIORITIES, default="")
    tags = TextField("Tags", default="", max_length=1000, help="With commas between them.")
    external_id = TextField("Your own id", default="", max_length=255, section="More", advanced=True)
    group_id = TextField("Group id", default="", max_length=30, section="More", advanced=True)
    custom_fields = KeyValues("Custom fields", default=[], section="More", advanced=True,
                              help="The field's id in Zendesk, and its value.")  # fmt: skip
    outputs, references, summary = TICKET_OUTPUTS, ("ticket_id",), ({"field": "subject"},)
    filled = {
        "subject": "Call {{interaction.id}}", "comment": "{{interaction.summary}}\n\n{{interaction.transcript}}",
        "requester_email": "{{contact.email}}", "requester_name": "{{contact.name}}", "priority": "high",
        "tags": "ai-call", "external_id": "{{interaction.id}}",
    }  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        who = {"email": given.requester_email, "name": given.requester_name or given.requester_email}
        ticket = {
            "subject": given.subject, "comment": {"body": given.comment, "public": given.public},
            "requester": who if given.requester_email else None, "priority": given.priority or None,
            "tags": tags_of(given.tags) or None, "external_id": given.external_id or None,
            "group_id": given.group_id or None, "custom_fields": custom_fields_of(given.custom_fields) or None,
        }  # fmt: skip
        return Request("POST", "/api/v2/tickets.json", json={"ticket": without_none(ticket)})

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return ticket_of(body)


class UpdateTicket(ZendeskNode):
    """Changes a ticket's state, priority, group, tags or fields. What is left empty stays as it is."""

    type, label, order = "zendesk_update_ticket", "Update ticket", 2
    ticket_id = TextField("Ticket number", required=True, max_length=30)
    status = Choice("Status", options=STATUSES, default="")
    priority = Choice("Priority", options=PRIORITIES, default="")
    group_id = TextField("Group id", default="", max_length=30)
    assignee_email = TextField("Agent's email", default="", max_length=320)
    tags = TextField("Tags", default="", max_length=1000, help="They replace all tags of the ticket.")
    custom_fields = KeyValues("Custom fields", default=[], section="More", advanced=True)
    outputs, references, summary = TICKET_OUTPUTS, ("ticket_id",), ({"field": "ticket_id"}, " ", {"field": "status"})
    filled = {"ticket_id": "35436", "status": "solved"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        ticket = {
            "status": given.status or None, "priority": given.priority or None, "group_id": given.group_id or None,
            "assignee_email": given.assignee_email or None, "tags": tags_of(given.tags) or None,
            "custom_fields": custom_fields_of(given.custom_fields) or None,
        }  # fmt: skip
        path = path_of("/api/v2/tickets/{}.json", given.ticket_id)
        return Request("PUT", path, json={"ticket": without_none(ticket)})

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return ticket_of(body)


class AddComment(ZendeskNode):
    """Adds a comment to a ticket: a note for your agents, or an answer that the requester gets.

    Zendesk cannot tell a repeated comment from a new one, so it is not sent again where it may have arrived.
    """

    type, label, order = "zendesk_add_comment", "Add comment", 3
    effect = "once"
    ticket_id = TextField("Ticket number", required=True, max_length=30)
    comment = LongText("Text", required=True)
    public = Toggle("The requester sees it", default=False)
    outputs, references, summary = TICKET_OUTPUTS, ("ticket_id",), ({"field": "ticket_id"},)
    filled = {"ticket_id": "35436", "comment": "{{interaction.summary}}"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        comment = {"body": given.comment, "public": given.public}
        path = path_of("/api/v2/tickets/{}.json", given.ticket_id)
        return Request("PUT", path, json={"ticket": {"comment": comment}})

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return ticket_of(body)


class FindUser(ZendeskNode):
    """Looks up a person by email, phone number or your own id. Nobody found is no failure: `found` says it."""

    type, label, order = "zendesk_find_user", "Find user", 4
    effect = "repeatable"
    by = Choice("By", options=[("email", "Email"), ("phone", "Phone number"), ("external_id", "Your own id")],
                default="email")  # fmt: skip
    value = TextField("Value", required=True, max_length=320)
    outputs = (
        {"name": "found", "label": "Found", "type": "boolean", "sample": True},
        {"name": "user_id", "label": "Zendesk user", "type": "number", "sample": 20978392},
        {"name": "name", "label": "Name", "type": "text", "sample": "Jane Doe"},
        {"name": "email", "label": "Email", "type": "text", "sample": "jane@example.com"},
        {"name": "phone", "label": "Phone", "type": "text", "sample": "+14155550132"},
        {"name": "tags", "label": "Tags", "type": "list", "sample": ["vip"]},
    )
    references, summary = ("user_id",), ({"field": "value"},)
    filled = {"by": "phone", "value": "{{interaction.contact_number}}"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        wanted = {"external_id": given.value} if given.by == "external_id" else {"query": f'{given.by}:"{given.value}"'}
        return Request("GET", "/api/v2/users/search.json", query=wanted)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        users = body["users"]
        user = users[0] if users else {}
        output = {name: user.get(name) for name in ("name", "email", "phone", "tags")}
        return {"found": bool(users), "user_id": user.get("id"), **output}


def tags_of(text: str) -> list[str]:
    """Tags have no spaces in Zendesk."""
    return ["_".join(tag.split()) for tag in text.split(",") if tag.strip()]


def custom_fields_of(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": int(name) if name.isdigit() else name, "value": value} for name, value in values.items()]


def ticket_of(body: Any) -> dict[str, Any]:
    """The outputs from `{"ticket": ...}`; the agent's page of the ticket instead of the API's address."""
    ticket = body["ticket"]
    home = str(ticket.get("url") or "").partition("/api/")[0]
    url = f"{home}/agent/tickets/{ticket['id']}" if home else ""
    return {"ticket_id": ticket["id"], "status": ticket.get("status"), "url": url}


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
