"""The outline: the whole flow as a tree, with the same commands; below 768 px it is the editor."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from tests.browser.editing import Keys, card, document_of, lines, open_editor, row, said, until
from tests.browser.hands import grab, painted
from tests.conftest import PATIENCE_SECONDS
from tests.flows import call_ended, decision, document, end, set_variable


@pytest.fixture
def flow(live, workspace, owner):
    nodes = [call_ended(), decision("urgent", "{{interaction.status}}", "is_set"), set_variable("one", a="1"), end()]
    edges = [("start", "next", "urgent"), ("urgent", "yes", "one"), ("one", "next", "end"), ("urgent", "else", "end")]
    return create_flow(workspace, owner.user, name="Outlined", kind="post_call", document=document(nodes, edges))


@pytest.fixture
def keys(page, owner, sign_in):
    sign_in(owner)
    return Keys(page)


@pytest.fixture
def outline(page, keys, flow):
    open_editor(page, flow)
    page.get_by_role("button", name="Outline").click()
    expect(page.get_by_role("tree", name="Outline")).to_be_visible()
    expect(row(page, "start")).to_be_focused()
    return page


def levels(page):
    rows = page.get_by_role("treeitem").all()
    return [(int(each.get_attribute("aria-level")), each.get_attribute("aria-label").split(",")[0]) for each in rows]


def test_the_flow_reads_as_a_nested_list_with_joins_at_the_level_of_the_split(outline):
    assert levels(outline) == [
        (1, "start"),
        (1, "urgent"),
        (2, "If yes"),
        (3, "one"),
        (3, "continues at end"),
        (2, "If Otherwise"),
        (3, "continues at end"),
        (1, "end"),
    ]
    urgent = row(outline, "urgent")
    expect(urgent).to_have_attribute("aria-expanded", "true")
    expect(urgent).to_have_attribute("aria-posinset", "2")
    expect(urgent).to_have_attribute("aria-setsize", "3")


def test_arrows_walk_fold_and_unfold_and_select_the_step(outline, keys):
    keys.press("ArrowDown")
    expect(row(outline, "urgent")).to_be_focused()
    expect(row(outline, "urgent")).to_have_attribute("aria-selected", "true")
    expect(outline.get_by_label("Name of the step")).to_have_value("urgent")
    keys.press("ArrowLeft")
    expect(row(outline, "urgent")).to_have_attribute("aria-expanded", "false")
    expect(row(outline, "If yes")).to_have_count(0)
    keys.press("ArrowRight", "ArrowRight", "ArrowRight")
    expect(row(outline, "one")).to_be_focused()
    keys.press("ArrowLeft")
    expect(row(outline, "If yes")).to_be_focused()
    keys.press("End")
    expect(row(outline, "end")).to_be_focused()
    keys.press("Home")
    expect(row(outline, "start")).to_be_focused()


def test_only_one_row_is_a_stop_of_tab(outline):
    assert outline.locator("[role=treeitem][tabindex='0']").count() == 1


def test_enter_opens_a_step_and_a_link_leads_to_its_step(outline, keys):
    keys.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
    expect(row(outline, "continues at end").first).to_be_focused()
    keys.press("Enter")
    expect(row(outline, "end")).to_be_focused()
    keys.press("Enter")
    expect(outline.locator("#left :focus")).to_have_count(1)
    keys.press("Escape")
    expect(row(outline, "end")).to_be_focused()


def test_add_after_insert_rename_turn_off_and_delete(outline, keys, flow):
    keys.press("ArrowDown", "ArrowDown", "ArrowDown")
    keys.press("n")
    expect(outline.get_by_role("combobox", name="Search apps and actions")).to_be_focused()
    keys.type("wait")
    keys.press("Enter")
    expect(row(outline, "Wait")).to_be_focused()
    until(outline, lambda: {"one[next] -> Wait", "Wait[next] -> end"} <= lines(flow))
    keys.press("F2")
    keys.type("Pause")
    keys.press("Enter")
    said(outline, "Rename to Pause")
    expect(row(outline, "Pause")).to_be_focused()
    keys.press("d")
    said(outline, "Turn off Pause")
    expect(row(outline, "Pause")).to_have_accessible_name(re.compile(", Off"))
    keys.press("Shift+Delete")
    said(outline, "Delete Pause, keep the line")
    expect(row(outline, "one")).to_be_focused()
    until(outline, lambda: "one[next] -> end" in lines(flow))


def test_a_step_goes_into_the_branch_the_keyboard_is_on(outline, keys, flow):
    row(outline, "If Otherwise").focus()
    keys.press("n")
    keys_into_picker(outline, keys, "set")
    until(outline, lambda: "urgent[else] -> Set variable" in lines(flow))
    assert "Set variable[next] -> end" in lines(flow)


def keys_into_picker(page, keys, text):
    expect(page.get_by_role("combobox", name="Search apps and actions")).to_be_focused()
    keys.type(text)
    keys.press("Enter")


def test_a_branch_is_connected_by_name_and_disconnected_with_delete(outline, keys, flow):
    row(outline, "If Otherwise").focus()
    keys.press("c")
    expect(outline.get_by_role("combobox", name="Where does urgent · Otherwise lead to?")).to_be_focused()
    keys.type("one")
    keys.press("Enter")
    until(outline, lambda: "urgent[else] -> one" in lines(flow))
    row(outline, "If Otherwise").focus()
    keys.press("Delete")
    said(outline, "Remove a connection")
    until(outline, lambda: not any(line.startswith("urgent[else]") for line in lines(flow)))
    expect(outline.get_by_role("tree").locator(":focus")).to_have_count(1)


def test_alt_and_arrows_move_a_step_along_the_line(outline, keys, flow):
    row(outline, "one").focus()
    keys.press("Alt+ArrowUp")
    said(outline, "Move one before urgent")
    until(outline, lambda: {"start[next] -> one", "one[next] -> urgent", "urgent[yes] -> end"} <= lines(flow))
    expect(row(outline, "one")).to_be_focused()
    keys.press("Alt+ArrowUp")
    expect(outline.locator("#live [role=alert]:not(:empty)")).to_have_text("The trigger stays first.")
    keys.press("Control+z")
    until(outline, lambda: "urgent[yes] -> one" in lines(flow))


def test_a_step_moves_after_another_chosen_by_name(outline, keys, flow):
    row(outline, "one").focus()
    keys.press("Shift+F10")
    outline.get_by_role("menuitem", name="Move to…").click()
    expect(outline.get_by_role("combobox", name="After which step should one come?")).to_be_focused()
    keys.type("otherwise")
    keys.press("Enter")
    until(outline, lambda: {"urgent[else] -> one", "one[next] -> end", "urgent[yes] -> end"} <= lines(flow))


def test_what_the_canvas_selects_the_outline_shows(outline):
    card(outline, "one").click()
    expect(row(outline, "one")).to_have_attribute("aria-selected", "true")


def test_a_long_flow_has_few_rows_in_the_page_and_all_of_them_by_keyboard(page, keys, workspace, owner):
    nodes = [call_ended(), *[set_variable(f"s{n:04}", a="1") for n in range(1500)]]
    pairs = [(a["id"], "next", b["id"]) for a, b in pairwise(nodes)]
    long = create_flow(workspace, owner.user, name="Long", kind="post_call", document=document(nodes, pairs))
    open_editor(page, long)
    page.get_by_role("button", name="Outline").click()
    expect(row(page, "start")).to_be_focused()
    assert page.get_by_role("treeitem").count() < 80
    keys.press("End", "ArrowUp")
    expect(row(page, "s1499")).to_be_focused()
    expect(row(page, "s1499")).to_have_attribute("aria-setsize", "1502")
    assert page.get_by_role("treeitem").count() < 80


class TestNarrow:
    """A phone: 390 px wide, touch."""

    @pytest.fixture
    def context(self, browser, live):
        context = browser.new_context(
            base_url=live, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        yield context
        context.close()

    @pytest.fixture
    def phone(self, page, keys, flow):
        open_editor(page, flow)
        expect(page.get_by_role("tree", name="Outline")).to_be_visible()
        return page

    def test_the_outline_is_the_editor(self, phone, flow):
        expect(phone.get_by_role("application", name="Canvas")).to_be_hidden()
        row(phone, "If Otherwise").get_by_role("button", name="More for").tap()
        phone.get_by_role("menuitem", name="Add a step here").tap()
        phone.get_by_role("option", name="Flow").tap()
        phone.get_by_role("option", name=re.compile(r"^Wait\b")).tap()
        until(phone, lambda: "urgent[else] -> Wait" in lines(flow))
        expect(row(phone, "Wait")).to_be_visible()

    def test_a_tap_opens_the_inspector_as_a_sheet_and_back_closes_it(self, phone, flow):
        row(phone, "one").tap()
        name = phone.get_by_label("Name of the step")
        expect(name).to_be_visible()
        expect(phone.get_by_role("tree", name="Outline")).to_be_hidden()
        name.fill("Renamed")
        phone.get_by_role("button", name="Save Changes").tap()
        until(phone, lambda: any(each["label"] == "Renamed" for each in document_of(flow)["nodes"]))
        phone.get_by_role("button", name="Back").tap()
        expect(row(phone, "Renamed")).to_be_focused()

    def test_a_sheet_whose_form_takes_long_shows_rows_meanwhile(self, page, keys, flow):
        """On a slow line the first tap would open an empty screen."""
        held = []
        page.route("**/view/inspector.js*", lambda route: held.append(route))
        open_editor(page, flow)
        row(page, "one").tap()
        rows = "getComputedStyle(document.querySelector('.left-panel'), '::before')"
        until(page, lambda: held and page.evaluate(f"[{rows}.visibility, {rows}.height]") == ["visible", "172px"])
        held[0].continue_()
        expect(page.get_by_label("Name of the step")).to_be_visible()
        assert page.evaluate(f"{rows}.content") == "none"

    def test_the_canvas_can_be_looked_at_but_not_changed(self, phone, flow):
        before = document_of(flow)["layout"]
        phone.get_by_role("button", name="Canvas").tap()
        expect(card(phone, "one")).to_be_visible()
        expect(phone.get_by_role("tree", name="Outline")).to_be_hidden()
        box = card(phone, "one").bounding_box()
        grab(phone, (box["x"] + 20, box["y"] + 20))
        phone.mouse.move(box["x"] + 90, box["y"] + 90, steps=5)
        phone.mouse.up()
        moved = card(phone, "one").bounding_box()
        assert abs(moved["x"] - box["x"] - 70) < 3
        assert document_of(flow)["layout"] == before

    def test_test_runs_problems_and_undo_are_one_tap_away(self, phone, flow):
        for button, heading in (("Test", "Test"), ("Runs", "Runs")):
            phone.get_by_role("navigation", name="Parts of the editor").get_by_role("button", name=button).tap()
            expect(phone.get_by_role("heading", name=heading, exact=True).first).to_be_visible()
        phone.get_by_role("button", name="More", exact=True).tap()
        phone.get_by_role("menuitem", name="Problems").tap()
        expect(phone.get_by_role("heading", name="Problems")).to_be_visible()
        phone.get_by_role("button", name="Outline", exact=True).tap()
        expect(phone.get_by_role("tree", name="Outline")).to_be_visible()

    def test_nothing_is_wider_than_the_screen(self, phone):
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        for button in phone.get_by_role("navigation", name="Parts of the editor").get_by_role("button").all():
            box = button.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            assert min(box["width"], box["height"]) >= 44


def press_slowly(page, where):
    """As a hand does it: some frames lie between down and up."""
    box = where.bounding_box()
    grab(page, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    for _ in range(3):
        painted(page)
    page.mouse.up()


def test_a_press_that_lasts_some_frames_is_one_click_on_any_row(outline):
    press_slowly(outline, row(outline, "If Otherwise").locator(".outline-fold"))
    expect(row(outline, "If Otherwise")).to_have_attribute("aria-expanded", "false")
    press_slowly(outline, row(outline, "continues at end").first.locator(".outline-name"))
    expect(row(outline, "end")).to_be_focused()  # the link was followed


def test_on_a_narrow_page_a_press_that_lasts_some_frames_opens_the_step(page, keys, flow):
    page.set_viewport_size({"width": 390, "height": 844})
    open_editor(page, flow)
    press_slowly(page, row(page, "one").locator(".outline-name"))
    expect(page.get_by_label("Name of the step")).to_have_value("one")
