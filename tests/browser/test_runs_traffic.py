"""Traffic on the canvas: how often, how well and how fast each step was passed, and who is there now."""

import re

import pytest
from playwright.sync_api import expect

from runtime import tasks
from tests.browser.calls import branching, call, card, ended_call, flow_of
from tests.flows import call_ended, end, post_json, wait_for
from tests.peers import Answer


@pytest.fixture
def flow(live, workspace, owner):
    made = branching(workspace, owner)
    for number in range(4):
        ended_call(workspace, f"call_{number}", disposition="escalated" if number == 0 else "resolved")
    return made


@pytest.fixture
def shown(page, flow, owner, sign_in):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("toolbar", name="Canvas tools").get_by_role("button", name="Traffic").click()
    bar = page.get_by_role("region", name="Traffic")
    expect(bar).to_contain_text("4 live runs")
    return bar


def width_of_lines(page):
    return page.evaluate(
        """() => [...document.querySelectorAll("svg.edges path.is-traffic:not([hidden])")]
          .map((path) => parseFloat(getComputedStyle(path).strokeWidth)).sort((a, b) => a - b)"""
    )


def test_steps_and_lines_carry_their_counts(page, shown):
    expect(card(page, "check")).to_contain_text(re.compile(r"p95 \d+ ms"))
    expect(card(page, "check")).to_contain_text("4 ×")
    expect(card(page, "yes")).to_contain_text("1 ×")
    expect(page.get_by_text("yes · 1 · 25 %")).to_be_visible()
    expect(page.get_by_text("Otherwise · 3 · 75 %")).to_be_visible()
    widths = width_of_lines(page)
    assert widths[0] < widths[1] < widths[-1] == 12
    expect(card(page, "check")).to_have_accessible_name(re.compile("4 ×"))


def test_it_is_hidden_again_by_the_button_and_by_key(page, shown):
    shown.get_by_role("button", name="Hide traffic").click()
    expect(shown).to_be_hidden()
    expect(card(page, "check")).not_to_contain_text("×")
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("t")
    expect(shown).to_be_visible()
    page.keyboard.press("t")
    expect(shown).to_be_hidden()


def test_another_time_is_asked_for(page, shown):
    with page.expect_response(re.compile("window=7d")):
        shown.get_by_role("button", name="7 days").click()
    expect(shown.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")


def test_failures_are_said_in_words(page, peer, live, workspace, owner, sign_in):
    answers = iter([Answer(500)] * 1 + [{"ok": True}] * 9)
    peer.answers["/ask"] = lambda asked: next(answers)
    ask = post_json("ask", f"{peer.url}/ask")
    flow = flow_of(
        workspace, owner, [call_ended(), ask, end("done")], [("start", "next", "ask"), ("ask", "success", "done")]
    )
    for number in range(10):
        ended_call(workspace, f"call_{number}")
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("button", name="Traffic").click()
    expect(card(page, "ask")).to_contain_text("10 × · 10 % failed")
    expect(card(page, "ask")).to_contain_text("p95")


def test_who_is_in_a_step_now_is_counted_and_kept_fresh(page, live, workspace, owner, sign_in):
    nodes = [call_ended(), wait_for("later", 300), end("done")]
    flow = flow_of(workspace, owner, nodes, [("start", "next", "later"), ("later", "next", "done")])
    ended_call(workspace, "call_1")
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("button", name="Traffic").click()
    expect(card(page, "later")).to_contain_text("● 1 now")
    call(workspace, "call_2")
    tasks.work(linger=0)
    expect(card(page, "later")).to_contain_text("● 2 now")


def test_a_run_that_is_opened_takes_its_place_and_gives_it_back(page, shown, flow, workspace):
    run = ended_call(workspace, "call_5", disposition="escalated")
    page.get_by_role("banner").get_by_role("button", name="Runs").click()
    page.get_by_role("button", name=re.compile("Call .*succeeded")).first.click()
    expect(card(page, "no")).to_contain_text("not taken")
    expect(shown).to_be_hidden()
    assert run.status == "succeeded"
    page.get_by_role("button", name="Close Runs").click()
    expect(shown).to_be_visible()
    expect(card(page, "check")).to_contain_text("×")


def test_a_flow_without_runs_says_so(page, live, workspace, owner, sign_in):
    flow = branching(workspace, owner)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("button", name="Traffic").click()
    expect(page.get_by_role("region", name="Traffic")).to_contain_text("No live runs in this time.")
    expect(card(page, "check")).to_contain_text("no runs")
