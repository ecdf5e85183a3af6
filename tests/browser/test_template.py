"""From each template of the gallery to what it does: made, connected, published, fired, watched. In a real browser."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import requests
from django.utils import timezone
from playwright.sync_api import expect

from runtime import tasks
from runtime.active import forget_workspaces
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import SCOPES, ApiKey, Flow, Run, Trigger, Wait, Workspace
from tests.browser.editing import card
from tests.contract.chatting import Visitor
from tests.contract.conftest import Program
from tests.contract.test_templates import SECRET, signed
from tests.until import until
from tests.vendors import MODEL, SERVICES, SLACK, SMS, TICKETS, completion, connect

ANGRY = {"sentiment": "negative", "topic": "billing", "resolved": False}
NOTES, UPSERT = "/crm/v3/objects/notes", "/crm/v3/objects/contacts/batch/upsert"


@dataclass(frozen=True)
class Case:
    """A template: which service has two connections, so that a person chooses one, and where; what it then does.

    `addresses` are steps whose URL is put right, `kind` the words of the new flow's page, `also` a flow that comes
    with it and holds the step to connect, `model` what the AI model says.
    """

    title: str
    kind: str
    service: str
    step: str
    label: str
    fire: str
    asked: list[str]
    outcome: str
    addresses: dict[str, str] = field(default_factory=dict)
    also: str = ""
    model: dict[str, str] = field(default_factory=dict)


CASES = {
    "f1": Case("HubSpot note, and an email if qualified", "Post-call", "smtp", "Tell sales", "Mail server", "event",
               [UPSERT, NOTES], "qualified"),
    "f2": Case("Zendesk ticket if escalated", "Post-call", "zendesk", "Create ticket", "Zendesk", "event",
               [TICKETS, SLACK], "ticket 35436"),
    "f3": Case("Cancel an order", "Action", "slack", "Tell the team", "Slack", "cancel_order",
               ["/orders/1001", "/orders/1001/cancel"], "",
               {"Look up order": "/orders/{{args.order_id}}", "Cancel it": "/orders/{{args.order_id}}/cancel"}),
    "f4": Case("Greet a known caller by name", "Inbound", "hubspot", "Look up caller", "HubSpot account", "inbound",
               ["/crm/v3/objects/contacts/search"], ""),
    "f6": Case("Follow-up SMS a day later unless booked", "Post-call", "twilio", "Send SMS", "Twilio", "day",
               [SMS], "sms SM1"),
    "f9": Case("Refund, with approval above a limit", "Action", "zendesk", "Nobody answered", "Zendesk", "refund",
               ["/v1/refunds"], ""),
    "f10": Case("Nightly summary by email", "Automation", "sendgrid", "Mail the figures", "SendGrid", "clock",
                ["/calls", "/v3/mail/send"], "3 calls", {"Calls of the last day": "/calls"}),
    "f11": Case("CRM leads into an outbound campaign", "Automation", "famulor", "Add lead", "Famulor", "hook",
                ["/api/user/lead"], "1 added, 0 failed", also="Add one lead"),
    "f13": Case("Analyse and tag a conversation, act on angry customers", "Post-call", "zendesk", "Create ticket",
                "Zendesk", "event", [MODEL, TICKETS, SLACK], "ticket 35436", model=ANGRY),
    "f5": Case("Qualify a lead in the chat", "Drives a chat", "openai_compatible", "AI answers", "AI model",
               "visitor_of_the_prices", [MODEL], "with sales", model={"reply": "Of course.", "next": "human"}),
    "f16": Case("VIPs go to a person", "Drives a chat", "zendesk", "Create ticket", "Zendesk", "vip_at_night",
                [TICKETS], "ticket 35436"),
}  # fmt: skip


class Person:
    """Whoever builds the flow: the pages they use, in the words they read."""

    def __init__(self, page):
        self.page = page

    def make(self, case):
        self.page.goto("/flows/new/")
        self.page.get_by_label("Name").first.fill("From the gallery")
        self.page.get_by_role("radio", name=case.kind).check()
        self.page.get_by_role("radio", name=case.title).check()
        self.page.get_by_role("button", name="Save & Edit Flow").click()
        expect(self.page.get_by_role("banner")).to_contain_text("Saved")

    def open(self, name):
        self.page.goto("/")
        self.page.get_by_role("link", name=name, exact=True).click()
        expect(self.page.get_by_role("banner")).to_contain_text("Saved")

    def choose(self, step, label, connection):
        card(self.page, step).click()
        options = self.page.get_by_label(label, exact=True)
        options.select_option(options.locator("option", has_text=connection).get_attribute("value"))
        self._save()

    def write(self, step, address):
        card(self.page, step).click()
        self.page.get_by_label("URL", exact=True).fill(address)
        self._save()

    def publish(self):
        self.page.get_by_role("button", name="Publish Workflow").click()
        self.page.get_by_role("dialog").get_by_role("textbox").fill("From the template")
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text("Version 1 is live.").first).to_be_visible()

    def _save(self):
        self.page.get_by_role("button", name="Save Changes").click()
        expect(self.page.get_by_text("Saved", exact=True)).to_be_visible()


class Firing:
    """How each kind of flow is started from outside, and seen to its end. Answers are what the caller is told."""

    def __init__(self, live, workspace, flow):
        self.live, self.workspace, self.flow = live, workspace, flow
        key = ApiKey.issue(workspace, "the platform", SCOPES)[1]
        self.program = Program(live, key)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.address = f"{live}/api/v1/flows/{flow.pk}/hook/"

    def event(self):
        self._post("/events/", self.flow.scenarios.get().event)

    def day(self):
        """A day passes while it waits."""
        self.event()
        tasks.work(linger=0)
        run, past = Run.objects.get(), timezone.now() - timedelta(seconds=1)
        run.state["wait"]["until"] = past.isoformat()
        Wait.objects.update(until=past)
        Run.objects.update(due_at=past, state=run.state)

    def cancel_order(self):
        answer = self._post("/actions/cancel_order/", {"arguments": {"order_id": "1001", "reason": "Too late"}})
        assert answer["response"] == {"cancelled": True, "message": "Order 1001 is cancelled."}

    def refund(self):
        given = {"order_id": "1001", "payment": "pi_1", "amount": 5000, "phone": "+14155550132"}
        assert self._post("/actions/request_refund/", {"arguments": given})["response"]["status"] == "approved"

    def inbound(self):
        answer = self._post("/inbound/", {"from": "+14155550132", "to": "+18005550199"})
        assert answer["variables"] == {"first_name": "Jane", "status": "customer", "known": True}

    def clock(self):
        due = {"trigger": {"scheduled_for": "2026-01-20T06:00:00Z", "missed": False}}
        only = Trigger.objects.get(flow=self.flow)
        arrival = Arrival(self.workspace.pk, "schedule", "schedule.due", due, only=only)
        assert recorder().submit(accept, arrival).result(10).status == 202

    def sets_a_secret(self):
        answer = requests.patch(self.address, json={"secret": SECRET}, headers=self.headers, timeout=10)
        assert answer.status_code == 200

    def hook(self):
        known = requests.get(self.address, headers=self.headers, timeout=10)
        body = json.dumps({"leads": [{"phone": "+14155550130", "first_name": "Jane"}]}).encode()
        answer = requests.post(known.json()["address"], data=body, headers=signed(body), timeout=10)
        assert answer.status_code == 202

    def visitor_of_the_prices(self):
        joe = Visitor(self.program, visitor=self.flow.scenarios.get().event["visitor"])
        joe.say("1-10")
        joe.say("Price")
        assert joe.say(form={"email": "joe@gmail.com"}) == ["Thanks! Ask me anything about our plans."]
        assert joe.say("A person please") == ["Of course.", "I connect you with a colleague from sales."]
        assert joe.status == "with_human"

    def vip_at_night(self):
        Workspace.objects.update(availability={"mode": "offline"})
        forget_workspaces()
        jane = Visitor(self.program, contact={"id": "jane", "name": "Jane", "plan": "enterprise"})
        assert jane.say("It fails") == ["Our VIP team is back at 9. You are first in line, with ticket 35436."]

    def _post(self, path, body):
        answer = requests.post(f"{self.live}/api/v1{path}", json=body, headers=self.headers, timeout=30)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()


@pytest.mark.parametrize("name", CASES)
def test_a_template_is_connected_published_and_fired(name, page, live, owner, sign_in, workspace, vendors):
    case = CASES[name]
    vendors.answers[MODEL] = completion(case.model)
    for service in SERVICES:
        connect(workspace, service, vendors.url, vendors.mail)
    connect(workspace, case.service, vendors.url, vendors.mail, "The second one")
    sign_in(owner)
    person = Person(page)
    person.make(case)
    for step, path in case.addresses.items():
        person.write(step, vendors.url + path)
    flow = Flow.objects.get(name="From the gallery")
    firing = Firing(live, workspace, flow)
    if case.also:
        person.open(case.also)
    person.choose(case.step, case.label, "The second one")
    person.publish()
    if case.also:
        firing.sets_a_secret()
        person.open("From the gallery")
        person.publish()
    getattr(firing, case.fire)()
    until(lambda: Run.objects.filter(flow=flow, finished_at__isnull=False).exists(),
          pause=lambda: tasks.work(linger=0))  # fmt: skip
    run = Run.objects.get(flow=flow)
    assert (run.status, run.state.get("outcome") or "", run.error) == ("succeeded", case.outcome, None)
    assert [asked.path.partition("?")[0] for asked in vendors.requests] == case.asked
    page.goto(f"/runs/{run.pk}/")
    expect(page.get_by_role("main")).to_contain_text("Succeeded")
