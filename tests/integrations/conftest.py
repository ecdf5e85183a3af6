"""Peers that the door is opened to, as an operator would open it."""

import pytest

from tests.peers import Misbehaving, Peer


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


@pytest.fixture(scope="module")
def misbehaving():
    with Misbehaving() as peer:
        yield peer
