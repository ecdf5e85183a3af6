"""From a run into the draft with its data: previews, pickers and Test use what it had; what failed is selected."""

import json
import re

import pytest
from playwright.sync_api import expect

from builder.drafts import save_document
from runtime import tasks
from runtime.models import Run
from tests.browser.calls import card, ended_call, flow_of, open_run
from tests.flows import call_ended, document, end, post_json, set_variable
from tests.peers import Answer


@pytest.fixture
def flow(peer, live, workspace, owner):
    """Look an order up, then post a note about it, which the peer refuses."""
    peer.answers["/order"] = {"number": "ORD-77"}
    peer.answers["/note"] = Answer(422, {"message": "The note is empty"})
    nodes = [
        call_ended(), set_variable("topic", topic="About {{interaction.summary}}"),
        post_json("order", f"{peer.url}/order"),
        post_json("note", f"{peer.url}/note", '{"text": "{{vars.topic}} {{steps.order.body.number}}"}'), end("done"),
    ]  # fmt: skip
    edges = [("start", "next", "topic"), ("topic", "next", "order"), ("order", "success", "note"),
             ("note", "success", "done")]  # fmt: skip
    return flow_of(workspace, owner, nodes, edges)


@pytest.fixture
def failed(flow, workspace):
    run = ended_call(workspace, "call_lost", summary="a broken kettle")
    assert run.status == "failed"
    return run


def test_the_step_that_failed_is_selected_its_field_focused_and_the_previews_are_those_of_the_run(
    page, flow, failed, owner, sign_in
):
    sign_in(owner)
    open_run(page, flow, failed)
    page.get_by_role("button", name="Fix in draft").click()
    expect(page.get_by_role("group", name="Replay")).to_be_hidden()
    focused = page.locator("textarea:focus")
    expect(focused).to_have_value(re.compile("vars.topic"))
    expect(page.get_by_text('{"text": "About a broken kettle ORD-77"}')).to_be_visible()
    card(page, "topic").click()
    expect(page.get_by_text("About a broken kettle").first).to_be_visible()


def test_the_picker_offers_the_values_of_the_run(page, flow, failed, owner, sign_in):
    sign_in(owner)
    open_run(page, flow, failed)
    page.get_by_role("button", name="Fix in draft").click()
    expect(page.locator("textarea:focus")).to_have_value(re.compile("vars.topic"))
    page.keyboard.press("Control+a")
    page.keyboard.type("{{")
    picker = page.get_by_role("listbox")
    expect(picker.get_by_role("option", name=re.compile("topic"))).to_contain_text("About a broken kettle")


def test_the_page_of_a_run_leads_into_the_draft_with_its_data(page, flow, failed, owner, sign_in):
    sign_in(owner)
    page.goto(f"/runs/{failed.pk}/")
    page.get_by_role("link", name="Open in draft with this data").click()
    expect(page.locator("textarea:focus")).to_have_value(re.compile("vars.topic"))
    expect(page.get_by_text('{"text": "About a broken kettle ORD-77"}')).to_be_visible()
    expect(page.get_by_role("group", name="Replay")).to_be_hidden()


def test_the_test_panel_sends_that_event(page, flow, failed, owner, sign_in):
    sign_in(owner)
    open_run(page, flow, failed)
    page.get_by_role("button", name="Fix in draft").click()
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    event = page.get_by_label("Event as JSON")
    expect(event).to_have_value(re.compile("call_lost"))
    with page.expect_response(re.compile("/try/")) as answer:
        page.get_by_role("button", name="Run test").click()
    sent = answer.value.request.post_data_json["event"]
    assert sent["interaction"]["summary"] == "a broken kettle"
    tasks.work(linger=0)
    run = Run.objects.order_by("-id").first()
    assert (run.mode, run.event.payload["interaction"]["id"]) == ("dry", "call_lost")
    expect(card(page, "topic")).to_contain_text("About a broken kettle")


def test_an_event_changed_by_hand_is_not_overwritten(page, flow, failed, owner, sign_in, workspace):
    sign_in(owner)
    expect(open_run(page, flow, failed)).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    event = page.get_by_label("Event as JSON")
    expect(event).to_have_value(re.compile("call_7420"))
    event.fill(json.dumps({"interaction": {"id": "mine"}}))
    page.get_by_role("banner").get_by_role("button", name="Runs").click()
    page.get_by_role("button", name="Fix in draft").click()
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    expect(event).to_have_value(re.compile("mine"))


def test_from_a_version_that_differs_the_draft_opens_with_the_data(page, flow, failed, owner, sign_in):
    draft = flow.draft
    nodes = [{**each, "label": "Write the note"} if each["id"] == "note" else each for each in draft.document["nodes"]]
    edges = [(each["source"], each["port"], each["target"]) for each in draft.document["edges"]]
    save_document(flow, document(nodes, edges), owner.user, draft.revision)
    sign_in(owner)
    open_run(page, flow, failed)
    page.get_by_role("button", name="Open in draft with this data").click()
    expect(page.get_by_text("as it ran")).to_have_count(0)
    expect(card(page, "Write the note")).to_be_visible()
    expect(page.get_by_text('{"text": "About a broken kettle ORD-77"}')).to_be_visible()


def test_a_step_that_is_gone_from_the_draft_is_said(page, flow, failed, owner, sign_in):
    draft = flow.draft
    nodes = [each for each in draft.document["nodes"] if each["id"] != "note"]
    save_document(flow, document(nodes, [("start", "next", "topic")]), owner.user, draft.revision)
    sign_in(owner)
    open_run(page, flow, failed)
    page.get_by_role("button", name="Open in draft with this data").click()
    expect(page.get_by_role("region", name="News")).to_contain_text("note is no longer in the draft.")
    card(page, "topic").click()
    expect(page.get_by_text("About a broken kettle").first).to_be_visible()


def test_after_the_first_edit_the_previews_still_show_the_run(page, flow, failed, owner, sign_in):
    sign_in(owner)
    replay = open_run(page, flow, failed)
    expect(replay).to_be_visible()
    card(page, "done").click()
    page.keyboard.press("Delete")
    expect(replay).to_be_hidden()
    card(page, "topic").click()
    expect(page.get_by_text("About a broken kettle").first).to_be_visible()


def test_the_last_data_stays_with_the_step_when_no_run_is_open(page, flow, failed, owner, sign_in):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    card(page, "topic").click()
    page.get_by_role("tab", name="Test").click()
    expect(page.get_by_text(re.compile("Last data: Call"))).to_be_visible()
    expect(page.get_by_role("tree", name="Output")).to_contain_text("About a broken kettle")
