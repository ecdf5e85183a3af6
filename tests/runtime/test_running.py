"""Runs from event to end: what is recorded, retried, waited for, and what history shows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runtime.claiming import MOST_CLAIMS
from runtime.group_commit import recorder
from runtime.history import run_json
from runtime.intake import Arrival, accept
from runtime.models import Event, Run, StepRun, Wait
from tests.flows import call_ended, chain, decision, document, end, node, post_json, set_variable, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def send(workspace, **payload):
    """An ended call arrives."""
    payload.setdefault("interaction", {"id": "call_1", "status": "completed", "disposition": "escalated"})
    return recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", payload)).result(10)


def only_run() -> Run:
    return Run.objects.get()


def test_a_run_goes_through_its_steps_and_history_says_why(workspace, publish, work):
    nodes = [call_ended(), set_variable("topic", topic="Call {{interaction.ID}}"),
             decision("check", "{{interaction.DISPOSITION}}", "equals", "escalated"), end("yes", "for {{vars.topic}}"),
             end("no")]  # fmt: skip
    edges = [("start", "next", "topic"), ("topic", "next", "check"), ("check", "yes", "yes"), ("check", "else", "no")]
    publish(workspace, document(nodes, edges))
    assert send(workspace).status == 202
    work()
    run = run_json(only_run())
    assert run["status"] == "succeeded"
    assert run["outcome"] == "for Call call_1"
    assert run["path"] == ["start", "topic", "check", "yes"]
    assert [step["seq"] for step in run["steps"]] == [1, 2, 3, 4]
    why = run["steps"][2]["reason"]["branches"][0]
    assert (why["id"], why["result"]) == ("yes", True)
    assert why["conditions"][0]["left_value"] == "escalated"
    assert run["vars"]["topic"] == "Call call_1"


def test_a_missing_variable_is_an_empty_text_and_a_warning(workspace, publish, work):
    publish(workspace, chain(call_ended(), set_variable("v", x="[{{interaction.summary}}]"), end(outcome="{{vars.x}}")))
    send(workspace)
    work()
    run = run_json(only_run())
    assert run["outcome"] == "[]"
    assert run["steps"][1]["warnings"][0]["code"] == "missing_variable"


def test_an_effect_is_sent_once_with_its_key_and_its_answer_is_mapped(workspace, publish, work, peer):
    peer.answers = [(201, {"ticket": {"id": 48213}})]
    ticket = post_json(
        "ticket", peer.url + "/tickets", '{"text": "{{interaction.transcript}}"}',
        response_mapping=[{"path": "$.ticket.id", "variable": "ticket_no", "default": ""}],
    )  # fmt: skip
    publish(workspace, chain(call_ended(), ticket, end(outcome="ticket {{vars.ticket_no}}")))
    send(workspace, interaction={"id": "call_1", "transcript": 'She said "no"\nand left'})
    work()
    run = only_run()
    assert (run.status, run.outcome) == ("succeeded", "ticket 48213")
    assert [request["body"] for request in peer.requests] == [{"text": 'She said "no"\nand left'}]
    assert peer.requests[0]["headers"]["Idempotency-Key"] == f"{run.pk}:1"


def test_a_failing_peer_is_tried_again_and_each_try_is_kept(workspace, publish, work, peer):
    peer.answers = [(503, {}), (503, {}), (200, {})]
    settings = {"retry": {"max_attempts": 3, "backoff_seconds": 0}}
    publish(workspace, chain(call_ended(), post_json("call", peer.url, settings=settings), end()))
    send(workspace)
    for _ in range(3):
        work()
    run = run_json(only_run())
    tries = [(step["attempt"], step["status"]) for step in run["steps"] if step["node"] == "call"]
    assert tries == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert len({request["headers"]["Idempotency-Key"] for request in peer.requests}) == 1
    assert run["status"] == "succeeded"


def test_a_lasting_failure_stops_the_run_and_says_what_the_peer_said(workspace, publish, work, peer):
    peer.answers = [(422, {"error": "subject is missing"})]
    publish(workspace, chain(call_ended(), post_json("call", peer.url), end()))
    send(workspace)
    work()
    run = only_run()
    assert run.status == "failed"
    assert run.error["node"] == "call"
    assert "422" in run.error["message"]


@pytest.mark.parametrize(("on_error", "outcome"), [("continue", "went on"), ("branch", "other way")])
def test_a_failure_can_be_passed_over_or_take_its_own_branch(workspace, publish, work, peer, on_error, outcome):
    peer.answers = [(422, {})]
    call = post_json("call", peer.url, settings={"on_error": on_error})
    doc = chain(call_ended(), call, end("end", "went on"))
    doc["nodes"].append(end("other", "other way"))
    if on_error == "branch":
        doc["edges"].append({"id": "x", "source": "call", "port": "error", "target": "other"})
    publish(workspace, doc)
    send(workspace)
    work()
    assert (only_run().status, only_run().outcome) == ("succeeded", outcome)


def test_a_wait_is_a_row_and_the_run_goes_on_when_its_time_has_come(workspace, publish, work):
    publish(workspace, chain(call_ended(), wait_for("later", 86_400), end()))
    send(workspace)
    work()
    run = only_run()
    assert run.status == "waiting"
    assert timedelta(hours=23) < run.due_at - timezone.now() <= timedelta(days=1)
    assert Wait.objects.get().closed_at is None
    work()
    assert only_run().status == "waiting", "not before its time"
    _let_time_pass()
    work()
    assert only_run().status == "succeeded"
    assert Wait.objects.get().closed_at is not None
    statuses = list(StepRun.objects.filter(node="later").values_list("status", "attempt"))
    assert statuses == [("succeeded", 1)]


def _let_time_pass():
    """A day later: what the run waits for lies in the past."""
    run = only_run()
    past = timezone.now() - timedelta(seconds=1)
    run.state["wait"]["until"] = past.isoformat()
    Run.objects.filter(pk=run.pk).update(due_at=past, state=run.state)


def test_a_disabled_step_is_passed_by(workspace, publish, work):
    publish(
        workspace, chain(call_ended(), {**set_variable("off", x="1"), "disabled": True}, end(outcome="[{{vars.x}}]"))
    )
    send(workspace)
    work()
    assert only_run().outcome == "[]"
    assert StepRun.objects.get(node="off").status == "skipped"


def test_a_run_finishes_on_the_version_it_started_with(workspace, publish, work):
    flow = publish(workspace, chain(call_ended(), wait_for("later", 60), end(outcome="old")))
    send(workspace)
    work()
    flow.trigger.delete()
    _let_time_pass()
    work()
    assert only_run().outcome == "old"


def test_a_run_that_makes_no_progress_is_parked(workspace, publish, work):
    publish(workspace, chain(call_ended(), end()))
    send(workspace)
    Run.objects.update(claims=MOST_CLAIMS)
    work()
    run = only_run()
    assert (run.status, run.due_at) == ("parked", None)
    assert "Retry" in run.error["message"]


def test_a_config_that_could_not_be_published_fails_the_step_and_not_the_worker(workspace, publish, work):
    publish(workspace, chain(call_ended(), node("v", "set_variable", {"assignments": [3]}), end()))
    send(workspace)
    work()
    assert only_run().error["code"] == "invalid_config"


def test_what_is_too_large_for_history_is_shown_as_a_preview(workspace, publish, work):
    publish(workspace, chain(call_ended(), set_variable("v", x="{{interaction.transcript}}"), end()))
    send(workspace, interaction={"id": "call_1", "transcript": "x" * 100_000})
    work()
    assert StepRun.objects.get(node="v").output["truncated"] is True
    assert only_run().status == "succeeded"


def test_secure_values_reach_no_row(workspace, publish, work):
    publish(workspace, chain(call_ended(), set_variable("v", x="{{interaction.id}}"), end()))
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "1"}}, secure={"card": "4111-1111"})
    recorder().submit(accept, arrival).result(10)
    work()
    stored = str(list(Event.objects.values())) + str(list(Run.objects.values())) + str(list(StepRun.objects.values()))
    assert "4111" not in stored
    assert run_json(only_run())["event"]["secure"] == ["card"]


def test_ten_thousand_steps_in_a_row_come_to_their_end(workspace, publish, work):
    steps = [set_variable(f"n{number:05}", x="{{interaction.id}}") for number in range(9_998)]
    publish(workspace, chain(call_ended(), *steps, end(outcome="there")))
    send(workspace)
    work()
    run = only_run()
    assert (run.status, run.outcome, run.seq) == ("succeeded", "there", 10_000)
