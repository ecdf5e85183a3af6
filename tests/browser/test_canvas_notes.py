"""Sticky notes: made, written, moved, resized, coloured, copied, deleted; with the mouse and without."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import document_of, said, until
from tests.browser.hands import drag, middle, press
from tests.flows import call_ended, chain, set_variable

NOTE = {"id": "m1", "x": 320, "y": 0, "width": 208, "height": 96, "text": "Ask Mary", "color": "yellow"}


@pytest.fixture
def flow(make_flow):
    return make_flow(chain(call_ended(), set_variable("one")), {"start": (0, 0), "one": (0, 128)}, [NOTE])


@pytest.fixture
def noted(show, flow):
    return show(flow)


def paper(page, text="Ask Mary"):
    return page.get_by_role("complementary", name=re.compile(f"^Note: {text}"))


def notes(flow):
    return document_of(flow)["notes"]


def note(flow):
    return next(each for each in notes(flow) if each["id"] == "m1")


def test_a_note_is_made_with_a_key_and_written_at_once(canvas, column):
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Shift+n")
    expect(canvas.get_by_role("textbox", name="Note")).to_be_focused()
    canvas.keyboard.type("Calls from Spain end here")
    canvas.keyboard.press("Control+Enter")
    until(canvas, lambda: [each["text"] for each in notes(column)] == ["Calls from Spain end here"])
    expect(paper(canvas, "Calls from Spain")).to_be_visible()
    expect(editing.canvas(canvas)).to_be_focused()
    canvas.keyboard.press("Control+z")
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: notes(column) == [])


def test_a_double_click_opens_the_text_and_a_click_elsewhere_keeps_it(noted, flow):
    paper(noted).dblclick()
    field = noted.get_by_role("textbox", name="Note")
    expect(field).to_have_value("Ask Mary")
    field.fill("Ask John\nor Mary")
    press(noted, middle(noted, "one", dx=-300))
    until(noted, lambda: note(flow)["text"] == "Ask John\nor Mary")
    expect(noted.get_by_role("button", name="Undo: Change a note")).to_be_enabled()


def test_a_note_is_moved_and_resized_with_the_mouse(noted, flow):
    box = paper(noted).bounding_box()
    drag(noted, (box["x"] + 40, box["y"] + 40), (box["x"] + 104, box["y"] + 72))
    until(noted, lambda: (note(flow)["x"], note(flow)["y"]) == (384, 32))
    box = paper(noted).bounding_box()
    corner = (box["x"] + box["width"] - 6, box["y"] + box["height"] - 6)
    drag(noted, corner, (corner[0] + 50, corner[1] + 33))
    until(noted, lambda: (note(flow)["width"], note(flow)["height"]) == (256, 128))
    expect(noted.get_by_role("button", name="Undo: Resize a note")).to_be_enabled()


def test_a_note_is_coloured_from_its_menu(noted, flow):
    paper(noted).click(button="right")
    menu = noted.get_by_role("menu", name="Menu of the note")
    expect(menu.get_by_role("menuitemradio", name="Yellow")).to_be_checked()
    menu.get_by_role("menuitemradio", name="Green").click()
    until(noted, lambda: note(flow)["color"] == "green")
    expect(noted.get_by_role("button", name="Undo: Colour a note green")).to_be_enabled()


def test_a_note_is_copied_and_deleted(noted, flow):
    paper(noted).click()
    editing.canvas(noted).focus()
    noted.keyboard.press("Control+d")
    until(noted, lambda: len(notes(flow)) == 2)
    assert {each["text"] for each in notes(flow)} == {"Ask Mary"}
    noted.keyboard.press("Delete")
    until(noted, lambda: [each["id"] for each in notes(flow)] == ["m1"])


def test_everything_about_a_note_works_without_a_mouse(noted, flow):
    editing.canvas(noted).focus()
    noted.keyboard.press("m")
    said(noted, "Note: Ask Mary")
    noted.keyboard.press("Alt+ArrowRight")
    noted.keyboard.press("Alt+ArrowDown")
    noted.keyboard.press("Alt+Shift+ArrowRight")
    until(noted, lambda: (note(flow)["x"], note(flow)["y"], note(flow)["width"]) == (336, 16, 224))
    noted.keyboard.press("Enter")
    expect(noted.get_by_role("textbox", name="Note")).to_be_focused()
    noted.keyboard.press("End")
    noted.keyboard.type(" again")
    noted.keyboard.press("Escape")
    until(noted, lambda: note(flow)["text"] == "Ask Mary again")
    noted.keyboard.press("Shift+F10")
    expect(noted.get_by_role("menu", name="Menu of the note")).to_be_visible()
    noted.keyboard.press("ArrowDown")
    noted.keyboard.press("ArrowRight")
    expect(noted.get_by_role("menuitemradio", name="Blue")).to_be_focused()
    noted.keyboard.press("Enter")
    until(noted, lambda: note(flow)["color"] == "blue")
    noted.keyboard.press("Delete")
    until(noted, lambda: notes(flow) == [])
