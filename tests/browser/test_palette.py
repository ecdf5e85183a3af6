"""Finding a step to add: the palette's search and its groups, and what was used last in the picker of apps."""

import re

from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, lines, until
from tests.browser.hands import expect_selected, select


def palette(page):
    return page.get_by_role("region", name="Steps", exact=True)


def steps(page):
    """What the palette offers to see."""
    return palette(page).get_by_role("listitem").get_by_role("button")


def test_the_palette_is_searched_by_what_a_step_does_and_enter_adds_the_first(canvas, column):
    every = steps(canvas).count()
    field = palette(canvas).get_by_role("searchbox", name="Search steps")
    field.fill("delay")
    expect(steps(canvas).first).to_contain_text("Wait")
    assert steps(canvas).count() < every
    field.fill("zzz")
    expect(palette(canvas)).to_contain_text("No step matches “zzz”")
    field.press("Escape")
    expect(field).to_have_value("")
    expect(steps(canvas)).to_have_count(every)
    select(canvas, "one", "two")  # of one alone the form would take the palette's place
    expect_selected(canvas, "one", "two")
    field.fill("wait")
    field.press("Enter")
    until(canvas, lambda: {"two[next] -> Wait", "Wait[next] -> end"} <= lines(column))


def test_groups_of_the_palette_fold_and_a_search_looks_into_folded_ones(canvas):
    group = palette(canvas).get_by_role("region", name="Logic")
    head = group.get_by_role("button", name="Logic", exact=True)
    wait = group.get_by_role("button", name=re.compile("^Wait"))
    expect(head).to_have_attribute("aria-expanded", "true")
    head.press("Enter")
    expect(head).to_have_attribute("aria-expanded", "false")
    expect(wait).to_have_count(0)
    field = palette(canvas).get_by_role("searchbox", name="Search steps")
    field.fill("wait")
    expect(wait).to_be_visible()
    field.press("Escape")
    expect(wait).to_have_count(0)
    head.click()
    expect(wait).to_be_visible()


def test_what_was_added_last_stands_first_in_the_picker(canvas, column):
    editing.canvas(canvas).focus()
    field = canvas.get_by_role("combobox", name="Search apps and actions")
    picker = canvas.get_by_role("listbox", name="Apps and actions")
    for nth, name in enumerate(("Wait", "Decision"), 1):
        canvas.keyboard.press("n")
        expect(field).to_be_focused()
        field.fill(name)
        canvas.keyboard.press("Enter")
        until(canvas, lambda nth=nth: len(editing.document_of(column)["nodes"]) == 4 + nth)
        expect(editing.canvas(canvas)).to_be_focused()
    canvas.keyboard.press("n")
    expect(picker.get_by_text("Recent", exact=True)).to_be_visible()
    expect(picker.get_by_role("option").nth(0)).to_contain_text("Decision")
    expect(picker.get_by_role("option").nth(1)).to_contain_text("Wait")
    canvas.keyboard.press("Escape")
    canvas.reload()
    expect(card(canvas, "Decision")).to_be_visible()
    editing.canvas(canvas).focus()
    canvas.keyboard.press("n")
    expect(picker.get_by_role("option").nth(0)).to_contain_text("Decision")
