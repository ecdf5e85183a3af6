"""/runs/ and /calls/: finding runs, reading them whole, cancelling, running again."""

import pytest

from runtime.models import Event, Reference, Run, Status, StepRun


@pytest.fixture
def call(workspace):
    payload = {"interaction": {"id": "call-7", "from": "+14155551234", "summary": "hello"}}
    return Event.objects.create(workspace=workspace, source="api", type="call.ended", key="k7", interaction_id="call-7",
                                contact_number="+14155551234", payload=payload)  # fmt: skip


@pytest.fixture
def failed(workspace, published, call):
    run = Run.objects.create(
        workspace=workspace, flow=published, version=published.published, event=call, kind="post_call",
        status=Status.FAILED, seq=2, error={"message": "no", "code": "x", "node": "vars"},
        state={"node": "vars", "status": "failed", "index": 1, "steps": {}, "vars": {}}, started_at=call.received_at,
    )  # fmt: skip
    for seq, (node, status) in enumerate((("start", "succeeded"), ("vars", "failed")), start=1):
        StepRun.objects.create(run=run, index=seq - 1, seq=seq, node=node, type="x", status=status,
                               started_at=call.received_at)  # fmt: skip
    Reference.objects.create(workspace=workspace, run=run, label="ticket", value="T-99")
    return run


def test_a_run_is_shown_whole(api, failed):
    run = api.get(f"/runs/{failed.pk}/").value
    assert (run["status"], run["version"], run["path"]) == ("failed", 1, ["start", "vars"])
    assert run["event"]["interaction"]["id"] == "call-7"
    assert run["references"] == [{"label": "ticket", "value": "T-99"}]
    assert [step["seq"] for step in run["steps"]] == [1, 2]


def test_steps_after_a_seq(api, failed):
    assert [step["node"] for step in api.get(f"/runs/{failed.pk}/steps/?after=1").value["results"]] == ["vars"]


@pytest.mark.parametrize(
    "query",
    ["status=failed", "q=%2B14155551234", "q=call-7", "q=T-99", "interaction=call-7", "version=1", "mode=live",
     "node=vars", "since=2020-01-01T00:00:00Z"],
)  # fmt: skip
def test_runs_are_found(api, failed, query):
    assert [run["id"] for run in api.get(f"/runs/?{query}").value["results"]] == [str(failed.pk)]


@pytest.mark.parametrize("query", ["status=waiting", "node=end", "q=nobody", "version=2", "until=2020-01-01T00:00:00Z"])
def test_other_runs_are_not_found(api, failed, query):
    assert api.get(f"/runs/?{query}").value["results"] == []


@pytest.mark.parametrize("query", ["status=lost", "flow=x", "since=soon", "version=two"])
def test_a_filter_that_cannot_be_is_422(api, failed, query):
    assert api.get(f"/runs/?{query}").status_code == 422


def test_runs_page_newest_first(api, workspace, published):
    for _ in range(5):
        Run.objects.create(workspace=workspace, flow=published, version=published.published, kind="post_call")
    first = api.get("/runs/?limit=2").value
    second = api.get(first["next"].split("/api/v1")[1]).value
    ids = [run["id"] for run in (*first["results"], *second["results"])]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 4


def test_a_waiting_run_is_cancelled_once(api, failed):
    Run.objects.filter(pk=failed.pk).update(status=Status.WAITING)
    assert api.post(f"/runs/{failed.pk}/cancel/").value["status"] == "cancelled"
    assert api.post(f"/runs/{failed.pk}/cancel/").status_code == 409


def test_a_failed_run_goes_on_from_the_failed_step(api, failed):
    answer = api.post(f"/runs/{failed.pk}/retry/", {"from": "failed", "version": "same"})
    assert answer.status_code == 202
    again = Run.objects.get(pk=answer.value["run"])
    assert (again.origin_id, again.status, again.steps.count()) == (failed.pk, "queued", 1)


def test_a_run_is_started_again_with_another_event(api, failed):
    answer = api.post(f"/runs/{failed.pk}/retry/", {"from": "start", "event": {"interaction": {"id": "other"}}})
    again = Run.objects.get(pk=answer.value["run"])
    assert again.event.payload["interaction"]["id"] == "other"


def test_the_draft_is_tried_with_the_data_of_a_run(api, failed):
    answer = api.post(f"/runs/{failed.pk}/retry/", {"from": "start", "version": "draft"})
    again = Run.objects.get(pk=answer.value["run"])
    assert (again.mode, again.version.number) == ("test", None)
    assert again.event.payload["interaction"]["id"] == "call-7"


@pytest.mark.parametrize("body", [{"from": "middle"}, {"version": "newest"}, {"event": [1]}])
def test_a_wrong_retry_is_422(api, failed, body):
    assert api.post(f"/runs/{failed.pk}/retry/", body).status_code == 422


def test_the_same_key_retries_once(api, failed):
    first, again = (api.post(f"/runs/{failed.pk}/retry/", {"from": "start"}, Idempotency_Key="r1") for _ in range(2))
    assert first.value == again.value
    assert Run.objects.count() == 2


def test_a_conversation_is_one_entry_with_all_that_belongs_to_it(api, failed, call, published):
    call.skipped = [{"flow": str(published.pk), "reason": "the call's status is busy"}]
    call.save()
    found = api.get("/calls/?q=T-99").value["results"]
    assert [entry["id"] for entry in found] == ["call-7"]
    assert [run["id"] for run in found[0]["runs"]] == [str(failed.pk)]
    assert found[0]["skipped"][0]["reason"] == "the call's status is busy"
    assert api.get("/calls/?q=%2B14155551234").value["results"][0]["id"] == "call-7"
    assert api.get("/calls/?q=nobody").value["results"] == []
    assert api.get("/calls/").status_code == 422
