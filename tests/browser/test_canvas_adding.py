"""Adding steps: from the palette, on a line with room made, at an open end, into the empty canvas, by keys."""

import re

import pytest
from playwright.sync_api import expect

from builder.publishing import publish
from tests.browser import editing
from tests.browser.editing import card, document_of, lines, until
from tests.browser.hands import drag, go, grab, middle, node_ids, painted, place_of, places_of, port, select
from tests.flows import call_ended, chain, decision, document, end, set_variable


def palette_item(page, name):
    return page.get_by_role("region", name="Steps").get_by_role("button", name=re.compile(f"^{name}")).first


def choose(page, query):
    """The picker by keyboard."""
    field = page.get_by_role("combobox", name="Search apps and actions")
    expect(field).to_be_focused()
    field.fill(query)
    page.keyboard.press("Enter")


def added(flow, before):
    return next(iter(node_ids(flow) - before))


def test_a_step_is_dragged_from_the_palette_to_where_it_is_let_go(canvas, column):
    before = node_ids(column)
    x, y = middle(canvas, "one", dx=400)
    item = palette_item(canvas, "Wait").bounding_box()
    drag(canvas, (item["x"] + 60, item["y"] + 12), (x, y))
    until(canvas, lambda: len(node_ids(column)) == 5)
    new = added(column, before)
    assert place_of(column, new) == pytest.approx((400, 128), abs=8)
    assert lines(column) == {"start[next] -> one", "one[next] -> two", "two[next] -> end"}
    expect(canvas.get_by_role("button", name="Undo: Add Wait")).to_be_enabled()


def test_a_step_stays_under_the_hand_that_dropped_it_when_the_bar_of_the_draft_comes(show, column, owner):
    """The first change after a publish brings a bar above the canvas, undo takes it away: no card moves for a frame."""
    publish(column, owner.user)
    page = show(column)
    stage = editing.canvas(page).bounding_box()
    still = middle(page, "end")
    page.evaluate("""() => {
        window.heights = new Set();
        const look = () => {
            heights.add(Math.round(document.getElementById("node-end").getBoundingClientRect().top));
            requestAnimationFrame(look);
        };
        look();
    }""")
    item = palette_item(page, "Wait").bounding_box()
    x, y = still[0] + 320, still[1] - 60
    drag(page, (item["x"] + 40, item["y"] + 20), (x, y))
    bar = page.get_by_text("Draft, 1 change")
    expect(bar).to_be_visible()
    assert editing.canvas(page).bounding_box()["y"] > stage["y"] + 20
    box = card(page, "Wait").bounding_box()
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]
    page.keyboard.press("Control+z")
    expect(bar).to_have_count(0)
    expect(card(page, "Wait")).to_have_count(0)
    painted(page)
    assert editing.canvas(page).bounding_box()["y"] == stage["y"]
    assert middle(page, "end") == still
    assert page.evaluate("heights.size") == 1


def test_escape_while_dragging_from_the_palette_adds_nothing(canvas, column):
    item = palette_item(canvas, "Wait").bounding_box()
    grab(canvas, (item["x"] + 60, item["y"] + 12))
    go(canvas, middle(canvas, "one", dx=400))
    expect(canvas.locator(".drop-ghost")).to_be_visible()
    canvas.keyboard.press("Escape")
    expect(canvas.locator(".drop-ghost")).to_be_hidden()
    canvas.mouse.up()
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()


def test_at_the_rim_the_view_moves_on_while_one_drags_from_the_palette(canvas, column):
    stage = editing.canvas(canvas).bounding_box()
    before = card(canvas, "one").bounding_box()
    item = palette_item(canvas, "Wait").bounding_box()
    grab(canvas, (item["x"] + 60, item["y"] + 12))
    go(canvas, middle(canvas, "one", dx=300))
    go(canvas, (stage["x"] + stage["width"] - 6, before["y"]))
    until(canvas, lambda: card(canvas, "one").bounding_box()["x"] < before["x"] - 150)
    canvas.keyboard.press("Escape")
    canvas.mouse.up()


def test_a_step_from_the_palette_let_go_on_a_line_goes_into_it(canvas, column):
    before = node_ids(column)
    x, y = middle(canvas, "one", dy=64)
    item = palette_item(canvas, "Wait").bounding_box()
    grab(canvas, (item["x"] + 60, item["y"] + 12))
    go(canvas, (x, y))
    expect(canvas.locator("path.edge.is-lit")).to_have_count(1)
    canvas.mouse.up()
    until(canvas, lambda: "one[next] -> Wait" in lines(column))
    assert "Wait[next] -> two" in lines(column)
    assert place_of(column, added(column, before)) == (0, 248)


def test_a_click_in_the_palette_adds_after_the_selection(canvas, column):
    select(canvas, "end")
    canvas.keyboard.press("Escape")
    select(canvas, "two")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("n")
    choose(canvas, "wait")
    until(canvas, lambda: "two[next] -> Wait" in lines(column))
    assert "Wait[next] -> end" in lines(column)


NOTES = [
    {"id": "beside_end", "x": 300, "y": 400, "width": 160, "height": 80, "text": "Moves along", "color": "yellow"},
    {"id": "beside_start", "x": 300, "y": 0, "width": 160, "height": 80, "text": "Stays", "color": "blue"},
]


@pytest.fixture
def branches(make_flow):
    """start -> check; check[yes] -> left -> end; check[else] -> right, beside which nothing may move."""
    nodes = [call_ended(), decision("check", "{{x}}", "is_set"), set_variable("left"), set_variable("right"), end()]
    edges = [("start", "next", "check"), ("check", "yes", "left"), ("check", "else", "right"), ("left", "next", "end")]
    places = {"start": (0, 0), "check": (0, 120), "left": (-160, 240), "right": (700, 240), "end": (-160, 360)}
    return make_flow(document(nodes, edges), places, NOTES)


def test_inserting_on_a_line_moves_only_what_is_downstream_and_below(show, branches):
    page = show(branches)
    before, known = places_of(branches), node_ids(branches)
    x, y = middle(page, "left", dy=60)
    page.mouse.move(x, y)
    page.get_by_role("button", name="Add a step here").click()
    choose(page, "wait")
    until(page, lambda: "left[next] -> Wait" in lines(branches))
    after, new = places_of(branches), added(branches, known)
    assert after[new] == (-160, 360)
    assert after["end"] == (-160, 480)
    assert {name: after[name] for name in ("start", "check", "left", "right")} == {
        name: before[name] for name in ("start", "check", "left", "right")
    }
    notes = {note["id"]: note["y"] for note in document_of(branches)["notes"]}
    assert notes == {"beside_end": 520, "beside_start": 0}
    page.keyboard.press("Control+z")
    until(page, lambda: places_of(branches) == before)
    assert document_of(branches)["notes"] == sorted(NOTES, key=lambda note: note["id"])


def test_a_step_of_several_ports_on_a_line_puts_the_old_target_on_its_first(canvas, column):
    x, y = middle(canvas, "one", dy=64)
    canvas.mouse.move(x, y)
    canvas.get_by_role("button", name="Add a step here").click()
    choose(canvas, "decision")
    until(canvas, lambda: "one[next] -> Decision" in lines(column))
    first = next(node for node in document_of(column)["nodes"] if node["label"] == "Decision")["config"]["branches"][0]
    assert f"Decision[{first['id']}] -> two" in lines(column)


def test_the_plus_at_an_open_end_adds_there(show, make_flow):
    flow = make_flow(chain(call_ended(), set_variable("one")), {"start": (0, 0), "one": (0, 128)})
    page = show(flow)
    page.get_by_role("button", name="Add a step after one").click()
    choose(page, "end")
    until(page, lambda: "one[next] -> End" in lines(flow))
    assert place_of(flow, added(flow, {"start", "one"})) == (0, 248)


def test_a_connection_dragged_into_the_empty_canvas_asks_what_comes_there(show, make_flow):
    flow = make_flow(chain(call_ended(), set_variable("one")), {"start": (0, 0), "one": (0, 128)})
    page = show(flow)
    x, y = port(page, "one")
    drag(page, (x, y), (x + 300, y + 120))
    expect(page.get_by_role("dialog", name="Add a step")).to_be_visible()
    choose(page, "wait")
    until(page, lambda: "one[next] -> Wait" in lines(flow))
    new = added(flow, {"start", "one"})
    assert place_of(flow, new) == pytest.approx((300, 312), abs=8)


def test_escape_in_that_picker_leaves_the_flow_as_it_was(canvas, column):
    x, y = port(canvas, "one")
    drag(canvas, (x, y), (x + 300, y + 20))
    expect(canvas.get_by_role("dialog", name="Add a step")).to_be_visible()
    canvas.keyboard.press("Escape")
    expect(canvas.get_by_role("dialog")).to_have_count(0)
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    expect(editing.canvas(canvas)).to_be_focused()


def test_control_and_an_arrow_create_and_connect_in_that_direction(canvas, column):
    select(canvas, "two")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+ArrowUp")
    choose(canvas, "wait")
    until(canvas, lambda: {"one[next] -> Wait", "Wait[next] -> two"} <= lines(column))
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+ArrowDown")
    choose(canvas, "end")
    until(canvas, lambda: "Wait[next] -> End" in lines(column))
    expect(card(canvas, "End")).to_be_visible()
