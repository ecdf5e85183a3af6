"""Steps and settings lie left or right of the canvas, as a person likes it."""

from playwright.sync_api import expect

from tests.browser.editing import canvas, card, open_editor, said, until
from tests.browser.hands import drag, middle, place_of


def left_of(page, one, other):
    return one.bounding_box()["x"] < other.bounding_box()["x"]


def in_order(page):
    """What is around the canvas as Tab and a screen reader meet it."""
    return page.locator("main > :is(aside, section)").evaluate_all("parts => parts.map(part => part.ariaLabel)")


def test_steps_and_settings_change_sides_and_that_is_remembered(show, column):
    page = show(column)
    steps = page.get_by_role("complementary", name="Steps and settings")
    assert left_of(page, steps, canvas(page))
    page.get_by_role("button", name="More about this flow").click()
    page.get_by_role("menuitem", name="Steps and settings on the other side").click()
    said(page, "Steps and settings are on the right")
    until(page, lambda: left_of(page, canvas(page), steps))
    x, y = middle(page, "one")
    drag(page, (x, y), (x - 160, y))  # where the pointer is, the step is
    until(page, lambda: place_of(column, "one") == (-160, 128))
    expect(steps.get_by_label("Name of the step")).to_have_value("one")
    page.get_by_role("button", name="Versions").click()
    versions = page.get_by_role("complementary", name="Details")
    expect(versions).to_contain_text("Versions")
    assert left_of(page, versions, canvas(page))
    assert in_order(page) == ["Details", "Flow", "Steps and settings"]
    open_editor(page, column)
    expect(card(page, "one")).to_be_visible()
    assert left_of(page, canvas(page), steps)
    assert in_order(page) == ["Details", "Flow", "Steps and settings"]
    page.get_by_role("button", name="More about this flow").click()
    page.get_by_role("menuitem", name="Steps and settings on the other side").click()
    said(page, "Steps and settings are on the left")
    until(page, lambda: left_of(page, steps, canvas(page)))
    assert in_order(page) == ["Steps and settings", "Flow", "Details"]
