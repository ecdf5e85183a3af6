"""Peers that the door is opened to, as an operator would open it."""

import threading
from datetime import UTC, datetime

import pytest

from integrations.helpdesk import Desk
from runtime.active import ActiveRun
from runtime.engine.graph import Graph
from runtime.engine.interpreter import advance, begin
from runtime.engine.outcomes import Wait
from runtime.history_room import Kept
from runtime.stepping import perform
from tests.flows import call_ended, chain, end, node
from tests.peers import Misbehaving, Peer

NOW = datetime(2026, 1, 20, 15, 2, 6, tzinfo=UTC)


@pytest.fixture
def open_to(settings):
    """open_to(peer, ...): EGRESS_ALLOW for these peers and nothing else."""

    def open_to(*peers):
        settings.EGRESS_ALLOW = ",".join(peer.allow for peer in peers)

    return open_to


@pytest.fixture
def peer(open_to):
    with Peer() as peer:
        open_to(peer)
        yield peer


@pytest.fixture
def desk(settings):
    """The demo help desk, where the door may reach it."""
    desk = Desk()
    settings.EGRESS_ALLOW = f"127.0.0.1:{desk.server_address[1]}=127.0.0.0/8"
    threading.Thread(target=desk.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield desk
    desk.shutdown()
    desk.server_close()


@pytest.fixture(scope="module")
def misbehaving():
    with Misbehaving() as peer:
        yield peer


@pytest.fixture
def ask():
    """ask(config, event={}, credentials=None, secure={}, mode="live", **settings) -> (outcome, the row history keeps).

    Performs one API request (or a node of another `type`) as the runner would, without a database; `reply` is what
    comes for a step that waits for one.
    """

    def ask(
        config, event=None, credentials=None, secure=None, mode="live", variables=None, type="api_request", reply=None,
        **settings,
    ):  # fmt: skip
        request = node("call", type, config, settings=settings)
        if credentials:
            request["config"] = {**config, "connection": "c1"}
        graph = Graph.from_document(chain(call_ended(), request, end()))
        state = begin(graph, variables or {}, NOW)._replace(node="call")
        run = ActiveRun(
            id="run-1", workspace_id="w1", flow_id="f1", version_id=None, kind="post_call", mode=mode, graph=graph,
            state=state, fence=1, seq=0, event=event or {}, connections={"c1": credentials},
            options={"conversation": "chat-1"} if reply else {},
        )  # fmt: skip
        if secure:
            run.__dict__["secure"], run.secure_sealed = secure, "sealed"
        outcome = perform(run)
        if reply and isinstance(outcome, Wait):
            run.state, run.arrived = advance(graph, run.state, outcome, NOW), reply
            outcome = perform(run)
        row = {name: value.value if isinstance(value, Kept) else value for name, value in run.steps[-1].items()}
        return outcome, {**row, "references": run.references}

    return ask
