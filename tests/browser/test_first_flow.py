"""A newcomer builds the flow "Zendesk ticket only if escalated" by hand, publishes it, and watches a call pass."""

import json
import re

import pytest
import requests
from playwright.sync_api import expect

from runtime import tasks
from runtime.models import Agent, Event, Flow, Run
from tests.browser.hands import drag, painted
from tests.peers import Answer, Peer

BODY = '{"ticket": {"subject": "Call {{interaction.ID}}", "comment": {"body": "{{interaction.SUMMARY}}\\n\\n{{interaction.TRANSCRIPT}}"}, "external_id": "{{interaction.ID}}"}}'  # noqa: E501
CALL = {
    "type": "call.ended",
    "interaction": {
        "id": "call_42", "direction": "inbound", "from": "+14155550132", "to": "+18005550199", "status": "completed",
        "disposition": "escalated", "summary": 'She said "twice"', "transcript": "Agent: Hello\nUser: I paid twice.",
    },
}  # fmt: skip


@pytest.fixture
def zendesk(settings):
    with Peer({"/api/v2/tickets.json": Answer(201, {"ticket": {"id": 48213}})}) as peer:
        settings.EGRESS_ALLOW = peer.allow
        yield peer


@pytest.fixture
def agent(workspace):
    return Agent.objects.create(workspace=workspace, slug="support", name="Support line")


def centre(box, dx=0.0, dy=0.0):
    return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy


def card(page, name):
    return page.get_by_role("article", name=re.compile(f"^{name}"))


def document_of(flow):
    return Flow.objects.get(pk=flow.pk).draft.document


def test_a_newcomer_builds_publishes_and_watches_a_flow(page, live, owner, sign_in, workspace, agent, zendesk):
    sign_in(owner)
    flow = _new_flow(page)
    _decide(page)
    _file_a_ticket(page, zendesk)
    _end_both_ways(page)
    _publish(page, flow)
    _call_three_times(live, agent)
    tasks.work(linger=0)
    _see_what_happened(page, flow, zendesk)


def _new_flow(page):
    page.goto("/flows/new/")
    page.get_by_label("Name").first.fill("Ticket if escalated")
    page.get_by_role("button", name="Save & Edit Flow").click()
    expect(card(page, "Call ended")).to_be_visible()
    return Flow.objects.get()


def _decide(page):
    """The `+` under the trigger, the picker by keyboard, a condition with a variable."""
    page.get_by_role("button", name="Add a step after Call ended").click()
    expect(page.get_by_role("dialog", name="Add a step")).to_be_visible()
    page.keyboard.type("decision")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Label").fill("Escalated")
    page.get_by_role("button", name="Add condition").click()
    page.keyboard.type("/disposition")
    expect(page.get_by_role("option", name="interaction.disposition")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Value 1", exact=True)).to_have_value("{{interaction.disposition}}")
    page.get_by_label("Compared with 1", exact=True).fill("escalated")
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def _file_a_ticket(page, zendesk):
    """API request dragged from the palette, connected by dragging, configured, tried with Send."""
    page.get_by_role("application", name="Canvas").focus()
    page.keyboard.press("Escape")
    source = page.get_by_role("button", name=re.compile("^API request")).first
    expect(source).to_be_visible()
    decision = card(page, "Decision").bounding_box()
    box = source.bounding_box()
    drag(page, (box["x"] + 40, box["y"] + 20), centre(decision, -200, 200))
    expect(card(page, "API request")).to_be_visible()
    painted(page)  # what was dropped below the tools comes in whole
    decision, target = card(page, "Decision").bounding_box(), card(page, "API request").bounding_box()
    port = (decision["x"] + decision["width"] / 4, decision["y"] + decision["height"])
    drag(page, port, centre(target, 0, -target["height"] / 2 + 6))
    page.get_by_label("Name of the step").fill("Create ticket")
    page.get_by_label("Method").select_option("POST")
    page.get_by_role("textbox", name="URL").fill(zendesk.url + "/api/v2/tickets.json")
    page.get_by_label("Body type").select_option("JSON")
    page.get_by_role("textbox", name="Content").fill(BODY)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Send POST").click()
    page.get_by_role("treeitem", name="id").click()
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def _end_both_ways(page):
    for before in ("Add a step after Create ticket", "Add a step after Decision, Otherwise"):
        page.get_by_role("button", name=before).click()
        page.get_by_role("combobox", name="Search apps and actions").fill("end")
        expect(page.get_by_role("option", name=re.compile("^End"))).not_to_have_count(0)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=before)).to_have_count(0)


def _publish(page, flow):
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_role("button", name="Publish Workflow").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("The first")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 1 is live.").first).to_be_visible()
    expect(page.get_by_role("switch", name="Live")).to_be_checked()
    published = Flow.objects.get(pk=flow.pk).published
    assert published.number == 1
    by_type = {node["type"] for node in published.document["nodes"]}
    assert by_type == {"call_ended", "decision", "api_request", "end"}
    request = next(node for node in published.document["nodes"] if node["type"] == "api_request")
    assert request["label"] == "Create ticket"
    assert request["config"]["response_mapping"][0]["path"] == "$.ticket.id"
    branch = next(node for node in published.document["nodes"] if node["type"] == "decision")["config"]["branches"][0]
    edges = {(edge["source"], edge["port"]): edge["target"] for edge in published.document["edges"]}
    decision = next(node for node in published.document["nodes"] if node["type"] == "decision")
    assert edges[decision["id"], branch["id"]] == request["id"]


def _call_three_times(live, agent):
    answers = [
        requests.post(f"{live}/in/generic/{agent.token}/", json=CALL, timeout=10).json()["events"][0] for _ in range(3)
    ]
    assert [answer["duplicate"] for answer in answers] == [False, True, True]


def _see_what_happened(page, flow, zendesk):
    run = Run.objects.get(mode="live")
    assert run.status == "succeeded"
    assert Event.objects.get(source="generic").duplicates == 2
    tickets = [json.loads(request.body) for request in zendesk.requests if b"call_42" in request.body]
    assert len(tickets) == 1
    assert tickets[0]["ticket"]["comment"]["body"] == 'She said "twice"\n\nAgent: Hello\nUser: I paid twice.'
    page.goto(f"/flows/{flow.pk}/?run={run.pk}")
    expect(page.get_by_text("Why Escalated")).to_be_visible()
    expect(card(page, "Create ticket")).to_contain_text("ms")
    expect(page.get_by_role("application", name="Canvas").get_by_text("not taken")).to_be_visible()
    page.goto(f"/runs/{run.pk}/")
    expect(page.get_by_text("Create ticket").first).to_be_visible()
