"""Connecting with the mouse: to a step, near its input, refused with the reason, led elsewhere, and healed."""

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, document_of, lines, said, until
from tests.browser.hands import drag, go, grab, inlet, middle, painted, port, press, select
from tests.flows import call_ended, chain, decision, document, end, set_variable

STEPS = {"start": (0, 0), "one": (0, 128), "two": (400, 300), "three": (-400, 300)}


@pytest.fixture
def loose(make_flow):
    """start -> one; two and three stand alone."""
    nodes = [call_ended(), set_variable("one"), set_variable("two"), set_variable("three")]
    return make_flow(document(nodes, [("start", "next", "one")]), STEPS)


def reason(page):
    return page.locator(".canvas-reason")


def test_a_line_is_drawn_from_a_port_to_a_step(show, loose):
    page = show(loose)
    drag(page, port(page, "one"), middle(page, "two"))
    until(page, lambda: lines(loose) == {"start[next] -> one", "one[next] -> two"})
    expect(page.get_by_role("button", name="Undo: Connect one to two")).to_be_enabled()
    page.keyboard.press("Control+z")
    until(page, lambda: lines(loose) == {"start[next] -> one"})


def test_it_snaps_to_an_input_within_twenty_pixels(show, loose):
    page = show(loose)
    x, y = inlet(page, "two")
    grab(page, port(page, "one"))
    go(page, (x - 8, y - 30))
    painted(page)
    expect(card(page, "two")).not_to_contain_class("is-target")
    go(page, (x - 8, y - 16))
    expect(card(page, "two")).to_contain_class("is-target")
    page.mouse.up()
    until(page, lambda: "one[next] -> two" in lines(loose))


def test_escape_takes_the_line_back(show, loose):
    page = show(loose)
    grab(page, port(page, "one"))
    go(page, middle(page, "two"))
    page.keyboard.press("Escape")
    page.mouse.up()
    said(page, "Cancelled")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    assert lines(loose) == {"start[next] -> one"}


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("two", "start", "Nothing can lead to the trigger."),
        ("two", "one", "That would be a circle without a step that waits."),
    ],
)
def test_what_may_not_be_is_refused_while_one_drags_and_says_why(show, make_flow, source, target, why):
    flow = make_flow(
        chain(call_ended(), set_variable("one"), set_variable("two")),
        {"start": (0, 0), "one": (0, 128), "two": (0, 256)},
    )
    page = show(flow)
    grab(page, port(page, source))
    go(page, middle(page, target))
    expect(reason(page)).to_have_text(why)
    expect(card(page, target)).to_contain_class("is-refused")
    page.mouse.up()
    said(page, why)
    expect(reason(page)).to_be_hidden()
    assert lines(flow) == {"start[next] -> one", "one[next] -> two"}


def test_a_step_cannot_lead_to_itself(show, loose):
    page = show(loose)
    drag(page, port(page, "one"), middle(page, "one"))
    said(page, "Cancelled")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert lines(loose) == {"start[next] -> one"}


def test_a_circle_over_a_step_that_waits_is_allowed(show, make_flow):
    wait = {"id": "rest", "type": "wait", "key": "rest", "label": "rest", "config": {"mode": "for", "seconds": 60}}
    flow = make_flow(
        chain(call_ended(), set_variable("one"), wait), {"start": (0, 0), "one": (0, 128), "rest": (0, 256)}
    )
    page = show(flow)
    drag(page, port(page, "rest"), middle(page, "one"))
    until(page, lambda: "rest[next] -> one" in lines(flow))


def test_a_line_is_led_elsewhere_by_its_lower_end(canvas, column):
    edge = next(edge for edge in document_of(column)["edges"] if edge["source"] == "one")
    drag(canvas, inlet(canvas, "two"), middle(canvas, "end"))
    until(canvas, lambda: "one[next] -> end" in lines(column))
    assert edge["id"] in {each["id"] for each in document_of(column)["edges"]}
    expect(canvas.get_by_role("button", name="Undo: Reconnect to end")).to_be_enabled()


def select_line(page, flow, source):
    """By the mouse, above the step it leads to and below the "+" that comes in the line's middle."""
    target = next(edge["target"] for edge in document_of(flow)["edges"] if edge["source"] == source)
    x, y = inlet(page, target)
    press(page, (x, y - 16))
    expect(page.locator("path.edge.is-selected")).to_have_count(1)


def test_a_selected_line_is_led_from_elsewhere_by_its_upper_end(show, make_flow):
    nodes = [call_ended(), set_variable("one"), set_variable("two"), set_variable("three")]
    places = {"start": (0, 0), "one": (0, 128), "two": (0, 256), "three": (400, 128)}
    flow = make_flow(document(nodes, [("start", "next", "one"), ("one", "next", "two")]), places)
    page = show(flow)
    edge = next(edge for edge in document_of(flow)["edges"] if edge["source"] == "one")
    select_line(page, flow, "one")
    drag(page, port(page, "one"), middle(page, "three"))
    until(page, lambda: lines(flow) == {"start[next] -> one", "three[next] -> two"})
    assert edge["id"] in {each["id"] for each in document_of(flow)["edges"]}
    expect(page.get_by_role("button", name="Undo: Lead a line from three")).to_be_enabled()
    page.keyboard.press("Control+z")
    until(page, lambda: "one[next] -> two" in lines(flow))


def test_a_way_out_that_is_taken_refuses_the_upper_end_with_the_reason(canvas, column):
    select_line(canvas, column, "one")
    grab(canvas, port(canvas, "one"))
    go(canvas, middle(canvas, "start"))
    expect(reason(canvas)).to_have_text("Every way out of start leads somewhere already.")
    canvas.mouse.up()
    expect(reason(canvas)).to_be_hidden()
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    assert "one[next] -> two" in lines(column)


def test_an_upper_end_let_go_on_the_empty_canvas_removes_the_line(canvas, column):
    select_line(canvas, column, "one")
    x, y = port(canvas, "one")
    drag(canvas, (x, y), (x + 330, y + 20))
    until(canvas, lambda: lines(column) == {"start[next] -> one", "two[next] -> end"})
    said(canvas, "Nothing leads any more to: end, two")
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: "one[next] -> two" in lines(column))


def test_an_upper_end_put_back_or_let_go_beside_the_canvas_changes_nothing(canvas, column):
    select_line(canvas, column, "one")
    x, y = port(canvas, "one")
    drag(canvas, (x, y), (x - 60, y - 30))
    said(canvas, "Cancelled")
    grab(canvas, (x, y))
    go(canvas, (120, 300))
    canvas.mouse.up()
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    assert "one[next] -> two" in lines(column)


def test_a_lower_end_let_go_on_the_empty_canvas_leads_to_what_one_picks_there(canvas, column):
    edge = next(edge for edge in document_of(column)["edges"] if edge["source"] == "one")
    x, y = inlet(canvas, "two")
    drag(canvas, (x, y), (x + 330, y + 40))
    expect(canvas.get_by_role("dialog", name="Add a step").get_by_role("combobox")).to_be_focused()
    canvas.keyboard.press("Escape")
    expect(canvas.get_by_role("dialog")).to_have_count(0)
    assert "one[next] -> two" in lines(column)
    drag(canvas, (x, y), (x + 330, y + 40))
    expect(canvas.get_by_role("dialog", name="Add a step").get_by_role("combobox")).to_be_focused()
    canvas.keyboard.type("wait")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: "one[next] -> Wait" in lines(column))
    assert "one[next] -> two" not in lines(column)
    assert edge["id"] in {each["id"] for each in document_of(column)["edges"]}


def test_both_ends_of_a_line_are_led_elsewhere_by_keyboard(show, make_flow):
    nodes = [call_ended(), set_variable("one"), decision("check", "{{x}}", "is_set"), end()]
    edges = [("start", "next", "one"), ("one", "next", "check"), ("check", "yes", "end")]
    flow = make_flow(document(nodes, edges), {"start": (0, 0), "one": (0, 128), "check": (0, 256), "end": (0, 400)})
    page = show(flow)
    before = next(edge for edge in document_of(flow)["edges"] if edge["source"] == "check")
    editing.canvas(page).focus()
    for _ in range(4):  # the first one begins at the trigger
        page.keyboard.press("ArrowDown")
    expect(editing.canvas(page)).to_have_attribute("aria-activedescendant", "node-end")
    page.keyboard.press("Shift+c")
    expect(page.get_by_role("combobox", name="What leads to end?")).to_be_focused()
    taken = page.get_by_role("option", name="start")
    expect(taken).to_have_attribute("aria-disabled", "true")
    expect(taken).to_contain_text("leads somewhere already")
    page.keyboard.type("otherwise")
    page.keyboard.press("Enter")
    until(page, lambda: "check[else] -> end" in lines(flow))
    said(page, "Lead a line from check")
    assert before["id"] in {edge["id"] for edge in document_of(flow)["edges"]}
    page.keyboard.press("Control+z")
    until(page, lambda: "check[yes] -> end" in lines(flow))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("c")
    expect(page.get_by_role("combobox", name="Ways out of check")).to_be_focused()
    page.keyboard.type("otherwise")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Where does check · Otherwise lead to?")).to_be_focused()
    page.keyboard.type("end")
    page.keyboard.press("Enter")
    until(page, lambda: {"check[yes] -> end", "check[else] -> end"} <= lines(flow))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+c")
    expect(page.get_by_role("combobox", name="Which line to end?")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_have_count(0)


def test_escape_leaves_a_line_where_it_began(show, loose):
    page = show(loose)
    select_line(page, loose, "start")
    grab(page, port(page, "start"))
    go(page, middle(page, "three"))
    page.keyboard.press("Escape")
    page.mouse.up()
    said(page, "Cancelled")
    assert lines(loose) == {"start[next] -> one"}


def test_where_several_lines_end_the_selected_one_is_taken(show, make_flow):
    nodes = [
        call_ended(),
        decision("check", "{{x}}", "is_set"),
        set_variable("a"),
        set_variable("b"),
        end(),
        end("other"),
    ]
    edges = [
        ("start", "next", "check"),
        ("check", "yes", "a"),
        ("check", "else", "b"),
        ("a", "next", "end"),
        ("b", "next", "end"),
    ]
    places = {
        "start": (0, 0),
        "check": (0, 120),
        "a": (-200, 260),
        "b": (200, 260),
        "end": (0, 420),
        "other": (400, 420),
    }
    flow = make_flow(document(nodes, edges), places)
    page = show(flow)
    x, y = port(page, "b")
    press(page, (x, y + 12))
    expect(page.locator("path.edge.is-selected")).to_have_count(1)
    drag(page, inlet(page, "end"), middle(page, "other"))
    until(page, lambda: "b[next] -> other" in lines(flow))
    assert "a[next] -> end" in lines(flow)


def test_a_line_is_led_elsewhere_by_name_from_its_menu(canvas, column):
    x, y = port(canvas, "one")
    press(canvas, (x, y + 20), button="right")
    canvas.get_by_role("menuitem", name="Lead this line elsewhere").click()
    expect(canvas.get_by_role("combobox")).to_be_focused()
    canvas.keyboard.type("end")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: "one[next] -> end" in lines(column))


def test_a_line_is_selected_by_a_click_within_ten_pixels_and_deleted(canvas, column):
    x, y = port(canvas, "one")
    press(canvas, (x + 9, y + 48))  # not in its middle, where a "+" comes beneath the pointer
    canvas.keyboard.press("Delete")
    until(canvas, lambda: lines(column) == {"start[next] -> one", "two[next] -> end"})
    said(canvas, "Nothing leads any more to: end, two")


def test_delete_takes_the_lines_along_and_shift_delete_heals_them(canvas, column):
    select(canvas, "one")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Shift+Delete")
    until(canvas, lambda: lines(column) == {"start[next] -> two", "two[next] -> end"})
    expect(canvas.get_by_role("button", name="Undo: Delete one, keep the line")).to_be_enabled()
    select(canvas, "two")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Delete")
    until(canvas, lambda: lines(column) == set())
    canvas.keyboard.press("Control+z")
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: lines(column) == {"start[next] -> one", "one[next] -> two", "two[next] -> end"})


def test_the_trigger_is_not_deleted(canvas, column):
    select(canvas, "start")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Delete")
    said(canvas, "The trigger stays")
    assert len(document_of(column)["nodes"]) == 4
