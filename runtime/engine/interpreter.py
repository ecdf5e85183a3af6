"""Theory of operation: a run is a value, and this module is the only place where it changes.

`begin` puts the cursor on the trigger. A driver performs the node under the cursor, which reports an outcome (Done,
Wait, Fail, End), and `advance` turns state and outcome into the next state. There is no clock (time is an argument),
no I/O and no mutation here, so every history can be replayed: the same inputs give the same state.

What a driver may rely on (tests/engine/test_advance_properties.py holds these over random graphs and outcomes):
the cursor is always a node of the graph; a waiting state says for what; finished is final; every outcome counts
towards the step limit, so no run is endless; variables come only from nodes that ran; stopping after any step and
going on from the stored state gives the same end.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from runtime.engine.chat import after
from runtime.engine.graph import Graph, Node
from runtime.engine.outcomes import Done, End, Fail, Outcome, Wait
from runtime.engine.state import FAILED, FINAL, RUNNING, SUCCEEDED, WAITING, RunState

STEP_LIMIT = 10_000


def begin(graph: Graph, variables: Mapping[str, Any], now: datetime) -> RunState:
    """The state before the first step: the cursor on the trigger, `vars` as the event brought them."""
    return RunState(node=graph.trigger.id, vars=dict(variables), as_of=now.isoformat())


def advance(graph: Graph, state: RunState, outcome: Outcome, now: datetime) -> RunState:
    """The state after `outcome` of the node under the cursor."""
    if state.finished:
        return state
    node = graph.nodes[state.node]
    match outcome:
        case Done():
            news = _done(graph, state, node, outcome)
        case Wait():
            news = _talked(state, outcome.chat) | _pause(
                outcome.for_["kind"] if outcome.for_ else "time", _wake_at(outcome, now), outcome.for_
            )
        case Fail():
            news = _failed(graph, state, node, outcome, now)
        case End():
            news = _talked(state, outcome.chat) | _end(outcome)
    if state.taken + 1 >= STEP_LIMIT and news["status"] not in FINAL:
        news = _stop(f"The run took {STEP_LIMIT:,} steps without coming to an end.", "step_limit", node)
    return state._replace(**{"wait": None, "taken": state.taken + 1, "as_of": now.isoformat(), **news})


def resume(state: RunState, message: Mapping[str, Any] | None = None) -> RunState:
    """A waiting state set going again: before a try the node runs anew, otherwise its `resume` is asked.

    `message` is the reply that ended the wait.
    """
    chat = {**state.chat, "message": dict(message)} if message else state.chat
    return state._replace(status=RUNNING, chat=chat)


def runs_anew(state: RunState) -> bool:
    """Whether the wait that is over was one before a try: for a retry, a turn at the peer, or a connection."""
    return state.wait is not None and state.wait["kind"] in ("retry", "turn", "connection")


News = dict[str, Any]  # the members of the state that change


def _talked(state: RunState, chat: tuple[dict[str, Any], ...]) -> News:
    return {"chat": after(state.chat, chat)} if chat else {}


def _done(graph: Graph, state: RunState, node: Node, outcome: Done) -> News:
    news: News = {"steps": {**state.steps, node.key: outcome.output}} | _talked(state, outcome.chat)
    if outcome.variables:
        news["vars"] = {**state.vars, **outcome.variables}
    if outcome.response is not None:
        news |= {"response": outcome.response, "response_status": outcome.response_status, "responded": True}
    return news | _leave(graph, state, node, outcome.port)


def _leave(graph: Graph, state: RunState, node: Node, port: str) -> News:
    target = graph.target(node.id, port)
    if target is None:
        return {"status": SUCCEEDED}
    return {"status": RUNNING, "node": target, "index": state.index + 1, "attempt": 1}


def _pause(kind: str, until: datetime | None, for_: Any) -> News:
    return {"status": WAITING, "wait": {"kind": kind, "until": until.isoformat() if until else None, "for": for_}}


def _wake_at(outcome: Wait, now: datetime) -> datetime | None:
    if outcome.until is not None:
        return outcome.until
    return now + timedelta(seconds=outcome.seconds) if outcome.seconds is not None else None


def _failed(graph: Graph, state: RunState, node: Node, outcome: Fail, now: datetime) -> News:
    if outcome.retryable and state.attempt < node.max_attempts:
        delay = max(node.backoff_seconds * node.backoff_factor ** (state.attempt - 1), outcome.retry_after or 0)
        delay = min(delay, node.longest_pause)
        return _pause("retry", now + timedelta(seconds=delay), None) | {"attempt": state.attempt + 1}
    if node.on_error == "stop":
        return _stop(outcome.message, outcome.code, node)
    error = {"error": {"message": outcome.message, "code": outcome.code}}
    port = "error" if node.on_error == "branch" else node.first_port
    return {"steps": {**state.steps, node.key: error}} | _leave(graph, state, node, port)


def _stop(message: str, code: str, node: Node) -> News:
    return {"status": FAILED, "wait": None, "error": {"message": message, "code": code, "node": node.id}}


def _end(outcome: End) -> News:
    news: News = {"status": SUCCEEDED, "outcome": outcome.outcome}
    return news | ({"response": outcome.response, "responded": True} if outcome.response is not None else {})
