"""Versions: who published what when, any two compared in words and on the canvas, brought back, published again."""

import copy

import pytest
from playwright.sync_api import expect

from builder.drafts import save_document
from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Flow, FlowVersion, Trigger
from tests.browser.editing import canvas, card, document_of, open_editor, until
from tests.browser.test_inspector import DOCUMENT
from tests.browser.test_publish_review import changed_document, ghosts


@pytest.fixture
def flow(live, workspace, owner):
    """Three versions: with a ticket, with a topic in its place, with another name; and a draft beyond them."""
    made = create_flow(workspace, owner.user, name="Tickets", kind="post_call", document=DOCUMENT)
    publish(made, owner.user, "Tickets for all")
    save_document(made, changed_document(), owner.user, None)
    publish(made, owner.user, "Topics")
    renamed = changed_document()
    renamed["nodes"][1]["label"] = "Finished"
    save_document(made, renamed, owner.user, None)
    publish(made, owner.user)
    draft = copy.deepcopy(renamed)
    draft["nodes"][1]["config"]["outcome"] = "not yet live"
    save_document(made, draft, owner.user, None)
    return made


@pytest.fixture
def versions(page, flow, owner, sign_in):
    """versions(person) opens the flow with the list of its versions."""

    def open_versions(person=owner):
        sign_in(person)
        open_editor(page, flow)
        page.get_by_role("button", name="Versions").click()
        expect(version(page, 3)).to_be_visible()
        return page

    return open_versions


def version(page, number: int):
    return page.get_by_role("listitem", name=f"Version {number}")


def labels(flow) -> set[str]:
    return {node["label"] for node in document_of(flow)["nodes"]}


def test_the_list_says_who_when_and_why(versions):
    page = versions()
    expect(version(page, 1)).to_contain_text("Tickets for all")
    expect(version(page, 1)).to_contain_text("by owner")
    expect(version(page, 3)).to_contain_text("live")
    expect(version(page, 2)).to_contain_text("today")


def test_two_versions_are_compared_in_words_and_on_the_canvas(versions):
    page = versions()
    version(page, 1).get_by_role("button", name="Compare").click()
    page.get_by_label("To", exact=True).select_option(label="Version 2 · Topics")
    expect(page.get_by_text("Removed Create ticket (API request).")).to_be_visible()
    expect(page.get_by_role("region", name="Draft")).to_contain_text("Version 2 · compared with Version 1 · read-only")
    expect(card(page, "Done")).to_be_visible()
    until(page, lambda: ghosts(page) == {"added topic", "removed ticket", "changed done"})
    expect(page.get_by_label("To", exact=True)).to_be_focused()


def test_what_is_compared_can_be_looked_at_and_not_changed(versions, flow):
    page = versions()
    version(page, 1).get_by_role("button", name="Compare").click()
    page.get_by_label("To", exact=True).select_option(label="Version 2 · Topics")
    expect(card(page, "Topic")).to_be_visible()
    card(page, "Topic").click()
    expect(page.get_by_label("Name of the step")).to_have_value("Topic")
    expect(page.get_by_label("Name of the step")).not_to_be_editable()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Back to draft").click()
    expect(card(page, "Finished")).to_be_visible()
    expect(page.locator(".ghost")).to_have_count(0)
    assert Flow.objects.get(pk=flow.pk).draft.revision == 4


def test_the_draft_against_a_version_stays_editable(versions, flow):
    page = versions()
    version(page, 3).get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Outcome changed from “called back” to “not yet live”.")).to_be_visible()
    until(page, lambda: ghosts(page) == {"changed done"})
    card(page, "Topic").click()
    canvas(page).focus()
    page.keyboard.press("d")
    until(page, lambda: any(node.get("disabled") for node in document_of(flow)["nodes"]))
    expect(page.get_by_text("Turned Topic off.")).to_be_visible()


def test_from_the_draft_one_sees_what_going_back_to_a_version_would_change(versions, flow):
    page = versions()
    version(page, 1).get_by_role("button", name="Compare").click()
    page.get_by_label("To", exact=True).select_option(label="Version 1 · Tickets for all")
    expect(page.get_by_text("Both are the same.")).to_be_visible()
    page.get_by_label("From", exact=True).select_option(label="Draft")
    expect(page.get_by_label("From", exact=True)).to_be_focused()
    expect(page.get_by_text("Added Create ticket (API request).")).to_be_visible()
    expect(page.get_by_role("region", name="Draft")).to_contain_text("Version 1 · compared with Draft · read-only")
    expect(card(page, "Create ticket")).to_be_visible()
    until(page, lambda: ghosts(page) == {"added ticket", "removed topic", "changed done"})
    page.get_by_label("To", exact=True).select_option(label="Draft")
    expect(page.get_by_text("Both are the same.")).to_be_visible()
    expect(page.get_by_role("region", name="Draft")).not_to_contain_text("compared with")
    expect(page.locator(".ghost")).to_have_count(0)


def test_what_others_change_in_the_draft_meanwhile_is_compared_too(versions, flow, owner):
    page = versions()
    version(page, 1).get_by_role("button", name="Compare").click()
    page.get_by_label("From", exact=True).select_option(label="Draft")
    page.get_by_label("To", exact=True).select_option(label="Version 3 (live)")
    expect(page.get_by_text("Outcome changed from “not yet live” to “called back”.")).to_be_visible()
    save_document(flow, FlowVersion.objects.get(flow=flow, number=1).document, owner.user, None)
    expect(page.get_by_text("Removed Create ticket (API request).")).to_be_visible()


def test_a_version_is_restored_into_the_draft_and_undo_takes_it_back(versions, flow):
    page = versions()
    version(page, 1).get_by_role("button", name="Restore into draft").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    until(page, lambda: labels(flow) == {"Call ended", "Create ticket", "Done"})
    assert Flow.objects.get(pk=flow.pk).published.number == 3
    expect(card(page, "Create ticket")).to_be_visible()
    canvas(page).focus()
    page.keyboard.press("Control+z")
    until(page, lambda: labels(flow) == {"Call ended", "Topic", "Finished"})


def test_one_step_back_publishes_an_old_version_again(versions, flow):
    page = versions()
    version(page, 2).get_by_role("button", name="Publish again").click()
    dialog = page.get_by_role("dialog", name="Publish version 2 again, as version 4?")
    expect(dialog).to_contain_text("1 change of the draft that is not published is kept as a snapshot.")
    expect(dialog.get_by_label("Note")).to_have_value("Back to version 2")
    dialog.get_by_role("button", name="Publish again").click()
    expect(page.get_by_text("Version 2 is live again, as version 4.").first).to_be_visible()
    expect(version(page, 4)).to_contain_text("live")
    made = FlowVersion.objects.get(number=4)
    assert (made.document, made.note) == (FlowVersion.objects.get(number=2).document, "Back to version 2")
    assert (Trigger.objects.get().version, labels(flow)) == (made, {"Call ended", "Topic", "Done"})


def test_an_editor_restores_but_does_not_publish_again(versions, workspace, make_person):
    page = versions(make_person(workspace, "editor"))
    expect(version(page, 1).get_by_role("button", name="Restore into draft")).to_be_visible()
    expect(page.get_by_role("button", name="Publish again")).to_have_count(0)


def test_a_viewer_only_compares(versions, workspace, make_person):
    page = versions(make_person(workspace, "viewer"))
    expect(page.get_by_role("button", name="Restore into draft")).to_have_count(0)
    version(page, 1).get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Removed Create ticket (API request).")).to_be_visible()
