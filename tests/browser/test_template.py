"""From a template of the gallery to a ticket in Zendesk: made, connected, published, fired, watched."""

import re

import pytest
import requests
from playwright.sync_api import expect

from integrations.connection_types import TYPES
from integrations.models import Connection
from runtime import tasks
from runtime.models import Agent, Flow, Run
from tests.contract.test_templates import SLACK, TICKETS
from tests.integrations.services.conftest import values_for
from tests.peers import Answer, Peer

CALL = {
    "type": "call.ended",
    "interaction": {"id": "call_42", "status": "completed", "disposition": "escalated",
                    "summary": 'She said "twice"', "transcript": "User: I paid twice."},
    "contact": {"email": "jane@example.com", "name": "Jane Doe"},
}  # fmt: skip


@pytest.fixture
def vendors(settings):
    with Peer({TICKETS: Answer(201, {"ticket": {"id": 35436}}), SLACK: {"ok": True, "ts": "1.2"}}) as peer:
        settings.EGRESS_ALLOW = peer.allow
        yield peer


def connect(workspace, name, url, label):
    values = values_for(TYPES[name], url)
    secret = TYPES[name].secret_names
    row = Connection(workspace=workspace, name=label, type=name,
                     config={key: value for key, value in values.items() if key not in secret})  # fmt: skip
    row.set_secrets({key: values[key] for key in secret})
    row.full_clean()
    row.save()


def card(page, name):
    return page.get_by_role("article", name=re.compile(f"^{name}"))


def test_a_template_is_connected_published_and_fired(page, live, owner, sign_in, workspace, vendors):
    agent = Agent.objects.create(workspace=workspace, slug="support", name="Support line")
    connect(workspace, "slack", vendors.url, "Our Slack")
    connect(workspace, "zendesk", vendors.url, "Zendesk Europe")
    connect(workspace, "zendesk", vendors.url, "Zendesk America")  # two: somebody has to choose
    sign_in(owner)
    page.goto("/flows/new/")
    page.get_by_label("Name").first.fill("Escalated calls")
    page.get_by_role("radio", name="Zendesk ticket if escalated").check()
    page.get_by_role("button", name="Save & Edit Flow").click()
    card(page, "Create ticket").click()
    page.get_by_label("Zendesk", exact=True).select_option("Zendesk Europe")
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_role("button", name="Publish Workflow").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("From the template")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 1 is live.").first).to_be_visible()
    assert Flow.objects.get().scenarios.get().name == "Sample"
    assert requests.post(f"{live}/in/generic/{agent.token}/", json=CALL, timeout=10).status_code in (200, 202)
    tasks.work(linger=0)
    run = Run.objects.get()
    assert (run.status, run.state["outcome"]) == ("succeeded", "ticket 35436")
    assert [asked.path for asked in vendors.requests] == [TICKETS, SLACK]
    page.goto(f"/runs/{run.pk}/")
    expect(page.get_by_text("Zendesk ticket").first).to_be_visible()
