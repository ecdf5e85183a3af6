"""Publish with eyes open: changes in words with a way back, ghosts, notes, problems, stale drafts, rights."""

import copy
import re

import pytest
from playwright.sync_api import expect

from builder.drafts import save_document
from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Flow, FlowVersion
from tests.browser.editing import document_of, lines, open_editor, until
from tests.browser.hands import grab
from tests.browser.test_inspector import DOCUMENT


@pytest.fixture
def flow(live, workspace, owner):
    made = create_flow(workspace, owner.user, name="Tickets", kind="post_call", document=DOCUMENT)
    publish(made, owner.user)
    return made


def changed_document():
    """A step more, a step less, one configured anew, one moved."""
    document = copy.deepcopy(DOCUMENT)
    nodes = {node["id"]: node for node in document["nodes"]}
    nodes["done"]["config"]["outcome"] = "called back"
    document["nodes"] = [nodes["start"], nodes["done"],
                         {"id": "topic", "type": "set_variable", "key": "topic", "label": "Topic",
                          "config": {"assignments": [{"name": "topic", "type": "text", "value": "x"}]}}]  # fmt: skip
    document["edges"] = [
        {"id": "e1", "source": "start", "port": "next", "target": "topic"},
        {"id": "e7", "source": "topic", "port": "next", "target": "done"},
    ]
    document["layout"] = {"start": {"x": 0, "y": 0}, "topic": {"x": 320, "y": 128}, "done": {"x": 0, "y": 384}}
    return document


@pytest.fixture
def review(page, flow, owner, sign_in):
    """review(person) opens the flow, its draft changed, with the review of what the next publish changes."""

    def open_review(person=owner):
        save_document(flow, changed_document(), owner.user, None)
        sign_in(person)
        open_editor(page, flow)
        page.get_by_role("button", name="Review", exact=True).click()
        expect(page.get_by_role("heading", name="Review")).to_be_visible()
        expect(page.locator(".change").first).to_be_visible()
        return page

    return open_review


def ghosts(page) -> set[str]:
    """What is drawn over the canvas: `kind of node`."""
    return {f"{box.get_attribute('data-ghost')} {box.get_attribute('data-of')}"
            for box in page.locator(".ghost[data-ghost]").all()}  # fmt: skip


def texts(page) -> list[str]:
    return [line.inner_text() for line in page.locator(".change > span").all()]


def way_back(page, name: str):
    return page.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))


def outcome_of(flow) -> str:
    return next(each["config"].get("outcome", "") for each in document_of(flow)["nodes"] if each["id"] == "done")


def test_review_says_every_change_in_the_servers_words_and_draws_it(review):
    page = review()
    assert sorted(texts(page)) == [
        "1 step moved.",
        "Added Topic (Set variable).",
        "Call ended now leads to Topic (before: Create ticket).",
        "Outcome changed from “answered {{steps.ticket.status}}” to “called back”.",
        "Removed Create ticket (API request).",
        "Topic now leads to Done.",
    ]
    until(page, lambda: ghosts(page) == {"added topic", "removed ticket", "changed done"})
    expect(page.locator(".ghost-line.is-added")).to_have_count(2)
    expect(page.locator(".ghost-line.is-removed")).to_have_count(2)
    expect(page.locator(".ghost-trail")).to_have_count(1)


def test_ghosts_go_with_the_review(review):
    page = review()
    page.get_by_role("button", name="Close Review").click()
    expect(page.locator(".ghost")).to_have_count(0)


def test_ghosts_take_no_pointer_a_step_under_one_is_still_dragged(review, flow):
    page = review()
    box = page.locator(".ghost[data-of=topic]").bounding_box()
    grab(page, (box["x"] + 60, box["y"] + 20))
    page.mouse.move(box["x"] + 140, box["y"] + 60, steps=5)
    page.mouse.up()
    until(page, lambda: document_of(flow)["layout"]["topic"]["x"] > 320)


def test_one_change_is_taken_back_alone_and_undo_brings_it_again(review, flow):
    page = review()
    way_back(page, "Revert: Done: Outcome").click()
    until(page, lambda: outcome_of(flow) == "answered {{steps.ticket.status}}")
    assert {node["id"] for node in document_of(flow)["nodes"]} == {"start", "done", "topic"}
    expect(page.locator(".ghost[data-ghost=changed]")).to_have_count(0)
    expect(way_back(page, "Revert: Done: Outcome")).to_have_count(0)
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("Control+z")
    until(page, lambda: outcome_of(flow) == "called back")
    expect(way_back(page, "Revert: Done: Outcome")).to_be_visible()


def test_a_removed_step_comes_back_to_its_place_with_its_lines(review, flow):
    page = review()
    way_back(page, "Revert: Removed Create ticket").click()
    until(page, lambda: "ticket" in document_of(flow)["layout"])
    assert document_of(flow)["layout"]["ticket"] == {"x": 0, "y": 128}
    assert lines(flow) == {
        "Call ended[next] -> Create ticket",
        "Create ticket[success] -> Done",
        "Topic[next] -> Done",
    }


def test_an_added_step_goes_with_its_lines_and_what_led_past_it_leads_there_again(review, flow):
    page = review()
    way_back(page, "Revert: Removed Create ticket").click()
    expect(way_back(page, "Revert: Removed Create ticket")).to_have_count(0)
    way_back(page, "Revert: Added Topic").click()
    until(page, lambda: len(document_of(flow)["nodes"]) == 3)
    assert lines(flow) == {"Call ended[next] -> Create ticket", "Create ticket[success] -> Done"}


def test_moving_boxes_is_one_grey_line_and_no_change_of_behaviour(page, flow, owner, sign_in):
    document = copy.deepcopy(DOCUMENT)
    document["layout"]["done"] = {"x": 320, "y": 256}
    save_document(flow, document, owner.user, None)
    sign_in(owner)
    open_editor(page, flow)
    expect(page.get_by_role("button", name="Publish Workflow")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Review changes")).to_be_visible()
    page.keyboard.type("Review")
    page.keyboard.press("Enter")
    expect(page.locator(".change")).to_have_text(["1 step moved.Put back"])
    expect(page.get_by_text("Moving boxes is no change of behaviour.")).to_be_visible()
    until(page, lambda: ghosts(page) == {"moved done"})
    page.get_by_role("button", name="Put back: 1 step moved.").click()
    until(page, lambda: document_of(flow)["layout"]["done"] == {"x": 0, "y": 256})


def test_publishing_shows_what_changes_and_keeps_the_note(review, flow):
    page = review()
    page.get_by_label("Draft").get_by_role("button", name="Publish Workflow").click()
    dialog = page.get_by_role("dialog", name="Publish version 2?")
    expect(dialog.get_by_role("list", name="What changed")).to_contain_text("Removed Create ticket")
    dialog.get_by_label("Note").fill("Call back instead of tickets")
    dialog.get_by_role("button", name="Publish Workflow").click()
    expect(page.get_by_text("Version 2 is live.").first).to_be_visible()
    version = FlowVersion.objects.get(number=2)
    assert (version.note, version.document) == ("Call back instead of tickets", document_of(flow))
    expect(page.get_by_label("Draft")).to_be_hidden()


def test_a_draft_that_changed_while_one_was_reading_is_shown_before_it_goes_live(review, flow, owner):
    page = review()
    page.get_by_label("Draft").get_by_role("button", name="Publish Workflow").click()
    dialog = page.get_by_role("dialog", name="Publish version 2?")
    expect(dialog).to_be_visible()
    document = changed_document()
    document["nodes"][1]["label"] = "Finished"
    save_document(flow, document, owner.user, None)
    dialog.get_by_label("Note").fill("my note")
    dialog.get_by_role("button", name="Publish Workflow").click()
    again = page.get_by_role("dialog", name="Somebody changed the draft meanwhile")
    expect(again).to_contain_text("Renamed Done to Finished.")
    expect(again.get_by_label("Note")).to_have_value("my note")
    assert FlowVersion.objects.count() == 1
    again.get_by_role("button", name="Publish Workflow").click()
    expect(page.get_by_text("Version 2 is live.").first).to_be_visible()
    assert FlowVersion.objects.get(number=2).note == "my note"
    # The browser itself writes down the refusal.
    page.troubles[:] = [trouble for trouble in page.troubles if "412" not in trouble]


def test_a_draft_with_errors_is_not_published_and_each_problem_leads_to_its_step(page, flow, owner, sign_in):
    document = copy.deepcopy(DOCUMENT)
    document["nodes"][1]["config"]["url"] = ""
    save_document(flow, document, owner.user, None)
    sign_in(owner)
    open_editor(page, flow)
    page.get_by_role("button", name="Publish Workflow").click()
    expect(page.get_by_text("to solve before publishing. What is live stays as it is.").first).to_be_visible()
    page.locator(".problem-main").first.click()
    expect(page.get_by_label("Name of the step")).to_have_value("Create ticket")
    expect(page.get_by_role("textbox", name="URL")).to_be_focused()
    assert FlowVersion.objects.count() == 1


def test_an_editor_reverts_and_asks_but_does_not_publish(review, workspace, make_person):
    page = review(make_person(workspace, "editor"))
    expect(page.get_by_role("button", name="Publish Workflow")).to_have_count(0)
    expect(way_back(page, "Revert: Done: Outcome")).to_be_visible()
    page.get_by_label("Draft").get_by_role("button", name="Ask to publish").click()
    expect(page.get_by_text("A message with the link is copied.").first).to_be_visible()


def test_a_viewer_reads_the_review_and_can_change_nothing(review, workspace, make_person):
    page = review(make_person(workspace, "viewer"))
    until(page, lambda: ghosts(page) == {"added topic", "removed ticket", "changed done"})
    expect(page.locator(".change-revert")).to_have_count(0)
    expect(page.get_by_role("button", name="Publish Workflow")).to_have_count(0)
    expect(page.get_by_role("button", name="Ask to publish")).to_have_count(0)
    assert Flow.objects.get().draft.revision == 2
