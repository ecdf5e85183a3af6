"""Menus, all commands, the search in the flow, the sheet of keys, single letters; and that Tab is left alone."""

import pytest
from playwright.sync_api import expect

from builder.models import Preference
from tests.browser import editing
from tests.browser.editing import card, document_of, lines, open_editor, until
from tests.browser.hands import middle, node_ids, port, press, select, selected
from tests.browser.sharing import expected
from tests.flows import call_ended, chain, end, post_json, set_variable

NOTE = {"id": "m1", "x": 400, "y": 900, "width": 208, "height": 96, "text": "Refunds go to Mary", "color": "yellow"}


def menu(page, what):
    return page.get_by_role("menu", name=f"Menu of {what}", exact=True)


def items(page):
    return [text.split("\n")[0] for text in page.get_by_role("menu").get_by_role("menuitem").all_inner_texts()]


def keys(page, *pressed):
    editing.canvas(page).focus()
    for key in pressed:
        page.keyboard.press(key)


def test_the_right_button_opens_the_menu_of_a_step(canvas, column):
    card(canvas, "one").click(button="right")
    expect(menu(canvas, "one")).to_be_visible()
    assert {"Open step", "Rename step", "Replace step", "Duplicate", "Delete and keep the line", "Delete"} <= set(
        items(canvas)
    )
    until(canvas, lambda: selected(canvas) == {"one"})
    canvas.get_by_role("menuitem", name="Delete and keep the line").click()
    until(canvas, lambda: "start[next] -> two" in lines(column))


def without(page, part):
    """From here on a module of the editor cannot be fetched; what stands by for such hours has been."""
    asked = []
    page.route(f"**/view/{part}", lambda route: (asked.append(part), route.abort()))
    page.route("**/view/context-menu.js", lambda route: (asked.append("the last"), route.abort()))
    page.mouse.move(700, 500)
    until(page, lambda: "the last" in asked)
    if part != "context-menu.js":
        page.unroute("**/view/context-menu.js")


WISHES = {
    "command-palette.js": lambda page: keys(page, "Control+k"),
    "flow-menu.js": lambda page: page.get_by_role("button", name="More about this flow").click(),
    "context-menu.js": lambda page: card(page, "one").click(button="right"),
}


@pytest.mark.parametrize("part", WISHES)
def test_a_part_that_cannot_be_fetched_says_so_and_comes_when_it_is_asked_for_again(canvas, part):
    without(canvas, part)
    WISHES[part](canvas)
    expect(canvas.get_by_role("region", name="News")).to_contain_text("This part could not be loaded")
    canvas.unroute(f"**/view/{part}")
    WISHES[part](canvas)
    expect(canvas.get_by_role("dialog").or_(canvas.get_by_role("menu"))).to_be_visible()
    expected(canvas)


def test_the_menu_of_several_is_about_all_of_them(canvas, column):
    select(canvas, "one", "two")
    card(canvas, "two").click(button="right")
    expect(menu(canvas, "2 steps")).to_be_visible()
    canvas.get_by_role("menuitem", name="Turn step on or off").click()
    until(canvas, lambda: [node.get("disabled") for node in document_of(column)["nodes"]].count(True) == 2)


def test_the_menu_of_a_line_adds_on_it_or_removes_it(canvas, column):
    x, y = port(canvas, "one")
    press(canvas, (x, y + 32), button="right")
    expect(menu(canvas, "the line")).to_be_visible()
    canvas.get_by_role("menuitem", name="Add a step here").click()
    field = canvas.get_by_role("combobox", name="Search apps and actions")
    expect(field).to_be_focused()
    field.fill("wait")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: {"one[next] -> Wait", "Wait[next] -> two"} <= lines(column))
    x, y = port(canvas, "start")
    press(canvas, (x, y + 32), button="right")
    canvas.get_by_role("menuitem", name="Delete", exact=True).click()
    until(canvas, lambda: "start[next] -> one" not in lines(column))


def test_the_menu_of_the_canvas_adds_where_one_points(canvas, column):
    x, y = middle(canvas, "one", dx=380)
    press(canvas, (x, y), button="right")
    expect(menu(canvas, "the canvas")).to_be_visible()
    canvas.get_by_role("menuitem", name="Add a note").click()
    until(canvas, lambda: len(document_of(column)["notes"]) == 1)
    assert document_of(column)["notes"][0]["x"] == pytest.approx(508, abs=9)


@pytest.mark.parametrize("key", ["Shift+F10", "ContextMenu"])
def test_the_keyboard_opens_the_menu_of_what_one_stands_at(canvas, column, key):
    keys(canvas, "ArrowDown", "ArrowDown")
    until(canvas, lambda: selected(canvas) == {"one"})
    canvas.keyboard.press(key)
    expect(menu(canvas, "one")).to_be_visible()
    expect(canvas.get_by_role("menuitem", name="Open step")).to_be_focused()
    canvas.keyboard.press("ArrowDown")
    expect(canvas.get_by_role("menuitem", name="Rename step")).to_be_focused()
    canvas.keyboard.press("End")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: "one" not in node_ids(column))
    expect(editing.canvas(canvas)).to_be_focused()


def test_escape_closes_a_menu_and_gives_the_canvas_back(canvas):
    card(canvas, "one").click(button="right")
    expect(menu(canvas, "one")).to_be_visible()
    canvas.keyboard.press("Escape")
    expect(canvas.get_by_role("menu")).to_have_count(0)
    expect(editing.canvas(canvas)).to_be_focused()


def test_control_k_finds_commands_steps_and_what_can_be_added(canvas, column):
    keys(canvas, "Control+k")
    field = canvas.get_by_role("combobox", name="All commands")
    expect(field).to_be_focused()
    canvas.keyboard.type("select all")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: selected(canvas) == {"start", "one", "two", "end"})
    keys(canvas, "Escape", "Control+k")
    expect(field).to_be_focused()
    canvas.keyboard.type("two")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: selected(canvas) == {"two"})
    keys(canvas, "Control+k")
    expect(field).to_be_focused()
    canvas.keyboard.type("add wait")
    canvas.keyboard.press("Enter")
    until(canvas, lambda: "two[next] -> Wait" in lines(column))


@pytest.fixture
def wide(make_flow):
    """A flow of which not everything is in view."""
    nodes = [call_ended(), post_json("ask", "https://refunds.example/v1"), set_variable("refund", a="1"), end()]
    places = {"start": (0, 0), "ask": (0, 128), "refund": (2500, 256), "end": (0, 384)}
    return make_flow(chain(*nodes), places, [NOTE])


def test_the_search_finds_names_configs_and_notes_and_goes_from_one_to_the_next(show, wide):
    page = show(wide)
    keys(page, "0", "Control+f")
    field = page.get_by_role("searchbox", name="Search in this flow")
    expect(field).to_be_focused()
    field.fill("refund")
    count = page.get_by_role("search", name="Search in this flow").get_by_role("status")
    expect(count).to_have_text("1 of 3")
    expect(card(page, "ask")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(count).to_have_text("2 of 3")
    expect(card(page, "refund")).to_be_in_viewport()
    page.get_by_role("button", name="Next find").click()
    expect(count).to_have_text("3 of 3")
    expect(page.get_by_role("complementary", name="Note: Refunds go to Mary")).to_be_in_viewport()
    field.press("Shift+Enter")
    expect(count).to_have_text("2 of 3")
    page.keyboard.press("F3")
    page.keyboard.press("F3")
    expect(count).to_have_text("1 of 3")
    page.keyboard.press("Escape")
    until(page, lambda: selected(page) == {"ask"})
    expect(editing.canvas(page)).to_be_focused()
    keys(page, "Control+f")
    field.fill("nowhere")
    expect(count).to_have_text("Nothing found")


def test_the_question_mark_shows_all_keys(canvas):
    keys(canvas, "?")
    sheet = canvas.get_by_role("dialog", name="Keyboard shortcuts")
    for text in ("Add a step", "Turn step on or off", "Tidy up", "Search in this flow", "Next problem"):
        expect(sheet.get_by_text(text, exact=True)).to_be_visible()
    canvas.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_single_letters_can_be_switched_off_and_that_is_kept(canvas, column, owner):
    keys(canvas, "?")
    switch = canvas.get_by_role("checkbox", name="Single letters are keys")
    expect(switch).to_be_checked()
    with canvas.expect_response(lambda answer: "/preferences/" in answer.url):
        switch.uncheck()
    canvas.keyboard.press("Escape")
    assert Preference.objects.get(user=owner.user).values["single_keys"] is False
    select(canvas, "one")
    keys(canvas, "d", "n", "Control+d")
    until(canvas, lambda: len(node_ids(column)) == 5)
    assert not any(node.get("disabled") for node in document_of(column)["nodes"])
    expect(canvas.get_by_role("dialog")).to_have_count(0)
    open_editor(canvas, column)
    select(canvas, "two")
    keys(canvas, "d", "Control+d")
    until(canvas, lambda: len(node_ids(column)) == 6)
    assert not any(node.get("disabled") for node in document_of(column)["nodes"])


def test_single_letters_are_no_keys_outside_the_canvas(canvas, column):
    select(canvas, "one")
    name = canvas.get_by_label("Name of the step")
    name.fill("d n r ?")
    expect(name).to_have_value("d n r ?")
    expect(canvas.get_by_role("dialog")).to_have_count(0)
    assert not any(node.get("disabled") for node in document_of(column)["nodes"])


def test_tab_is_never_taken(canvas):
    keys(canvas, "ArrowDown", "Tab")
    expect(editing.canvas(canvas)).not_to_be_focused()
    canvas.keyboard.press("Shift+Tab")
    expect(editing.canvas(canvas)).to_be_focused()
