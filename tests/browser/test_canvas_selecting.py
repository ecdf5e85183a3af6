"""Selecting: clicks, rectangles that touch or enclose, adding and taking out, along the flow."""

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, said, until
from tests.browser.hands import (
    drag,
    expect_selected,
    go,
    grab,
    held,
    middle,
    painted,
    place_of,
    places_of,
    press,
    select,
    selected,
)
from tests.flows import call_ended, decision, document, end, set_variable

PLACES = {"start": (0, 0), "check": (0, 128), "left": (-160, 288), "right": (160, 288), "end": (0, 448)}


@pytest.fixture
def branched(make_flow):
    """start -> check[yes] -> left -> end, check[else] -> right."""
    nodes = [call_ended(), decision("check", "{{x}}", "is_set"), set_variable("left"), set_variable("right"), end()]
    edges = [("start", "next", "check"), ("check", "yes", "left"), ("check", "else", "right"), ("left", "next", "end")]
    return make_flow(document(nodes, edges), PLACES)


@pytest.fixture
def page_of_branches(show, branched):
    return show(branched)


def corner(page, name, dx, dy):
    """A point off the upper left corner of a card."""
    box = card(page, name).bounding_box()
    return box["x"] + dx, box["y"] + dy


def test_a_click_selects_one_and_shift_or_control_add_and_take_out(canvas):
    select(canvas, "one")
    expect_selected(canvas, "one")
    select(canvas, "two", "end")
    expect_selected(canvas, "two", "end")
    card(canvas, "one").click(modifiers=["ControlOrMeta"], position={"x": 100, "y": 20})
    expect_selected(canvas, "one", "two", "end")
    card(canvas, "two").click(modifiers=["Shift"], position={"x": 100, "y": 20})
    expect_selected(canvas, "one", "end")
    press(canvas, middle(canvas, "one", dx=-300))
    expect_selected(canvas)


def test_a_rectangle_selects_what_it_touches_and_with_alt_what_it_holds_whole(canvas):
    start, stop = corner(canvas, "one", -60, 10), corner(canvas, "two", 100, 20)
    drag(canvas, start, stop)
    expect_selected(canvas, "one", "two")
    with held(canvas, "Alt"):
        drag(canvas, corner(canvas, "one", -60, -20), corner(canvas, "two", 290, 30))
    expect_selected(canvas, "one")


def test_with_shift_a_rectangle_adds_and_with_control_it_takes_out(canvas):
    drag(canvas, corner(canvas, "one", -60, 10), corner(canvas, "one", 40, 40))
    expect_selected(canvas, "one")
    with held(canvas, "Shift"):
        drag(canvas, corner(canvas, "two", -60, 10), corner(canvas, "end", 40, 40))
    expect_selected(canvas, "one", "two", "end")
    with held(canvas, "Control"):
        drag(canvas, corner(canvas, "two", -60, 10), corner(canvas, "two", 40, 40))
    expect_selected(canvas, "one", "end")


def test_escape_takes_the_rectangle_back(canvas):
    select(canvas, "end")
    grab(canvas, corner(canvas, "one", -60, 10))
    go(canvas, corner(canvas, "two", 40, 40))
    expect_selected(canvas, "one", "two")
    canvas.keyboard.press("Escape")
    expect_selected(canvas, "end")
    canvas.mouse.up()
    painted(canvas)
    assert selected(canvas) == {"end"}


def test_control_a_selects_everything_and_escape_nothing(canvas):
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+a")
    expect_selected(canvas, "start", "one", "two", "end")
    said(canvas, "4 steps selected")
    canvas.keyboard.press("Escape")
    expect_selected(canvas)


def test_shift_and_up_or_down_select_what_comes_before_or_after(page_of_branches):
    page = page_of_branches
    select(page, "left")
    editing.canvas(page).focus()
    page.keyboard.press("Shift+ArrowUp")
    expect_selected(page, "start", "check", "left")
    select(page, "left")
    editing.canvas(page).focus()
    page.keyboard.press("Shift+ArrowDown")
    expect_selected(page, "left", "end")


def test_arrows_walk_along_the_flow_and_across(page_of_branches):
    page = page_of_branches
    editing.canvas(page).focus()
    for key, name in [("ArrowDown", "start"), ("ArrowDown", "check"), ("ArrowDown", "left"), ("ArrowRight", "right"),
                      ("ArrowUp", "check")]:  # fmt: skip
        page.keyboard.press(key)
        expect_selected(page, name)
    focused = editing.canvas(page).get_attribute("aria-activedescendant")
    assert focused == "node-check"


def test_several_steps_are_dragged_as_one_and_undone_as_one(canvas, column):
    before = places_of(column)
    select(canvas, "one", "two")
    x, y = middle(canvas, "two")
    drag(canvas, (x, y), (x + 320, y + 16))
    until(canvas, lambda: place_of(column, "two") == (320, 272))
    assert place_of(column, "one") == (320, 144)
    assert place_of(column, "end") == before["end"]
    expect(canvas.get_by_role("button", name="Undo: Move 2 steps")).to_be_enabled()
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: places_of(column) == before)
