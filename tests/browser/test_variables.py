"""Variables: what is in scope with its last real values, what may be missing, slips of the keys, renamed keys."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Event, Run, Status, StepRun
from tests.browser.editing import card, document_of, open_editor, until

DOCUMENT = {
    "schema": 1,
    "nodes": [
        {"id": "start", "type": "call_ended", "key": "start", "label": "Call ended", "config": {}},
        {
            "id": "fork", "type": "decision", "key": "fork", "label": "Escalated?",
            "config": {"branches": [{"id": "yes", "label": "Yes", "conditions": {"all": [
                {"left": "{{interaction.disposition}}", "operator": "equals", "right": "escalated"}]}}]},
        },
        {
            "id": "ticket", "type": "api_request", "key": "ticket", "label": "Create ticket",
            "config": {"method": "POST", "url": "https://example.com/tickets",
                       "response_mapping": [{"path": "$.id", "variable": "ticket_no", "default": ""}]},
        },
        {
            "id": "note", "type": "api_request", "key": "note", "label": "Note it",
            "config": {"method": "POST", "url": "https://example.com/{{steps.ticket.status}}",
                       "headers": [{"name": "X-Ticket", "value": "{{ steps.ticket.body.id | default: \"none\" }}"}],
                       "body": {"type": "json", "content": "{\"n\": {{steps.ticket.status}}}"}},
        },
        {"id": "done", "type": "end", "key": "done", "label": "Done", "config": {"outcome": "answered"}},
    ],
    "edges": [
        {"id": "e1", "source": "start", "port": "next", "target": "fork"},
        {"id": "e2", "source": "fork", "port": "yes", "target": "ticket"},
        {"id": "e3", "source": "ticket", "port": "success", "target": "note"},
        {"id": "e4", "source": "note", "port": "success", "target": "done"},
        {"id": "e5", "source": "fork", "port": "else", "target": "done"},
    ],
    "layout": {"start": {"x": 0, "y": 0}, "fork": {"x": 0, "y": 128}, "ticket": {"x": -160, "y": 288},
               "note": {"x": -160, "y": 416}, "done": {"x": 0, "y": 560}},
    "notes": [],
}  # fmt: skip


@pytest.fixture
def flow(live, workspace, owner):
    return create_flow(workspace, owner.user, name="Tickets", kind="post_call", document=DOCUMENT)


@pytest.fixture
def inspect(page, flow, owner, sign_in):
    """inspect(step) opens the flow with that step's form."""

    def open_step(node: str):
        sign_in(owner)
        open_editor(page, flow, f"?node={node}")
        expect(page.get_by_label("Name of the step")).to_be_visible()
        return page

    return open_step


def config_of(flow, node: str) -> dict:
    return next(each for each in document_of(flow)["nodes"] if each["id"] == node)["config"]


def outcome(page):
    return page.get_by_role("textbox", name="Outcome")


def option(page, path: str):
    return page.get_by_role("option", name=re.compile(f"^{re.escape(path)}\\b"))


@pytest.fixture
def live_run(flow, workspace, owner):
    """A call that really came: its summary, and what the ticket step gave."""
    publish(flow, owner.user)
    now = timezone.now()
    event = Event.objects.create(
        workspace=workspace, source="generic", type="call.ended",
        payload={"interaction": {"id": "c1", "summary": "Jane wants a new blender"}, "contact": {"name": "Jane"}},
    )  # fmt: skip
    run = Run.objects.create(
        workspace=workspace, flow=flow, version=flow.published, kind="post_call", mode="live",
        status=Status.SUCCEEDED, event=event, started_at=now, finished_at=now,
    )  # fmt: skip
    StepRun.objects.create(
        run=run, seq=1, index=0, attempt=1, node="ticket", type="api_request", label="Create ticket",
        status="succeeded", output={"status": 201, "body": {"id": 48213}}, started_at=now,
    )  # fmt: skip
    return run


def test_only_what_is_in_scope_is_offered_by_source_with_its_type(inspect):
    page = inspect("ticket")
    page.get_by_role("textbox", name="URL").fill("")
    page.get_by_role("textbox", name="URL").press("/")
    expect(page.get_by_role("listbox", name="Variables")).to_be_visible()
    expect(option(page, "interaction.duration_seconds")).to_contain_text("number")
    expect(page.get_by_role("option", name=re.compile("^steps.note"))).to_have_count(0)
    expect(page.get_by_role("option", name=re.compile("^steps.ticket"))).to_have_count(0)


def test_the_picker_and_the_preview_show_the_values_of_the_last_live_run(live_run, inspect):
    page = inspect("done")
    outcome(page).fill("")
    outcome(page).press("/")
    expect(page.get_by_text("Values of the last live run")).to_be_visible()
    page.keyboard.type("summary")
    expect(option(page, "interaction.summary")).to_contain_text("Jane wants a new blender")
    expect(option(page, "interaction.summary")).not_to_contain_text("e.g.")
    page.keyboard.press("Enter")
    expect(page.locator(".tpl-preview").first).to_contain_text("Jane wants a new blender")
    outcome(page).fill("{{steps.ticket.body}}")
    expect(page.locator(".tpl-preview").first).to_contain_text('object of 1 {"id":48213}')


def test_values_that_come_while_the_picker_is_open_are_shown_in_it(live_run, page, inspect):
    waiting = []
    page.route(re.compile(r"/runs/\?.*mode=live"), lambda route: waiting.append(route))
    inspect("done")
    outcome(page).fill("")
    outcome(page).press("/")
    page.keyboard.type("summary")
    expect(option(page, "interaction.summary")).to_contain_text("e.g.")
    until(page, lambda: waiting)
    waiting[0].continue_()
    expect(option(page, "interaction.summary")).to_contain_text("Jane wants a new blender")
    expect(page.get_by_text("Values of the last live run")).to_be_visible()
    page.keyboard.press("Enter")
    expect(outcome(page)).to_have_value("{{interaction.summary}}")


def test_without_a_run_samples_are_called_samples(inspect):
    page = inspect("done")
    outcome(page).fill("")
    outcome(page).press("/")
    page.keyboard.type("contact.email")
    expect(option(page, "contact.email")).to_contain_text("e.g. jane@example.com")
    expect(page.get_by_text("Sample values: no run yet")).to_be_visible()


def test_what_another_branch_sets_is_marked_and_taken_with_a_default(inspect, flow):
    page = inspect("done")
    outcome(page).fill("")
    page.keyboard.type("{{ticket_no")
    expect(option(page, "vars.ticket_no")).to_contain_text("may be missing on some paths")
    page.keyboard.press("Enter")
    expect(outcome(page)).to_have_value('{{vars.ticket_no | default: ""}}')
    page.keyboard.press("Control+s")
    until(page, lambda: config_of(flow, "done")["outcome"] == '{{vars.ticket_no | default: ""}}')


def test_a_typed_one_that_may_be_missing_is_mended_by_one_key(inspect, flow):
    page = inspect("done")
    outcome(page).fill("Ticket {{vars.ticket_no}}")
    expect(page.get_by_text("vars.ticket_no may be missing on some ways to this step.")).to_be_visible()
    outcome(page).press("Alt+Enter")
    expect(outcome(page)).to_have_value('Ticket {{vars.ticket_no | default: ""}}')
    expect(page.get_by_text("may be missing")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(outcome(page)).to_have_value("Ticket {{vars.ticket_no}}")


def test_an_unknown_variable_is_marked_with_what_was_probably_meant(inspect, flow):
    page = inspect("done")
    outcome(page).fill("{{interaction.sumary}}")
    expect(page.get_by_text("Nothing before this step gives interaction.sumary.")).to_be_visible()
    expect(outcome(page)).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Use interaction.summary").click()
    expect(outcome(page)).to_have_value("{{interaction.summary}}")
    expect(outcome(page)).to_have_attribute("aria-invalid", "false")


def test_a_saved_unknown_variable_is_said_once(inspect, flow):
    page = inspect("done")
    outcome(page).fill("{{steps.tikcet.status}}")
    page.keyboard.press("Control+s")
    until(page, lambda: config_of(flow, "done")["outcome"] == "{{steps.tikcet.status}}")
    expect(page.get_by_role("button", name=re.compile("1 error"))).to_be_visible()
    expect(page.locator(".field-outcome .error-text, [data-field=outcome] .error-text")).to_have_count(1)
    expect(page.get_by_role("button", name="Use steps.ticket.status")).to_be_visible()


def test_a_filter_that_does_not_exist_is_mended(inspect):
    page = inspect("done")
    outcome(page).fill("{{interaction.summary | uper}}")
    expect(page.get_by_text("There is no filter “uper”.")).to_be_visible()
    outcome(page).press("Alt+Enter")
    expect(outcome(page)).to_have_value("{{interaction.summary | upper}}")


def test_escape_and_a_second_slash_leave_the_character(inspect):
    page = inspect("done")
    outcome(page).fill("")
    page.keyboard.type("/")
    expect(page.get_by_role("listbox", name="Variables")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox", name="Variables")).to_have_count(0)
    expect(outcome(page)).to_have_value("/")
    expect(outcome(page)).to_be_focused()
    outcome(page).fill("")
    page.keyboard.type("//")
    expect(page.get_by_role("listbox", name="Variables")).to_have_count(0)
    expect(outcome(page)).to_have_value("//")


def test_arrows_choose_and_the_field_keeps_the_focus(inspect):
    page = inspect("done")
    outcome(page).fill("")
    page.keyboard.type("/contact.")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]").get_attribute("data-path")
    expect(outcome(page)).to_be_focused()
    expect(outcome(page)).to_have_attribute("aria-activedescendant", re.compile("variable-"))
    page.keyboard.press("Enter")
    expect(outcome(page)).to_have_value(f"{{{{{chosen}}}}}")


def test_a_new_key_is_written_everywhere_as_one_change(inspect, flow):
    page = inspect("ticket")
    page.get_by_label("Key: how other steps refer to this one").fill("zendesk")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    until(page, lambda: "zendesk" in config_of(flow, "note")["url"])
    config = config_of(flow, "note")
    assert config["url"] == "https://example.com/{{steps.zendesk.status}}"
    assert config["headers"][0]["value"] == '{{ steps.zendesk.body.id | default: "none" }}'
    assert config["body"]["content"] == '{"n": {{steps.zendesk.status}}}'
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("Control+z")
    until(page, lambda: config_of(flow, "note")["url"] == "https://example.com/{{steps.ticket.status}}")
    assert next(node for node in document_of(flow)["nodes"] if node["id"] == "ticket")["key"] == "ticket"


def test_pointing_at_a_chip_lights_up_the_step_it_comes_from(inspect):
    page = inspect("done")
    outcome(page).fill('{{vars.ticket_no | default: ""}}')
    box = outcome(page).bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2)
    expect(card(page, "Create ticket")).to_have_class(re.compile("is-origin"))
    outcome(page).fill("{{interaction.summary}}")
    page.mouse.move(box["x"] + 42, box["y"] + box["height"] / 2)
    expect(card(page, "Call ended")).to_have_class(re.compile("is-origin"))
    page.mouse.move(box["x"] + 40, box["y"] + 200)
    expect(page.locator(".node.is-origin")).to_have_count(0)


def test_a_preview_says_what_a_filter_could_not_do(inspect):
    page = inspect("done")
    outcome(page).fill("{{interaction.summary | number}}")
    expect(page.locator(".tpl-preview").first).to_contain_text("is no number.")
