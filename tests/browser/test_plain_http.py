"""On plain http browsers withhold the clipboard, Web Locks and random UUIDs: one works there all the same."""

import pytest
from playwright.sync_api import expect

from tests.browser import editing
from tests.browser.editing import card, document_of, until
from tests.browser.hands import drag, middle, node_ids, place_of, select
from tests.browser.keeping import kept_rows


@pytest.fixture
def page(page, column, owner, sign_in, live, settings):
    """The column, under a name that no browser trusts."""
    settings.ALLOWED_HOSTS = ["*"]
    sign_in(owner)
    cookies = page.context.cookies()
    page.context.add_cookies([{**cookie, "domain": "plain.example"} for cookie in cookies])
    page.goto(f"{live.replace('127.0.0.1', 'plain.example')}/flows/{column.pk}/")
    expect(card(page, "start")).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text("Saved")
    assert page.evaluate("[isSecureContext, 'locks' in navigator, 'clipboard' in navigator]") == [False, False, False]
    return page


def test_steps_are_moved_copied_and_kept_on_plain_http(page, column):
    x, y = middle(page, "two")
    drag(page, (x, y), (x + 320, y))
    until(page, lambda: place_of(column, "two") == (320, 256))
    select(page, "one")
    editing.canvas(page).focus()
    page.keyboard.press("Control+c")
    page.mouse.move(x - 200, y)
    page.keyboard.press("Control+v")
    until(page, lambda: len(node_ids(column)) == 5)
    keys = [node["key"] for node in document_of(column)["nodes"] if node["type"] == "set_variable"]
    assert sorted(keys) == ["one", "one_2", "two"]
    select(page, "end")
    page.get_by_label("Name of the step").fill("Half a thou")
    expect(page.get_by_role("banner")).to_contain_text("Unsaved: Half a thou")
    until(page, lambda: len(kept_rows(page, "forms")) == 1)
    page.reload()
    expect(page.get_by_label("Name of the step")).to_have_value("Half a thou")
    expect(page.get_by_role("banner")).to_contain_text("Unsaved: Half a thou")
