"""Contacts: found again, remembered. What the API's caller vouches for identifies; what visitors claim is kept only."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from runtime import present
from runtime.engine.chat import tags_after
from runtime.engine.values import excerpt, to_text
from runtime.interactions import e164
from runtime.models import Contact, Event, Reference, Run
from runtime.models.base import time_ordered_id

MOST_ATTRIBUTES, LONGEST_VALUE = 100, 2_000
LAST_REFERENCES = 3
LAST_TALKS, LAST_EVENTS = 20, 100  # in which they are looked for


def find_or_make(workspace_id: Any, given: Mapping[str, Any]) -> Contact:
    """The contact with this id, else e-mail, else number; a new one where nobody is known by it."""
    external, email = to_text(given.get("id"))[:200], to_text(given.get("email")).strip().lower()[:320]
    phone = e164(given.get("phone"))
    known = Contact.objects.filter(workspace_id=workspace_id)
    for name, value in (("external_id", external), ("known_email", email), ("known_phone", phone)):
        found = known.filter(**{name: value}).order_by("id").first() if value else None
        # An e-mail or a number that belongs to somebody with another id is not this contact's.
        if found is not None and (not external or found.external_id in ("", external)):
            break
        found = None
    contact = found or Contact(id=time_ordered_id(), workspace_id=workspace_id)
    contact.external_id = contact.external_id or external
    contact.known_email, contact.known_phone = contact.known_email or email, contact.known_phone or phone
    contact.email, contact.phone = email or contact.email, phone or contact.phone
    tags = given.get("tags")
    learn(contact, {name: value for name, value in given.items() if name not in ("id", "email", "phone", "tags")})
    contact.tags = tags_after(contact.tags, tags if isinstance(tags, list) else [], [])
    contact.save()
    return contact


def learn(contact: Contact, values: Mapping[str, Any]) -> None:
    """Take over what is known now; an empty value forgets an attribute. Not saved."""
    for name, value in values.items():
        if name in ("name", "email", "phone"):
            limit = {"name": 200, "email": 320, "phone": 40}[name]
            setattr(contact, name, to_text(value)[:limit])
        elif value in (None, ""):
            contact.attributes = {key: kept for key, kept in contact.attributes.items() if key != name}
        elif name in contact.attributes or len(contact.attributes) < MOST_ATTRIBUTES:
            contact.attributes = {**contact.attributes, str(name)[:60]: excerpt(value, LONGEST_VALUE)}
    contact.updated_at = present.now()


def shown(contact: Contact | None) -> dict[str, Any]:
    """A contact as flows see it: attributes by their names beside its own members, its tags, its last references."""
    if contact is None:
        return {"tags": []}
    own = {"id": contact.external_id or str(contact.pk), "name": contact.name, "email": contact.email,
           "phone": contact.phone}  # fmt: skip
    known = {name: value for name, value in own.items() if value}
    return {**contact.attributes, **known, "tags": list(contact.tags), "references": _references(contact)}


def _references(contact: Contact) -> list[str]:
    """The newest numbers in other systems that runs about this contact left: "Ticket 35436"."""
    talks = list(contact.conversations.order_by("-id").values_list("interaction_id", flat=True)[:LAST_TALKS])
    events = Event.objects.filter(workspace_id=contact.workspace_id).order_by("-received_at")
    # One after the other, each by an index: joined, SQLite would go through all references of the workspace.
    about = set(events.filter(interaction_id__in=talks).values_list("pk", flat=True)[:LAST_EVENTS])
    if contact.known_phone:
        about.update(events.filter(contact_number=contact.known_phone).values_list("pk", flat=True)[:LAST_EVENTS])
    runs = list(Run.objects.filter(event_id__in=about).values_list("pk", flat=True))
    rows = Reference.objects.filter(run_id__in=runs).order_by("-id")[:LAST_REFERENCES]
    return [f"{row.label} {row.value}" for row in rows]


def change(contact_id: Any, changes: list[Mapping[str, Any]]) -> list[str]:
    """Apply {"do": "contact"} and {"do": "tag", "on": "contact"} to the contact's row; what is otherwise now, by name.
    A transaction is open.
    """
    rows = Contact.objects.filter(pk=contact_id)
    contact = (rows.select_for_update() if connection.vendor == "postgresql" else rows).first()
    if contact is None:
        return []
    before = _known(contact)
    for each in changes:
        if each["do"] == "contact":
            learn(contact, each["set"])
        else:
            contact.tags = tags_after(contact.tags, each["add"], each["remove"])
    contact.updated_at = present.now()
    contact.save()
    after = _known(contact)
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _known(contact: Contact) -> dict[str, Any]:
    own = {name: getattr(contact, name) for name in ("name", "email", "phone")}
    return {**contact.attributes, **own, "tags": list(contact.tags)}


@transaction.atomic
def of_call(workspace_id: Any, event: Mapping[str, Any]) -> Contact | None:
    """The contact of a call that a platform reported; None where nobody is named."""
    interaction, given = event.get("interaction") or {}, dict(event.get("contact") or {})
    given["phone"] = given.get("phone") or interaction.get("contact_number")
    if not any(given.get(name) for name in ("id", "email", "phone")):
        return None
    return find_or_make(
        workspace_id, {name: given[name] for name in ("id", "email", "phone", "name") if given.get(name)}
    )
