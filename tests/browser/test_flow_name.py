"""The flow's name in the top bar: Enter keeps it, Escape takes it back; one that cannot be kept goes back, too."""

import re

from playwright.sync_api import expect

from tests.browser.editing import said, until
from tests.browser.sharing import expected


def name(page):
    return page.get_by_role("banner").get_by_role("textbox", name="Name of the flow")


def test_a_flow_is_renamed_in_the_top_bar_and_escape_takes_it_back(canvas, column):
    name(canvas).fill("Refund calls")
    name(canvas).press("Enter")
    said(canvas, "The flow is now called Refund calls")
    expect(canvas).to_have_title(re.compile("Refund calls"))
    until(canvas, lambda: _stored(column) == "Refund calls")
    name(canvas).fill("Never")
    name(canvas).press("Escape")
    expect(name(canvas)).to_have_value("Refund calls")
    name(canvas).fill("")
    name(canvas).press("Enter")
    expect(name(canvas)).to_have_value("Refund calls")
    assert _stored(column) == "Refund calls"


def test_a_name_that_could_not_be_kept_says_so_and_can_be_tried_again(canvas, column):
    canvas.route(f"**/flows/{column.pk}/", lambda route: route.abort())
    name(canvas).fill("Refund calls")
    name(canvas).press("Enter")
    news = canvas.get_by_role("region", name="News")
    expect(news).to_contain_text("The name was not changed.")
    expect(name(canvas)).to_have_value("Canvas")
    canvas.unroute_all(behavior="wait")
    news.get_by_role("button").first.click()
    until(canvas, lambda: _stored(column) == "Refund calls")
    expect(name(canvas)).to_have_value("Refund calls")
    expected(canvas)


def _stored(flow):
    flow.refresh_from_db(fields=["name"])
    return flow.name
