"""A flow's own address: what it takes, what it refuses, what it answers."""

import pytest
import requests

from runtime.models import Event, Run
from tests.flows import chain, end, node, respond

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hook(live, workspace, publish):
    def make(**config):
        doc = chain(node("start", "webhook", config), respond(response='{"got": {{trigger.body}}}'))
        return f"{live}/hooks/{publish(workspace, doc, kind='automation').token}/"

    return make


def test_a_call_starts_a_run(hook):
    answer = requests.post(hook(), json={"a": 1}, timeout=10)
    assert answer.status_code == 202
    assert answer.json()["run"] == str(Run.objects.get().pk)
    assert Event.objects.get().payload["trigger"]["body"] == {"a": 1}


def test_form_text_and_nothing_are_bodies_too(hook):
    url = hook()
    requests.post(url, data={"a": "1", "b": ["2", "3"]}, timeout=10)
    requests.post(url, data="hello", headers={"Content-Type": "text/plain"}, timeout=10)
    requests.post(url, timeout=10)
    bodies = [event.payload["trigger"]["body"] for event in Event.objects.order_by("id")]
    assert bodies == [{"a": "1", "b": ["2", "3"]}, "hello", None]


def test_it_can_answer_when_the_flow_has_ended(hook):
    answer = requests.post(hook(respond="when_done"), json={"a": 1}, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"got": {"a": 1}})
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_unknown_and_switched_off_look_the_same(hook, live):
    url = hook()
    from runtime.models import Flow

    Flow.objects.update(enabled=False)
    off, unknown = requests.post(url, timeout=10), requests.post(f"{live}/hooks/nothing/", timeout=10)
    assert (off.status_code, unknown.status_code) == (404, 404)
    assert off.json() == unknown.json()


def test_other_methods_types_and_sizes_are_refused(hook):
    url = hook()
    assert requests.put(url, timeout=10).status_code == 405
    wrong = requests.post(url, data="<x/>", headers={"Content-Type": "application/xml"}, timeout=10)
    assert wrong.status_code == 415
    assert requests.post(url, data=b"x" * (2 * 1024 * 1024), timeout=10).status_code == 413
    assert requests.post(url, data="{", headers={"Content-Type": "application/json"}, timeout=10).status_code == 400
    assert Event.objects.count() == 0


def test_a_repeated_key_starts_one_run(hook):
    url = hook()
    first, second = (requests.post(url, json={}, headers={"Idempotency-Key": "k"}, timeout=10) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["run"] == second.json()["run"]


def test_credentials_in_headers_are_not_kept(hook):
    requests.post(hook(), json={}, headers={"Authorization": "Bearer hidden-secret", "X-Kept": "yes"}, timeout=10)
    stored = str(Event.objects.get().payload)
    assert "hidden-secret" not in stored
    assert "x-kept" in stored


def test_an_end_without_respond_answers_an_empty_object(live, workspace, publish):
    doc = chain(node("start", "webhook", {"respond": "when_done"}), end())
    url = f"{live}/hooks/{publish(workspace, doc, kind='automation').token}/"
    answer = requests.post(url, json={}, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {})
