"""Everything with fingers, on a tablet: tap, drag, pinch, rest for the menu, connect by two taps, select several."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, lines, open_editor, said, until
from tests.browser.hands import Fingers, inlet, middle, node_ids, place_of, port, selected
from tests.conftest import PATIENCE_SECONDS
from tests.flows import call_ended, chain, document, set_variable


@pytest.fixture
def page(browser, live):
    """A tablet: fingers, no mouse."""
    context = browser.new_context(base_url=live, viewport={"width": 1180, "height": 820}, has_touch=True)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    page.troubles = []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    yield page
    context.close()
    assert not page.troubles


@pytest.fixture
def context(page):
    return page.context


@pytest.fixture
def fingers(canvas):
    return Fingers(canvas)


def test_a_tap_selects_and_a_tap_beside_it_lets_go(canvas, fingers):
    fingers.tap(middle(canvas, "one"))
    until(canvas, lambda: selected(canvas) == {"one"})
    fingers.tap(middle(canvas, "one", dx=-160))
    until(canvas, lambda: selected(canvas) == set())


def test_one_finger_on_the_empty_canvas_pans(canvas, fingers, column):
    before = card(canvas, "one").bounding_box()
    x, y = middle(canvas, "one", dx=-160)
    fingers.drag((x, y), (x + 90, y + 120))
    until(canvas, lambda: card(canvas, "one").bounding_box()["x"] == pytest.approx(before["x"] + 90, abs=1))
    assert card(canvas, "one").bounding_box()["y"] == pytest.approx(before["y"] + 120, abs=1)
    assert place_of(column, "one") == (0, 128)


def test_a_finger_that_strays_seven_pixels_taps_and_eight_are_a_drag(canvas, fingers, column):
    x, y = middle(canvas, "one")
    fingers.drag((x, y), (x + 7, y), steps=1)  # at once: a finger that rests for half a second means the menu
    until(canvas, lambda: selected(canvas) == {"one"})
    expect(canvas.get_by_label("Name of the step")).to_have_value("one")
    assert place_of(column, "one") == (0, 128)
    fingers.drag((x, y), (x, y + 8), steps=1)
    until(canvas, lambda: place_of(column, "one") == (0, 144))
    x, y = middle(canvas, "one")
    fingers.drag((x, y), (x + 160, y + 32))
    until(canvas, lambda: place_of(column, "one") == (160, 176))


def test_two_fingers_zoom_and_pan_about_what_lies_between_them(canvas, fingers):
    before = card(canvas, "one").bounding_box()
    x, y = middle(canvas, "one")
    fingers.touch(a=(x - 60, y), b=(x + 60, y))
    fingers.move(a=(x - 90 + 40, y + 30), b=(x + 90 + 40, y + 30))
    fingers.lift()
    until(canvas, lambda: card(canvas, "one").bounding_box()["width"] == pytest.approx(before["width"] * 1.5, abs=2))
    assert middle(canvas, "one") == pytest.approx((x + 40, y + 30), abs=2)


def test_a_second_finger_takes_a_drag_back(canvas, fingers, column):
    x, y = middle(canvas, "one")
    before = card(canvas, "one").bounding_box()
    fingers.touch(a=(x, y))
    fingers.move(a=(x + 120, y))
    until(canvas, lambda: card(canvas, "one").bounding_box()["x"] > before["x"] + 60)
    fingers.touch(b=(x - 200, y + 200))
    until(canvas, lambda: card(canvas, "one").bounding_box() == before)
    fingers.lift()
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()


def test_a_touch_the_system_takes_away_leaves_everything_as_it_was(canvas, fingers, column):
    x, y = middle(canvas, "one")
    before = card(canvas, "one").bounding_box()
    fingers.touch(a=(x, y))
    fingers.move(a=(x + 120, y))
    until(canvas, lambda: card(canvas, "one").bounding_box()["x"] > before["x"] + 60)
    fingers.lose()
    until(canvas, lambda: card(canvas, "one").bounding_box() == before)
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()


def test_a_finger_that_rests_opens_the_menu_of_what_it_lies_on(canvas, fingers, column):
    fingers.touch(a=middle(canvas, "two"))
    menu = canvas.get_by_role("menu", name="Menu of two")
    expect(menu).to_be_visible()
    fingers.lift()
    expect(menu).to_be_visible()
    box = menu.get_by_role("menuitem", name="Delete", exact=True).bounding_box()
    assert box["height"] >= 24
    fingers.tap((box["x"] + 40, box["y"] + box["height"] / 2))
    until(canvas, lambda: "two" not in node_ids(column))


def test_a_finger_that_rests_on_the_empty_canvas_adds_a_note_there(canvas, fingers, column):
    fingers.touch(a=middle(canvas, "one", dx=-190))
    menu = canvas.get_by_role("menu", name="Menu of the canvas")
    expect(menu).to_be_visible()
    fingers.lift()
    box = menu.get_by_role("menuitem", name="Add a note").bounding_box()
    fingers.tap((box["x"] + 40, box["y"] + box["height"] / 2))
    expect(canvas.get_by_role("textbox", name="Note")).to_be_focused()
    until(canvas, lambda: len(editing.document_of(column)["notes"]) == 1)


@pytest.fixture
def loose(make_flow):
    nodes = [call_ended(), set_variable("one"), set_variable("two")]
    places = {"start": (0, 0), "one": (-150, 150), "two": (150, 300)}
    return make_flow(document(nodes, [("start", "next", "one")]), places)


def test_a_tap_on_a_port_and_a_tap_on_a_step_connect_them(show, make_flow):
    flow = make_flow(
        document([call_ended(), set_variable("one"), set_variable("two")], [("start", "next", "one")]),
        {"start": (0, 0), "one": (-150, 150), "two": (150, 300)},
    )
    page = show(flow)
    fingers = Fingers(page)
    fingers.tap(port(page, "one"))
    said(page, "Choose where one leads to")
    fingers.tap(middle(page, "two"))
    until(page, lambda: "one[next] -> two" in lines(flow))


def test_between_the_two_taps_two_fingers_move_the_view(show, loose):
    page = show(loose)
    fingers = Fingers(page)
    fingers.tap(port(page, "one"))
    said(page, "Choose where one leads to")
    before = middle(page, "two")
    x, y = middle(page, "start", dy=-40)
    fingers.touch(a=(x - 60, y), b=(x + 60, y))
    fingers.move(a=(x - 60, y + 50), b=(x + 60, y + 50))
    fingers.lift()
    until(page, lambda: middle(page, "two")[1] == pytest.approx(before[1] + 50, abs=2))
    fingers.tap(middle(page, "two"))
    until(page, lambda: "one[next] -> two" in lines(loose))


def test_a_line_is_drawn_by_dragging_from_a_port(show, loose):
    page = show(loose)
    Fingers(page).drag(port(page, "one"), middle(page, "two"))
    until(page, lambda: "one[next] -> two" in lines(loose))


def test_the_plus_at_an_open_end_is_tapped(show, make_flow):
    flow = make_flow(chain(call_ended(), set_variable("one")), {"start": (0, 0), "one": (0, 150)})
    page = show(flow)
    plus = page.get_by_role("button", name="Add a step after one").bounding_box()
    assert min(plus["width"], plus["height"]) >= 24
    Fingers(page).tap((plus["x"] + 12, plus["y"] + 12))
    expect(page.get_by_role("dialog", name="Add a step")).to_be_visible()


def test_a_step_is_dragged_from_the_palette_with_a_finger(canvas, fingers, column):
    item = canvas.get_by_role("region", name="Steps").get_by_role("button", name=re.compile("^Set variable")).first
    box = item.bounding_box()
    x, y = middle(canvas, "one", dx=220, dy=10)
    before = node_ids(column)
    fingers.touch(a=(box["x"] + 60, box["y"] + 15))
    fingers.move(a=(box["x"] + 160, box["y"] + 16))
    fingers.move(a=(x, y), steps=10)
    fingers.lift()
    until(canvas, lambda: len(node_ids(column)) == 5)
    (new,) = node_ids(column) - before
    assert place_of(column, new)[0] > 150


def test_the_palette_still_scrolls_under_a_finger(canvas, fingers):
    body = canvas.locator(".palette-body")
    canvas.set_viewport_size({"width": 1180, "height": 420})
    box = canvas.locator(".palette-item").nth(1).bounding_box()
    fingers.drag((box["x"] + 80, box["y"] + 10), (box["x"] + 84, box["y"] - 120), steps=12)
    until(canvas, lambda: body.evaluate("body => body.scrollTop") > 40)
    expect(canvas.locator(".drop-ghost")).to_be_hidden()


def test_the_area_tool_selects_several_with_a_finger(canvas, fingers):
    canvas.get_by_role("button", name="Select with a rectangle").tap()
    said(canvas, "Draw a rectangle")
    one, two = card(canvas, "one").bounding_box(), card(canvas, "two").bounding_box()
    fingers.drag((one["x"] - 30, one["y"] + 10), (two["x"] + 60, two["y"] + 30))
    until(canvas, lambda: selected(canvas) == {"one", "two"})
    fingers.tap(middle(canvas, "end"))
    until(canvas, lambda: selected(canvas) == {"one", "two", "end"})
    fingers.tap(middle(canvas, "one"))
    until(canvas, lambda: selected(canvas) == {"two", "end"})


def test_steps_and_a_note_chosen_with_a_rectangle_are_moved_as_one(show, make_flow):
    note = {"id": "m1", "x": 304, "y": 144, "width": 160, "height": 96, "text": "Ask Mary", "color": "yellow"}
    places = {"start": (0, 0), "one": (0, 144), "two": (0, 288)}
    flow = make_flow(chain(call_ended(), set_variable("one"), set_variable("two")), places, [note])
    page = show(flow)
    fingers = Fingers(page)
    page.get_by_role("button", name="Select with a rectangle").tap()
    said(page, "Draw a rectangle")
    one = card(page, "one").bounding_box()
    fingers.drag((one["x"] - 30, one["y"] - 20), (one["x"] + 340, one["y"] + 200))
    until(page, lambda: selected(page) == {"one", "two"})
    x, y = middle(page, "two", dx=-90)
    fingers.drag((x, y), (x - 64, y + 32))
    until(page, lambda: place_of(flow, "two") == (-64, 320))
    assert (place_of(flow, "one"), place_of(flow, "start")) == ((-64, 176), (0, 0))
    moved = editing.document_of(flow)["notes"][0]
    assert (moved["x"], moved["y"]) == (240, 176)


def test_both_ends_of_a_line_are_led_elsewhere_with_a_finger(show, loose):
    page = show(loose)
    fingers = Fingers(page)
    fingers.drag(inlet(page, "one"), middle(page, "two"))
    until(page, lambda: lines(loose) == {"start[next] -> two"})
    x, y = port(page, "start")
    fingers.tap((x, y + 60))
    expect(page.locator("path.edge.is-selected")).to_have_count(1)
    fingers.drag(port(page, "start"), middle(page, "one"))
    until(page, lambda: lines(loose) == {"one[next] -> two"})


def test_a_line_drawn_into_the_empty_canvas_asks_what_comes_there(show, loose):
    page = show(loose)
    fingers = Fingers(page)
    x, y = port(page, "one")
    fingers.drag((x, y), (x - 60, y + 130))
    expect(page.get_by_role("dialog", name="Add a step")).to_be_visible()
    page.keyboard.type("wait")
    page.get_by_role("option", name=re.compile("^Wait")).first.tap()
    until(page, lambda: "one[next] -> Wait" in lines(loose))


def test_a_line_that_is_tapped_has_a_plus_to_tap(canvas, fingers, column):
    x, y = port(canvas, "one")
    fingers.tap((x, y + 32))
    plus = canvas.get_by_role("button", name="Add a step here")
    expect(plus).to_be_visible()
    box = plus.bounding_box()
    fingers.tap((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    expect(canvas.get_by_role("dialog", name="Add a step")).to_be_visible()
    canvas.keyboard.type("wait")
    canvas.get_by_role("option", name=re.compile("^Wait")).first.tap()
    until(canvas, lambda: {"one[next] -> Wait", "Wait[next] -> two"} <= lines(column))


def test_a_loose_step_let_go_on_a_line_by_a_finger_goes_into_it(show, make_flow):
    nodes = [call_ended(), set_variable("one"), set_variable("loose"), set_variable("last")]
    flow = make_flow(
        document(nodes, [("start", "next", "one"), ("one", "next", "last")]),
        {"start": (0, 0), "one": (0, 128), "last": (0, 256), "loose": (340, 0)},
    )
    page = show(flow)
    x, y = middle(page, "one")
    Fingers(page).drag(middle(page, "loose"), (x, y + 64))
    until(page, lambda: {"one[next] -> loose", "loose[next] -> last"} <= lines(flow))


def test_two_taps_open_a_note_and_a_corner_resizes_it(show, make_flow):
    note = {"id": "m1", "x": 150, "y": 0, "width": 160, "height": 96, "text": "Ask Mary", "color": "yellow"}
    flow = make_flow(chain(call_ended(), set_variable("one")), {"start": (-150, 0), "one": (-150, 150)}, [note])
    page = show(flow)
    fingers = Fingers(page)
    paper = page.get_by_role("complementary", name=re.compile("^Note"))
    box = paper.bounding_box()
    corner = (box["x"] + box["width"] - 6, box["y"] + box["height"] - 6)
    fingers.drag(corner, (corner[0] + 64, corner[1] + 32))
    until(page, lambda: editing.document_of(flow)["notes"][0]["width"] == 224)
    fingers.touch(a=(box["x"] + 40, box["y"] + 40))
    menu = page.get_by_role("menu", name="Menu of the note")
    expect(menu).to_be_visible()
    fingers.lift()
    menu.get_by_role("menuitem", name="Write the note").tap()
    page.keyboard.type("!")
    fingers.tap(middle(page, "one", dy=120))
    until(page, lambda: "!" in editing.document_of(flow)["notes"][0]["text"])


def test_a_phone_shows_the_outline_and_the_canvas_only_to_look_at(canvas, column):
    canvas.set_viewport_size({"width": 390, "height": 800})
    open_editor(canvas, column)
    expect(canvas.get_by_role("tree")).to_be_visible()
