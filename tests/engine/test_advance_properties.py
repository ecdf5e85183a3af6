"""The eight properties of ARCHITECTURE section 5, over random graphs and random histories."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.engine import interpreter
from runtime.engine.graph import Graph
from runtime.engine.interpreter import STEP_LIMIT, advance, begin
from runtime.engine.outcomes import Done, End, Fail, Wait
from runtime.engine.state import WAITING, RunState
from tests.flows import call_ended, decision, document, node, wait_for

NOW = datetime(2026, 3, 1, tzinfo=UTC)
values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=5))


@st.composite
def graphs(draw):
    """A trigger and up to six steps, wired anyhow: joins, cycles, open ports."""
    count = draw(st.integers(1, 6))
    ids = [f"n{number}" for number in range(count)]
    nodes = [call_ended()]
    for node_id in ids:
        settings_ = {
            "on_error": draw(st.sampled_from(["stop", "continue", "branch"])),
            "retry": {"max_attempts": draw(st.integers(1, 3)), "backoff_seconds": draw(st.integers(0, 5))},
        }
        made = draw(st.sampled_from([
            decision(node_id, "a", "equals", "a"), wait_for(node_id, 5), node(node_id, "api_request", {"url": "x"}),
            node(node_id, "set_variable", {"assignments": []}), node(node_id, "end"),
        ]))  # fmt: skip
        nodes.append({**made, "settings": settings_})
    edges = []
    graph = Graph.from_document(document(nodes))
    for each in nodes:
        for port in graph.nodes[each["id"]].ports:
            target = draw(st.sampled_from([*ids, None]))
            if target is not None:
                edges.append((each["id"], port.id, target))
    return Graph.from_document(document(nodes, edges))


@st.composite
def outcomes(draw, graph: Graph, state: RunState):
    """Anything the node under the cursor might report."""
    ports = [port.id for port in graph.nodes[state.node].ports] or ["next"]
    return draw(st.one_of(
        st.builds(Done, output=st.dictionaries(st.sampled_from("ab"), values), port=st.sampled_from(ports),
                  variables=st.dictionaries(st.sampled_from("xyz"), values), response=st.none() | st.just({"a": 1})),
        st.builds(Wait, seconds=st.integers(0, 100)),
        st.builds(Wait, for_=st.just({"kind": "event", "events": ["booking.created"]})),
        st.builds(Fail, message=st.just("no"), retryable=st.booleans(), retry_after=st.none() | st.integers(0, 9)),
        st.builds(End, outcome=st.text(max_size=3)),
    ))  # fmt: skip


@st.composite
def histories(draw):
    """(graph, states, outcomes): a run from its beginning, step by step."""
    graph = draw(graphs())
    states, taken = [begin(graph, {"given": 1}, NOW)], []
    for number in range(draw(st.integers(1, 12))):
        state = states[-1]
        if state.finished:
            break
        outcome = draw(outcomes(graph, state))
        taken.append(outcome)
        ready = interpreter.resume(state) if state.status == WAITING else state
        states.append(advance(graph, ready, outcome, NOW + timedelta(seconds=number)))
    return graph, states, taken


@settings(max_examples=200, deadline=None)
@given(histories())
def test_every_history_keeps_the_promises(history):
    graph, states, taken = history
    for number, (state, outcome) in enumerate(zip(states, taken, strict=False)):
        after = states[number + 1]
        ready = interpreter.resume(state) if state.status == WAITING else state
        assert advance(graph, ready, outcome, NOW + timedelta(seconds=number)) == after, "same inputs, same state"
        stored = RunState.from_json(json.loads(json.dumps(after.to_json())))
        assert stored == after, "stored and read back it is the same"
        assert after.node in graph.nodes, "the cursor is a node of the graph"
        assert (after.status == WAITING) == (after.wait is not None), "who waits knows for what"
        if after.wait is not None:
            assert after.wait["until"] or after.wait["for"]
        assert after.taken == number + 1 <= STEP_LIMIT, "every outcome counts"
        gained = set(after.vars) - {"given"}
        offered = {name for done in taken[: number + 1] if isinstance(done, Done) for name in done.variables}
        assert gained <= offered, "variables come only from what ran"
        assert set(after.steps) <= {graph.nodes[past.node].key for past in states[: number + 1]}
        if after.finished:
            again = advance(graph, after, Done(), NOW + timedelta(days=1))
            assert again == after, "finished is final"


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 11))
def test_stopping_anywhere_and_going_on_from_the_stored_state_gives_the_same_end(history, at):
    graph, states, taken = history
    at = min(at, len(states) - 1)
    state = RunState.from_json(json.loads(json.dumps(states[at].to_json())))
    for number, outcome in enumerate(taken[at:], start=at):
        ready = interpreter.resume(state) if state.status == WAITING else state
        state = advance(graph, ready, outcome, NOW + timedelta(seconds=number))
    assert state == states[-1]


def test_the_step_limit_holds_on_every_kind_of_outcome():
    graph = Graph.from_document(
        document([call_ended(), {**wait_for("w", 1), "settings": {"retry": {"max_attempts": 10}}}],
                 [("start", "next", "w"), ("w", "next", "w")])
    )  # fmt: skip
    for outcome in (Done(), Wait(seconds=1), Fail("no", retryable=True)):
        state = begin(graph, {}, NOW)
        state = advance(graph, state, Done(), NOW)
        for _ in range(STEP_LIMIT + 5):
            if state.finished:
                break
            state = advance(graph, interpreter.resume(state), outcome, NOW)
        assert state.status == "failed"
        assert state.taken <= STEP_LIMIT
