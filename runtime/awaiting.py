"""Waiting for something to happen: an event of the same contact or key, a person's decision, a flow that was started.

Theory of operation. A wait is a row beside the paused run. Whatever comes is noted on that row in the transaction in
which it comes, and the run is made due; the first thing noted stands. Whoever claims the run reads the row and hands
what is noted to the node, or nothing where the time ran out: so there is exactly one way out, whoever was faster.
An event that arrives while its wait is being opened, or arrived before, counts as well: it is looked for in the event
table when the wait is opened, and once more before a wait is taken to have elapsed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db.models import F

from runtime import broker, present
from runtime.models import Event, Message, Run, Status, Turn, Wait
from runtime.models.base import CLOCKS_DIFFER, first_id
from runtime.rows import id_of, look_up

MOST_VALUES = 100
MOST_KEYS = 2000  # asked for in one query
LOOK_BACK = 1000


def contact_key(number: str) -> str:
    return f"contact:{number}"[:300] if number else ""


def conversation_key(interaction_id: Any) -> str:
    return f"conversation:{interaction_id}"[:300] if interaction_id else ""


def value_key(value: Any) -> str:
    return f"value:{value}"[:300] if value not in (None, "") else ""


# The condition on the key is that of the index `wait_by_key`, word for word, and the kind cannot be had from another
# index: else SQLite goes by that one, through all the waits there ever were.
_OPEN = """SELECT w.id, w.workspace_id, w.run_id, w.key, w.what, r.event_id FROM runtime_wait AS w
JOIN runtime_run AS r ON r.id = w.run_id WHERE w.closed_at IS NULL AND NOT (w.key = '')
AND COALESCE(w.kind, '') = 'event' AND w.decision = '' AND w.event_id IS NULL"""


def wake(events: Iterable[Event]) -> int:
    """Note each event on the waits it ends, and make their runs due: how many, for whoever gives the hint.

    In the transaction that stores the events, perhaps before they are.
    """
    coming: dict[tuple[Any, str], list[Event]] = {}
    for event in events:
        if event.source not in ("test", "action"):
            for key in keys_of(event):
                coming.setdefault((event.workspace_id, key), []).append(event)
    woken = 0
    for wait_id, workspace_id, run_id, key, what, own_event in _open_waits(coming):
        for event in coming.get((workspace_id, key), ()):
            if event.pk == own_event or not matches(what, event):
                continue
            if Wait.objects.filter(pk=wait_id, event=None).update(event=event):
                woken += make_due(run_id)
            break
    return woken


def _open_waits(coming: Iterable[tuple[Any, str]]) -> Iterator[tuple[Any, Any, Any, str, dict[str, Any], Any]]:
    """(wait, workspace, run, key, what, the run's own event) of all that wait for one of these (workspace, key)."""
    keys = list(coming)
    for at in range(0, len(keys), MOST_KEYS):
        found = look_up(_OPEN, {"w.workspace_id": "uuid", "w.key": "text"}, keys[at : at + MOST_KEYS])
        for wait_id, workspace_id, run_id, key, what, own_event in sorted(found, key=itemgetter(0)):
            yield wait_id, id_of(workspace_id), id_of(run_id), key, json.loads(what or "null") or {}, id_of(own_event)


def make_due(run_id: Any) -> int:
    """The run is to be looked at now, if it still waits."""
    waiting = Run.objects.filter(pk=run_id, status=Status.WAITING)
    return waiting.update(due_at=present.now(), changes=F("changes") + 1)


def keys_of(event: Event) -> Iterator[str]:
    """Everything by which somebody may wait for this event: its contact, its conversation, any plain value in it."""
    if event.contact_number:
        yield contact_key(event.contact_number)
    if event.interaction_id:
        yield conversation_key(event.interaction_id)
    values = (event.payload.get("data") or event.payload.get("trigger") or {}).values()
    for value in list(values)[:MOST_VALUES]:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield value_key(value)


def matches(what: Mapping[str, Any], event: Event) -> bool:
    """Whether the event is of a type waited for, and its own field (if one is named) has the value."""
    if not any(fnmatchcase(event.type, pattern) for pattern in what.get("events") or ["*"]):
        return False
    name = what.get("field")
    if not name:
        return True
    data = event.payload.get("data") or event.payload.get("trigger") or {}
    return value_key(data.get(name)) == what.get("key")


def arrived(run_id: Any, workspace_id: Any, index: int, wait: Mapping[str, Any], since: datetime) -> Any:
    """What came for a run that was paused: what its node's `resume` is given, None if nothing did."""
    row = Wait.objects.filter(run_id=run_id, index=index).select_related("event", "decided_by").first()
    if row is not None and row.decision == "skipped":
        return {"kind": "skipped", "by": _name(row.decided_by), "note": row.note}
    if wait["kind"] == "reply":
        return _reply(row, wait["for"] or {})
    if wait["kind"] == "approval":
        return _decision(row)
    if wait["kind"] == "turn":
        return {"kind": "turn"} if Turn.objects.filter(run_id=run_id).exists() else None
    if wait["kind"] == "connection":
        return {"kind": "connection"}  # it is claimed only once there is one
    if wait["kind"] == "children":
        from runtime.children import outcome  # children wait too, so each of the two needs the other

        return outcome(run_id, index, row)
    if wait["kind"] == "event":
        event = (row.event if row is not None else None) or earlier(workspace_id, wait["for"] or {}, since)
        return _event(event) if event else None
    return None


_INDEXED = {"contact": "contact_number", "conversation": "interaction_id"}


def earlier(workspace_id: Any, what: Mapping[str, Any], since: datetime) -> Event | None:
    """The first event since `since` that ends such a wait."""
    kind, _, value = str(what.get("key") or "").partition(":")
    if not value:
        return None
    found = Event.objects.filter(workspace_id=workspace_id, received_at__gt=since)
    if kind in _INDEXED:  # and sorted by what no index gives: SQLite would go by that one, through all there is
        found = found.filter(**{_INDEXED[kind]: value}).order_by("received_at", "id")
    else:
        found = found.filter(id__gte=first_id(since - CLOCKS_DIFFER)).order_by("id")
    for event in found.exclude(source__in=("test", "action"))[:LOOK_BACK]:
        if what["key"] in keys_of(event) and matches(what, event):
            return event
    return None


def has_come(workspace_id: Any, run_id: Any, what: Mapping[str, Any]) -> bool:
    """Whether an event that ends this wait was there before the wait was."""
    since = Run.objects.values_list("created_at", flat=True).get(pk=run_id)
    return earlier(workspace_id, what, since) is not None


def decide(wait: Wait, decision: str, by: Any, note: str = "") -> bool:
    """A person's word on a wait; False if somebody or something was faster. A transaction is open."""
    noted = Wait.objects.filter(pk=wait.pk, closed_at=None, decision="", event=None).update(
        decision=decision, decided_by=by, decided_at=present.now(), note=note[:500]
    )
    if noted and make_due(wait.run_id):
        broker.hint()
    return bool(noted)


def poll_at(wait: Mapping[str, Any], now: datetime) -> datetime | None:
    """When a waiting run is looked at: its moment, and for started flows every minute, should a wake-up be lost."""
    until = datetime.fromisoformat(wait["until"]) if wait["until"] else None
    if wait["kind"] != "children":
        return until
    look = now + timedelta(seconds=settings.LEASE_SECONDS * 2)
    return min(look, until) if until else look


def _reply(row: Wait | None, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """A visitor's reply, with how many were no answer before it; for an AI, with what was said before."""
    if row is None or row.decision != "replied":
        return None
    message = Message.objects.filter(pk=row.note).first()
    if message is None:
        return None
    said = {"id": str(message.pk), "text": message.text, "choice": message.body.get("choice"),
            "form": message.body.get("filled")}  # fmt: skip
    found = {"kind": "reply", **said, "message": said, "wrong": asked.get("wrong", 0), "turn": asked.get("turn", 0)}
    if asked.get("history"):
        before = message.conversation.messages.filter(seq__lte=message.seq).order_by("-seq")[: asked["history"]]
        found["history"] = [{"role": each.role, "text": each.text} for each in reversed(before)]
    return found


def _decision(row: Wait | None) -> dict[str, Any] | None:
    if row is None or not row.decision:
        return None
    at = row.decided_at.isoformat().replace("+00:00", "Z") if row.decided_at else None
    return {"kind": "decision", "decision": row.decision, "by": _name(row.decided_by), "at": at, "note": row.note}


def _event(event: Event) -> dict[str, Any]:
    at = event.received_at.isoformat().replace("+00:00", "Z")
    return {"kind": "event", "type": event.type, "id": str(event.pk), "received_at": at, **event.payload}


def _name(user: Any) -> str:
    return str(user.display_name) if user else ""
