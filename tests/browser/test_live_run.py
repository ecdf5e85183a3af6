"""A run lights up on the canvas as it happens, and a past run looks the same."""

import re

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.publishing import publish
from runtime import tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import call_ended, decision, document, end, set_variable


@pytest.fixture
def flow(live, workspace, owner):
    nodes = [call_ended(), set_variable("topic", topic="{{interaction.id}}"),
             decision("check", "{{interaction.disposition}}", "equals", "escalated"), end("yes", "{{vars.topic}}"),
             end("no")]  # fmt: skip
    edges = [("start", "next", "topic"), ("topic", "next", "check"), ("check", "yes", "yes"), ("check", "else", "no")]
    made = create_flow(workspace, owner.user, name="Watched", kind="post_call", document=document(nodes, edges))
    publish(made, owner.user)
    return made


def card(page, name):
    return page.get_by_role("article", name=re.compile(f"^{name},"))


def test_a_call_is_watched_as_it_comes_in(page, flow, owner, sign_in, workspace):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    expect(card(page, "check")).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="Runs").click()
    interaction = {"id": "call_9", "status": "completed", "disposition": "escalated", "contact_number": "+14155550109"}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": interaction})).result(10)
    tasks.work(linger=0)
    expect(page.get_by_text("+14155550109").first).to_be_visible()
    if not card(page, "check").get_by_text(re.compile("ms$")).count():
        page.get_by_text("+14155550109").first.click()
    expect(card(page, "check")).to_contain_text(re.compile(r"\d+ ms"))
    expect(card(page, "no")).to_contain_text("not taken")
    expect(page.get_by_text("Why yes")).to_be_visible()
    page.get_by_role("tab", name="Data").click()
    expect(page.get_by_text("call_9").first).to_be_visible()


def test_a_past_run_is_opened_from_its_page(page, flow, owner, sign_in, workspace):
    interaction = {"id": "call_10", "status": "completed", "disposition": "resolved"}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": interaction})).result(10)
    tasks.work(linger=0)
    sign_in(owner)
    page.goto(f"/runs/{Run.objects.get().pk}/")
    page.get_by_role("link", name="See it on the canvas").click()
    expect(card(page, "yes")).to_contain_text("not taken")
    expect(card(page, "no")).to_contain_text("ms")


def test_a_dry_run_of_the_draft_sends_nothing_and_is_shown(page, flow, owner, sign_in):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    with page.expect_response(re.compile("/try/")):
        page.get_by_role("button", name="Run test").click()
    tasks.work(linger=0)
    assert Run.objects.get().mode == "dry"
    expect(card(page, "check")).to_contain_text("ms")
