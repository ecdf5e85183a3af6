"""Who is started by an event: the triggers of published, enabled flows, by type, agent and conditions."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from runtime.engine.starting import ENDED, Asked, asked
from runtime.models import Trigger

#: The event types a kind of trigger listens to; None: those it names itself.
_TYPES: dict[str, tuple[str, ...] | None] = {"call_ended": ENDED, "conversation_ended": ENDED, "event": None}


def listening(workspace_ids: Iterable[Any]) -> dict[Any, list[Trigger]]:
    """The live triggers of each workspace."""
    found: dict[Any, list[Trigger]] = {}
    live = Trigger.objects.filter(workspace_id__in=set(workspace_ids), flow__enabled=True, flow__deleted_at=None)
    for trigger in live.select_related("flow"):
        found.setdefault(trigger.workspace_id, []).append(trigger)
    return found


def match(triggers: Iterable[Trigger], event: Mapping[str, Any]) -> Iterator[tuple[Trigger, Asked | None]]:
    """(trigger, None) for each that `event` (a runtime.engine.starting.Came) starts, (trigger, what did not hold) for
    each that listens to its type and is not started.
    """
    for trigger in triggers:
        if _listens(trigger, str(event["type"])):
            yield trigger, first_refusal(trigger, event)


def first_refusal(trigger: Trigger, event: Mapping[str, Any]) -> Asked | None:
    """What keeps `event` from starting this flow; None if nothing does."""
    return next((answer for answer in asked(trigger.type, trigger.config, event) if not answer.holds), None)


def passed_over(flow_id: Any, refusal: Asked) -> dict[str, Any]:
    """What an event keeps of a flow that it did not start: {"flow", "reason", "conditions": as in a step's reason}."""
    return {"flow": str(flow_id), "reason": refusal.words, "conditions": refusal.rows}


def _listens(trigger: Trigger, type: str) -> bool:
    if trigger.type not in _TYPES:
        return False
    return any(fnmatchcase(type, pattern) for pattern in _TYPES[trigger.type] or trigger.config.get("types") or ())
