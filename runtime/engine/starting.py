"""What a trigger asks of what came, each answer with the value it had: it decides who starts, and a run keeps it.

The same comparisons are made when an event comes in (runtime/matching.py: the first that fails is why a flow was
passed over) and at the trigger's step, where they become the run's "why did it start?".
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from runtime.engine import conditions, starting_chats
from runtime.engine.asked import Asked, Came, Config
from runtime.engine.asked import one as _one

ENDED = ("call.ended", "conversation.ended")
MESSAGE = "conversation.message"


def asked(type: str, config: Config, came: Came) -> Iterator[Asked]:
    """Everything a trigger of this type asks of what came, in order; nothing for those that ask nothing."""
    for ask in _ASKS.get(type, ()):
        answer = ask(config, came)
        if answer is not None:
            yield answer


def reason_of(type: str, config: Config, came: Came) -> dict[str, Any] | None:
    """What the trigger's step keeps: SETTLED section 3's record with its one way out; None if nothing was asked.

    A try by hand runs whatever the trigger asks: there `result` says whether the event would have started it live.
    """
    answers = list(asked(type, config, came))
    if not answers:
        return None
    rows = [row for answer in answers for row in answer.rows]
    holds = all(answer.holds for answer in answers)
    return {"trigger": True, "branches": [{"id": "next", "result": holds, "conditions": rows}]}


def _rules(config: Config, came: Came) -> Asked | None:
    """The conditions that people wrote for it."""
    rules = config.get("conditions")
    if not rules:
        return None
    scope = {
        "interaction": came.get("interaction") or {}, "contact": came.get("contact") or {},
        "analysis": came.get("analysis") or {}, "vars": came.get("variables") or {},
        "trigger": came.get("trigger") or came.get("data") or {}, "visitor": came.get("visitor") or {},
        "message": came.get("message") or {}, "workspace": came.get("workspace") or {}, "now": came.get("at"),
    }  # fmt: skip
    holds, rows = conditions.evaluate(rules, scope, [])
    failed = next((row for row in rows if not row["result"]), None)
    words = f"{str(failed['left']).strip('{} ')} was {failed['left_value']!r}"[:300] if failed else ""
    return Asked(holds, words or "the conditions do not hold", rows)


def _type(config: Config, came: Came) -> Asked | None:
    wanted, type = list(config.get("types") or ()), came.get("type")
    if not type:
        return None
    holds = any(fnmatchcase(str(type), pattern) for pattern in wanted)
    return _one("event.type", type, "in_list", wanted, holds, f"the event is {type}")


def _agent(config: Config, came: Came) -> Asked | None:
    wanted, agent = config.get("agents"), came.get("agent") or None
    if not wanted:
        return None
    words = f"the agent is {agent or 'not known'}, not {' or '.join(wanted)}"
    return _one("agent", agent, "in_list", wanted, agent in wanted, words)


def _status(config: Config, came: Came) -> Asked | None:
    wanted, status = config.get("statuses", ["completed"]), _interaction(came).get("status")
    if not wanted or status is None:
        return None
    return _one("interaction.status", status, "in_list", wanted, status in wanted, f"the call's status is {status}")


def _length(config: Config, came: Came) -> Asked | None:
    least, seconds = config.get("minimum_seconds") or 0, _interaction(came).get("duration_seconds")
    if not least or not isinstance(seconds, int | float):
        return None
    words = f"the call took {seconds} s, less than {least} s"
    return _one("interaction.duration_seconds", seconds, "at_least", least, seconds >= least, words)


def _test_call(config: Config, came: Came) -> Asked | None:
    is_test = bool(_interaction(came).get("test") or (came.get("data") or {}).get("test"))
    if not is_test or config.get("include_test"):
        return None
    return _one("interaction.test", True, "is_false", None, False, "it was a test call")


def _moment(config: Config, came: Came) -> Asked | None:
    if config.get("moment", "analysed") != "ended" or came.get("moment") != "analysed":
        return None
    words = "the flow starts when the call ends; this was its analysis"
    return _one("event.moment", "analysed", "equals", "ended", False, words)


def _channel(config: Config, came: Came) -> Asked | None:
    wanted, channel = config.get("channels"), _interaction(came).get("channel")
    if not wanted:
        return None
    words = f"the channel is {channel or 'not known'}"
    return _one("interaction.channel", channel, "in_list", wanted, channel in wanted, words)


def _called_number(config: Config, came: Came) -> Asked | None:
    wanted, number = config.get("to_numbers"), came.get("called_number") or None
    if not wanted:
        return None
    words = f"the called number is {number or 'not known'}"
    return _one("interaction.to", number, "in_list", wanted, number in wanted, words)


def _interaction(came: Came) -> Mapping[str, Any]:
    return came.get("interaction") or {}


_WHEN = (starting_chats.hours, starting_chats.first_day, starting_chats.last_day)
_ASKS: dict[str, tuple[Callable[[Config, Came], Asked | None], ...]] = {
    "call_ended": (_agent, _status, _length, _test_call, _moment, _rules),
    "conversation_ended": (_agent, _channel, _moment, _rules),
    "event": (_type, _agent, _rules),
    "webhook": (_rules,),
    "inbound_call": (_agent, _called_number),
    "conversation_started": (_agent, _channel, *_WHEN, starting_chats.address, starting_chats.people, _rules),
    "message_received": (_agent, _channel, *_WHEN, starting_chats.people, _rules, starting_chats.said),
}
