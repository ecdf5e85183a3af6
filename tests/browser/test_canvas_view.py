"""Moving the view: wheel, trackpad, space and middle button, the rim, fit; and that it is remembered."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, open_editor, until
from tests.browser.hands import (
    CTRL,
    SHIFT,
    drag,
    expect_selected,
    go,
    grab,
    held,
    middle,
    painted,
    place_of,
    port,
    select,
    wheel,
)

ZOOM = re.compile(r"Zoom to 100 %, (\d+) %")


def empty_place(page):
    """Somewhere on the canvas where nothing lies."""
    return middle(page, "one", dx=-300)


def zoom_of(page):
    return int(ZOOM.search(page.get_by_role("button", name=ZOOM).get_attribute("aria-label")).group(1))


def box_of(page, name="one"):
    return card(page, name).bounding_box()


def test_the_wheel_pans_both_ways_and_shift_turns_it_sideways(canvas):
    before, at = box_of(canvas), empty_place(canvas)
    wheel(canvas, at, dx=40, dy=120)
    until(canvas, lambda: box_of(canvas)["y"] == pytest.approx(before["y"] - 120, abs=1))
    assert box_of(canvas)["x"] == pytest.approx(before["x"] - 40, abs=1)
    wheel(canvas, at, dy=100, modifiers=SHIFT)
    until(canvas, lambda: box_of(canvas)["x"] == pytest.approx(before["x"] - 140, abs=1))


def test_control_and_the_wheel_zoom_by_the_power_of_two_at_the_pointer(canvas):
    at = middle(canvas, "one")
    wheel(canvas, at, dy=100, modifiers=CTRL)
    until(canvas, lambda: zoom_of(canvas) == round(100 * 2**-0.2))
    assert middle(canvas, "one") == pytest.approx(at, abs=1.5)


def test_a_pinch_of_the_trackpad_zooms_ten_times_as_fast_as_a_mouse(canvas):
    at = middle(canvas, "one")
    wheel(canvas, at, dy=10, modifiers=CTRL)
    until(canvas, lambda: zoom_of(canvas) == round(100 * 2**-0.2))
    assert middle(canvas, "one") == pytest.approx(at, abs=1.5)


def test_what_began_as_a_trackpad_stays_one_while_its_events_follow_each_other(canvas):
    at = middle(canvas, "one")
    for _ in range(3):
        wheel(canvas, at, dy=4, modifiers=CTRL)
    until(canvas, lambda: zoom_of(canvas) == round(100 * 2**-0.24))


def test_zoom_stays_between_ten_and_two_hundred_percent(canvas):
    at = middle(canvas, "one")
    for _ in range(8):
        wheel(canvas, at, dy=800, modifiers=CTRL)
    until(canvas, lambda: zoom_of(canvas) == 10)
    for _ in range(12):
        wheel(canvas, at, dy=-800, modifiers=CTRL)
    until(canvas, lambda: zoom_of(canvas) == 200)


@pytest.mark.parametrize("how", ["space", "middle", "hand"])
def test_space_the_middle_button_and_the_hand_drag_the_view_and_move_no_step(canvas, column, how):
    before = box_of(canvas)
    x, y = middle(canvas, "one")
    if how == "space":
        editing.canvas(canvas).focus()
        with held(canvas, "Space"):
            drag(canvas, (x, y), (x + 130, y + 70))
    elif how == "hand":
        canvas.get_by_role("button", name="Move the canvas").click()
        drag(canvas, (x, y), (x + 130, y + 70))
    else:
        drag(canvas, (x, y), (x + 130, y + 70), button="middle")
    until(canvas, lambda: box_of(canvas)["x"] == pytest.approx(before["x"] + 130, abs=1))
    assert box_of(canvas)["y"] == pytest.approx(before["y"] + 70, abs=1)
    assert place_of(column, "one") == (0, 128)
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()


def test_a_view_that_is_dragged_far_and_back_lies_where_the_pointer_has_it_all_the_while(canvas):
    start, (x, y) = box_of(canvas), empty_place(canvas)
    drag(canvas, (x, y), (x + 10, y), button="middle")  # what scrolls is fetched with the first
    until(canvas, lambda: canvas.evaluate("performance.getEntriesByType('resource').some(e => /lens/.test(e.name))"))
    grab(canvas, (x, y), button="middle")
    for dx, dy in ((40, 30), (-80, 220), (150, -40)):
        canvas.mouse.move(x + dx, y + dy)
        until(canvas, lambda: box_of(canvas)["y"] == pytest.approx(start["y"] + dy, abs=1))  # noqa: B023
        assert box_of(canvas)["x"] == pytest.approx(start["x"] + 10 + dx, abs=1)
    canvas.mouse.up(button="middle")
    until(canvas, lambda: canvas.locator(".stage.is-panning").count() == 0)
    end = box_of(canvas)
    assert (end["x"], end["y"]) == pytest.approx((start["x"] + 160, start["y"] - 40), abs=1)
    assert canvas.locator(".lens").evaluate("lens => [lens.scrollLeft, lens.scrollTop]") == [0, 0]


MOVED = """([axis, from, by]) => {
  const at = document.querySelector("article[aria-label^='end,']")?.getBoundingClientRect()[axis];
  return by < 0 ? at < from + by : at > from + by;
}"""


def until_moved(page, before, axis, by):
    """Looks in each frame: the view moves on while one holds still, and a card that has left it is not drawn."""
    page.wait_for_function(MOVED, arg=[axis, before[axis], by])


def test_at_the_rim_the_view_moves_on_while_one_drags(canvas, column):
    stage = editing.canvas(canvas).bounding_box()
    before = box_of(canvas, "end")
    grab(canvas, middle(canvas, "one"))
    go(canvas, (stage["x"] + stage["width"] - 8, before["y"]))
    until_moved(canvas, before, "x", -200)
    canvas.mouse.up()
    until(canvas, lambda: place_of(column, "one")[0] > stage["width"] / 2)


def test_at_the_rim_the_view_moves_on_while_one_connects(canvas):
    stage = editing.canvas(canvas).bounding_box()
    before = box_of(canvas, "end")
    grab(canvas, port(canvas, "one"))
    go(canvas, (stage["x"] + 300, stage["y"] + 6))
    until_moved(canvas, before, "y", 100)
    canvas.keyboard.press("Escape")
    canvas.mouse.up()
    expect(canvas.get_by_role("dialog")).to_have_count(0)


def test_at_the_rim_the_view_moves_on_while_one_selects(canvas):
    stage = editing.canvas(canvas).bounding_box()
    before = box_of(canvas, "end")
    grab(canvas, middle(canvas, "start", dx=-200, dy=-60))
    go(canvas, (before["x"] + 300, stage["y"] + stage["height"] - 6))
    until_moved(canvas, before, "y", -100)
    canvas.mouse.up()
    editing.canvas(canvas).focus()
    canvas.keyboard.press("1")  # all of it in view again
    expect_selected(canvas, "start", "one", "two", "end")


def test_fit_selection_and_a_hundred_percent_have_keys_and_buttons(canvas):
    editing.canvas(canvas).focus()
    wheel(canvas, middle(canvas, "end"), dy=-300, modifiers=CTRL)
    until(canvas, lambda: zoom_of(canvas) > 100)
    canvas.keyboard.press("0")
    until(canvas, lambda: zoom_of(canvas) == 100)
    wheel(canvas, empty_place(canvas), dy=2000)
    canvas.keyboard.press("1")
    expect(card(canvas, "start")).to_be_in_viewport()
    expect(card(canvas, "end")).to_be_in_viewport()
    select(canvas, "two")
    wheel(canvas, empty_place(canvas), dx=500)
    editing.canvas(canvas).focus()
    canvas.keyboard.press("2")
    stage = editing.canvas(canvas).bounding_box()
    until(canvas, lambda: middle(canvas, "two")[0] == pytest.approx(stage["x"] + stage["width"] / 2, abs=2))
    canvas.get_by_role("button", name="Zoom in").click()
    until(canvas, lambda: zoom_of(canvas) == 125)
    canvas.get_by_role("button", name="Fit the flow").click()
    until(canvas, lambda: zoom_of(canvas) == 100)


def test_who_is_lost_is_shown_the_way_back(canvas):
    wheel(canvas, empty_place(canvas), dx=5000)
    canvas.get_by_role("button", name="Back to content").click()
    expect(card(canvas, "one")).to_be_in_viewport()
    expect(canvas.get_by_role("button", name="Back to content")).to_be_hidden()


def test_the_view_is_remembered_where_the_canvas_is_not_whole_pixels_wide(show, column):
    """As in a browser zoomed to 110 %: what is first counted in whole pixels is measured a little later."""
    page = show(column)
    page.set_viewport_size({"width": 901, "height": 800})  # the settings take 42 % of it
    wheel(page, empty_place(page), dx=60, dy=-150)
    painted(page)
    before = box_of(page)
    for _ in range(2):
        open_editor(page, column)
        painted(page)
        assert editing.canvas(page).bounding_box()["width"] % 1 != 0
        assert box_of(page) == pytest.approx(before, abs=2)


def test_the_view_is_remembered_for_each_flow_and_person(canvas, column, make_person, workspace, sign_in):
    wheel(canvas, empty_place(canvas), dx=-180, dy=90)
    wheel(canvas, empty_place(canvas), dy=100, modifiers=CTRL)
    until(canvas, lambda: zoom_of(canvas) < 100)
    before = box_of(canvas)
    open_editor(canvas, column)
    until(canvas, lambda: box_of(canvas) == pytest.approx(before, abs=1))
    sign_in(make_person(workspace, "editor"))
    open_editor(canvas, column)
    expect(card(canvas, "one")).to_be_visible()
    until(canvas, lambda: zoom_of(canvas) == 100)
