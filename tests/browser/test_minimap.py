"""The overview in the corner, and the way back when nothing can be seen."""

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from tests.browser.hands import grab
from tests.flows import call_ended, chain, end, set_variable


@pytest.fixture
def open_flow(live, workspace, owner, page, sign_in):
    def open_flow(count):
        steps = [call_ended(), *(set_variable(f"s{n:02}", a="1") for n in range(count - 2)), end()]
        layout = {step["id"]: {"x": 0, "y": at * 120} for at, step in enumerate(steps)}
        document = {**chain(*steps), "layout": layout}
        made = create_flow(workspace, owner.user, name="Long", kind="post_call", document=document)
        sign_in(owner)
        page.goto(f"/flows/{made.pk}/")
        expect(page.get_by_role("button", name="Undo", exact=True)).to_be_visible()
        return page

    return open_flow


def overview(page):
    return page.get_by_label("Overview of the flow. Arrow keys move the view.")


def card(page, name):
    return page.get_by_role("article", name=name)


def test_a_long_flow_has_an_overview_and_dragging_in_it_goes_there(open_flow):
    page = open_flow(60)
    expect(overview(page)).to_be_visible()
    expect(card(page, "s57")).to_have_count(0)
    box = overview(page).bounding_box()
    x = box["x"] + box["width"] / 2
    grab(page, (x, box["y"] + 10))
    page.mouse.move(x, box["y"] + box["height"] / 2, steps=4)
    page.mouse.move(x, box["y"] + box["height"] - 6, steps=4)
    page.mouse.up()
    expect(card(page, "s57")).to_be_in_viewport()


def test_the_overview_is_moved_by_arrows_and_stays_away_when_switched_off(open_flow):
    page = open_flow(60)
    expect(card(page, "s05")).to_have_count(1)
    overview(page).focus()
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    expect(card(page, "s00")).to_have_count(0)
    page.get_by_role("application", name="Canvas", exact=True).focus()
    page.keyboard.press("Shift+M")
    expect(overview(page)).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_visible()
    expect(overview(page)).to_have_count(0)


def test_a_short_flow_shows_none_until_it_is_asked_for_and_a_small_screen_never(open_flow):
    page = open_flow(4)
    expect(overview(page)).to_have_count(0)
    page.get_by_role("application", name="Canvas", exact=True).focus()
    page.keyboard.press("Shift+M")
    expect(overview(page)).to_be_visible()
    page.set_viewport_size({"width": 900, "height": 700})
    expect(overview(page)).to_be_hidden()


def test_when_nothing_can_be_seen_one_button_leads_back(open_flow):
    page = open_flow(4)
    page.mouse.move(900, 450)
    page.mouse.wheel(0, 4000)
    page.get_by_role("button", name="Back to content").click()
    expect(card(page, "s00")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Back to content")).to_be_hidden()
