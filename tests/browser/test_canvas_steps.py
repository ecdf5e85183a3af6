"""What one does to a step where it stands: open, rename, switch off, replace; its problems and their fixes."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, document_of, lines, said, until
from tests.browser.hands import painted, place_of, select, selected
from tests.flows import call_ended, chain, decision, document, end, post_json, set_variable


def node(flow, id_):
    return next(each for each in document_of(flow)["nodes"] if each["id"] == id_)


def keys(page, *pressed):
    editing.canvas(page).focus()
    for key in pressed:
        page.keyboard.press(key)


def choose(page, query):
    field = page.get_by_role("combobox", name="Search apps and actions")
    expect(field).to_be_focused()
    field.fill(query)
    page.keyboard.press("Enter")


def test_enter_and_a_double_click_open_the_step(canvas):
    card(canvas, "two").dblclick()
    name = canvas.get_by_label("Name of the step")
    expect(name).to_have_value("two")
    keys(canvas, "Escape")
    expect(name).to_be_hidden()
    select(canvas, "one")
    keys(canvas, "Enter")
    expect(name).to_have_value("one")
    inside = "document.querySelector('#left').contains(document.activeElement)"
    until(canvas, lambda: canvas.evaluate(inside))


def test_f2_renames_on_the_card(canvas, column):
    select(canvas, "one")
    keys(canvas, "F2")
    field = canvas.get_by_role("textbox", name="Rename step")
    expect(field).to_be_focused()
    field.fill("Remember the order")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: node(column, "one")["label"] == "Remember the order")
    assert node(column, "one")["key"] == "one"
    expect(editing.canvas(canvas)).to_be_focused()
    keys(canvas, "F2", "x", "Escape")
    expect(card(canvas, "Remember the order")).to_be_visible()


def test_d_switches_steps_off_and_on(canvas, column):
    select(canvas, "one", "two")
    keys(canvas, "d")
    until(canvas, lambda: node(column, "one").get("disabled") and node(column, "two").get("disabled"))
    expect(card(canvas, "one")).to_have_accessible_name(re.compile("Off"))
    expect(card(canvas, "one").get_by_text("Off")).to_be_visible()
    keys(canvas, "d")
    until(canvas, lambda: not node(column, "one").get("disabled"))
    assert "disabled" not in node(column, "one")
    select(canvas, "end")
    keys(canvas, "d")
    assert "disabled" not in node(column, "end")


def test_r_replaces_a_step_and_keeps_its_place_its_key_and_its_lines(canvas, column):
    select(canvas, "one")
    keys(canvas, "r")
    choose(canvas, "wait")
    until(canvas, lambda: node(column, "one")["type"] == "wait")
    assert node(column, "one")["key"] == "one"
    assert node(column, "one")["label"] == "one"
    assert place_of(column, "one") == (0, 128)
    assert lines(column) == {"start[next] -> one", "one[next] -> two", "two[next] -> end"}
    expect(canvas.get_by_role("button", name="Undo: Replace one by Wait")).to_be_enabled()


def test_lines_stay_where_the_new_type_has_other_ports(show, make_flow):
    nodes = [call_ended(), decision("check", "{{x}}", "is_set"), set_variable("a"), end()]
    edges = [("start", "next", "check"), ("check", "yes", "a"), ("check", "else", "end"), ("a", "next", "end")]
    places = {"start": (0, 0), "check": (0, 120), "a": (-160, 260), "end": (160, 400)}
    flow = make_flow(document(nodes, edges), places)
    page = show(flow)
    select(page, "check")
    keys(page, "r")
    choose(page, "api request")
    until(page, lambda: "check[success] -> a" in lines(flow))
    assert "check[else] -> end" not in lines(flow)


def test_the_trigger_is_replaced_by_another_trigger_only(canvas, column):
    select(canvas, "start")
    keys(canvas, "r")
    field = canvas.get_by_role("combobox", name="Search apps and actions")
    expect(field).to_be_focused()
    expect(canvas.get_by_role("option", name=re.compile("^Wait"))).to_have_count(0)
    canvas.keyboard.press("Escape")
    assert node(column, "start")["type"] == "call_ended"


@pytest.fixture
def broken(make_flow):
    """`ask` has no address and leads nowhere, `lost` is led to by nothing."""
    nodes = [call_ended(), post_json("ask", ""), set_variable("lost", a="1"), end()]
    places = {"start": (0, 0), "ask": (0, 128), "lost": (400, 128), "end": (400, 300)}
    edges = [("start", "next", "ask"), ("lost", "next", "end")]
    return make_flow(document(nodes, edges), places)


def test_problems_are_marked_on_their_steps_and_f8_walks_through_them(show, broken):
    page = show(broken)
    expect(card(page, "ask")).to_have_accessible_name(re.compile("problem"))
    expect(card(page, "lost")).to_have_accessible_name(re.compile("problem"))
    expect(card(page, "lost").locator(".node-badge")).to_be_visible()
    seen = set()
    for _ in range(6):
        page.keyboard.press("F8")
        painted(page)
        (name,) = selected(page)
        expect(page.get_by_label("Name of the step")).to_have_value(name)
        seen.add(name)
    assert {"ask", "lost"} <= seen
    expect(card(page, "start")).not_to_have_accessible_name(re.compile("problem"))


def test_without_problems_f8_says_so(show, make_flow):
    page = show(make_flow(chain(call_ended(), end()), {"start": (0, 0), "end": (0, 128)}))
    keys(page, "F8")
    said(page, "There are no problems")


def test_one_key_mends_what_can_be_mended(show, broken):
    page = show(broken)
    select(page, "lost")
    keys(page, "Control+.")
    until(page, lambda: "lost" not in {each["id"] for each in document_of(broken)["nodes"]})
    expect(page.get_by_role("button", name="Undo: Delete lost")).to_be_enabled()
    page.keyboard.press("Control+z")
    until(page, lambda: "lost" in {each["id"] for each in document_of(broken)["nodes"]})


def test_the_list_of_problems_mends_them_too(show, broken):
    page = show(broken)
    keys(page, "Control+k")
    expect(page.get_by_role("combobox", name="All commands")).to_be_focused()
    page.keyboard.type("problems")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Lead Success of ask to a new End").click()
    until(page, lambda: "ask[success] -> End" in lines(broken))
