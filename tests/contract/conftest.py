"""The outside program: it knows addresses, a key and CONTRACT.md, and speaks real HTTP to a real server."""

import json
import time

import pytest
import requests
from django.conf import settings as django_settings
from django.test import Client

from runtime import fair_use, tasks
from runtime.models import SCOPES, ApiKey, Workspace
from tests.contract.drafting import DOCUMENT
from tests.vendors import SECRET, SERVICES, connect

PROBLEM = {"type", "title", "status", "detail", "errors"}
CSRF = "a" * 32
ENDED = ("succeeded", "failed", "cancelled", "timed_out")


class Program:
    """Calls relative to /api/v1 (or whole, from a leading `//`), with a key or a session; answers carry `.value`."""

    def __init__(self, url, key=None, cookies=None):
        self.url, self.session = url, requests.Session()
        if key:
            self.session.headers["Authorization"] = f"Bearer {key}"
        for name, value in (cookies or {}).items():
            self.session.cookies.set(name, value)

    def call(self, method, path, body=None, *, data=None, type=None, headers=None, timeout=20):
        address = self.url + path[1:] if path.startswith("//") else f"{self.url}/api/v1{path}"
        address = path if path.startswith("http") else address
        headers = dict(headers or {})
        if data is not None:
            headers["Content-Type"] = type or "application/json"
        answer = self.session.request(
            method, address, json=body, data=data, headers=headers, timeout=timeout, allow_redirects=False
        )
        answer.value = None
        if "json" in answer.headers.get("Content-Type", "") and answer.content:
            answer.value = json.loads(answer.content)
        return answer

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.call("PUT", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.call("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)


def is_problem(answer, status):
    """Whether an answer is an error in the one shape (CONTRACT, Who may call)."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.value) >= PROBLEM
    assert answer.value["status"] == status
    assert isinstance(answer.value["detail"], str)
    assert answer.value["detail"]
    assert all(set(error) >= {"pointer", "code", "message"} for error in answer.value["errors"])
    return answer.value


@pytest.fixture(autouse=True)
def _quick_and_fresh(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    fair_use.forget()


@pytest.fixture
def program(live, workspace):
    """A program with a key of all scopes."""
    return Program(live, ApiKey.issue(workspace, "the outside program", SCOPES)[1])


@pytest.fixture
def with_scopes(live, workspace):
    return lambda *scopes: Program(live, ApiKey.issue(workspace, "a narrow one", list(scopes))[1])


@pytest.fixture
def nobody(live):
    return Program(live)


@pytest.fixture
def as_role(live, workspace, make_person):
    """as_role("viewer") -> a signed-in browser, without a page."""

    def make(role, of=None):
        person = make_person(of or workspace, role)
        client = Client()
        client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        cookies = {django_settings.SESSION_COOKIE_NAME: session, django_settings.CSRF_COOKIE_NAME: CSRF}
        browser = Program(live, cookies=cookies)
        browser.session.headers.update({"X-CSRFToken": CSRF, "Referer": live})
        return browser

    return make


@pytest.fixture
def stranger(live):
    """A program of another workspace."""
    return Program(live, ApiKey.issue(Workspace.objects.create(name="Other"), "theirs", SCOPES)[1])


def _live(program, flow_id):
    """The flow, once its draft is published."""
    published = program.post(f"/flows/{flow_id}/publish/", {})
    assert published.status_code == 201, published.text
    return program.get(f"/flows/{flow_id}/").value


@pytest.fixture
def publish(program):
    """publish(document, kind="post_call") -> the flow, live, made over HTTP."""

    def make(document, kind="post_call", name="Flow", by=None):
        by = by or program
        made = by.post("/flows/", {"name": name, "kind": kind, "document": document})
        assert made.status_code == 201, made.text
        return _live(by, made.value["id"])

    return make


@pytest.fixture
def ended(program):
    """ended(run id) -> the run, once the worker has driven it to its end (or to `status`)."""

    def wait(run_id, *status, within=10):
        over = time.monotonic() + within
        while time.monotonic() < over:
            tasks.work(linger=0)
            run = program.get(f"/runs/{run_id}/").value
            if run["status"] in (status or ENDED):
                return run
        raise AssertionError(f"the run is still {run['status']}: {run}")

    return wait


@pytest.fixture
def happens(program, ended):
    """happens(event) -> the runs it started, ended."""

    def post(event):
        answer = program.post("/events/", event)
        assert answer.status_code == 202, answer.text
        return [ended(run["id"]) for run in answer.value["runs"]]

    return post


@pytest.fixture
def flow(program):
    """A new flow, as the API shows it."""
    body = {"name": "Follow up", "description": "After calls", "kind": "post_call", "document": DOCUMENT}
    return program.post("/flows/", body).value


@pytest.fixture
def draft(program, flow):
    """The address of its draft."""
    return f"/flows/{flow['id']}/draft/"


@pytest.fixture
def connected(vendors, workspace):
    """One connection of each type that a template needs, which leads to the vendors."""
    for name in SERVICES:
        connect(workspace, name, vendors.url, vendors.mail)


@pytest.fixture
def start(program, connected, vendors):
    """start("zendesk-ticket") -> the flow, made from the template, connected by itself, and published."""

    def start(template, kind):
        made = program.post("/flows/", {"name": template, "kind": kind, "template": template})
        assert made.status_code == 201, made.text
        flow = made.value
        for child in program.get("/flows/?limit=50").value["results"]:
            if child["id"] != flow["id"]:
                assert program.post(f"/flows/{child['id']}/publish/", {}).status_code in (200, 201)
        draft = program.get(f"/flows/{flow['id']}/draft/").value["document"]
        text = json.dumps(draft)
        for written in ("https://shop.example.com", "https://calls.example.com", "https://crm.example.com"):
            text = text.replace(written, vendors.url)
        program.put(f"/flows/{flow['id']}/draft/", json.loads(text), headers={"If-Match": "*"})
        if '"signature": "standard_webhooks"' in text:
            assert program.patch(f"/flows/{flow['id']}/hook/", {"secret": SECRET}).status_code == 200
        return _live(program, flow["id"])

    return start


@pytest.fixture
def sample(program):
    """The event that a template brings along, to try it with."""

    def sample(flow):
        (scenario,) = program.get(f"/flows/{flow['id']}/scenarios/").value["results"]
        return scenario["event"]

    return sample


@pytest.fixture
def visit(program):
    """visit(visitor=..., contact=...) -> a Visitor whose conversation has begun."""
    from tests.contract.chatting import Visitor

    return lambda **opening: Visitor(program, **opening)
