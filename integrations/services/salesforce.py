"""Salesforce: records found, written by external id, tasks and cases (developer.salesforce.com/docs: REST API
Developer Guide, "Query", "Insert or Update (Upsert) a Record Using an External ID", "sObject Basic Information").

An upsert answers 201 or 200 with `{"id", "success", "created"}`, or 204 without a body where it changed a record; 300
is a list of several matches, no redirect. Errors are a list `[{"message", "errorCode", "fields"}]`; too many requests
come as 403 with REQUEST_LIMIT_EXCEEDED.
"""

import re
from types import SimpleNamespace
from typing import Any

from integrations.exchange import Exchange, Request, path_of
from integrations.service_node import ServiceNode
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, ConnectionRef, KeyValues, LongText, TextField

API = "/services/data/v60.0"
NAME = r"[A-Za-z][A-Za-z0-9_]{0,79}"  # of objects and fields
_FIELD = re.compile(NAME + r"(?:\.[A-Za-z][A-Za-z0-9_]{0,79})?\Z")
PRIORITIES = [("", "As usual"), ("High", "High"), ("Medium", "Medium"), ("Low", "Low")]


class SalesforceNode(ServiceNode):
    app = {"id": "salesforce", "label": "Salesforce", "icon": "salesforce"}
    advice = {
        300: "Several records have this external id; clean them up in Salesforce.",
        "INVALID_SESSION_ID": "Sign in again, or check the app's client credentials.",
        "REQUEST_LIMIT_EXCEEDED": "The org has used up its API requests of 24 hours; it takes more later.",
        "REQUIRED_FIELD_MISSING": "Fill in the fields that Salesforce names.",
        "INVALID_FIELD": "Check the field names; custom fields end in __c.",
        "INVALID_TYPE": "Check the object's name, and that the connection's user may see it.",
        "NOT_FOUND": "Check the object's and the field's name: the field must be marked External ID.",
        "INSUFFICIENT_ACCESS_OR_READONLY": "The connection's user may not write this.",
        "DUPLICATES_DETECTED": "A duplicate rule of the org refused it: find the record first.",
        "UNABLE_TO_LOCK_ROW": "Somebody else was changing the record.",
        "MALFORMED_QUERY": "Check the field names.",
    }
    passing = frozenset({"REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"})
    keywords = ("crm", "contact", "lead", "account")
    connection = ConnectionRef("Salesforce", types=["salesforce_client", "salesforce"], required=True)

    def code_of(self, body: Any) -> str:
        first = body[0] if isinstance(body, list) and body else {}
        return str(first.get("errorCode") or "") if isinstance(first, dict) else ""


class FindRecord(SalesforceNode):
    """Finds a record by one of its fields, the newest first. Nothing found is no failure: `found` says it."""

    type, label, order = "salesforce_find", "Find record", 1
    effect = "repeatable"
    object = TextField("Object", required=True, default="Contact", pattern=NAME, template=False, max_length=80)
    field = TextField("Field", required=True, default="Email", pattern=NAME, template=False, max_length=80)
    value = TextField("Value", required=True, max_length=500)
    fields_wanted = TextField("Fields to read", default="Id, Name", template=False, max_length=1000,
                              help="With commas between them, such as Id, Name, Account.Name.")  # fmt: skip
    outputs = (
        {"name": "found", "label": "Found", "type": "boolean", "sample": True},
        {"name": "id", "label": "Salesforce record", "type": "text", "sample": "00390000001pPvHAAU"},
        {"name": "record", "label": "Record", "type": "object", "sample": {"Id": "00390000001pPvHAAU", "Name": "Jane"}},
        {"name": "count", "label": "How many match", "type": "number", "sample": 1},
    )
    references, summary = ("id",), ({"field": "object"}, " by ", {"field": "field"})
    filled = {"object": "Contact", "field": "Phone", "value": "{{interaction.contact_number}}",
              "fields_wanted": "Id, Name, Email"}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        wanted = [name.strip() for name in given.fields_wanted.split(",") if name.strip()]
        for name in wanted:
            if not _FIELD.match(name):
                raise StepError(f"{name[:80]!r} is no field name.", code="bad_field")
        fields = ", ".join(dict.fromkeys(["Id", *wanted]))
        value = given.value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
        query = f"SELECT {fields} FROM {given.object} WHERE {given.field} = '{value}' ORDER BY CreatedDate DESC LIMIT 5"
        return Request("GET", f"{API}/query", query={"q": query})

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        records = body["records"]
        record = {name: value for name, value in (records[0] if records else {}).items() if name != "attributes"}
        return {"found": bool(records), "id": record.get("Id"), "record": record, "count": body["totalSize"]}


class UpsertRecord(SalesforceNode):
    """Creates a record, or changes the one that has your external id. Repeating it changes nothing more."""

    type, label, order = "salesforce_upsert", "Create or update record", 2
    object = TextField("Object", required=True, default="Contact", pattern=NAME, template=False, max_length=80)
    external_field = TextField("External id field", required=True, pattern=NAME, template=False, max_length=80,
                               help="A field marked External ID, such as Crm_Id__c.")  # fmt: skip
    external_id = TextField("External id", required=True, max_length=255)
    values = KeyValues("Fields", required=True, max_items=100, help="API names, such as LastName.")
    outputs = (
        {"name": "id", "label": "Salesforce record", "type": "text", "sample": "00390000001pPvHAAU"},
        {"name": "created", "label": "New", "type": "boolean", "sample": True},
    )
    references, summary = ("id",), ({"field": "object"},)
    filled = {
        "object": "Contact", "external_field": "Crm_Id__c", "external_id": "{{interaction.contact_number}}",
        "values": [{"name": "LastName", "value": "{{contact.name}}"}, {"name": "Email", "value": "{{contact.email}}"}],
    }  # fmt: skip

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        path = path_of(API + "/sobjects/{}/{}/{}", given.object, given.external_field, given.external_id)
        values = {name: value for name, value in given.values.items() if name != given.external_field}
        body = exchange.send(Request("PATCH", path, json=values))
        if not body:  # 204: it was there and was changed; only a look tells its id
            return {"id": self._id_at(path, exchange), "created": False}
        return {"id": body["id"], "created": bool(body.get("created"))}

    def _id_at(self, path: str, exchange: Exchange) -> str | None:
        """The id of the record that was changed: what was done stays done, also where nobody may read it back."""
        try:
            return str(exchange.send(Request("GET", path, query={"fields": "Id"}))["Id"])
        except (StepError, KeyError, TypeError) as error:
            why = error.message if isinstance(error, StepError) else "Salesforce answered without it."
            exchange.step.warn("no_id", f"The record was changed, but its id is not known: {why}")
            return None


class CreatedNode(SalesforceNode):
    """What is made anew each time: Salesforce knows no idempotency key, so it is not repeated blindly."""

    effect = "once"
    references = ("id",)

    def made(self, name: str, values: dict[str, Any]) -> Request:
        sent = {field: value for field, value in values.items() if value not in (None, "")}
        return Request("POST", f"{API}/sobjects/{name}", json=sent)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        if not body["success"]:
            raise StepError(f"Salesforce did not create it: {self.words_of(body.get('errors'))}", "not_successful")
        return {"id": body["id"]}


class CreateTask(CreatedNode):
    """Puts a task on somebody's list, tied to a contact or lead and to an account, case or deal."""

    type, label, order = "salesforce_create_task", "Create task", 3
    subject = TextField("Subject", required=True, max_length=255)
    description = LongText("Text", default="", max_length=32_000)
    status = TextField("Status", default="Not Started", max_length=40)
    priority = TextField("Priority", default="Normal", max_length=20)
    due = TextField("Due on", default="", max_length=10, pattern=r"\d{4}-\d{2}-\d{2}", help="Like 2026-02-01.")
    who_id = TextField("Contact or lead", default="", max_length=18, help="Its id.")
    what_id = TextField("About", default="", max_length=18, help="The id of an account, a case or an opportunity.")
    owner_id = TextField("For", default="", max_length=18, section="More", advanced=True, help="The id of a user.")
    values = KeyValues("Other fields", default=[], max_items=50, section="More", advanced=True)
    outputs = ({"name": "id", "label": "Salesforce task", "type": "text", "sample": "00T90000001abcdAAA"},)
    summary = ({"field": "subject"},)
    filled = {"subject": "Call back: {{contact.name}}", "description": "{{interaction.summary}}"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        return self.made("Task", {
            **given.values, "Subject": given.subject, "Description": given.description, "Status": given.status,
            "Priority": given.priority, "ActivityDate": given.due, "WhoId": given.who_id, "WhatId": given.what_id,
            "OwnerId": given.owner_id,
        })  # fmt: skip


class CreateCase(CreatedNode):
    """Opens a case for your service team."""

    type, label, order = "salesforce_create_case", "Create case", 4
    subject = TextField("Subject", required=True, max_length=255)
    description = LongText("Text", default="", max_length=32_000)
    priority = Choice("Priority", options=PRIORITIES, default="")
    origin = TextField("Origin", default="Phone", max_length=40)
    contact_id = TextField("Contact", default="", max_length=18, help="Its id.")
    email = TextField("Email", default="", max_length=80, help="Of somebody who is no contact.")
    values = KeyValues("Other fields", default=[], max_items=50, section="More", advanced=True)
    outputs = ({"name": "id", "label": "Salesforce case", "type": "text", "sample": "5003000000D8cuIAAR"},)
    summary = ({"field": "subject"},)
    filled = {"subject": "Call {{interaction.id}}", "description": "{{interaction.summary}}", "priority": "High",
              "email": "{{contact.email}}"}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        return self.made("Case", {
            **given.values, "Subject": given.subject, "Description": given.description, "Priority": given.priority,
            "Origin": given.origin, "ContactId": given.contact_id, "SuppliedEmail": given.email,
        })  # fmt: skip
