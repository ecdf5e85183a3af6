"""No statement of the hot path reads more than it needs on PostgreSQL either, in a database that begins to grow.

There the plan of a statement that is asked often is kept: it must not stay that of an empty table, which is walked
through. What a plan costs is guessed until somebody has looked at the tables (runtime/statistics.py).
"""

import re

import pytest
from django.db import connection

from runtime import statistics
from runtime.group_commit import loader, recorder
from runtime.intake import Arrival, accept
from runtime.models import Event, Run
from tests.flows import call_ended, chain, end, node, set_variable
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)
GROWN = 3000
LARGE = "runtime_(run|event|steprun|wait|reference)"
ONLY_ITS_WORKSPACE = rf"Scan (using \w+ )?on {LARGE}\b.*\n +Index Cond: \(workspace_id = [^()]+\)$"
WALKS = re.compile(rf"Seq Scan on {LARGE}\b|{ONLY_ITS_WORKSPACE}", re.MULTILINE)


def plans() -> dict[str, str]:
    """{statement: its plan} of all that the lane on whose thread this runs has asked often."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement, parameter_types::text[] FROM pg_prepared_statements")
        prepared = cursor.fetchall()
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        found = {}
        for name, statement, types in prepared:
            values = ", ".join(f"NULL::{each}" for each in types)
            cursor.execute(f"EXPLAIN EXECUTE {name}({values})" if types else f"EXPLAIN EXECUTE {name}")
            found[statement] = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET plan_cache_mode")
    return found


def known_rows() -> float:
    """How many events there are as far as PostgreSQL's planner knows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'runtime_event'")
        return cursor.fetchone()[0]


def plans_of(lane) -> dict[str, str]:
    return lane.submit(plans_for_each, None).result(20)


def plans_for_each(items):
    return [plans() for _ in items]


def test_no_kept_plan_walks_through_a_table_that_has_grown(monkeypatch, workspace, publish, work):
    monkeypatch.setattr(statistics, "EVERY_SECONDS", 0.0)
    pause = node(
        "pause", "wait", {"mode": "unless", "seconds": 3600, "events": ["message.received"], "same": "contact"}
    )
    publish(workspace, chain(call_ended(), set_variable("v", x="1"), pause, end(), ports={"pause": "event"}))
    for number in range(12):  # often enough that each statement is prepared and its plan kept
        call = {"interaction": {"id": f"call_{number}", "contact_number": "+14155550100"}}
        for type, key in (("call.ended", f"key_{number}"), ("message.received", None)):
            recorder().submit(accept, Arrival(workspace.pk, "api", type, call, key=key)).result(20)
            work()
    assert Run.objects.filter(status="succeeded").count() == 12
    Event.objects.bulk_create(
        Event(
            workspace=workspace, source="api", type="call.ended", key=f"more_{number}", interaction_id=f"more_{number}"
        )
        for number in range(GROWN)
    )
    assert known_rows() < GROWN
    until(lambda: statistics.look() or known_rows() > GROWN, 20, "nobody looked at the table that has grown")
    kept = plans_of(recorder()) | plans_of(loader())
    assert all(any(table in sql for sql in kept) for table in ("runtime_event", "runtime_run", "runtime_wait"))
    assert len(kept) >= 8
    walking = "\n\n".join(f"{sql}\n{plan}" for sql, plan in kept.items() if WALKS.search(plan))
    assert walking == ""


def test_what_is_long_is_compressed_by_the_faster_way_where_the_server_knows_it(workspace, publish):
    publish(workspace, chain(call_ended(), end()))
    long = {"interaction": {"id": "call_1", "summary": "What was said, and said again. " * 500}}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", long)).result(10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        fast = cursor.fetchone()[0]
        cursor.execute("SELECT pg_column_compression(payload) FROM runtime_event")
        assert cursor.fetchall() == [("lz4" if fast else "pglz",)]
