"""The inspector of triggers: a webhook's secret and test request, a schedule's next runs."""

import pytest
import requests
from playwright.sync_api import expect

from runtime.models import Hook
from tests.browser.editing import card, hold_answer
from tests.flows import chain, end, node


@pytest.fixture
def webhook(make_flow):
    def make(**config):
        start = node("start", "webhook", config)
        document = chain(start, end("end", outcome="order {{trigger.body}}"))
        return make_flow(document, {"start": (0, 0), "end": (0, 128)}, kind="automation")

    return make


def test_a_secret_is_made_kept_and_never_shown_again(show, webhook):
    flow = webhook(signature="github")
    page = show(flow)
    card(page, "start").click()
    expect(page.get_by_text("No secret yet: every call is refused.")).to_be_visible()
    field = page.get_by_label("Signing secret")
    field.fill("short")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("A secret has at least 8 characters.")).to_be_visible()
    page.get_by_role("button", name="Make one").click()
    secret = field.input_value()
    assert len(secret) == 43
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("Set just now.")).to_be_visible()
    expect(field).to_have_value("")
    assert Hook.objects.get(flow=flow).secret_sealed
    assert secret not in page.content()


def test_a_test_request_is_heard_and_its_values_are_offered(show, webhook, live):
    flow = webhook()
    page = show(flow)
    card(page, "start").click()
    page.get_by_role("button", name="Listen for a test request").click()
    expect(page.get_by_text("Listening. Send a request to the address above.")).to_be_visible()
    answer = requests.post(f"{live}/hooks/{flow.token}/", json={"order": 1042}, timeout=10)
    assert answer.status_code == 202
    expect(page.get_by_text("A request came. Its values are offered in every step.")).to_be_visible()
    expect(page.get_by_text("POST, 1 value, just now")).to_be_visible()
    card(page, "end").click()
    expect(page.get_by_text('order {"order":1042}')).to_be_visible()


def test_who_listens_before_the_first_answer_is_here_goes_on_listening(show, page, webhook, live):
    flow = webhook()
    arrive = hold_answer(page, "**/hook/")
    show(flow)
    card(page, "start").click()
    page.get_by_role("button", name="Listen for a test request").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    arrive()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert requests.post(f"{live}/hooks/{flow.token}/", json={"order": 1042}, timeout=10).status_code == 202
    expect(page.get_by_text("A request came. Its values are offered in every step.")).to_be_visible()


def test_a_captured_request_is_there_after_a_reload(show, webhook):
    flow = webhook()
    from django.utils import timezone

    sample = {"body": {"order": 7}, "headers": {}, "query": {}, "method": "POST"}
    Hook.objects.create(workspace=flow.workspace, flow=flow, sample=sample, sample_at=timezone.now())
    page = show(flow)
    card(page, "end").click()
    expect(page.get_by_text('order {"order":7}')).to_be_visible()


def test_who_chooses_what_shows_other_fields_stays_where_they_are(show, webhook):
    page = show(webhook())
    card(page, "start").click()
    answer, wait = page.get_by_role("combobox", name="Answer"), page.get_by_text("Longest wait")
    answer.focus()
    page.keyboard.press("End")
    expect(wait).to_be_visible()
    expect(answer).to_be_focused()
    page.keyboard.press("Home")
    expect(wait).to_have_count(0)
    expect(answer).to_be_focused()


def test_why_a_request_was_not_taken_is_told(show, webhook, live):
    flow = webhook(signature="bearer")
    page = show(flow)
    card(page, "start").click()
    page.get_by_role("button", name="Listen for a test request").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert requests.post(f"{live}/hooks/{flow.token}/", json={}, timeout=10).status_code == 401
    expect(page.get_by_text("A request came and was not taken.")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Listen for a test request")).to_be_visible()


def test_a_schedules_next_runs_follow_the_form(show, make_flow):
    config = {"mode": "cron", "cron": "30 2 * * *", "time_zone": "Europe/Berlin"}
    flow = make_flow(
        chain(node("start", "schedule", config), end()), {"start": (0, 0), "end": (0, 128)}, kind="automation"
    )
    page = show(flow)
    card(page, "start").click()
    moments = page.get_by_role("group", name="Next runs").get_by_role("listitem")
    expect(moments).to_have_count(5)
    expect(moments.first).to_contain_text("02:30")
    field = page.get_by_role("textbox", name="Cron expression")
    field.fill("15 6 * * *")
    expect(moments.first).to_contain_text("06:15")
    field.fill("nonsense")
    expect(page.get_by_role("group", name="Next runs")).to_contain_text("is no cron expression")
