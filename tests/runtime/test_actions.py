"""Actions: the agent waits, and always gets one answer in time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from runtime import runner
from runtime.models import Run
from tests.flows import action_called, call_ended, chain, end, post_json, respond, set_variable, wait_for
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)
INPUTS = [
    {"name": "order_id", "type": "string", "required": True},
    {"name": "count", "type": "integer"},
    {"name": "size", "type": "string", "enum": ["S", "L"]},
]


@pytest.fixture
def invoke(live, api_key):
    session = requests.Session()

    def call(name="look_up", **body):
        headers = {"Authorization": f"Bearer {api_key}"}
        return session.post(f"{live}/api/v1/actions/{name}/", json=body, headers=headers, timeout=20)

    return call


def test_the_answer_comes_from_respond(workspace, publish, invoke):
    doc = chain(action_called(inputs=INPUTS), respond(response='{"order": "{{args.order_id}}", "n": {{args.count}}}'))
    publish(workspace, doc, kind="action")
    answer = invoke(arguments={"order_id": "A-1", "count": 3})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["response"], body["continues"]) == ("succeeded", {"order": "A-1", "n": 3}, False)
    assert Run.objects.get().status == "succeeded"


def test_wrong_arguments_are_named_one_by_one(workspace, publish, invoke):
    publish(workspace, chain(action_called(inputs=INPUTS), respond()), kind="action")
    answer = invoke(arguments={"count": "three", "size": "XXL"})
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/arguments/order_id", "/arguments/count", "/arguments/size"}
    assert Run.objects.count() == 0


def test_an_unknown_action_is_not_found(workspace, publish, invoke):
    publish(workspace, chain(action_called(), respond()), kind="action")
    assert invoke("another").status_code == 404


def test_a_flow_that_fails_gives_the_fallback(workspace, publish, invoke, peer):
    peer.answers = [(500, {})]
    trigger = action_called(fallback_response={"message": "later"})
    publish(workspace, chain(trigger, post_json("call", peer.url), respond()), kind="action")
    body = invoke().json()
    assert (body["status"], body["response"]) == ("fallback", {"message": "later"})
    assert Run.objects.get().status == "failed"


def test_a_peer_that_hangs_does_not_keep_the_agent_past_the_deadline(workspace, publish, invoke, peer):
    peer.gate.clear()
    trigger = action_called(deadline_seconds=1, fallback_response={"message": "later"})
    publish(workspace, chain(trigger, post_json("call", peer.url), respond()), kind="action")
    started = time.monotonic()
    body = invoke().json()
    assert time.monotonic() - started < 1.25 + 0.5
    assert (body["status"], body["response"]) == ("timed_out", {"message": "later"})
    peer.gate.set()
    until(lambda: Run.objects.get().status == "timed_out")


def test_the_same_tool_call_gets_the_same_answer_and_has_one_effect(workspace, publish, invoke, peer):
    publish(workspace, chain(action_called(), post_json("call", peer.url), respond(response='{"a": 1}')), kind="action")
    with ThreadPoolExecutor(8) as pool:
        bodies = [future.json() for future in pool.map(lambda _: invoke(tool_call_id="t1"), range(16))]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["status"] == "succeeded"
    assert len(peer.requests) == 1
    assert Run.objects.count() == 1


def test_a_short_retry_is_waited_out(workspace, publish, invoke, peer):
    peer.answers = [(503, {}), (200, {})]
    settings = {"retry": {"max_attempts": 2, "backoff_seconds": 0.1}}
    publish(workspace, chain(action_called(), post_json("call", peer.url, settings=settings), respond()), kind="action")
    assert invoke().json()["status"] == "succeeded"
    assert len(peer.requests) == 2


def test_a_retry_past_the_deadline_is_not(workspace, publish, invoke, peer):
    peer.answers = [(503, {})]
    settings = {"retry": {"max_attempts": 2, "backoff_seconds": 60}}
    trigger = action_called(deadline_seconds=2, fallback_response={"message": "later"})
    publish(workspace, chain(trigger, post_json("call", peer.url, settings=settings), respond()), kind="action")
    body = invoke().json()
    assert body["response"] == {"message": "later"}
    assert Run.objects.get().status == "timed_out"
    assert Run.objects.get().due_at is None


def test_what_follows_respond_runs_in_the_worker(workspace, publish, invoke, peer, work):
    doc = chain(action_called(), respond(response='{"a": 1}'), post_json("call", peer.url), end(outcome="after"))
    publish(workspace, doc, kind="action")
    body = invoke().json()
    assert (body["status"], body["continues"]) == ("succeeded", True)
    assert peer.requests == []
    work()
    assert len(peer.requests) == 1
    assert Run.objects.get().outcome == "after"


def test_a_wait_after_respond_is_no_trouble(workspace, publish, invoke, work):
    publish(workspace, chain(action_called(), respond(), wait_for("w", 3600), end()), kind="action")
    assert invoke().json()["continues"] is True
    work()
    assert Run.objects.get().status == "waiting"


def test_ending_without_an_answer_gives_the_fallback(workspace, publish, invoke):
    publish(workspace, chain(action_called(fallback_response={"b": 2}), end()), kind="action")
    body = invoke().json()
    assert (body["status"], body["response"]) == ("fallback", {"b": 2})


def test_a_response_against_its_schema_is_a_failed_step(workspace, publish, invoke):
    schema = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
    trigger = action_called(response_schema=schema, fallback_response={"ok": False})
    doc = chain(trigger, set_variable("v", x="maybe"), respond(response='{"ok": "{{vars.x}}"}'))
    publish(workspace, doc, kind="action")
    body = invoke().json()
    assert (body["status"], body["response"]) == ("fallback", {"ok": False})
    assert Run.objects.get().error["code"] == "response_schema"


def test_a_run_whose_request_died_starts_no_new_effect_after_the_deadline(workspace, publish, peer, work):
    from runtime.actions import Call, start
    from runtime.arrivals import action_arrival
    from runtime.group_commit import loader
    from runtime.runner import keep

    trigger = action_called(deadline_seconds=1, fallback_response={"message": "later"})
    publish(workspace, chain(trigger, post_json("call", peer.url), respond()), kind="action")
    call = Call(action_arrival(workspace.pk, "action", {}, {}), name="look_up")
    assert keep(loader().submit(start, call).result(10).run)
    run = Run.objects.get()
    run.options["deadline_at"] = time.time() - 1
    Run.objects.filter(pk=run.pk).update(due_at=run.created_at, options=run.options)
    work()
    assert Run.objects.get().status == "timed_out"
    assert Run.objects.get().answer["response"] == {"message": "later"}
    assert peer.requests == []


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_whether_its_steps_are_quick_or_take_long_the_answer_is_the_same(
    workspace, publish, invoke, peer, monkeypatch, seconds
):
    monkeypatch.setattr(runner, "QUICK_SECONDS", seconds)
    steps = [set_variable(f"v{n}", **{f"x{n}": f"{n}{{{{vars.x{n - 1}}}}}"}) for n in range(1, 5)]
    answers = respond(response='{"x": "{{vars.x4}}"}')
    calls = post_json("call", peer.url)
    publish(workspace, chain(action_called("add_up"), *steps, answers), kind="action")
    publish(workspace, chain(action_called(), *steps, calls, answers), kind="action", name="Calls")
    assert [invoke(name).json()["response"] for name in ("add_up", "look_up")] == [{"x": "4321"}] * 2
    assert len(peer.requests) == 1
    assert sorted(Run.objects.values_list("status", "seq")) == [("succeeded", 6), ("succeeded", 7)]


@pytest.mark.parametrize("shape", ["openai", "anthropic", "mcp", "jsonschema"])
def test_published_actions_are_listed_as_tools(workspace, publish, live, api_key, shape):
    publish(workspace, chain(action_called("cancel", description="Cancels", inputs=INPUTS), respond()), kind="action")
    headers = {"Authorization": f"Bearer {api_key}"}
    answer = requests.get(f"{live}/api/v1/actions/?format={shape}", headers=headers, timeout=10).json()
    text = str(answer["tools"])
    assert len(answer["tools"]) == 1
    assert "cancel" in text
    assert "order_id" in text


def test_what_an_action_set_is_there_after_the_call(workspace, publish, invoke, live, api_key, work):
    doc = chain(action_called(), set_variable("v", plan="{{args.plan}}"), respond())
    publish(workspace, doc, kind="action", name="During")
    publish(workspace, chain(call_ended(), end(outcome="{{vars.plan}}")), name="After")
    invoke(arguments={"plan": "gold"}, interaction={"id": "call_7"})
    event = {"type": "call.ended", "interaction": {"id": "call_7", "status": "completed"}, "variables": {"plan": "?"}}
    requests.post(f"{live}/api/v1/events/", json=event, headers={"Authorization": f"Bearer {api_key}"}, timeout=10)
    work()
    assert Run.objects.get(kind="post_call").outcome == "gold"
