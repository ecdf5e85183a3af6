"""Undo and redo: everything one does is one labelled entry; the list of them; and only one's own changes."""

from itertools import cycle

from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, document_of, lines, open_editor, said, until
from tests.browser.hands import drag, go, grab, middle, node_ids, place_of, places_of, port, select


def undo(page):
    return page.locator('[data-command="undo"]')


def labelled(page, name):
    """Waits until the undo button says what it would take back."""
    expect(undo(page)).to_have_accessible_name(f"Undo: {name}")


def named(flow, id_):
    return next(node for node in document_of(flow)["nodes"] if node["id"] == id_)


def do_one_of_each(page):
    """A move, a rename, a switch, a connection, a deletion, a configuration; each ends up in the list."""
    x, y = middle(page, "two")
    drag(page, (x, y), (x + 320, y))
    labelled(page, "Move two")
    select(page, "one")
    editing.canvas(page).focus()
    page.keyboard.press("F2")
    page.keyboard.type("uno")
    page.keyboard.press("Enter")
    labelled(page, "Rename to uno")
    page.keyboard.press("d")
    labelled(page, "Turn off uno")
    drag(page, port(page, "uno"), middle(page, "end"))
    labelled(page, "Reconnect to end")
    select(page, "two")
    editing.canvas(page).focus()
    page.keyboard.press("Delete")
    labelled(page, "Delete two")
    select(page, "uno")
    page.get_by_label("Name of the step").fill("first")
    page.keyboard.press("Control+s")
    labelled(page, "Configure first")


LIST = [
    "Configure first",
    "Delete two",
    "Reconnect to end",
    "Turn off uno",
    "Rename to uno",
    "Move two",
    "The flow as it was opened",
]


def test_everything_is_undone_and_done_again_one_entry_each(canvas, column):
    before = document_of(column)
    do_one_of_each(canvas)
    until(canvas, lambda: named(column, "one")["label"] == "first")
    after = document_of(column)
    editing.canvas(canvas).focus()
    for label in LIST[:-1]:
        labelled(canvas, label)
        canvas.keyboard.press("Control+z")
        said(canvas, f"Undone: {label}")
    expect(undo(canvas)).to_be_disabled()
    until(canvas, lambda: document_of(column) == before)
    for label, chord in zip(reversed(LIST[:-1]), cycle(["Control+Shift+z", "Control+y"]), strict=False):
        canvas.keyboard.press(chord)
        said(canvas, f"Done again: {label}")
    until(canvas, lambda: document_of(column) == after)


def test_the_list_shows_what_was_done_and_goes_back_to_any_of_it(canvas, column):
    before = document_of(column)
    do_one_of_each(canvas)
    canvas.get_by_role("button", name="List of what can be undone").click()
    entries = canvas.get_by_role("menu", name="What was done").get_by_role("menuitem")
    expect(entries).to_have_text(LIST)
    expect(entries.first).to_have_attribute("aria-current", "step")
    entries.filter(has_text="Move two").click()
    said(canvas, "5 changes undone")
    until(canvas, lambda: named(column, "one")["label"] == "one" and place_of(column, "two") == (320, 256))
    canvas.get_by_role("button", name="List of what can be undone").click()
    expect(entries.first).to_have_text("Configure first, undone")
    canvas.keyboard.press("End")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: document_of(column) == before)
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+Alt+z")
    expect(entries.last).to_be_focused()
    canvas.keyboard.press("Home")
    canvas.keyboard.press("Enter")
    said(canvas, "6 changes done again")
    until(canvas, lambda: named(column, "one")["label"] == "first")


def test_a_drag_over_many_places_is_one_entry(canvas, column):
    x, y = middle(canvas, "one")
    grab(canvas, (x, y))
    for dx in (100, 300, -200, 250):
        go(canvas, (x + dx, y + dx / 4))
    canvas.mouse.up()
    until(canvas, lambda: place_of(column, "one") != (0, 128))
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: place_of(column, "one") == (0, 128))
    expect(undo(canvas)).to_be_disabled()


def test_undo_takes_back_only_ones_own_changes_and_names_what_it_left(canvas, column, context):
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+a")
    x, y = middle(canvas, "one")
    drag(canvas, (x, y), (x + 160, y))
    until(canvas, lambda: place_of(column, "two") == (160, 256))
    other = context.new_page()
    open_editor(other, column)
    x, y = middle(other, "two")
    drag(other, (x, y), (x + 320, y))
    until(other, lambda: place_of(column, "two") == (480, 256))
    canvas.bring_to_front()
    until(canvas, lambda: card(canvas, "two").bounding_box()["x"] > card(canvas, "one").bounding_box()["x"] + 300)
    canvas.keyboard.press("Control+z")
    said(canvas, "Left as it is, because it was changed meanwhile: two")
    until(canvas, lambda: place_of(column, "one") == (0, 128))
    assert places_of(column)["two"] == (480, 256)


def test_inside_a_field_undo_is_the_fields_own(canvas, column):
    x, y = middle(canvas, "two")
    drag(canvas, (x, y), (x + 320, y))
    until(canvas, lambda: place_of(column, "two") == (320, 256))
    name = canvas.get_by_label("Name of the step")
    name.press("End")
    canvas.keyboard.type("!")
    canvas.keyboard.press("Control+z")
    expect(name).to_have_value("two")
    assert place_of(column, "two") == (320, 256)


def test_what_is_undone_can_be_undone_after_a_deletion_with_its_lines(canvas, column):
    before = lines(column)
    select(canvas, "one", "two")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Delete")
    until(canvas, lambda: node_ids(column) == {"start", "end"})
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: lines(column) == before)
