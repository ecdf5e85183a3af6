"""Who is started by an event: the triggers of published, enabled flows, by type, agent and conditions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from runtime.engine import conditions
from runtime.models import Trigger

ENDED = ("call.ended", "conversation.ended")
Reason = str | None


def listening(workspace_ids: Iterable[Any]) -> dict[Any, list[Trigger]]:
    """The live triggers of each workspace."""
    found: dict[Any, list[Trigger]] = {}
    live = Trigger.objects.filter(workspace_id__in=set(workspace_ids), flow__enabled=True, flow__deleted_at=None)
    for trigger in live.select_related("flow"):
        found.setdefault(trigger.workspace_id, []).append(trigger)
    return found


def match(triggers: Iterable[Trigger], event: Mapping[str, Any]) -> Iterator[tuple[Trigger, Reason]]:
    """(trigger, None) for each that `event` starts, (trigger, why not) for each of the right type it does not.

    `event`: {"type", "agent", "interaction", "contact", "analysis", "variables", "data", "moment"}.
    """
    for trigger in triggers:
        accepts = _MATCHERS.get(trigger.type)
        if accepts is None or not accepts.listens(trigger, str(event["type"])):
            continue
        yield trigger, _first_reason(trigger, event, accepts.checks)


def holds(rules: Any, event: Mapping[str, Any]) -> Reason:
    """None if the trigger's own conditions hold, else what did not."""
    if not rules:
        return None
    scope = {
        "interaction": event.get("interaction") or {}, "contact": event.get("contact") or {},
        "analysis": event.get("analysis") or {}, "vars": event.get("variables") or {},
        "trigger": event.get("trigger") or event.get("data") or {},
    }  # fmt: skip
    result, compared = conditions.evaluate(rules, scope, [])
    if result:
        return None
    first = next((row for row in compared if not row["result"]), None)
    return (
        f"{str(first['left']).strip('{} ')} was {first['left_value']!r}"[:300]
        if first
        else "the conditions do not hold"
    )


def _first_reason(trigger: Trigger, event: Mapping[str, Any], checks) -> Reason:
    for check in checks:
        reason = check(trigger, event)
        if reason is not None:
            return reason
    return None


def _agent(trigger: Trigger, event: Mapping[str, Any]) -> Reason:
    if trigger.agents and event.get("agent") not in trigger.agents:
        return f"the agent is {event.get('agent') or 'not known'}, not {' or '.join(trigger.agents)}"
    return None


def _status(trigger: Trigger, event: Mapping[str, Any]) -> Reason:
    wanted = trigger.config.get("statuses", ["completed"])
    status = (event.get("interaction") or {}).get("status")
    if wanted and status is not None and status not in wanted:
        return f"the call's status is {status}"
    return None


def _length(trigger: Trigger, event: Mapping[str, Any]) -> Reason:
    least = trigger.config.get("minimum_seconds") or 0
    seconds = (event.get("interaction") or {}).get("duration_seconds")
    if least and isinstance(seconds, int | float) and seconds < least:
        return f"the call took {seconds} s, less than {least} s"
    return None


def _test_call(trigger: Trigger, event: Mapping[str, Any]) -> Reason:
    is_test = bool((event.get("interaction") or {}).get("test") or (event.get("data") or {}).get("test"))
    return "it was a test call" if is_test and not trigger.config.get("include_test") else None


def _moment(trigger: Trigger, event: Mapping[str, Any]) -> Reason:
    moment = event.get("moment")
    if trigger.config.get("moment", "analysed") == "ended" and moment == "analysed":
        return "the flow starts when the call ends; this was its analysis"
    return None


def _conditions(trigger: Trigger, event: Mapping[str, Any]) -> Reason:
    return holds(trigger.config.get("conditions"), event)


def _channel(trigger: Trigger, event: Mapping[str, Any]) -> Reason:
    wanted, channel = trigger.config.get("channels"), (event.get("interaction") or {}).get("channel")
    return f"the channel is {channel or 'not known'}" if wanted and channel not in wanted else None


class _Matcher:
    """The event types a kind of trigger listens to, and what has to hold beside."""

    def __init__(self, types: tuple[str, ...], *checks: Callable[[Trigger, Mapping[str, Any]], Reason]):
        self.types, self.checks = types, checks

    def listens(self, trigger: Trigger, type: str) -> bool:
        return any(fnmatchcase(type, pattern) for pattern in self.types or trigger.config.get("types") or ())


_MATCHERS = {
    "call_ended": _Matcher(ENDED, _agent, _status, _length, _test_call, _moment, _conditions),
    "conversation_ended": _Matcher(ENDED, _agent, _channel, _moment, _conditions),
    "event": _Matcher((), _agent, _conditions),  # its own types
}
