"""Intake: one event, one set of runs, whatever is repeated, however it comes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from runtime.models import Event, Run
from tests.flows import call_ended, chain, end

pytestmark = pytest.mark.django_db(transaction=True)
CALL = {"type": "call.ended", "agent": "support", "interaction": {"id": "call_1", "status": "completed"}}


@pytest.fixture
def post(live, api_key, agent):
    session = requests.Session()

    def send(body, path="/api/v1/events/", key=api_key, **headers):
        given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        given.update({name.replace("_", "-"): value for name, value in headers.items()})
        data = body if isinstance(body, bytes | str) else None
        if data is None:
            return session.post(live + path, json=body, headers=given, timeout=10)
        return session.post(live + path, data=data, headers=given, timeout=10)

    return send


@pytest.fixture
def flow(workspace, publish):
    return publish(workspace, chain(call_ended(), end()))


def test_an_event_is_accepted_with_its_runs(post, flow):
    answer = post(CALL)
    assert answer.status_code == 202
    body = answer.json()
    assert body["duplicate"] is False
    assert body["runs"] == [{"id": str(Run.objects.get().pk), "flow": str(flow.pk), "status": "queued"}]
    assert body["event"] == str(Event.objects.get().pk)


def test_the_same_call_again_is_a_duplicate_of_the_first(post, flow):
    first, second, third = post(CALL), post(CALL), post(CALL)
    assert (second.status_code, third.status_code) == (200, 200)
    assert second.json() == {**first.json(), "duplicate": True}
    assert Run.objects.count() == 1
    assert Event.objects.get().duplicates == 2


def test_an_events_own_id_counts_and_bodies_are_not_compared(post, flow):
    first = post({**CALL, "id": "evt_1"})
    second = post({**CALL, "id": "evt_1", "interaction": {"id": "another"}})
    assert second.json()["event"] == first.json()["event"]
    assert post({**CALL, "id": "evt_2"}).json()["duplicate"] is False


def test_an_idempotency_key_compares_bodies(post, flow):
    event = {"type": "custom.thing", "data": {"a": 1}}
    first = post(event, Idempotency_Key="k1")
    again = post(event, Idempotency_Key="k1")
    other = post({**event, "data": {"a": 2}}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 422)
    assert again.json()["event"] == first.json()["event"]
    assert other.headers["Content-Type"] == "application/problem+json"
    assert Event.objects.count() == 1


def test_a_hundred_at_once_with_one_key_make_one_run(post, flow):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post({**CALL, "id": "same"}), range(100)))
    assert {answer.status_code for answer in answers} == {200, 202}
    assert len({answer.json()["event"] for answer in answers}) == 1
    assert Run.objects.count() == 1


def test_an_array_is_answered_in_order_and_one_bad_event_spoils_nothing(post, flow):
    answer = post([{**CALL, "id": "a"}, {"type": 7}, {**CALL, "id": "c"}, {**CALL, "id": "a"}])
    assert answer.status_code == 202
    first, bad, third, again = answer.json()["events"]
    assert first["runs"]
    assert bad["error"]["errors"][0]["pointer"] == "/type"
    assert third["event"] != first["event"]
    assert (again["event"], again["duplicate"]) == (first["event"], True)


def test_lines_of_json_are_taken_too(post, flow):
    lines = b'{"type": "call.ended", "id": "1"}\n\nnot json\n{"type": "call.ended", "id": "2"}\n'
    answer = post(lines, Content_Type="application/x-ndjson")
    assert [("error" in each) for each in answer.json()["events"]] == [False, True, False]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"{", 400, ""),
        (b'{"type": "call.ended", "interaction": {"duration_seconds": NaN}}', 400, ""),
        (b"[" * 100_000, 400, ""),
        (b'"text"', 422, ""),
        (b"{}", 422, "/type"),
        (b'{"type": "Call Ended!"}', 422, "/type"),
        (b'{"type": "call.ended", "interaction": []}', 422, "/interaction"),
        (b'{"type": "call.ended", "interaction": {"duration_seconds": "long"}}', 422, "/interaction/duration_seconds"),
        (b'{"type": "call.ended", "agent": "nobody"}', 422, "/agent"),
        (b'{"type": "call.ended", "colour": 1}', 422, "/colour"),
    ],
)
def test_bad_input_is_named_in_plain_words(post, flow, body, status, pointer):
    answer = post(body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["errors"][0]["pointer"] == pointer
    assert Event.objects.count() == 0


def test_what_is_too_large_is_refused_before_it_is_read(post, flow):
    assert post(b"x" * (6 * 1024 * 1024)).status_code == 413


def test_a_body_without_a_length_is_counted_while_it_comes(live, api_key):
    def parts():
        for _ in range(100):
            yield b"x" * 100_000

    try:
        answer = requests.post(
            f"{live}/api/v1/events/", data=parts(), headers={"Authorization": f"Bearer {api_key}"}, timeout=10
        )
        assert answer.status_code == 413
    except requests.ConnectionError:
        pass  # refused while it was still being sent
    assert Event.objects.count() == 0


@pytest.mark.parametrize(("key", "status"), [("", 401), ("sk_wrong", 401)])
def test_without_a_good_key_nothing_is_taken(post, flow, key, status):
    answer = post(CALL, key=key)
    assert answer.status_code == status
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert Event.objects.count() == 0


def test_a_key_needs_the_scope(post, flow, workspace):
    from runtime.models import ApiKey

    reader = ApiKey.issue(workspace, "reader", ["runs:read"])[1]
    assert post(CALL, key=reader).status_code == 403


def test_other_methods_are_refused(live, api_key):
    answer = requests.get(f"{live}/api/v1/events/", headers={"Authorization": f"Bearer {api_key}"}, timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("config", "interaction", "runs"),
    [
        ({}, {"status": "completed"}, 1),
        ({}, {"status": "no_answer"}, 0),
        ({"statuses": ["no_answer"]}, {"status": "no_answer"}, 1),
        ({"agents": ["other"]}, {"status": "completed"}, 0),
        ({"agents": ["support"]}, {"status": "completed"}, 1),
        ({"minimum_seconds": 30}, {"status": "completed", "duration_seconds": 5}, 0),
        ({"conditions": {"all": [{"left": "{{interaction.sentiment}}", "operator": "equals", "right": "angry"}]}},
         {"status": "completed", "sentiment": "calm"}, 0),
    ],
)  # fmt: skip
def test_triggers_choose_and_say_why_not(post, workspace, publish, config, interaction, runs):
    flow = publish(workspace, chain(call_ended(**config), end()))
    answer = post({**CALL, "interaction": {"id": "c", **interaction}})
    assert len(answer.json()["runs"]) == runs
    skipped = Event.objects.get().skipped
    assert [each["flow"] for each in skipped] == ([] if runs else [str(flow.pk)])


def test_a_flow_that_is_off_starts_nothing(post, flow):
    flow.enabled = False
    flow.save()
    assert post(CALL).json()["runs"] == []


def test_another_workspaces_flow_is_never_started(post, publish):
    from runtime.models import Workspace

    publish(Workspace.objects.create(name="Other"), chain(call_ended(), end()))
    assert post(CALL).json()["runs"] == []
