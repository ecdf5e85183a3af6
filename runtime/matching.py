"""Who is started by an event: the triggers of published, enabled flows, by type, agent and conditions."""

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from runtime.engine.starting import ENDED, MESSAGE, Asked, asked
from runtime.models import Flow, Trigger, Workspace
from runtime.rows import execute, id_of, marks
from runtime.visitors import as_of_now

#: The event types a kind of trigger listens to; None: those it names itself.
_TYPES: dict[str, tuple[str, ...] | None] = {
    "call_ended": ENDED, "conversation_ended": ENDED, "event": None, "message_received": (MESSAGE,),
}  # fmt: skip
CHATS = ("conversation_started", "message_received")


_LISTENING = """SELECT t.id, t.workspace_id, t.version_id, t.type, t.agents, t.config, f.id, f.kind, f.name
FROM runtime_trigger AS t JOIN runtime_flow AS f ON f.id = t.flow_id
WHERE t.workspace_id IN ({workspaces}) AND f.enabled AND f.deleted_at IS NULL"""


def listening(workspace_ids: Iterable[Any]) -> dict[Any, list[Trigger]]:
    """The live triggers of each workspace."""
    found: dict[Any, list[Trigger]] = {}
    wanted = list(set(workspace_ids))
    for row in execute(_LISTENING.format(workspaces=marks(len(wanted))), wanted) if wanted else ():
        trigger = _read(*row)
        found.setdefault(trigger.workspace_id, []).append(trigger)
    return found


@lru_cache(maxsize=4096)
def _read(id, workspace_id, version_id, type, agents, config, flow_id, kind, name) -> Trigger:
    """A trigger and its flow from what their rows hold: asked for with each batch of events, made once a change.

    `from_db` wants the columns in the order of the model; those not named are read when somebody asks for them.
    """
    flow = Flow.from_db(None, ["id", "workspace_id", "name", "kind"], [id_of(flow_id), id_of(workspace_id), name, kind])
    trigger = Trigger.from_db(
        None, ["id", "workspace_id", "flow_id", "version_id", "type", "agents", "config"],
        [id_of(id), id_of(workspace_id), flow.pk, id_of(version_id), type, json.loads(agents), json.loads(config)],
    )  # fmt: skip
    trigger.flow = flow
    return trigger


def match(triggers: Iterable[Trigger], event: Mapping[str, Any]) -> Iterator[tuple[Trigger, Asked | None]]:
    """(trigger, None) for each that `event` (a runtime.engine.starting.Came) starts, (trigger, what did not hold) for
    each that listens to its type and is not started.
    """
    for trigger in triggers:
        if _listens(trigger, str(event["type"])):
            yield trigger, first_refusal(trigger, event)


def first_refusal(trigger: Trigger, event: Mapping[str, Any]) -> Asked | None:
    """What keeps `event` from starting this flow; None if nothing does."""
    if trigger.type in CHATS and "workspace" not in event:
        workspace = Workspace.objects.get(pk=trigger.workspace_id)  # the trigger is kept, its workspace changes
        event = {**event, **surroundings(workspace, event.get("visitor") or {})}
    return next((answer for answer in asked(trigger.type, trigger.config, event) if not answer.holds), None)


def surroundings(workspace: Workspace, visitor: Mapping[str, Any]) -> dict[str, Any]:
    """What triggers of conversations ask of us: the workspace, whether people are there now, the day and the hour."""
    constants = {**workspace.constants, "name": workspace.name, "time_zone": workspace.time_zone}
    now = as_of_now(workspace.availability, workspace.time_zone)
    return {"workspace": constants, "visitor": {**visitor, **now}}


def passed_over(flow_id: Any, refusal: Asked) -> dict[str, Any]:
    """What an event keeps of a flow that it did not start: {"flow", "reason", "conditions": as in a step's reason}."""
    return {"flow": str(flow_id), "reason": refusal.words[:300], "conditions": refusal.rows}


def _listens(trigger: Trigger, type: str) -> bool:
    if trigger.type not in _TYPES or trigger.flow.kind == "conversation":
        return False  # which flow leads a conversation is chosen among all (runtime/chat_starts.py)
    return any(fnmatchcase(type, pattern) for pattern in _TYPES[trigger.type] or trigger.config.get("types") or ())
