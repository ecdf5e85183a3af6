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
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from runtime.engine.graph import Graph, Node
from runtime.engine.outcomes import Done, End, Fail, Outcome, Wait
from runtime.engine.state import FAILED, RUNNING, SUCCEEDED, WAITING, RunState

STEP_LIMIT = 10_000
LONGEST_BACKOFF = 3600.0


def begin(graph: Graph, variables: Mapping[str, Any], now: datetime) -> RunState:
    """The state before the first step: the cursor on the trigger, `vars` as the event brought them."""
    return RunState(node=graph.trigger.id, vars=dict(variables), as_of=now.isoformat())


def advance(graph: Graph, state: RunState, outcome: Outcome, now: datetime) -> RunState:
    """The state after `outcome` of the node under the cursor."""
    if state.finished:
        return state
    state = replace(state, taken=state.taken + 1, as_of=now.isoformat(), wait=None)
    node = graph.nodes[state.node]
    match outcome:
        case Done():
            after = _done(graph, state, node, outcome)
        case Wait():
            after = _pause(state, "event" if outcome.for_ else "time", _wake_at(outcome, now), outcome.for_)
        case Fail():
            after = _failed(graph, state, node, outcome, now)
        case End():
            after = _end(state, outcome)
    if after.taken >= STEP_LIMIT and not after.finished:
        return _stop(after, f"The run took {STEP_LIMIT:,} steps without coming to an end.", "step_limit", node)
    return after


def resume(state: RunState) -> RunState:
    """A waiting state set going again: for a retry the node runs anew, otherwise its `resume` is asked."""
    return replace(state, status=RUNNING)


def is_retry(state: RunState) -> bool:
    """Whether the wait that is over was a retry's."""
    return bool(state.wait) and state.wait is not None and state.wait["kind"] == "retry"


def _done(graph: Graph, state: RunState, node: Node, outcome: Done) -> RunState:
    state = replace(state, status=RUNNING, steps={**state.steps, node.key: outcome.output})
    if outcome.variables:
        state = replace(state, vars={**state.vars, **outcome.variables})
    if outcome.response is not None:
        status = outcome.response_status
        state = replace(state, response=outcome.response, response_status=status, responded=True)
    return _leave(graph, state, node, outcome.port)


def _leave(graph: Graph, state: RunState, node: Node, port: str) -> RunState:
    target = graph.target(node.id, port)
    if target is None:
        return replace(state, status=SUCCEEDED)
    return replace(state, status=RUNNING, node=target, index=state.index + 1, attempt=1)


def _pause(state: RunState, kind: str, until: datetime | None, for_: Any) -> RunState:
    wait = {"kind": kind, "until": until.isoformat() if until else None, "for": for_}
    return replace(state, status=WAITING, wait=wait)


def _wake_at(outcome: Wait, now: datetime) -> datetime | None:
    if outcome.until is not None:
        return outcome.until
    return now + timedelta(seconds=outcome.seconds) if outcome.seconds is not None else None


def _failed(graph: Graph, state: RunState, node: Node, outcome: Fail, now: datetime) -> RunState:
    if outcome.retryable and state.attempt < node.max_attempts:
        delay = min(node.backoff_seconds * node.backoff_factor ** (state.attempt - 1), LONGEST_BACKOFF)
        delay = max(delay, min(outcome.retry_after or 0, LONGEST_BACKOFF))
        return replace(_pause(state, "retry", now + timedelta(seconds=delay), None), attempt=state.attempt + 1)
    if node.on_error == "stop":
        return _stop(state, outcome.message, outcome.code, node)
    error = {"error": {"message": outcome.message, "code": outcome.code}}
    state = replace(state, steps={**state.steps, node.key: error})
    return _leave(graph, state, node, "error" if node.on_error == "branch" else node.first_port)


def _stop(state: RunState, message: str, code: str, node: Node) -> RunState:
    return replace(state, status=FAILED, wait=None, error={"message": message, "code": code, "node": node.id})


def _end(state: RunState, outcome: End) -> RunState:
    state = replace(state, status=SUCCEEDED, outcome=outcome.outcome)
    if outcome.response is not None:
        state = replace(state, response=outcome.response, responded=True)
    return state
