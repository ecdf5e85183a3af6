"""How often PostgreSQL is asked for what the hot path writes, seen on the wire; and that all of it is kept or nothing
(runtime/round_trips.py)."""

import pytest
from django.db import connection

from runtime import round_trips
from runtime.broker import hint
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept, event_of
from runtime.models import Event, Run, StepRun
from runtime.rows import change, execute
from runtime.tables import EVENTS, event_row
from tests.flows import call_ended, chain, end, set_variable
from tests.runtime.wire import wire  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def asked(sent, needle):
    """The statements that were given values with `needle`, and how many others mark a transaction."""
    marks = [text for name, text in sent if name == "Query" and any(word in text for word in ("BEGIN", "COMMIT"))]
    return [text for name, text in sent if name == "Bind" and needle in text], marks


def a_call(workspace, name="call_1"):
    return Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": name}})


def test_an_event_with_its_run_and_its_hint_is_one_statement(workspace, publish, wire):  # noqa: F811
    publish(workspace, chain(call_ended(), end()))
    assert recorder().submit(accept, a_call(workspace)).result(20).status == 202
    statements, marks = asked(wire(), "interaction_id")
    assert (len(statements), marks) == (1, [])
    assert Run.objects.get().event.interaction_id == "call_1"
    assert _hints() == 1


def test_what_became_of_a_run_is_one_statement(workspace, publish, work, wire):  # noqa: F811
    publish(workspace, chain(call_ended(), set_variable("v", x="kept whole"), end(outcome="done")))
    recorder().submit(accept, a_call(workspace)).result(20)
    work()
    statements, _ = asked(wire(), "kept whole")
    assert len(statements) == 1
    run = Run.objects.get()
    assert (run.status, run.outcome) == ("succeeded", "done")
    assert StepRun.objects.filter(run=run).count() == 3


@pytest.mark.parametrize("spoils", ["sql", "orm", "error"])
def test_of_what_is_held_back_nothing_is_kept_where_something_fails_after_it(workspace, spoils):
    def write(items):
        EVENTS.insert([event_row(event_of(a_call(workspace, "lost")))])
        hint()
        if spoils == "sql":
            change("UPDATE runtime_event SET workspace_id = NULL WHERE interaction_id = %s", ["lost"])
        elif spoils == "orm":
            Event.objects.filter(interaction_id="lost").update(workspace=None)
        raise RuntimeError("after all")

    with pytest.raises(Exception, match="after all" if spoils == "error" else "null value"):
        recorder().submit(write, None).result(20)
    assert not Event.objects.exists()
    assert _hints() == 0


def test_statements_take_effect_in_the_order_in_which_they_were_given(workspace):
    def write(items):
        EVENTS.insert([event_row(event_of(a_call(workspace, "first")))])
        found = execute("SELECT count(*) FROM runtime_event WHERE interaction_id = %s", ["first"], by_itself=True)
        EVENTS.insert([event_row(event_of(a_call(workspace, "second")))])
        EVENTS.insert([event_row(event_of(a_call(workspace, "third")))])
        later = Event.objects.filter(interaction_id="third").update(agent="of the third")
        return [(found[0][0], later)]

    assert recorder().submit(write, None).result(20) == (1, 1)
    assert set(Event.objects.values_list("interaction_id", flat=True)) == {"first", "second", "third"}


def test_who_may_want_to_write_more_begins_a_transaction(workspace, publish, wire):  # noqa: F811
    publish(workspace, chain(call_ended(), end()))
    seen = []

    def write(items):
        seen.append(round_trips.alone())
        change("UPDATE runtime_workspace SET name = %s WHERE id = %s", ["renamed here", workspace.pk])
        return items

    recorder().submit(write, None).result(20)
    statements, marks = asked(wire(), "renamed here")
    assert seen == [True]
    assert (len(statements), len(marks)) == (1, 2), "who may want to write more begins a transaction"


def _hints():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_q_ormq")
        return cursor.fetchone()[0]
