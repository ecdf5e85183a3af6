"""Many runs recorded in one transaction, by few statements: each gets what is its own, and who lost a lease nothing."""

import queue
import threading

import pytest
from django.db import connection, transaction
from django.db.models import F

from runtime.active import load
from runtime.claiming import claim
from runtime.group_commit import MANY as MANY_JOBS
from runtime.group_commit import Lane, Staged, loader, recorder
from runtime.intake import Arrival, accept
from runtime.models import Event, Run, StepRun
from runtime.operating import cancel
from runtime.runner import drive
from tests.flows import call_ended, chain, end, set_variable
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 87  # one of each size of portion, and more than one of some (runtime/rows.py)


@pytest.fixture
def together():
    """Whatever is submitted in here is recorded in one transaction."""
    goes_on = threading.Event()
    recorder().submit(lambda items: [goes_on.wait(20) for _ in items], None)
    yield goes_on.set
    goes_on.set()


def arrivals(workspace):
    calls = [{"interaction": {"id": f"call_{number}"}} for number in range(MANY)]
    return [Arrival(workspace.pk, "api", "call.ended", call) for call in calls]


def claimed_runs():
    claims = recorder().submit(claim, (MANY, True)).result(20)
    runs, broken = loader().submit(load, claims).result(20)
    assert (len(runs), broken) == (MANY, [])
    return runs


def test_each_event_and_run_of_a_batch_is_its_own(workspace, publish, together):
    publish(workspace, chain(call_ended(), end()))
    accepted = [recorder().submit(accept, arrival) for arrival in arrivals(workspace)]
    together()
    bodies = [future.result(20).body for future in accepted]
    stored = {str(pk): name for pk, name in Event.objects.values_list("pk", "interaction_id")}
    assert [stored[body["event"]] for body in bodies] == [f"call_{number}" for number in range(MANY)]
    runs = {str(pk): str(event) for pk, event in Run.objects.values_list("pk", "event_id")}
    assert [[runs[run["id"]] for run in body["runs"]] for body in bodies] == [[body["event"]] for body in bodies]


def test_of_runs_recorded_together_only_those_that_lost_their_lease_are_left_out(workspace, publish):
    publish(workspace, chain(call_ended(), set_variable("v", x="{{interaction.id}}"), end(outcome="of {{vars.x}}")))
    for arrival in arrivals(workspace):
        recorder().submit(accept, arrival).result(20)
    runs = claimed_runs()
    lost = {run.id for run in runs[::29]}
    for run in Run.objects.filter(pk__in=lost):
        assert cancel(run)
    driven: queue.SimpleQueue = queue.SimpleQueue()
    goes_on = threading.Event()
    recorder().submit(lambda items: [goes_on.wait(20) for _ in items], None)
    for run in runs:
        drive(run, driven.put)
    goes_on.set()
    assert {driven.get(timeout=20).id for _ in runs} == {run.id for run in runs}
    assert set(Run.objects.filter(status="cancelled").values_list("pk", flat=True)) == lost
    assert not StepRun.objects.filter(run__in=lost).exists(), "of a run that is somebody else's nothing is written"
    kept = Run.objects.filter(status="succeeded").annotate(call=F("event__interaction_id"))
    assert kept.count() == MANY - len(lost)
    assert all(run.outcome == f"of {run.call}" for run in kept)
    steps = StepRun.objects.filter(node="v").annotate(call=F("run__event__interaction_id"))
    assert sorted(step.output["x"] for step in steps) == sorted(run.call for run in kept)
    assert all(step.output == {"x": step.call} for step in steps)


def test_what_cannot_be_stored_spoils_none_of_those_beside_it(workspace, publish, together):
    publish(workspace, chain(call_ended(), end()))
    bad, *good = arrivals(workspace)
    bad.agent = None  # a column that has to have a value
    refused = recorder().submit(accept, bad)
    accepted = [recorder().submit(accept, arrival) for arrival in good]
    together()
    assert refused.exception(20) is not None
    assert {future.result(20).status for future in accepted} == {202}
    assert Event.objects.count() == Run.objects.count() == MANY - 1


def test_what_another_process_stored_while_an_event_was_read_is_found_then(workspace, publish):
    """It is read before the transaction begins; if its key is taken when it is stored, it is tried anew."""
    publish(workspace, chain(call_ended(), end()))
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "call_1"}}, key="the same")
    faster = []

    def elsewhere():
        with transaction.atomic():
            faster.extend(accept([arrival]))
        connection.close()

    def read(batch):
        taken = accept.prepare(batch)
        if not faster:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join(20)
        return taken

    told = recorder().submit(Staged(read, accept.store), arrival).result(20)
    assert (told.status, told.body["duplicate"]) == (200, True)
    assert (told.body["event"], told.body["runs"]) == (faster[0].body["event"], faster[0].body["runs"])
    assert Event.objects.get().duplicates == Run.objects.count() == 1


def test_after_a_failure_a_file_is_opened_anew_and_a_session_still_looks_up_by_keys(transactional_db):
    """A file may be another by now. A session that goes back to the pool is somebody else's next."""

    def kept(items):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SHOW enable_seqscan")
                assert cursor.fetchall() == [("off",)]
        return [connection.connection for _ in items]

    def fail(items):
        raise OSError("the disk has gone")

    before = recorder().submit(kept, None).result(20)
    assert isinstance(recorder().submit(fail, None).exception(20), OSError)
    assert (recorder().submit(kept, None).result(20) is before) == (connection.vendor == "postgresql")


def test_a_lane_with_much_to_write_waits_for_more_and_one_with_little_does_not(transactional_db):
    lane, batches, goes_on = Lane("patient", atomic=True, gather=1.0), [], threading.Event()

    def write(items):
        batches.append(items)
        return [goes_on.wait(20) for _ in items]

    first = lane.submit(write, "first")
    until(lambda: batches, pause=lambda: None)
    many = [lane.submit(write, number) for number in range(MANY_JOBS)]
    goes_on.set()
    assert all(future.result(20) for future in (first, *many))

    def one_after_the_other(*names):
        futures = []
        for name in names:
            futures.append(lane.submit(write, name))
            until(lane.jobs.empty, pause=lambda: None)  # the lane has it
        assert all(future.result(20) for future in futures)

    one_after_the_other("then", "and then")
    one_after_the_other("alone")
    assert batches == [["first"], [*range(MANY_JOBS)], ["then", "and then"], ["alone"]]
