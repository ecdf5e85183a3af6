"""ANY /hooks/<token>/: any system may call a flow (CONTRACT, Intake)."""

import json
import threading

import pytest

from tests.contract.conftest import Program, is_problem
from tests.flows import chain, end, node, post_json, respond, set_variable


@pytest.fixture
def outside(live):
    """Somebody who knows only the address."""
    return Program(live)


@pytest.fixture
def hook(publish):
    """hook(config, *nodes) -> the address of a flow that a webhook starts."""

    def make(config, *nodes):
        return publish(chain(node("start", "webhook", config), *nodes), kind="automation")["hook"]

    return make


@pytest.fixture
def echo(hook):
    values = set_variable("v", body="{{trigger.body}}", query="{{trigger.query.z}}", header="{{trigger.headers.x-a}}",
                          method="{{trigger.method}}")  # fmt: skip
    return hook({"methods": ["POST", "GET", "PUT"]}, values, end("end", "{{vars.method}}"))


def test_a_call_is_answered_at_once_with_its_run(outside, echo, ended):
    answer = outside.post(echo + "?z=1", {"a": 5}, headers={"X-A": "b"})
    assert answer.status_code == 202
    variables = ended(answer.value["run"])["vars"]
    assert (variables["query"], variables["header"], variables["method"]) == ("1", "b", "POST")
    assert json.loads(variables["body"]) == {"a": 5}


@pytest.mark.parametrize(("data", "type", "seen"), [
    (b'{"a": 1}', "application/json", {"a": 1}), (b"a=1&b=2&b=3", "application/x-www-form-urlencoded",
                                                  {"a": "1", "b": ["2", "3"]}),
    (b"hello", "text/plain", "hello"), (b"", "application/json", None),
])  # fmt: skip
def test_json_forms_text_and_nothing_are_taken(outside, echo, ended, data, type, seen):
    answer = outside.post(echo, data=data, type=type)
    assert answer.status_code == 202
    assert ended(answer.value["run"])["event"]["trigger"]["body"] == seen


def test_only_the_methods_of_the_trigger_are_taken(outside, echo):
    assert outside.get(echo).status_code == outside.put(echo, {}).status_code == 202
    answer = outside.delete(echo)
    is_problem(answer, 405)
    assert answer.headers["Allow"] == "POST, GET, PUT"


def test_other_types_and_sizes_and_nonsense_are_refused(outside, echo):
    is_problem(outside.post(echo, data=b"<a/>", type="application/xml"), 415)
    is_problem(outside.post(echo, data=b"x" * 1_100_000, type="text/plain"), 413)
    is_problem(outside.post(echo, data=b"{nonsense"), 400)


def test_a_flow_that_is_off_is_not_there(outside, program, hook):
    address = hook({}, end())
    flow = program.get("/flows/").value["results"][0]
    assert program.patch(f"/flows/{flow['id']}/", {"enabled": False}).value["enabled"] is False
    off = is_problem(outside.post(address, {}), 404)
    assert off == is_problem(outside.post("//hooks/unknown/", {}), 404)
    program.patch(f"/flows/{flow['id']}/", {"enabled": True})
    assert outside.post(address, {}).status_code == 202


def test_the_flow_answers_when_it_ends_with_the_status_it_names(outside, hook):
    address = hook({"respond": "when_done"}, node("r", "respond", {"response": '{"got": {{trigger.body}}}',
                                                                    "status": 201}))  # fmt: skip
    answer = outside.post(address, {"a": 1})
    assert (answer.status_code, answer.value) == (201, {"got": {"a": 1}})


def test_a_status_without_a_body_has_none(outside, hook):
    address = hook({"respond": "when_done"}, node("r", "respond", {"response": "{}", "status": 204}))
    answer = outside.post(address, {})
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_flow_that_fails_or_takes_too_long_is_a_problem_that_names_the_run(outside, hook, peer):
    over = threading.Event()
    peer.answers["/slow"] = lambda asked: over.wait(20)
    failing = hook({"respond": "when_done"}, post_json("call", f"{peer.url}/missing"), respond("r"))
    slow = hook({"respond": "when_done", "deadline_seconds": 1}, post_json("call", f"{peer.url}/slow"), respond("r"))
    failed = outside.post(failing, {})
    assert failed.headers["Segue-Run"] in is_problem(failed, 502)["detail"]
    is_problem(outside.post(slow, {}), 504)
    over.set()


def test_the_same_key_starts_one_run_and_another_body_is_422(outside, echo):
    key = {"Idempotency-Key": "k"}
    first, again = (outside.post(echo, {"a": 1}, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.value["run"] == again.value["run"]
    is_problem(outside.post(echo, {"a": 2}, headers=key), 422)


def test_the_same_key_gets_the_same_answer_when_done_and_another_body_is_422(outside, hook):
    address = hook({"respond": "when_done"}, node("r", "respond", {"response": '{"a": "{{now}}"}', "status": 202}))
    first, again = (outside.post(address, {"a": 1}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.value) == (again.status_code, again.value)
    assert first.headers["Segue-Run"] == again.headers["Segue-Run"]
    is_problem(outside.post(address, {"a": 2}, headers={"Idempotency-Key": "k"}), 422)
