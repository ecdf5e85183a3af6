"""A flow that has nothing but its trigger: what to do next stands beside it, with templates of its kind."""

import pytest
from playwright.sync_api import expect

from tests.browser.editing import canvas, card, document_of, open_editor, until
from tests.browser.hands import grab
from tests.browser.sharing import apply_as, renaming
from tests.flows import call_ended, chain, document, end


@pytest.fixture
def beginning(page, make_flow, owner, sign_in):
    """The page with a flow of just a trigger, and that flow."""
    flow = make_flow(document([call_ended()], []), {"start": (0, 0)})
    sign_in(owner)
    open_editor(page, flow)
    return flow


def steps(page):
    return page.get_by_role("region", name="Three steps to a running flow")


def test_the_first_step_is_added_from_there_and_the_card_goes(page, beginning):
    steps(page).get_by_role("button", name="Add a step").click()
    expect(page.get_by_role("dialog", name="Add a step").get_by_role("combobox")).to_be_focused()
    page.keyboard.type("wait")
    page.keyboard.press("Enter")
    until(page, lambda: len(document_of(beginning)["nodes"]) == 2)
    expect(steps(page)).to_be_hidden()
    canvas(page).focus()
    page.keyboard.press("Control+z")
    expect(steps(page)).to_be_visible()


def test_news_that_comes_while_one_presses_takes_no_click_away(page, beginning, workspace, make_person):
    where = steps(page).get_by_role("button", name="Add a step").bounding_box()
    grab(page, (where["x"] + where["width"] / 2, where["y"] + where["height"] / 2))
    apply_as(make_person(workspace, "editor"), beginning, renaming("start", "start", "By a colleague"))
    expect(card(page, "By a colleague")).to_be_visible()
    page.mouse.up()
    expect(page.get_by_role("dialog", name="Add a step").get_by_role("combobox")).to_be_focused()


def test_templates_that_come_late_move_no_button_away(page, make_flow, owner, sign_in):
    held = []
    page.route("**/api/v1/templates/**", lambda route: held.append(route))
    flow = make_flow(document([call_ended()], []), {"start": (0, 0)})
    sign_in(owner)
    open_editor(page, flow)
    button = steps(page).get_by_role("button", name="Add a step")
    expect(button).to_be_visible()
    until(page, lambda: held)
    before = button.bounding_box()
    held[0].continue_()
    expect(steps(page).get_by_role("heading", name="Or start from a template")).to_be_visible()
    assert button.bounding_box() == before


def test_a_past_call_is_where_one_can_start_from(page, beginning):
    steps(page).get_by_role("button", name="Start from a past call").click()
    expect(page.get_by_role("complementary").filter(has_text="Runs the draft").first).to_be_visible()
    expect(page.get_by_role("searchbox", name="Find a call by phone number")).to_be_visible()
    expect(steps(page)).to_be_hidden()
    page.get_by_role("region", name="Test").get_by_role("button", name="Close Test").click()
    expect(steps(page)).to_be_visible()


def test_a_template_of_its_kind_becomes_the_draft_and_undo_takes_it_back(page, beginning):
    offer = steps(page).get_by_role("list").last.get_by_role("button")
    expect(offer.first).to_be_visible()
    expect(steps(page).get_by_role("link", name="All templates")).to_have_attribute(
        "href", "/flows/new/?kind=post_call"
    )
    title = offer.first.locator("strong").inner_text()
    offer.first.click()
    expect(page.get_by_text(f"{title} is in the draft.").first).to_be_visible()
    until(page, lambda: len(document_of(beginning)["nodes"]) > 2)
    expect(steps(page)).to_be_hidden()
    page.keyboard.press("Control+z")
    until(page, lambda: [node["id"] for node in document_of(beginning)["nodes"]] == ["start"])


def test_it_is_hidden_by_its_button_and_gives_the_canvas_back(page, beginning):
    steps(page).get_by_role("button", name="Hide these steps").click()
    expect(steps(page)).to_be_hidden()
    expect(canvas(page)).to_be_focused()


def test_without_a_trigger_it_offers_one(page, make_flow, owner, sign_in):
    flow = make_flow(document([], []))
    sign_in(owner)
    open_editor(page, flow)
    steps(page).get_by_role("button", name="Choose a trigger").click()
    page.get_by_role("dialog").get_by_role("option", name="Call ended").first.click()
    until(page, lambda: [node["type"] for node in document_of(flow)["nodes"]] == ["call_ended"])
    expect(steps(page).get_by_role("button", name="Add a step")).to_be_visible()


def test_a_flow_with_steps_and_a_viewer_are_left_alone(page, make_flow, workspace, make_person, sign_in):
    empty, whole = make_flow(document([call_ended()], [])), make_flow(chain(call_ended(), end()), name="Whole")
    sign_in(make_person(workspace, "viewer"))
    for flow in (empty, whole):
        open_editor(page, flow)
        expect(card(page, "start")).to_be_visible()
        expect(steps(page)).to_be_hidden()
