"""What tests of the editor share: an open page, its cards and rows, its draft on the server, keys that are counted."""

import re

from playwright.sync_api import expect

from runtime.models import Flow
from tests import until as waiting
from tests.conftest import PATIENCE_SECONDS


class Keys:
    """A keyboard that counts: a chord is one press, every typed letter is one."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.count += len(text)


def open_editor(page, flow, query: str = "") -> None:
    """Opens a flow and waits until its commands are there."""
    page.goto(f"/flows/{flow.pk}/{query}")
    expect(page.get_by_role("banner")).to_contain_text("Saved")


def canvas(page):
    return page.get_by_role("application", name="Canvas")


def card(page, name):
    return page.get_by_role("article", name=re.compile(f"^{re.escape(name)},"))


def row(page, name):
    """A row of the outline, by the beginning of what it says."""
    return page.get_by_role("treeitem", name=re.compile(f"^{re.escape(name)}"))


def said(page, text: str) -> None:
    """Waits until a live region has said it."""
    expect(page.locator("#live")).to_contain_text(text)


def document_of(flow):
    return Flow.objects.get(pk=flow.pk).draft.document


def lines(flow) -> set[str]:
    """The draft's connections as `from[port] -> to`, by labels."""
    document = document_of(flow)
    names = {node["id"]: node["label"] for node in document["nodes"]}
    return {f"{names[edge['source']]}[{edge['port']}] -> {names[edge['target']]}" for edge in document["edges"]}


def until(page, condition) -> None:
    """A condition on the server or on the page as a whole. In between Playwright has its turn: a `time.sleep` would
    keep what the page asks of a test's route from being answered.
    """
    waiting.until(condition, PATIENCE_SECONDS, pause=lambda: page.wait_for_timeout(20))


def hold_answer(page, address):
    """The next answer of `address` (a glob or pattern), as the server gives it now, is on its way until the function
    that comes back is called; then it arrives, and the page has dealt with it.
    """
    held = []

    def hold(route):
        if held or route.request.method != "GET":
            return route.fallback()
        held.append(route)
        held.append(route.fetch())
        return None

    page.route(address, hold)

    def arrive():
        until(page, lambda: len(held) == 2)
        route, answer = held
        with page.expect_response(route.request.url):
            route.fulfill(response=answer)
        page.evaluate("async () => { await (await fetch('/api/v1/me/')).text(); await new Promise(setTimeout); }")

    return arrive
