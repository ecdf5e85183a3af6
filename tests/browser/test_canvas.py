"""Who may change what is on the canvas, what changes of two tabs become, and that what is live is left alone."""

import re

import pytest
from playwright.sync_api import expect

from builder.publishing import publish
from runtime.models import Flow
from tests.browser import editing
from tests.browser.editing import card, document_of, open_editor, until
from tests.browser.hands import drag, middle, place_of, port, select


@pytest.fixture
def live_column(column, owner):
    """The column, published."""
    publish(column, owner.user)
    return column


def test_two_tabs_that_change_different_things_are_merged(canvas, column, context):
    other = context.new_page()
    open_editor(other, column)
    x, y = middle(canvas, "one")
    drag(canvas, (x, y), (x + 320, y))
    until(canvas, lambda: place_of(column, "one")[0] >= 304)
    other.bring_to_front()
    x, y = middle(other, "end")
    drag(other, (x, y), (x - 320, y))
    until(other, lambda: place_of(column, "end")[0] <= -304)
    assert place_of(column, "one")[0] >= 304


def test_a_viewer_sees_everything_and_changes_nothing(page, live_column, workspace, make_person, sign_in):
    before = document_of(live_column)
    sign_in(make_person(workspace, "viewer"))
    page.goto(f"/flows/{live_column.pk}/")
    expect(card(page, "one")).to_be_visible()
    expect(page.get_by_role("button", name="Test")).to_have_count(0)
    expect(page.get_by_role("button", name="Publish Workflow")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Add a step after"))).to_have_count(0)
    select(page, "one")
    editing.canvas(page).focus()
    for key in ("Delete", "Shift+Delete", "d", "n", "r", "F2", "Shift+t", "Control+d", "Control+x"):
        page.keyboard.press(key)
    x, y = middle(page, "two")
    drag(page, (x, y), (x + 200, y))
    drag(page, port(page, "one"), middle(page, "end"))
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert document_of(live_column) == before


def test_what_is_live_is_left_alone_until_publish_workflow(canvas, live_column, owner):
    open_editor(canvas, live_column)
    select(canvas, "one")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("d")
    expect(canvas.get_by_text("Draft, 1 change")).to_be_visible()
    until(canvas, lambda: any(node.get("disabled") for node in document_of(live_column)["nodes"]))
    assert not any(node.get("disabled") for node in Flow.objects.get(pk=live_column.pk).published.document["nodes"])


def test_a_flow_never_published_says_so_goes_live_with_its_first_publish_and_is_switched_off(canvas, column):
    bar = canvas.get_by_role("region", name="Draft")
    expect(bar).to_contain_text("Draft · never published")
    expect(bar.get_by_role("button", name="Undo Changes")).to_have_count(0)
    live = canvas.get_by_role("switch", name="Live")
    expect(live).to_be_disabled()
    bar.get_by_role("button", name="Publish Workflow").click()
    expect(canvas.get_by_role("dialog")).to_be_visible()
    canvas.get_by_role("dialog").get_by_role("textbox").press("Enter")
    expect(live).to_be_checked()
    assert Flow.objects.get(pk=column.pk).enabled
    live.click()
    until(canvas, lambda: not Flow.objects.get(pk=column.pk).enabled)
    expect(canvas.get_by_role("region", name="News")).to_contain_text("Off: nothing new starts. Waiting runs go on.")
    assert Flow.objects.get(pk=column.pk).published.number == 1
