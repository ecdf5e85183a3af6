"""Who looks at a flow, and at which step: in memory only, gone 30 s after the last sign.

Each web process hears the signs of its own browsers and passes them on to the others (runtime/live.py: datagrams on
one host, Redis where REDIS_URL is set), so that all of them know everybody. What gets lost is said again.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async

from runtime import live
from runtime.live import tailer

GONE_AFTER = 30.0  # seconds


@dataclass(slots=True)
class Person:
    """One tab of one person."""

    id: str
    user: str
    name: str
    initials: str
    node: str | None = None
    own: bool = True  # of this process
    seen: float = field(default_factory=time.monotonic)

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "user": self.user, "name": self.name, "initials": self.initials, "node": self.node}


_here: dict[UUID, dict[str, Person]] = {}
_passing: set[asyncio.Task] = set()


def sign(flow_id: UUID, person: Person) -> None:
    """`person` is here, at `person.node`; on the event loop."""
    _note(flow_id, person)
    _pass_on(flow_id, {"kind": "here", "person": person.to_json()})


def leave(flow_id: UUID, person_id: str) -> None:
    _forget(flow_id, person_id)
    _pass_on(flow_id, {"kind": "left", "id": person_id})


def ask(flow_id: UUID) -> None:
    """Somebody new is here: the other processes say who they know."""
    _pass_on(flow_id, {"kind": "who"})


def people(flow_id: UUID) -> dict[str, Any]:
    """The hint that tells who is here."""
    return {"kind": "presence", "people": [person.to_json() for person in _here.get(flow_id, {}).values()]}


def expire(flow_id: UUID) -> None:
    """Forget who gave no sign for too long."""
    limit = time.monotonic() - GONE_AFTER
    for person in list(_here.get(flow_id, {}).values()):
        if person.seen < limit:
            _forget(flow_id, person.id)


def _note(flow_id: UUID, person: Person) -> None:
    before = _here.setdefault(flow_id, {}).get(person.id)
    _here[flow_id][person.id] = person
    if before is None or before.to_json() != person.to_json():
        tailer.publish(flow_id, people(flow_id))


def _forget(flow_id: UUID, person_id: str) -> None:
    found = _here.get(flow_id, {})
    if found.pop(person_id, None) is not None:
        tailer.publish(flow_id, people(flow_id))
    if not found:
        _here.pop(flow_id, None)


def _pass_on(flow_id: UUID, hint: dict[str, Any]) -> None:
    task = asyncio.ensure_future(sync_to_async(live.cast, thread_sensitive=False)(flow_id, hint))
    _passing.add(task)
    task.add_done_callback(_passing.discard)


def _hear(flow_id: UUID, hint: dict[str, Any]) -> None:
    """What another process passed on; our own words come back too and change nothing."""
    known = _here.get(flow_id, {})
    if hint["kind"] == "who":
        for person in known.values():
            if person.own:
                _pass_on(flow_id, {"kind": "here", "person": person.to_json()})
    elif hint["kind"] == "left":
        _forget(flow_id, hint["id"])
    elif not (hint["person"]["id"] in known and known[hint["person"]["id"]].own):
        _note(flow_id, Person(**hint["person"], own=False))


for kind in ("here", "left", "who"):
    live.register_hearer(kind, _hear)
