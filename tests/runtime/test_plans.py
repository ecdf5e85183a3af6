"""No statement of the hot path reads more than it needs, however much is stored.

SQLite knows nothing of what its tables hold (nobody runs ANALYZE), so how it goes about a statement is the same in an
empty database as in a full one: a plan that walks through all runs of a workspace shows here.
"""

import re

import pytest
import requests
from django.db import connection

from runtime import clock
from runtime.group_commit import gate_lane, loader, recorder
from runtime.models import ApiKey, Run
from tests.contract.chatting import Visitor, ask, bye, say, started
from tests.contract.conftest import Program
from tests.flows import action_called, call_ended, chain, end, node, post_json, respond, set_variable
from tests.until import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.without_database]
FEW = r"(?!(runtime_(trigger|flow|gate|agent|apikey|workspace|user)|t|f|flow|asked)\b)"  # and their aliases
# A whole table, but for indexes of only what is open; or all of it that is one workspace's (of a kind, in a state).
WALKS = re.compile(
    rf"SCAN {FEW}\w+\b(?! USING (COVERING )?INDEX (run_due|wait_open)\b)"
    rf"|SEARCH {FEW}\w+ USING .*INDEX \w+ \(workspace_id=\?( AND (kind=\?|status=\?|id[<>]\?))?\)"
)


@pytest.fixture
def statements():
    """What SQLite is asked from here on, each kind of statement once."""
    seen = {}

    def note(sql):
        if sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            seen.setdefault(re.sub(r"'[^']*'|\b\d+(\.\d+)?\b", "?", sql), sql)

    def listen(calls=(None,), note=note):
        connection.ensure_connection()
        connection.connection.set_trace_callback(note)
        return [None for _ in calls]

    def everywhere(note):
        listen(note=note)
        for lane in (recorder(), loader(), gate_lane()):
            lane.submit(lambda calls: listen(calls, note), None).result(10)

    everywhere(note)
    yield seen
    everywhere(None)


def plan_of(sql):
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + sql)
        return [row[3] for row in cursor.fetchall()]


def test_no_statement_of_the_hot_path_walks_through_what_is_stored(
    statements, live, workspace, agent, api_key, publish, work, peer
):
    hears = node(
        "pause", "wait", {"mode": "unless", "seconds": 3600, "events": ["message.received"], "same": "contact"}
    )
    sends = post_json("post", f"{peer.url}/", settings={"retry": {"max_attempts": 1}})
    publish(workspace, chain(call_ended(), set_variable("one", a="1"), hears, sends, end(), ports={"pause": "event"}))
    publish(
        workspace, chain(action_called("look_up"), set_variable("two", b="2"), respond()), kind="action", name="Asked"
    )
    head = {"Authorization": f"Bearer {api_key}"}
    call = {"id": "call-1", "status": "completed", "contact_number": "+14155550100", "direction": "inbound"}
    asked = {"arguments": {}, "interaction": call, "tool_call_id": "t1"}
    assert requests.post(f"{live}/api/v1/actions/look_up/", json=asked, headers=head, timeout=30).status_code == 200
    runs = []
    for body in ({"type": "call.ended", "id": "e1"}, {"type": "message.received"}):
        told = requests.post(f"{live}/api/v1/events/", json={**body, "interaction": call}, headers=head, timeout=30)
        assert told.status_code == 202
        runs += told.json()["runs"]
        work()
        clock.tick()
    until(lambda: Run.objects.get(pk=runs[0]["id"]).status == "succeeded", 20)
    assert peer.requests
    assert walking(statements) == ""


def test_no_statement_of_a_talk_walks_through_what_is_stored(statements, live, workspace, agent, publish, work):
    asks = ask("name", "Your name?", variable="name")
    publish(workspace, chain(started(), say("hello", "Hello"), asks, bye()), kind="conversation")
    key = ApiKey.issue(workspace, "page", ["conversations:write", "events:write"])[1]
    visitor = Visitor(Program(live, key), agent=agent.slug)
    assert visitor.texts == ["Hello", "Your name?"]
    visitor.say("Ada")
    work()
    assert visitor.status == "ended"
    assert walking(statements) == ""


def walking(statements) -> str:
    """The statements that go through what is stored, each with its plan."""
    plans = {sql: plan_of(sql) for sql in list(statements.values())}
    assert len(plans) > 20
    return "\n".join(f"{plan} for {sql}" for sql, plan in plans.items() if any(map(WALKS.search, plan)))
