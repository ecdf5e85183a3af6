"""Talking with the draft of a chat flow in the Test panel: as a visitor, with buttons, a form and words."""

import re

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from runtime import tasks
from runtime.models import Contact, Conversation, Message
from tests.browser.editing import until
from tests.browser.hands import painted
from tests.contract.chatting import ask, bye, say, started
from tests.flows import chain, node

FORM = [{"name": "email", "label": "E-mail", "kind": "email", "required": True}]
SIZES = [{"id": "s", "label": "Small"}, {"id": "l", "label": "Large"}]


@pytest.fixture
def panel(page, live, workspace, owner, sign_in):
    document = chain(
        started(), say("hi", "Hello <b>you</b>", buttons=[{"label": "Prices", "url": "https://example.com/"}]),
        ask("size", "Size?", expects="choice", choices=SIZES), node("form", "send_form", {"text": "Who?",
                                                                                         "fields_asked": FORM}),
        ask("more", "Anything else?"), bye(text="Bye {{contact.email}}"),
    )  # fmt: skip
    flow = create_flow(workspace, owner.user, name="Chat", kind="conversation", document=document)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    panel = page.get_by_role("region", name="Test", exact=True)
    expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("pricing"))
    return panel


def begin(page, panel):
    with page.expect_response(re.compile("/chat/")):
        panel.get_by_role("button", name="Start the chat").click()
    tasks.work(linger=0)


def test_a_draft_is_talked_with_to_its_end_and_remembers_nobody(page, panel):
    begin(page, panel)
    log = panel.get_by_role("log")
    expect(log).to_contain_text("Hello <b>you</b>")
    expect(log.get_by_role("link", name="Prices")).to_have_attribute("rel", "noopener noreferrer")
    expect(panel.get_by_role("status").first).to_have_text("Waits for an answer")
    log.get_by_role("button", name="Large").click()
    expect(log).to_contain_text("Who?")
    log.get_by_label("E-mail *").fill("nonsense")
    log.get_by_role("button", name="Send").click()
    expect(log).to_contain_text("E-mail is no e-mail address.")
    log.get_by_label("E-mail *").last.fill("jane@acme.com")
    log.get_by_role("button", name="Send").last.click()
    expect(log).to_contain_text("Anything else?")
    panel.get_by_label("Your message").fill("No, thanks")
    page.keyboard.press("Enter")
    expect(log).to_contain_text("Bye jane@acme.com")
    expect(panel.get_by_text("The conversation has ended")).to_be_visible()
    assert list(Message.objects.filter(role="user").order_by("seq").values_list("text", flat=True)) == [
        "Large", "", "", "No, thanks"]  # fmt: skip
    assert (Conversation.objects.get().mode, Contact.objects.count()) == ("dry", 0)


def test_the_run_of_the_talk_is_one_click_away(page, panel):
    begin(page, panel)
    expect(panel.get_by_role("log")).to_contain_text("Size?")
    panel.get_by_role("button", name="Show the run").click()
    expect(page.get_by_role("region", name="Runs")).to_contain_text("waiting", ignore_case=True)


def test_what_two_looks_bring_is_shown_once(page, panel):
    """An answer makes the panel look at once, while the look of a moment ago may still be on its way."""
    held = []

    def hold(route):
        held.append(route) if len(held) < 2 else route.continue_()

    begin(page, panel)
    log = panel.get_by_role("log")
    expect(log.get_by_role("button", name="Large")).to_be_visible()
    page.route(re.compile(r"/conversations/[^/]+/(\?after|$)"), hold)
    until(page, lambda: len(held) == 1)
    log.get_by_role("button", name="Large").click()
    until(page, lambda: len(held) == 2)
    for route in held:
        route.continue_()
    expect(log.get_by_label("E-mail *")).to_have_count(1)
    panel.get_by_label("Your message").fill("Later")
    painted(page)
    expect(log.get_by_text("Who?")).to_have_count(1)
