"""Building with the keyboard alone: every key is a real one, and what was built is read back from the server."""

import re

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.pages.preferring import prefer
from tests.browser.editing import Keys, canvas, card, document_of, lines, open_editor, said, until
from tests.flows import call_ended, chain, end, set_variable


@pytest.fixture
def empty(live, workspace, owner):
    document = {"schema": 1, "nodes": [], "edges": [], "layout": {}, "notes": []}
    return create_flow(workspace, owner.user, name="By keyboard", kind="post_call", document=document)


@pytest.fixture
def flow(live, workspace, owner):
    document = chain(call_ended(), set_variable("one", a="1"), set_variable("two", b="{{vars.a}}"), end())
    return create_flow(workspace, owner.user, name="Keys", kind="post_call", document=document)


@pytest.fixture
def keys(page, owner, sign_in):
    sign_in(owner)
    return Keys(page)


def picker(page):
    return page.get_by_role("combobox", name="Search apps and actions")


def add(keys, chord, name):
    """Create and connect in a direction: the chord, a few letters, Enter."""
    keys.press(chord)
    expect(picker(keys.page)).to_be_focused()
    keys.type(name)
    keys.press("Enter")
    expect(canvas(keys.page)).to_be_focused()


def test_a_flow_of_ten_steps_is_built_by_keyboard_alone_in_at_most_90_presses(page, keys, empty):
    open_editor(page, empty)
    keys.press("Tab", "Enter")  # the link that skips to the canvas
    keys.press("Tab")
    expect(canvas(page)).to_be_focused()
    add(keys, "n", "call")
    add(keys, "Control+ArrowDown", "dec")
    add(keys, "Control+ArrowDown", "set")
    add(keys, "Control+ArrowDown", "api")
    add(keys, "Control+ArrowDown", "wait")
    add(keys, "Control+ArrowDown", "api")
    add(keys, "Control+ArrowDown", "end")
    keys.press("ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp")  # back at the decision
    add(keys, "Control+ArrowRight", "set")
    add(keys, "Control+ArrowDown", "api")
    add(keys, "Control+ArrowDown", "set")
    keys.press("F2")
    keys.type("Last")
    keys.press("Enter")
    keys.press("c")  # the join: both branches end at the same End
    expect(page.get_by_role("combobox", name="Where does Last lead to?")).to_be_focused()
    keys.type("end")
    expect(page.get_by_role("option", name=re.compile("^End"))).to_be_visible()
    keys.press("Enter")
    said(page, "Connect Last to End")
    until(page, lambda: len(document_of(empty)["edges"]) == 10 and "Last[next] -> End" in lines(empty))
    document = document_of(empty)
    assert len(document["nodes"]) == 10
    assert sorted(node["type"] for node in document["nodes"]) == sorted(
        ["call_ended", "decision", "wait", "end", *["set_variable"] * 3, *["api_request"] * 3]
    )
    into_end = [line for line in lines(empty) if line.endswith("-> End")]
    assert len(into_end) == 2
    assert keys.count <= 90, f"{keys.count} key presses"


def test_tab_moves_between_landmarks_and_is_never_taken(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("Tab")
    expect(canvas(page)).not_to_be_focused()
    keys.press("Shift+Tab")
    expect(canvas(page)).to_be_focused()
    seen = set()
    for _ in range(80):
        keys.press("Tab")
        here = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if here in seen and page.evaluate("document.activeElement.matches('.skip-link')"):
            break
        seen.add(here)
        if page.evaluate("document.activeElement === document.body"):
            break
    else:
        raise AssertionError("Tab never came round")


def test_the_arrows_walk_the_links_and_the_canvas_is_one_stop(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown")
    expect(canvas(page)).to_have_attribute("aria-activedescendant", "node-one")
    keys.press("ArrowDown")
    expect(canvas(page)).to_have_attribute("aria-activedescendant", "node-two")
    keys.press("ArrowUp", "ArrowUp")
    expect(canvas(page)).to_have_attribute("aria-activedescendant", "node-start")


def test_enter_opens_a_step_and_escape_comes_back_to_it(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown", "Enter")
    inspector = page.get_by_role("region", name="Step")
    expect(inspector).to_be_visible()
    expect(page.locator("#left :focus")).to_have_count(1)
    keys.press("Escape")
    expect(canvas(page)).to_be_focused()
    expect(canvas(page)).to_have_attribute("aria-activedescendant", "node-one")


def test_d_turns_a_step_off_r_replaces_it_f2_renames_it_and_each_says_so(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown", "d")
    said(page, "Turn off one")
    keys.press("d")
    said(page, "Turn on one")
    keys.press("r")
    expect(picker(page)).to_be_focused()
    keys.type("wait")
    keys.press("Enter")
    said(page, "Replace one by Wait")
    keys.press("F2")
    keys.type("Pause")
    keys.press("Enter")
    said(page, "Rename to Pause")
    expect(canvas(page)).to_be_focused()
    until(page, lambda: any(n["label"] == "Pause" and n["type"] == "wait" for n in document_of(flow)["nodes"]))


def test_one_and_zero_change_the_view_and_say_so(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("0")
    said(page, "Zoom 100 percent")
    keys.press("1")
    said(page, "The whole flow is in view")


def test_a_step_is_connected_by_typing_the_name_of_the_target(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown", "c")
    expect(page.get_by_role("combobox", name="Where does one lead to?")).to_be_focused()
    chooser = page.get_by_role("listbox", name="Where does one lead to?")
    expect(chooser.get_by_role("option", name=re.compile("^start"))).to_have_attribute("aria-disabled", "true")
    keys.type("end")
    keys.press("Enter")
    said(page, "Reconnect to end")
    expect(canvas(page)).to_be_focused()
    until(page, lambda: "one[next] -> end" in lines(flow))


def test_after_delete_and_undo_the_keyboard_is_never_nowhere(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown", "ArrowDown", "Shift+Delete")
    said(page, "Delete two, keep the line")
    expect(canvas(page)).to_be_focused()
    expect(canvas(page)).to_have_attribute("aria-activedescendant", "node-one")
    keys.press("Control+z")
    said(page, "Undone: Delete two, keep the line")
    expect(card(page, "two")).to_be_visible()
    expect(canvas(page)).to_be_focused()


def test_a_refusal_interrupts_who_listens(page, keys, flow):
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "Delete")
    expect(page.locator("#live").get_by_role("alert").first).to_be_attached()
    expect(page.locator("#live [aria-live=assertive]:not(:empty)")).to_have_text(
        "The trigger stays; it can only be replaced."
    )


def test_single_letters_do_nothing_where_they_are_switched_off(page, keys, flow, owner):
    prefer(owner.user, single_keys=False)
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown", "d", "n")
    expect(picker(page)).to_have_count(0)
    assert not any(node.get("disabled") for node in document_of(flow)["nodes"])


def test_a_panel_that_closes_gives_the_focus_back(page, keys, flow):
    open_editor(page, flow)
    page.get_by_role("button", name="Versions").focus()
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Versions")).to_be_focused()
    keys.press("Tab", "Enter")
    expect(page.get_by_role("heading", name="Versions")).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")


@pytest.mark.parametrize(
    ("chord", "part", "role", "field"),
    [
        ("n", "app-picker", "combobox", "Search apps and actions"),
        ("c", "choosing", "combobox", "Where does one lead to?"),
        ("Control+k", "command-palette", "combobox", "All commands"),
        ("Control+f", "flow-search", "searchbox", "Search in this flow"),
    ],
)
def test_letters_typed_before_their_field_is_here_are_written_there_and_no_keys(
    page, keys, flow, chord, part, role, field
):
    waiting = []
    page.route(f"**/view/{part}.js", lambda route: waiting.append(route))
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown", chord)
    keys.type("dr")
    until(page, lambda: waiting)
    waiting[0].continue_()
    expect(page.get_by_role(role, name=field)).to_have_value("dr")
    expect(page.get_by_role(role, name=field)).to_be_focused()
    keys.type("x")
    expect(page.get_by_role(role, name=field)).to_have_value("drx")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()


def test_enter_pressed_before_the_picker_is_here_adds_what_was_typed(page, keys, flow):
    waiting = []
    page.route("**/view/app-picker.js", lambda route: waiting.append(route))
    open_editor(page, flow)
    canvas(page).focus()
    keys.press("ArrowDown", "ArrowDown", "n")
    keys.type("wait")
    keys.press("Enter")
    until(page, lambda: waiting)
    waiting[0].continue_()
    until(page, lambda: {"one[next] -> Wait", "Wait[next] -> two"} <= lines(flow))
    expect(canvas(page)).to_be_focused()
    keys.press("d")
    said(page, "Turn off Wait")
