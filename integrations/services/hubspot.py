"""HubSpot: contacts, notes, deals, tickets (CRM API v3).

Shapes: HubSpot's public API specifications (PublicApiSpecs/CRM, objects v3). Property values are texts, numbers too; a
batch may answer 207 with nothing done; there are no idempotency keys, so creating is an effect of kind "once".
"""

from dataclasses import replace
from html import escape

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Request, path_of
from integrations.grants import Grant
from integrations.oauth_types import CLIENT_ID, CLIENT_SECRET, SCOPE
from integrations.service_node import ServiceNode
from runtime.engine.fields import Choice, ConnectionRef, DateTime, KeyValues, LongText, Number, TextField

LONGEST_NOTE = 65_536
CONTACTS = "/crm/v3/objects/contacts"
# Which kind of object a new one is tied to (associations v4, HUBSPOT_DEFINED).
NOTE_TO_CONTACT, DEAL_TO_CONTACT, TICKET_TO_CONTACT = 202, 3, 16
SCOPES = (
    "oauth crm.objects.contacts.read crm.objects.contacts.write crm.objects.deals.read crm.objects.deals.write tickets"
)
PROBE = Probe("/account-info/v3/details", told=lambda body: f"account {body['portalId']}")

register_connection_type(
    ConnectionType(
        "hubspot", "HubSpot", "The access token of a private app or a service key of your account.",
        (ConnectionField("token", "Access token", secret=True, help="It begins with pat-."),),
        bearer(), icon="hubspot", base_url="https://api.hubapi.com", test=PROBE,
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "hubspot_sign_in", "HubSpot (sign in)", "Somebody signs in to HubSpot; for apps with a client id and secret.",
        (CLIENT_ID, CLIENT_SECRET, replace(SCOPE, default=SCOPES)), icon="hubspot", base_url="https://api.hubapi.com",
        grant=Grant("https://api.hubapi.com/oauth/v1/token", authorize_url="https://app.hubspot.com/oauth/authorize",
                    in_body=True), test=PROBE,
    )
)  # fmt: skip


class HubSpot(ServiceNode):
    app = {"id": "hubspot", "label": "HubSpot", "icon": "hubspot"}
    connection = ConnectionRef("HubSpot account", types=["hubspot", "hubspot_sign_in"], required=True)
    keywords = ("crm", "contact", "lead", "sales")
    final = frozenset({"CONFLICT", "DAILY"})
    advice = {
        "CONFLICT": "Use “Create or update contact” where it may exist already.",
        "DAILY": "The account's calls for today are used up; it works again tomorrow.",
        "MISSING_SCOPES": "Give the private app the missing scopes in HubSpot, then try again.",
        "OBJECT_NOT_FOUND": "Check the id: the record does not exist or was deleted.",
        "VALIDATION_ERROR": "Check the values, and that the properties exist in HubSpot.",
        404: "Check the id: the record does not exist or was deleted.",
    }

    def complaint(self, body):
        """A batch answers 207 where it did nothing for some."""
        return isinstance(body, dict) and bool(body.get("numErrors"))

    def code_of(self, body):
        first = (body.get("errors") or [{}])[0] if body.get("numErrors") else body
        return first.get("policyName") or first.get("category") or ""


class FindContact(HubSpot):
    """Looks up a contact by e-mail, phone number or any other property. Finding none is no error: `found` is false."""

    type, label, effect = "hubspot_find_contact", "Find contact", "repeatable"
    by = Choice("Look up by", default="email", required=True,
                options=[("email", "E-mail"), ("phone", "Phone number"), ("property", "Another property")])  # fmt: skip
    property = TextField("Property", required=True, visible_if={"field": "by", "in": ["property"]},
                         help="Its internal name, such as mobilephone.")  # fmt: skip
    value = TextField("Value", required=True)
    properties = TextField("Properties to read", default="firstname,lastname,email,phone,lifecyclestage",
                           template=False, help="Internal names with commas between them.")  # fmt: skip
    outputs = (
        {"name": "found", "label": "Found", "type": "boolean", "sample": True},
        {"name": "id", "label": "HubSpot contact", "type": "text", "sample": "512"},
        {"name": "properties", "label": "Properties", "type": "object", "sample": {"firstname": "Jane"}},
    )
    references = ("id",)
    filled = {"by": "phone", "value": "{{interaction.contact_number}}"}
    summary = ({"field": "value"},)

    def request(self, given, step):
        name = given.property if given.by == "property" else given.by
        only = {"propertyName": name, "operator": "EQ", "value": given.value}
        body = {"filterGroups": [{"filters": [only]}], "properties": _names(given.properties), "limit": 1,
                "after": "0", "sorts": []}  # fmt: skip
        return Request("POST", f"{CONTACTS}/search", json=body, reads=True)

    def result(self, given, body):
        found = body["results"][0] if body["results"] else {"id": None, "properties": {}}
        return {"found": bool(body["results"]), "id": found["id"], "properties": found["properties"]}


class _WriteContact(HubSpot):
    email = TextField("E-mail")
    firstname = TextField("First name")
    lastname = TextField("Last name")
    phone = TextField("Phone number")
    properties = KeyValues("More properties", default=[], help="By their internal names, such as hs_lead_status.")
    outputs = ({"name": "id", "label": "HubSpot contact", "type": "text", "sample": "512"},)
    references = ("id",)
    filled = {"email": "{{contact.email}}", "phone": "{{interaction.contact_number}}",
              "properties": [{"name": "hs_lead_status", "value": "OPEN"}]}  # fmt: skip
    summary = ({"field": "email"},)

    def result(self, given, body):
        return {"id": body["id"]}


class UpsertContact(_WriteContact):
    """Creates the contact with this e-mail, or updates the one there is. What is empty stays as it was."""

    type, label, order = "hubspot_upsert_contact", "Create or update contact", 40
    email = TextField("E-mail", required=True)
    outputs = (*_WriteContact.outputs, {"name": "new", "label": "Is new", "type": "boolean", "sample": False})

    def request(self, given, step):
        one = {"idProperty": "email", "id": given.email, "properties": _contact(given)}
        return Request("POST", f"{CONTACTS}/batch/upsert", json={"inputs": [one]})

    def result(self, given, body):
        return {"id": body["results"][0]["id"], "new": bool(body["results"][0].get("new"))}


class CreateContact(_WriteContact):
    """Creates a contact. One with the same e-mail makes it fail; “Create or update contact” does not."""

    type, label, effect = "hubspot_create_contact", "Create contact", "once"

    def request(self, given, step):
        return Request("POST", CONTACTS, json={"properties": _contact(given)})


class UpdateContact(_WriteContact):
    """Changes a contact known by its id. What is empty stays as it was."""

    type, label = "hubspot_update_contact", "Update contact"
    contact_id = TextField("Contact id", required=True)
    filled = {**_WriteContact.filled, "contact_id": "{{steps.find.id|default:'512'}}"}
    summary = ({"field": "contact_id"},)

    def request(self, given, step):
        return Request("PATCH", path_of(f"{CONTACTS}/{{}}", given.contact_id), json={"properties": _contact(given)})


class AddNote(HubSpot):
    """Adds a note to a contact's timeline, for example the summary of the call. Line breaks are kept."""

    type, label, effect = "hubspot_add_note", "Add note", "once"
    contact_id = TextField("Contact id", required=True)
    text = LongText("Note", required=True)
    at = DateTime("Time", help="Empty = now.")
    outputs = ({"name": "id", "label": "HubSpot note", "type": "text", "sample": "17591234567"},)
    references = ("id",)
    filled = {"contact_id": "512", "text": "{{interaction.summary}}"}
    summary = ({"field": "text"},)

    def request(self, given, step):
        text = escape(given.text, quote=False).replace("\n", "<br>")
        if len(text) > LONGEST_NOTE:
            step.warn("cut", f"The note was cut to HubSpot's {LONGEST_NOTE:,} characters.")
        properties = {"hs_timestamp": given.at or _moment(step), "hs_note_body": text[:LONGEST_NOTE]}
        return _created("notes", properties, given.contact_id, NOTE_TO_CONTACT)

    def result(self, given, body):
        return {"id": body["id"]}


class CreateDeal(HubSpot):
    """Creates a deal, tied to a contact if one is named."""

    type, label, effect = "hubspot_create_deal", "Create deal", "once"
    name = TextField("Name", required=True)
    stage = TextField("Stage", required=True, default="appointmentscheduled", help="The internal id of the stage.")
    pipeline = TextField("Pipeline", default="default", help="The internal id of the pipeline.")
    amount = Number("Amount", min=0, template=True)
    contact_id = TextField("Contact id", help="Empty = the deal is tied to nobody.")
    properties = KeyValues("More properties", default=[])
    outputs = ({"name": "id", "label": "HubSpot deal", "type": "text", "sample": "9042"},)
    references = ("id",)
    filled = {"name": "Call {{interaction.id}}", "contact_id": "512", "amount": 1500}
    summary = ({"field": "name"},)

    def request(self, given, step):
        amount = "" if given.amount is None else str(given.amount)
        properties = {"dealname": given.name, "dealstage": given.stage, "pipeline": given.pipeline, "amount": amount}
        return _created("deals", {**properties, **given.properties}, given.contact_id, DEAL_TO_CONTACT)

    def result(self, given, body):
        return {"id": body["id"]}


class CreateTicket(HubSpot):
    """Creates a support ticket, tied to a contact if one is named."""

    type, label, effect = "hubspot_create_ticket", "Create ticket", "once"
    subject = TextField("Subject", required=True)
    content = LongText("Description")
    stage = TextField("Stage", required=True, default="1", help="The internal id of the stage; 1 is New.")
    pipeline = TextField("Pipeline", default="0", help="The internal id of the pipeline.")
    priority = Choice("Priority", default="", options=[("", "None"), "LOW", "MEDIUM", "HIGH"])
    contact_id = TextField("Contact id", help="Empty = the ticket is tied to nobody.")
    properties = KeyValues("More properties", default=[])
    outputs = ({"name": "id", "label": "HubSpot ticket", "type": "text", "sample": "773"},)
    references = ("id",)
    filled = {"subject": "Call {{interaction.id}}", "content": "{{interaction.summary}}", "priority": "HIGH"}
    summary = ({"field": "subject"},)

    def request(self, given, step):
        properties = {"subject": given.subject, "content": given.content, "hs_pipeline": given.pipeline,
                      "hs_pipeline_stage": given.stage, "hs_ticket_priority": given.priority}  # fmt: skip
        return _created("tickets", {**properties, **given.properties}, given.contact_id, TICKET_TO_CONTACT)

    def result(self, given, body):
        return {"id": body["id"]}


def _contact(given):
    plain = {"email": given.email, "firstname": given.firstname, "lastname": given.lastname, "phone": given.phone}
    return _filled({**plain, **given.properties})


def _created(kind, properties, contact_id, association):
    body = {"properties": _filled(properties)}
    if contact_id:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association}]
        body["associations"] = [{"to": {"id": contact_id}, "types": types}]
    return Request("POST", f"/crm/v3/objects/{kind}", json=body)


def _filled(properties):
    return {name: value for name, value in properties.items() if value}


def _names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def _moment(step):
    return step.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
