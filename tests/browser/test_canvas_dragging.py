"""Dragging steps: the grid, guides, copies, tidying up; and that whatever interrupts a drag takes it back."""

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, document_of, lines, until
from tests.browser.hands import drag, expect_selected, go, grab, held, middle, node_ids, place_of, places_of, select
from tests.flows import call_ended, chain, decision, document, end, set_variable


def guides(page):
    """Paths of the guides that can be seen: lines, gaps, copies."""
    drawn = page.locator(".guides path").evaluate_all(
        "paths => paths.map(p => [p.getAttribute('class'), p.getAttribute('d') || ''])"
    )
    return {name.removeprefix("guide-"): path for name, path in drawn if path}


def test_a_press_that_strays_two_pixels_is_a_click_and_three_are_a_drag(canvas, column):
    x, y = middle(canvas, "one")
    grab(canvas, (x, y))
    go(canvas, (x + 2, y))
    canvas.mouse.up()
    expect_selected(canvas, "one")
    assert place_of(column, "one") == (0, 128)
    grab(canvas, (x, y))
    with held(canvas, "Control"):  # off the grid
        go(canvas, (x + 3, y))
        canvas.mouse.up()
    until(canvas, lambda: place_of(column, "one") == (3, 128))


def test_steps_snap_to_the_grid_and_control_inverts_that(canvas, column):
    x, y = middle(canvas, "one")
    drag(canvas, (x, y), (x + 321, y + 39))
    until(canvas, lambda: place_of(column, "one") == (320, 160))
    x, y = middle(canvas, "one")
    grab(canvas, (x, y))
    with held(canvas, "Control"):
        go(canvas, (x + 37, y + 21))
        canvas.mouse.up()
    until(canvas, lambda: place_of(column, "one") == (357, 181))


def test_the_grid_can_be_switched_off_and_that_is_remembered(canvas, column, owner):
    editing.canvas(canvas).focus()
    canvas.keyboard.press("g")
    editing.said(canvas, "no longer snap")
    x, y = middle(canvas, "one")
    drag(canvas, (x, y), (x + 321, y + 39))
    until(canvas, lambda: place_of(column, "one") == (321, 167))
    editing.open_editor(canvas, column)
    x, y = middle(canvas, "two")
    drag(canvas, (x, y), (x - 323, y))
    until(canvas, lambda: place_of(column, "two")[0] == -323)


def test_a_guide_shows_what_is_in_line_and_draws_the_step_to_it(show, make_flow):
    flow = make_flow(
        chain(call_ended(), set_variable("one"), end()), {"start": (5, 0), "one": (331, 150), "end": (5, 384)}
    )
    page = show(flow)
    x, y = middle(page, "one")
    grab(page, (x, y))
    go(page, (x - 322, y + 3))
    until(page, lambda: "line" in guides(page))
    page.mouse.up()
    until(page, lambda: place_of(flow, "one")[0] == 5)
    until(page, lambda: guides(page) == {})


def test_a_guide_shows_equal_spacing(show, make_flow):
    nodes = chain(call_ended(), set_variable("one"), set_variable("two"), end())
    flow = make_flow(nodes, {"start": (0, 0), "one": (0, 107), "two": (400, 230), "end": (0, 420)})
    page = show(flow)
    x, y = middle(page, "two")
    grab(page, (x, y))
    go(page, (x - 399, y - 13))
    until(page, lambda: "gap" in guides(page))
    page.mouse.up()
    until(page, lambda: place_of(flow, "two") == (0, 214))


@pytest.mark.parametrize("interruption", ["Escape", "blur"])
def test_a_drag_that_is_interrupted_leaves_everything_as_it_was(canvas, column, interruption):
    before = card(canvas, "one").bounding_box()
    x, y = middle(canvas, "one")
    grab(canvas, (x, y))
    go(canvas, (x + 200, y + 40))
    until(canvas, lambda: card(canvas, "one").bounding_box()["x"] > before["x"] + 100)
    if interruption == "Escape":
        canvas.keyboard.press("Escape")
    else:
        canvas.evaluate(
            "window.dispatchEvent(new Event('blur'))"
        )  # headless windows never lose the focus by themselves
    until(canvas, lambda: card(canvas, "one").bounding_box() == before)
    canvas.mouse.up()
    expect(canvas.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    assert place_of(column, "one") == (0, 128)


def test_alt_drags_a_copy_and_the_step_stays_where_it_is(canvas, column):
    x, y = middle(canvas, "one")
    with held(canvas, "Alt"):
        grab(canvas, (x, y))
        go(canvas, (x + 320, y))
        until(canvas, lambda: "copy" in guides(canvas))
        assert middle(canvas, "one") == pytest.approx((x, y), abs=1)
        canvas.mouse.up()
    until(canvas, lambda: len(node_ids(column)) == 5)
    copy = next(node for node in document_of(column)["nodes"] if node["id"] not in {"start", "one", "two", "end"})
    assert (copy["label"], copy["key"]) == ("one", "one_2")
    assert place_of(column, copy["id"]) == (320, 128)
    assert place_of(column, "one") == (0, 128)
    expect(canvas.get_by_role("button", name="Undo: Duplicate one")).to_be_enabled()


def test_a_loose_step_let_go_on_a_line_goes_into_it_and_makes_room(show, make_flow):
    nodes = [call_ended(), set_variable("one"), set_variable("loose"), end()]
    flow = make_flow(document(nodes, [("start", "next", "one"), ("one", "next", "end")]),
                     {"start": (0, 0), "one": (0, 128), "end": (0, 256), "loose": (400, 0)})  # fmt: skip
    page = show(flow)
    x, y = middle(page, "loose")
    target = middle(page, "one")
    grab(page, (x, y))
    go(page, (target[0], target[1] + 64))
    expect(page.locator("path.edge.is-lit")).to_have_count(1)
    page.mouse.up()
    until(page, lambda: "one[next] -> loose" in lines(flow))
    assert "loose[next] -> end" in lines(flow)
    assert place_of(flow, "end")[1] >= place_of(flow, "loose")[1] + 64
    page.keyboard.press("Control+z")
    until(page, lambda: lines(flow) == {"start[next] -> one", "one[next] -> end"})
    assert place_of(flow, "end") == (0, 256)


@pytest.fixture
def messy(make_flow):
    nodes = [call_ended(), decision("check", "{{x}}", "is_set"), set_variable("yes"), set_variable("no"), end()]
    edges = [
        ("start", "next", "check"),
        ("check", "yes", "yes"),
        ("check", "else", "no"),
        ("yes", "next", "end"),
        ("no", "next", "end"),
    ]
    places = {"start": (300, 40), "check": (-90, 200), "yes": (200, 333), "no": (-200, 500), "end": (77, 610)}
    note = {"id": "m1", "x": 600, "y": 40, "width": 160, "height": 80, "text": "Beside the start", "color": "yellow"}
    return make_flow(document(nodes, edges), places, [note])


def test_tidy_lays_out_the_whole_flow_and_is_one_step_to_undo(show, messy):
    page = show(messy)
    before = document_of(messy)
    editing.canvas(page).focus()
    page.keyboard.press("Shift+t")
    until(page, lambda: places_of(messy)["start"] == (0, 0))
    after = places_of(messy)
    assert after["check"] == (0, 120)
    assert after["yes"][1] == after["no"][1]
    assert after["yes"][0] < after["end"][0] < after["no"][0]
    assert after["end"][0] == (after["yes"][0] + after["no"][0]) / 2
    note = document_of(messy)["notes"][0]
    assert (note["x"], note["y"]) == (300, 0)  # it went along with the step it lies beside
    expect(page.get_by_role("button", name="Undo: Tidy up")).to_be_enabled()
    page.keyboard.press("Control+z")
    until(page, lambda: document_of(messy)["layout"] == before["layout"])
    assert document_of(messy)["notes"] == before["notes"]


def test_tidy_of_a_selection_leaves_the_others_alone(show, messy):
    page = show(messy)
    before = places_of(messy)
    select(page, "check", "yes", "no")
    expect_selected(page, "check", "yes", "no")
    editing.canvas(page).focus()
    page.keyboard.press("Shift+t")
    until(page, lambda: places_of(messy) != before)
    after = places_of(messy)
    assert (after["start"], after["end"]) == (before["start"], before["end"])
    assert after["yes"][1] == after["no"][1] == after["check"][1] + 120
    assert min(after[name][0] for name in ("check", "yes", "no")) == -200
    assert after["check"][1] == 200
    page.keyboard.press("Control+z")
    until(page, lambda: places_of(messy) == before)
