"""The Test panel: a sample, a saved scenario or any past call; by hand; dry or live; the whole flow or to here."""

import json
import re

import pytest
from playwright.sync_api import expect

from builder.models import Scenario
from runtime import tasks
from runtime.models import Run
from tests.browser.calls import branching, card, ended_call
from tests.browser.editing import hold_answer
from tests.browser.sharing import expected


@pytest.fixture
def flow(live, workspace, owner):
    return branching(workspace, owner)


@pytest.fixture
def panel(page, flow, owner, sign_in):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    panel = page.get_by_role("region", name="Test")
    expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("call_7420"))
    return panel


def write(panel, event):
    text = event if isinstance(event, str) else json.dumps(event)
    panel.get_by_label("Event as JSON").fill(text)


def run_test(page, panel, name="Run test"):
    with page.expect_response(re.compile("/try/")):
        panel.get_by_role("button", name=name).click()
    tasks.work(linger=0)
    return Run.objects.order_by("-id").first()


def test_an_event_is_kept_as_a_scenario_chosen_again_and_run(page, panel, flow):
    write(panel, {"interaction": {"id": "angry", "disposition": "escalated"}})
    panel.get_by_role("button", name="Save as scenario").click()
    page.get_by_label("Name of the scenario").fill("Angry caller")
    page.keyboard.press("Enter")
    source = panel.get_by_label("What comes in")
    expect(source.get_by_role("option", name="Angry caller")).to_be_attached()
    kept = Scenario.objects.get()
    assert (kept.flow_id, kept.name, kept.event["interaction"]["id"]) == (flow.pk, "Angry caller", "angry")
    source.select_option(label="A made-up sample")
    expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("call_7420"))
    source.select_option(label="Angry caller")
    expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("angry"))
    run = run_test(page, panel)
    assert run.event.payload["interaction"]["id"] == "angry"
    expect(card(page, "no")).to_contain_text("not taken")


def test_saving_under_the_same_name_asks_first_and_a_scenario_is_deleted(page, panel, flow):
    for text in ("first", "second"):
        write(panel, {"interaction": {"id": text}})
        panel.get_by_role("button", name="Save as scenario").click()
        page.get_by_label("Name of the scenario").fill("Same")
        page.keyboard.press("Enter")
        if text == "second":
            page.get_by_role("button", name="Replace").click()
        expect(page.get_by_role("region", name="News")).to_contain_text("Scenario Same is saved.")
        page.get_by_role("region", name="News").get_by_role("button").first.click()
    assert Scenario.objects.get().event["interaction"]["id"] == "second"
    panel.get_by_role("button", name="Delete the scenario Same").click()
    expect(panel.get_by_label("What comes in").get_by_role("option", name="Same")).to_have_count(0)
    assert not Scenario.objects.exists()


def test_a_scenario_that_cannot_be_replaced_stays_as_it_was(page, panel):
    for more in ({}, {"secure": {"pin": "1234"}}):
        write(panel, {"interaction": {"id": "first"}, **more})
        panel.get_by_role("button", name="Save as scenario").click()
        page.get_by_label("Name of the scenario").fill("Same")
        page.keyboard.press("Enter")
        if more:
            page.get_by_role("button", name="Replace").click()
            expect(page.get_by_role("region", name="News")).to_contain_text("leave secret values out")
        else:
            expect(page.get_by_role("region", name="News")).to_contain_text("Scenario Same is saved.")
    kept = Scenario.objects.get()
    assert (kept.name, kept.event) == ("Same", {"interaction": {"id": "first"}})
    assert "1234" in panel.get_by_label("Event as JSON").input_value()
    expected(page)


def test_what_was_chosen_last_is_what_comes_in(page, panel, flow, workspace):
    ended_call(workspace, "call_77")
    page.reload()
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    past = panel.get_by_label("What comes in").locator("option[value^='run ']")
    expect(past).to_have_count(1)
    arrive = hold_answer(page, re.compile(r"/runs/[0-9a-f-]+/$"))
    panel.get_by_label("What comes in").select_option(past.get_attribute("value"))
    panel.get_by_label("What comes in").select_option(label="A made-up sample")
    expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("call_7420"))
    arrive()
    expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("call_7420"))
    expect(panel.get_by_label("What comes in")).to_have_value("sample")


def test_a_past_call_is_found_by_phone_number_and_run_again_on_the_draft(page, panel, workspace):
    ended_call(workspace, "call_77", contact_number="+14155550777", disposition="resolved")
    panel.get_by_label("Find a call").fill("+14155550777")
    page.keyboard.press("Enter")
    found = panel.get_by_role("button", name=re.compile(r"Call \+14155550777"))
    expect(found).to_be_focused()
    expect(found).to_contain_text("Watched: succeeded")
    page.keyboard.press("Enter")
    expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("call_77"))
    run = run_test(page, panel)
    assert (run.mode, run.event.payload["interaction"]["id"]) == ("dry", "call_77")


def test_a_call_that_did_not_start_the_flow_says_why(page, panel, workspace):
    from runtime.group_commit import recorder
    from runtime.intake import Arrival, accept

    interaction = {"id": "call_busy", "status": "busy"}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": interaction})).result(10)
    panel.get_by_label("Find a call").fill("call_busy")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("list").last).to_contain_text("did not start this flow: the call's status is busy")


def test_nobody_found_is_said(page, panel):
    panel.get_by_label("Find a call").fill("+999")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_have_text("No call of this workspace has +999.")


def test_what_is_no_event_is_said_in_plain_words_and_not_sent(page, panel):
    write(panel, '{\n  "interaction": {\n    "id": "x"\n    "status": "completed"\n  }\n}')
    expect(panel.get_by_role("alert")).to_have_text('Line 4: a comma is missing before "status".')
    panel.get_by_role("button", name="Run test").click()
    expect(panel.get_by_label("Event as JSON")).to_be_focused()
    assert not Run.objects.exists()


def test_it_runs_up_to_a_step(page, panel):
    panel.get_by_label("How far").select_option(label="up to topic")
    run = run_test(page, panel)
    assert list(run.steps.values_list("node", flat=True)) == ["start", "topic"]
    expect(card(page, "topic")).to_contain_text("ms")
    expect(card(page, "yes")).to_contain_text("not taken")


def test_a_live_test_is_a_test_run(page, panel):
    panel.get_by_label("Live", exact=False).check()
    run = run_test(page, panel, "Run live test")
    assert run.mode == "test"


def test_the_event_written_is_used_for_previews(page, panel):
    write(panel, {"interaction": {"id": "from the panel"}})
    panel.get_by_role("button", name="Use for previews").click()
    card(page, "topic").click()
    expect(page.get_by_text("from the panel").first).to_be_visible()
