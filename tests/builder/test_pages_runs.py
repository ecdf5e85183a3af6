"""Runs, calls and the dashboard, as a person sees them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from builder.counting import percentile
from runtime.models import Event, Reference, Run, StepRun
from runtime.models.base import first_id


@pytest.fixture
def make_run(published):
    """make_run(status="succeeded", number="+14155551234", ...) -> a run of the published flow about a call."""

    def make(status="succeeded", number="+14155551234", call="call-1", **more):
        event = Event.objects.create(
            workspace=published.workspace, source="vapi", type="call.ended", interaction_id=call,
            contact_number=number, payload={"interaction": {"id": call, "contact_number": number, "summary": "Broken"}},
        )  # fmt: skip
        now = timezone.now()
        return Run.objects.create(
            workspace=published.workspace, flow=published, version=published.published, kind="post_call", event=event,
            status=status, started_at=now - timedelta(seconds=2), finished_at=now, due_at=None, **more,
        )  # fmt: skip

    return make


@pytest.fixture
def decided(make_run):
    """A run that failed at its second step, after a decision."""
    run = make_run("failed", error={"message": "The desk was away.", "code": "http_503"})
    why = {"left": "{{interaction.disposition}}", "left_value": "escalated", "operator": "equals",
           "right": "escalated", "right_value": "escalated", "result": True}  # fmt: skip
    now = timezone.now()
    StepRun.objects.create(
        run=run, index=0, seq=1, node="check", type="decision", label="Escalated?", status="succeeded", port="yes",
        reason={"branches": [{"id": "yes", "result": True, "conditions": [why]}]}, started_at=now,
    )  # fmt: skip
    for attempt in (1, 2):
        StepRun.objects.create(
            run=run, index=1, attempt=attempt, seq=attempt + 1, node="t", type="api_request", label="Create ticket",
            status="failed", input={"url": "https://desk.example/"}, error={"message": "The desk was away."},
            started_at=now, seconds=0.5,
        )  # fmt: skip
    return run


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_without_runs_the_page_says_when_there_will_be_some(signed_in):
    assert "Nothing has run yet" in text_of(signed_in.get("/runs/"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [("status=failed", False), ("status=succeeded", True), ("mode=test", False), ("q=%2B14155551234", True),
     ("q=call-1", True), ("q=call-2", False), ("q=4711", True), ("since=2020-01-01", True),
     ("until=2020-01-01", False)],
)  # fmt: skip
def test_runs_are_found_by_status_mode_date_number_call_and_reference(signed_in, make_run, query, shown):
    run = make_run()
    Reference.objects.create(workspace=run.workspace, run=run, label="ticket_no", value="4711")
    assert (f"/runs/{run.pk}/" in text_of(signed_in.get(f"/runs/?{query}"))) is shown


def test_a_date_that_is_none_is_named(signed_in):
    assert "is no date" in text_of(signed_in.get("/runs/?since=yesterday"))


def test_pages_of_runs_neither_repeat_nor_skip(signed_in, make_run):
    made = [str(make_run().pk) for _ in range(120)]
    seen, path = [], "/runs/"
    while path:
        page = signed_in.get(path).context
        seen += [str(run.pk) for run in page["runs"].rows]
        path = page["runs"].older and f"/runs/?before={page['runs'].older}"
    assert seen == sorted(made, reverse=True)


def test_newer_leads_back_to_where_one_came_from(signed_in, make_run):
    for _ in range(60):
        make_run()
    first = signed_in.get("/runs/").context["runs"]
    second = signed_in.get(f"/runs/?before={first.older}").context["runs"]
    again = signed_in.get(f"/runs/?after={second.newer}").context["runs"]
    assert [run.pk for run in again.rows] == [run.pk for run in first.rows]


def test_a_run_shows_why_it_went_where_it_went_and_what_failed(signed_in, decided):
    page = text_of(signed_in.get(f"/runs/{decided.pk}/"))
    assert "Escalated?" in page
    assert "interaction.disposition" in page
    assert "is “escalated”" in page
    assert "2 tries" in page
    assert "The desk was away." in page


def test_a_failed_run_is_retried_from_the_failed_step(signed_in, decided):
    answer = signed_in.post(f"/runs/{decided.pk}/retry/", {"from": "failed"})
    again = Run.objects.get(origin=decided)
    assert answer["Location"] == f"/runs/{again.pk}/"


def test_a_run_that_did_not_fail_is_not_retried_from_a_failed_step(signed_in, make_run):
    run = make_run()
    page = text_of(signed_in.post(f"/runs/{run.pk}/retry/", {"from": "failed"}, follow=True))
    assert "did not fail" in page
    assert not Run.objects.filter(origin=run).exists()


def test_an_open_run_is_cancelled_once(signed_in, make_run):
    run = make_run("waiting")
    assert "is cancelled" in text_of(signed_in.post(f"/runs/{run.pk}/cancel/", follow=True))
    assert "had ended already" in text_of(signed_in.post(f"/runs/{run.pk}/cancel/", follow=True))
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_an_unfinished_run_is_watched_and_a_finished_one_is_not(signed_in, make_run):
    assert 'data-watch="1"' in text_of(signed_in.get(f"/runs/{make_run('waiting').pk}/"))
    assert "data-watch" not in text_of(signed_in.get(f"/runs/{make_run().pk}/"))


def test_a_call_is_one_page_with_all_its_events_runs_and_references(signed_in, make_run):
    run, other = make_run(), make_run(call="call-2", number="+4930123456")
    Reference.objects.create(workspace=run.workspace, run=run, label="ticket_no", value="4711")
    for query in ("call-1", "+1 415 555 1234", "4711", str(run.pk)):
        page = text_of(signed_in.get("/calls/", {"q": query}))
        assert f"/runs/{run.pk}/" in page, query
        assert f"/runs/{other.pk}/" not in page, query
        assert "ticket_no" in page


def test_what_every_try_left_is_named_once(signed_in, make_run):
    run = make_run()
    for value in ("wh_1", "wh_1", "wh_2"):
        Reference.objects.create(workspace=run.workspace, run=run, label="Webhook", value=value)
    for path in (f"/runs/{run.pk}/", "/calls/?q=call-1"):
        assert text_of(signed_in.get(path)).count(">wh_1</a>") == 1, path


def test_a_call_names_the_flows_that_passed_it_over(signed_in, published, make_run):
    event = make_run().event
    event.skipped = [{"flow": str(published.pk), "reason": "the call was too short"}]
    event.save()
    assert "the call was too short" in text_of(signed_in.get("/calls/?q=call-1"))


def test_a_search_without_result_says_what_to_try(signed_in):
    assert "No conversation is known by that" in text_of(signed_in.get("/calls/?q=nope"))


@pytest.mark.parametrize("window", ["24h", "7d", "30d", "nonsense"])
def test_the_dashboard_counts_live_runs_only(signed_in, make_run, window):
    make_run(), make_run(), make_run("failed"), make_run("failed", mode="test")
    page = text_of(signed_in.get(f"/dashboard/?window={window}"))
    assert "66.7 %" in page
    assert "Failing flows" in page


def test_a_chart_has_a_table_with_the_same_figures(signed_in, make_run):
    make_run(), make_run("failed")
    context = signed_in.get("/dashboard/?window=7d").context
    assert context["slots"][-1] | {"label": ""} == {"label": "", "good": 1, "bad": 1, "other": 0}
    assert context["speed"][-1]["p50"] == pytest.approx(2, abs=0.1)


def test_a_workspace_without_workers_is_told_so(signed_in):
    assert "No worker is running" in text_of(signed_in.get("/dashboard/"))


def test_percentiles_are_values_that_occurred():
    assert percentile([], 0.5) is None
    assert percentile([(1.0, 1)], 0.95) == 1.0
    assert percentile([(float(n), 1) for n in range(1, 101)], 0.95) == 96.0
    assert percentile([(1.0, 90), (7.0, 10)], 0.5) == 1.0
    assert percentile([(7.0, 10), (1.0, 90)], 0.95) == 7.0


def test_ids_made_later_are_above_the_first_id_of_a_moment(make_run):
    before = timezone.now() - timedelta(seconds=1)
    assert first_id(before) < make_run().pk < first_id(timezone.now() + timedelta(seconds=1))


def test_what_a_program_printed_is_shown_also_where_it_failed(signed_in, make_run):
    run, now = make_run(), timezone.now()
    detail = {"line": 2, "console": ["three"]}
    StepRun.objects.create(run=run, index=0, seq=1, node="js", type="code", label="Code", status="succeeded",
                           output={"result": 1, "console": ["one", "<two>"]}, started_at=now)  # fmt: skip
    StepRun.objects.create(run=run, index=1, seq=2, node="js", type="code", label="Code", status="failed",
                           error={"message": "Line 2: no", "detail": detail}, started_at=now)  # fmt: skip
    shown = text_of(signed_in.get(f"/runs/{run.pk}/"))
    assert '<h3>Console</h3><pre class="code" tabindex="0">one &lt;two&gt;</pre>' in shown
    assert '<pre class="code" tabindex="0">three</pre>' in shown


def test_the_dashboard_says_whether_programs_are_confined(signed_in):
    assert "<dt>Code steps</dt><dd>confined</dd>" in text_of(signed_in.get("/dashboard/"))


def test_no_step_of_a_cancelled_run_is_said_to_wait(signed_in, make_run):
    for status, said in (("cancelled", "Cancelled"), ("waiting", "Waiting")):
        run = make_run(status)
        StepRun.objects.create(run=run, index=0, seq=1, node="w", type="wait", label="Later", status="waiting",
                               started_at=timezone.now())  # fmt: skip
        timeline = text_of(signed_in.get(f"/runs/{run.pk}/")).split('<li class="timeline-step">')[1].split("</li>")[0]
        assert [words for words in ("Waiting", "Cancelled") if words in timeline] == [said]
        assert "0 ms" not in timeline  # it has not taken its time yet
