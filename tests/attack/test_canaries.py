"""Eight secrets that can be told apart, a peer that hands them back in every form, and every place they could show up.

The encodings looked for are written here anew, so that a gap in what is masked is no gap in what is looked for.
"""

import base64
import html
import json
import logging
import threading
from urllib.parse import quote

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Run
from tests.attack.conftest import Attacker
from tests.flows import call_ended, chain, end, node
from tests.integrations.providers import Provider
from tests.peers import Answer
from tests.runtime.conftest import work  # noqa: F401  fixture

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "Kanarie+{}/8f3a&<\"'é"
NAMES = ("bearer", "password", "query-key", "body-key", "client-secret", "access", "refresh", "hubspot")
KNOWN = {"/bearer": ["bearer"], "/basic": ["password"], "/query": ["query-key"], "/body": ["body-key"],
         "/oauth": ["client-secret", "access", "refresh"]}  # fmt: skip
CANARIES = {name: CANARY.format(name) for name in NAMES}


def said(secret):
    """How a peer may write a secret down."""
    raw = secret.encode()
    yield from (secret, quote(secret, safe=""), raw.hex(), raw.hex().upper(), html.escape(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    for before in (b"", b"x", b"xy"):
        yield base64.b64encode(before + raw).decode()
        yield base64.urlsafe_b64encode(before + raw).decode()


def sought(secret):
    """What of it must be found nowhere; of base64 the middle, which does not depend on what stands around it."""
    yield from (form[4:-4] if form[-8:].isalnum() or form.endswith("=") else form for form in said(secret))


ALL = [(name, form) for name, secret in CANARIES.items() for form in sought(secret)]


def hits(text):
    return [(name, form) for name, form in ALL if form in text]


class Parrot(Provider):
    """Says what it knows of the secrets that come to a path, in every form; half of its answers are refusals."""

    def __init__(self):
        super().__init__()
        self.answers["/token"] = self.gives

    def gives(self, asked):
        return {"access_token": CANARIES["access"], "refresh_token": CANARIES["refresh"], "expires_in": 3600}

    def knows(self, path, *names):
        told = {"message": [form for name in names for form in said(CANARIES[name])]}
        headers = {"X-Echo": quote(CANARIES[names[0]])}
        self.answers[f"{path}/good"] = Answer(200, told, headers)
        self.answers[f"{path}/bad"] = Answer(400, told, headers)


@pytest.fixture
def parrot(settings):
    with Parrot() as parrot:
        settings.EGRESS_ALLOW = parrot.allow
        for path, names in KNOWN.items():
            parrot.knows(path, *names)
        known = {"message": list(said(CANARIES["hubspot"])), "id": CANARIES["hubspot"]}
        parrot.answers["/crm/v3/objects/notes"] = Answer(400, known)
        parrot.answers["/account-info/v3/details"] = Answer(403, known)
        parrot.answers["/prompt"] = {"ok": True}
        yield parrot


@pytest.fixture
def logs():
    """All that is logged by anybody, at any level."""
    lines = []

    class Keeps(logging.Handler):
        def emit(self, record):
            lines.append(logging.Formatter().format(record) + str(record.__dict__))

    handler, root = Keeps(logging.DEBUG), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


def connections(member, parrot):
    """{name: id}, made over the API as a person would."""
    here = [f"127.0.0.1:{parrot.port}"]
    token_url = f"{parrot.url}/token"
    bodies = {
        "bearer": ("bearer", {}, {"token": CANARIES["bearer"]}),
        "basic": ("basic", {"username": "jane"}, {"password": CANARIES["password"]}),
        "query": ("api_key", {"place": "query", "name": "key"}, {"key": CANARIES["query-key"]}),
        "body": ("api_key", {"place": "body", "name": "key"}, {"key": CANARIES["body-key"]}),
        "oauth": ("oauth2_client_credentials", {"token_url": token_url, "client_id": "c"},
                  {"client_secret": CANARIES["client-secret"]}),
        "hubspot": ("hubspot", {"base_url": parrot.url}, {"token": CANARIES["hubspot"]}),
    }  # fmt: skip
    made = {}
    for name, (kind, config, secrets) in bodies.items():
        body = {"name": name, "type": kind, "config": config, "secrets": secrets}
        body |= {} if kind == "hubspot" else {"allowed_hosts": here}
        answer = member.post("/api/v1/connections/", body, Idempotency_Key=f"make-{name}")
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
    return made


def flow_of(parrot, made):
    """Every connection, once with a good answer and once with a refusal; what came back is sent on."""
    steps = []
    for name in ("bearer", "basic", "query", "body", "oauth"):
        for how in ("good", "bad"):
            config = {"method": "POST", "url": f"{parrot.url}/{name}/{how}", "connection": made[name],
                      "body": {"type": "json", "content": '{"a": 1}'}, "response_mapping": [
                          {"path": "$.message[0]", "variable": f"{name}_{how}", "default": ""}]}  # fmt: skip
            steps.append(node(f"{name}_{how}", "api_request", config, settings={"on_error": "continue"}))
    note = {"connection": made["hubspot"], "contact_id": "1", "text": "{{vars.bearer_good}}"}
    steps.append(node("note", "hubspot_add_note", note, settings={"on_error": "continue"}))
    said = "{{steps.bearer_good.body}} {{steps.oauth_good.body}} {{steps.basic_bad.error}} {{vars.query_good}}"
    prompt = {"method": "POST", "url": f"{parrot.url}/prompt", "body": {"type": "text", "content": said}}
    steps.append(node("prompt", "api_request", prompt))
    ports = {step["id"]: "success" for step in steps}
    return chain(call_ended(), *steps, end(outcome="{{vars.bearer_good}}"), ports=ports)


def rows():
    """Every row of every table, as text."""
    for model in apps.get_models():
        for values in model._default_manager.values_list():
            yield json.dumps(values, default=str, ensure_ascii=False)


def test_no_secret_shows_up_anywhere(live, workspace, owner, machine, parrot, work, logs):  # noqa: F811
    member = Attacker(live, user=owner.user)
    made = connections(member, parrot)
    document = flow_of(parrot, made)
    flow = create_flow(workspace, owner.user, name="Parrot", kind="post_call", document=document)
    publish(flow, owner.user)
    frames, over = [], threading.Event()

    def listen():
        address = live.replace("http", "ws", 1) + f"/ws/flows/{flow.pk}/"
        cookie = {"Cookie": f"{django_settings.SESSION_COOKIE_NAME}={member.session_key}"}
        with connect(address, additional_headers=cookie, origin=live) as socket:
            ready.set()
            while not over.is_set():
                try:
                    frames.append(str(socket.recv(timeout=0.2)))
                except TimeoutError:
                    continue
                except ConnectionClosed:
                    return

    ready = threading.Event()
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert ready.wait(20)
    event = {"type": "call.ended", "interaction": {"id": "c-1", "channel": "phone"}}
    assert machine.post("/api/v1/events/", event).status_code in (201, 202)
    work()
    run = Run.objects.get()
    assert (run.status, len(parrot.requests) >= 13) == ("succeeded", True), run.error
    sinks = {f"test {name}": member.post(f"/api/v1/connections/{each}/test/", {"url": f"{parrot.url}/{name}/bad"}
                                         if name != "hubspot" else {}).text for name, each in made.items()}  # fmt: skip
    sends = {
        "id": "n",
        "type": "api_request",
        "config": {"url": f"{parrot.url}/bearer/bad", "connection": made["bearer"]},
    }
    sinks["send"] = member.post(f"/api/v1/flows/{flow.pk}/try-node/", {"node": sends, "variables": {}}).text
    pages = [
        "/", f"/flows/{flow.pk}/", f"/flows/{flow.pk}/versions/", "/runs/", f"/runs/{run.pk}/", "/calls/",
        "/dashboard/",
        "/settings/connections/", *(f"/settings/connections/{each}/" for each in made.values()), "/settings/audit/",
        f"/api/v1/flows/{flow.pk}/", f"/api/v1/flows/{flow.pk}/export/", f"/api/v1/flows/{flow.pk}/draft/",
        f"/api/v1/runs/{run.pk}/", f"/api/v1/runs/{run.pk}/steps/", f"/api/v1/runs/{run.pk}/document/",
        "/api/v1/connections/", "/api/v1/audit/", f"/api/v1/flows/{flow.pk}/traffic/", "/metrics", "/readyz",
    ]  # fmt: skip
    for path in pages:
        answer = member.get(path)
        assert answer.status_code in (200, 401, 404, 503), f"{path}: {answer.status_code}"
        sinks[path] = answer.text + str(answer.headers)
    over.set()
    listener.join(10)
    assert frames, "the socket said nothing"
    sinks |= {"frames": "\n".join(frames), "rows": "\n".join(rows()), "logs": "\n".join(logs)}
    sinks["prompt"] = "\n".join(each.body.decode() for each in parrot.requests if each.path == "/prompt")
    assert sinks["prompt"].count("•••") > 3, "what came back is sent on masked"
    assert hits("".join(str(each.headers) + each.body.decode() + each.path for each in parrot.requests)), (
        "they were sent"
    )
    found = {place: told for place, text in sinks.items() if (told := hits(text))}
    assert not found, json.dumps(found, indent=1)[:3000]
