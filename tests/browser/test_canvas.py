"""The canvas with a real mouse and real keys: what was done is read back from the server's draft."""

import re

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Flow
from tests.flows import call_ended, chain, end, set_variable

LAYOUT = {"start": {"x": 0, "y": 0}, "one": {"x": 0, "y": 128}, "two": {"x": 0, "y": 256}, "end": {"x": 0, "y": 384}}


@pytest.fixture
def flow(live, workspace, owner):
    document = chain(call_ended(), set_variable("one", a="1"), set_variable("two", b="{{vars.a}}"), end())
    made = create_flow(workspace, owner.user, name="Canvas", kind="post_call", document={**document, "layout": LAYOUT})
    publish(made, owner.user)
    return made


@pytest.fixture
def canvas(page, flow, owner, sign_in):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    expect(card(page, "one")).to_be_visible()
    return page


def card(page, name):
    return page.get_by_role("article", name=re.compile(f"^{name},"))


def middle(page, name):
    box = card(page, name).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, start, end_):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end_[0]) / 2, (start[1] + end_[1]) / 2, steps=6)
    page.mouse.move(*end_, steps=6)
    page.mouse.up()


def document(flow):
    return Flow.objects.get(pk=flow.pk).draft.document


def ids(flow):
    return {node["id"] for node in document(flow)["nodes"]}


def until(page, condition):
    """A condition on the server, looked at again whenever the page has had time to talk to it."""
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come about")


def test_a_dragged_step_is_where_it_was_put_and_undo_puts_it_back(canvas, flow):
    x, y = middle(canvas, "two")
    drag(canvas, (x, y), (x + 160, y + 32))
    until(canvas, lambda: document(flow)["layout"]["two"] != LAYOUT["two"])
    moved = document(flow)["layout"]["two"]
    assert abs(moved["x"] - 160) <= 16
    assert abs(moved["y"] - 288) <= 16
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: document(flow)["layout"]["two"] == LAYOUT["two"])
    canvas.keyboard.press("Control+y")
    until(canvas, lambda: document(flow)["layout"]["two"] == moved)


def test_a_marquee_selects_and_the_selection_moves_together(canvas, flow):
    top, bottom = card(canvas, "one").bounding_box(), card(canvas, "two").bounding_box()
    drag(canvas, (top["x"] - 60, top["y"] - 10), (bottom["x"] + 300, bottom["y"] + bottom["height"] + 8))
    expect(card(canvas, "one")).to_have_accessible_name(re.compile("selected"))
    expect(card(canvas, "two")).to_have_accessible_name(re.compile("selected"))
    x, y = middle(canvas, "one")
    drag(canvas, (x, y), (x + 320, y))
    until(canvas, lambda: document(flow)["layout"]["two"]["x"] >= 304)
    layout = document(flow)["layout"]
    assert layout["one"]["x"] == layout["two"]["x"]
    assert layout["end"] == LAYOUT["end"]


def test_delete_takes_a_step_away_and_shift_delete_heals_the_line(canvas, flow):
    card(canvas, "one").click()
    canvas.keyboard.press("Shift+Delete")
    until(canvas, lambda: "one" not in ids(flow))
    edges = {(edge["source"], edge["target"]) for edge in document(flow)["edges"]}
    assert ("start", "two") in edges
    card(canvas, "two").click()
    canvas.keyboard.press("Delete")
    until(canvas, lambda: "two" not in ids(flow))
    assert ("start", "end") not in {(edge["source"], edge["target"]) for edge in document(flow)["edges"]}


def test_copy_and_paste_make_a_second_step_with_a_key_of_its_own(canvas, flow, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    card(canvas, "one").click()
    canvas.keyboard.press("Control+c")
    canvas.keyboard.press("Control+v")
    until(canvas, lambda: len(ids(flow)) == 5)
    keys = [node["key"] for node in document(flow)["nodes"]]
    assert len(set(keys)) == 5


def test_a_problem_is_marked_and_f8_leads_to_it(canvas, flow):
    card(canvas, "one").click()
    canvas.keyboard.press("Delete")
    expect(card(canvas, "two")).to_have_accessible_name(re.compile("problem"))
    canvas.keyboard.press("F8")
    expect(canvas.get_by_label("Name of the step")).to_be_visible()


def test_the_wheel_pans_control_zooms_and_one_fits(canvas):
    before = card(canvas, "one").bounding_box()
    x, y = middle(canvas, "one")
    canvas.mouse.move(x + 250, y)
    canvas.mouse.wheel(0, 200)
    until(canvas, lambda: card(canvas, "one").bounding_box()["y"] < before["y"])
    canvas.keyboard.down("Control")
    canvas.mouse.wheel(0, -300)
    canvas.keyboard.up("Control")
    until(canvas, lambda: card(canvas, "one").bounding_box()["width"] > before["width"])
    canvas.get_by_role("application", name="Canvas").focus()
    canvas.keyboard.press("1")
    until(canvas, lambda: card(canvas, "one").bounding_box()["width"] <= before["width"])


def test_two_tabs_that_change_different_things_are_merged(canvas, flow, context):
    other = context.new_page()
    other.goto(f"/flows/{flow.pk}/")
    expect(card(other, "end")).to_be_visible()
    x, y = middle(canvas, "one")
    drag(canvas, (x, y), (x + 320, y))
    until(canvas, lambda: document(flow)["layout"]["one"]["x"] >= 304)
    other.bring_to_front()
    x, y = middle(other, "end")
    drag(other, (x, y), (x - 320, y))
    until(other, lambda: document(flow)["layout"]["end"]["x"] <= -304)
    assert document(flow)["layout"]["one"]["x"] >= 304


def test_a_viewer_sees_everything_and_changes_nothing(page, flow, workspace, make_person, sign_in):
    sign_in(make_person(workspace, "viewer"))
    page.goto(f"/flows/{flow.pk}/")
    expect(card(page, "one")).to_be_visible()
    expect(page.get_by_role("button", name="Test")).to_have_count(0)
    expect(page.get_by_role("button", name="Publish Workflow")).to_have_count(0)
    card(page, "one").click()
    page.keyboard.press("Delete")
    x, y = middle(page, "two")
    drag(page, (x, y), (x + 200, y))
    expect(card(page, "one")).to_be_visible()
    assert document(flow)["layout"] == LAYOUT


def test_what_is_live_is_left_alone_until_publish_workflow(canvas, flow):
    card(canvas, "one").click()
    canvas.keyboard.press("d")
    expect(canvas.get_by_text("Draft, 1 change")).to_be_visible()
    until(canvas, lambda: any(node.get("disabled") for node in document(flow)["nodes"]))
    assert not any(node.get("disabled") for node in Flow.objects.get(pk=flow.pk).published.document["nodes"])
