"""The runs of a flow in the editor: filtered, paged; one is cancelled, or run again from where one chooses."""

import re

import pytest
from playwright.sync_api import expect

from builder.publishing import publish
from runtime import tasks
from runtime.models import Run, Status
from tests.browser.calls import branching, card, ended_call, flow_of
from tests.browser.editing import hold_answer
from tests.flows import call_ended, end, post_json, wait_for
from tests.peers import Answer


def runs_panel(page, flow):
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("banner").get_by_role("button", name="Runs").click()
    return page.get_by_role("region", name="Runs")


def rows(panel):
    return panel.get_by_role("button", name=re.compile("^Call"))


@pytest.fixture
def panel(page, live, workspace, owner, sign_in):
    """The list of a flow's runs: three, one of them failed."""
    flow = branching(workspace, owner)
    for number in range(3):
        ended_call(workspace, f"call_{number}")
    Run.objects.filter(pk=Run.objects.first().pk).update(status=Status.FAILED)
    sign_in(owner)
    panel = runs_panel(page, flow)
    expect(rows(panel)).to_have_count(3)
    return panel


def test_runs_are_filtered_by_status(panel):
    panel.get_by_label("Status").select_option(label="Failed")
    expect(rows(panel)).to_have_count(1)
    expect(rows(panel)).to_contain_text("failed")
    panel.get_by_label("Status").select_option(label="Waiting")
    expect(panel).to_contain_text("No run of this flow is waiting.")


def test_what_was_asked_before_another_status_was_chosen_is_not_shown_under_it(page, panel):
    with page.expect_request("**/runs/?flow=*"):
        arrive = hold_answer(page, "**/runs/?flow=*")  # the list looks again by itself
    panel.get_by_label("Status").select_option(label="Failed")
    expect(rows(panel)).to_have_count(1)
    arrive()
    expect(rows(panel)).to_have_count(1)
    expect(rows(panel)).to_contain_text("failed")


def test_earlier_runs_come_page_by_page(page, live, workspace, owner, sign_in):
    flow = branching(workspace, owner)
    event = ended_call(workspace).event
    for _ in range(40):
        Run.objects.create(workspace=workspace, flow=flow, version=flow.published, kind="post_call", event=event,
                           status=Status.SUCCEEDED, due_at=None)  # fmt: skip
    sign_in(owner)
    panel = runs_panel(page, flow)
    expect(rows(panel)).to_have_count(30)
    panel.get_by_role("button", name="Show earlier runs").click()
    expect(rows(panel)).to_have_count(41)
    expect(rows(panel).nth(30)).to_be_focused()


def test_a_waiting_run_is_cancelled(page, live, workspace, owner, sign_in):
    nodes = [call_ended(), wait_for("later", 300), end("done")]
    flow = flow_of(workspace, owner, nodes, [("start", "next", "later"), ("later", "next", "done")])
    run = ended_call(workspace)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/?run={run.pk}")
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    expect(page.get_by_role("heading", name=re.compile("cancelled"))).to_be_visible()
    run.refresh_from_db()
    assert run.status == "cancelled"
    expect(card(page, "later")).to_have_accessible_name(re.compile("cancelled"))
    steps = page.get_by_role("tabpanel", name="Steps")
    expect(steps.get_by_role("button", name=re.compile("later"))).to_contain_text("cancelled")
    expect(steps).not_to_contain_text(re.compile("waiting", re.IGNORECASE))


@pytest.fixture
def failed(peer, live, workspace, owner):
    """Two requests; the second one failed."""
    peer.answers.update({"/first": {"ok": 1}, "/second": Answer(500)})
    nodes = [
        call_ended(),
        post_json("first", f"{peer.url}/first"),
        post_json("second", f"{peer.url}/second"),
        end("done"),
    ]
    edges = [("start", "next", "first"), ("first", "success", "second"), ("second", "success", "done")]
    flow_of(workspace, owner, nodes, edges)
    run = ended_call(workspace)
    assert run.status == "failed"
    peer.answers["/second"] = {"ok": 1}
    return run


def asked(peer):
    return [request.path for request in peer.requests]


def again(page, run, *choices):
    page.goto(f"/flows/{run.flow_id}/?run={run.pk}")
    page.get_by_role("button", name="Run again").click()
    dialog = page.get_by_role("dialog", name="Run again")
    for choice in choices:
        dialog.get_by_role("radio", name=choice).check()
    with page.expect_response(re.compile("/retry/")):
        dialog.get_by_role("button", name="Run again").click()
    tasks.work(linger=0)
    return Run.objects.order_by("-id").first()


def test_it_goes_on_at_the_failed_step_and_sends_nothing_twice(page, failed, peer, owner, sign_in):
    sign_in(owner)
    run = again(page, failed)
    expect(card(page, "done")).to_contain_text("ms")
    run.refresh_from_db()
    assert (run.origin_id, run.status, run.version_id) == (failed.pk, "succeeded", failed.version_id)
    assert asked(peer) == ["/first", "/second", "/second"]


def test_it_runs_again_from_the_start(page, failed, peer, owner, sign_in):
    sign_in(owner)
    run = again(page, failed, re.compile("At the start"))
    expect(card(page, "done")).to_contain_text("ms")
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert asked(peer) == ["/first", "/second", "/first", "/second"]


def test_it_runs_again_on_the_version_that_is_live_or_on_the_draft(page, failed, peer, owner, sign_in):
    draft = failed.flow.draft
    nodes = [{**each, "label": "Try two"} if each["id"] == "second" else each for each in draft.document["nodes"]]
    draft.document = {**draft.document, "nodes": nodes}
    draft.save()
    publish(failed.flow, owner.user)
    sign_in(owner)
    run = again(page, failed, re.compile("Version 2"))
    assert (run.version.number, run.mode) == (2, "live")
    run = again(page, failed, re.compile("The draft as it is now"))
    assert (run.version.number, run.mode, run.origin_id) == (None, "test", failed.pk)
    assert asked(peer)[2:4] == ["/first", "/second"]


def test_only_the_same_version_can_go_on_in_the_middle(page, failed, owner, sign_in):
    sign_in(owner)
    page.goto(f"/flows/{failed.flow_id}/?run={failed.pk}")
    page.get_by_role("button", name="Run again").click()
    dialog = page.get_by_role("dialog", name="Run again")
    dialog.get_by_role("radio", name=re.compile("The draft")).check()
    expect(dialog.get_by_role("radio", name=re.compile("At the failed step"))).to_be_disabled()
    expect(dialog.get_by_role("radio", name=re.compile("At the start"))).to_be_checked()


def test_who_only_looks_sees_the_run_but_cannot_act_on_it(page, failed, workspace, make_person, sign_in):
    sign_in(make_person(workspace, "viewer"))
    page.goto(f"/flows/{failed.flow_id}/?run={failed.pk}")
    expect(card(page, "second")).to_contain_text("failed")
    for name in ("Run again", "Fix in draft", "Cancel run"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
