"""Campaigns with Famulor: leads that its voice agents call (docs.famulor.io/api-reference/leads: "Create lead",
"Update lead").

A lead is a phone number with variables in a campaign; `allow_dupplicate` (its spelling) false makes a repetition
harmless, since the campaign then refuses the same number twice. An update merges variables.
"""

from types import SimpleNamespace
from typing import Any

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Request, path_of
from integrations.phones import e164
from integrations.service_node import ServiceNode
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, ConnectionRef, KeyValues, Number, TextField, Toggle

STATUSES = [("", "As it is"), ("created", "To be called"), ("completed", "Completed"),
            ("reached-max-retries", "Not reached")]  # fmt: skip

register_connection_type(
    ConnectionType(
        "famulor", "Famulor", "An API key: Famulor, Settings, API keys.",
        (ConnectionField("token", "API key", secret=True),),
        bearer("token"), icon="campaign", base_url="https://app.famulor.de",
        test=Probe("/api/user/me", told=lambda body: str(body.get("email") or body.get("name") or "")),
    )
)  # fmt: skip


class CampaignNode(ServiceNode):
    app = {"id": "campaigns", "label": "Famulor", "icon": "campaign"}
    advice = {
        401: "Check the API key in the connection.",
        404: "Check the campaign's id, or the lead's; they must belong to this account.",
        422: "Check the phone number, the campaign's id and the variables; the number may be in the campaign already.",
    }
    keywords = ("campaign", "outbound", "lead", "call", "dial")
    connection = ConnectionRef("Famulor", types=["famulor"], required=True)


class AddLead(CampaignNode):
    """Puts somebody into a campaign, to be called by its agent."""

    type, label, order = "campaign_add_lead", "Add lead", 1
    effect = "once"
    campaign_id = Number("Campaign id", required=True, template=True, min=1)
    phone = TextField("Phone number", required=True, max_length=64, help="With its country, like +14155550132.")
    variables = KeyValues("Variables", default=[], max_items=100, help="What the agent knows of the person.")
    allow_duplicates = Toggle("Even if the number is in the campaign", default=False, section="More", advanced=True)
    outputs = (
        {"name": "lead_id", "label": "Famulor lead", "type": "number", "sample": 1},
        {"name": "status", "label": "Status", "type": "text", "sample": "created"},
    )
    references, summary = ("lead_id",), ({"field": "phone"},)
    filled = {"campaign_id": 12, "phone": "{{contact.phone}}",
              "variables": [{"name": "customer_name", "value": "{{contact.name}}"}]}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        lead = {"phone_number": e164(given.phone), "campaign_id": given.campaign_id, "variables": given.variables,
                "allow_dupplicate": given.allow_duplicates}  # fmt: skip
        return Request("POST", "/api/user/lead", json=lead)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"lead_id": body["data"]["id"], "status": body["data"].get("status", "created")}


class UpdateLead(CampaignNode):
    """Changes a lead: another number or campaign, its state, its variables. What is left empty stays as it is."""

    type, label, order = "campaign_update_lead", "Update lead", 2
    lead_id = TextField("Lead", required=True, max_length=30, help="Its id.")
    status = Choice("Status", options=STATUSES, default="")
    phone = TextField("Phone number", default="", max_length=64)
    campaign_id = Number("Campaign id", template=True, min=1)
    variables = KeyValues("Variables", default=[], max_items=100, help="Added to those the lead has.")
    outputs = ({"name": "lead_id", "label": "Famulor lead", "type": "text", "sample": "123"},)
    references, summary = ("lead_id",), ({"field": "lead_id"}, " ", {"field": "status"})
    filled = {"lead_id": "123", "status": "completed"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        changes = {
            "status": given.status or None, "phone_number": e164(given.phone) if given.phone else None,
            "campaign_id": given.campaign_id, "variables": given.variables or None,
        }  # fmt: skip
        sent = {name: value for name, value in changes.items() if value is not None}
        if not sent:
            raise StepError("There is nothing to change: fill in at least one field.", code="empty_field")
        return Request("PUT", path_of("/api/user/leads/{}", given.lead_id), json=sent)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"lead_id": given.lead_id}
