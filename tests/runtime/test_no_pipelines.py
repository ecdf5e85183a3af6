"""What the runtime asks PostgreSQL, seen on the wire: no statement leaves the server waiting for the rest of it.

In a pipeline none of the server's time-outs ends a transaction, so a process that is stopped midway would hold its
runs' rows for as long as it sleeps (tests/crash/test_frozen.py stops one between two statements).
"""

import itertools

import pytest

from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from tests.flows import call_ended, chain, end, set_variable
from tests.runtime.wire import wire  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_end_of_what_is_asked_is_sent_with_each_statement(workspace, publish, work, wire):  # noqa: F811
    publish(workspace, chain(call_ended(), set_variable("v", x="1"), end()))
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "call_1"}})
    assert recorder().submit(accept, arrival).result(20).status == 202
    work()
    sent = wire()
    written = " ".join(text for name, text in sent if name == "Bind")
    assert all(part in written for part in ("call_1", "set_variable", "succeeded"))
    names = [name for name, _ in sent]
    after_each = {following for name, following in itertools.pairwise(names) if name == "Execute"}
    assert after_each == {"Sync"}
