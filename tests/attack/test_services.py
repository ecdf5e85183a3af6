"""Services as a way in or out: addresses that turn inwards, answers that want to be more, connections of others."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from django.urls import reverse

from integrations import proving
from integrations.connection_types import TYPES
from integrations.connections import Credentials
from integrations.grants import Held
from integrations.http import fetch
from integrations.masking import Mask
from integrations.models import Connection
from integrations.service_node import ServiceNode
from integrations.tokens import TokenSource
from runtime.engine import registry
from runtime.engine.errors import StepError
from runtime.engine.outcomes import Fail
from runtime.models import Run
from tests.attack.conftest import Attacker
from tests.builder.conftest import flow, published  # noqa: F401  fixtures
from tests.flows import call_ended, chain, end, node
from tests.integrations.conftest import ask, open_to  # noqa: F401  fixtures
from tests.integrations.providers import Provider
from tests.integrations.services.conftest import SECRET, connected, do, values_for, vendor  # noqa: F401  fixtures
from tests.peers import Answer, Peer
from tests.runtime.conftest import publish, work  # noqa: F401  fixtures

NODES = sorted(each.type for each in registry.all_types() if isinstance(each, ServiceNode))
MOVABLE = sorted(name for name, kind in TYPES.items() if kind.base_url and name != "service_account")
EVENT = {"interaction": {"id": "c-1", "summary": "S", "contact_number": "+14155550132", "transcript": "T"},
         "contact": {"email": "jane@example.com", "name": "Jane", "phone": "+14155550132"}}  # fmt: skip


@pytest.fixture
def inside():
    """A system of the operator's own network, which nobody opened."""
    with Peer({"*": {"ok": True}}) as inside:
        yield inside


def example_of(type):
    config = registry.find(type).example["config"]
    return {name: value for name, value in config.items() if name != "connection"}


def secrets_in(*told):
    return SECRET.split("{")[0] in "".join(map(str, told))


@pytest.mark.parametrize("type", NODES)
def test_an_address_that_turns_inwards_is_not_called(type, do, vendor, inside, settings):  # noqa: F811
    settings.EGRESS_ALLOW = ""
    outcome, row = do(type, example_of(type), EVENT)
    assert isinstance(outcome, Fail)
    assert outcome.code in ("address_refused", "port_refused")
    assert (vendor.requests, outcome.retryable, secrets_in(outcome, row)) == ([], False, False)


@pytest.mark.parametrize("type", NODES)
def test_a_vendor_that_leads_elsewhere_is_not_followed(type, do, vendor, inside):  # noqa: F811
    vendor.answers["*"] = Answer(307, b"", {"Location": f"{inside.url}/latest/meta-data"})
    outcome, row = do(type, example_of(type), EVENT)
    assert isinstance(outcome, Fail)
    assert (inside.requests, secrets_in(outcome, row)) == ([], False)


@pytest.mark.parametrize("name", MOVABLE)
def test_the_test_of_a_connection_calls_nothing_inside(name, connected, inside, settings):  # noqa: F811
    settings.EGRESS_ALLOW = ""
    found = proving.prove(connected(name))
    assert not found.good
    assert not secrets_in(found.words)
    assert inside.requests == []


@pytest.mark.parametrize("address", ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::1]/", "http://10.0.0.8/",
                                     "http://2130706433/", "http://localhost/", "http://0x7f.1/"])  # fmt: skip
@pytest.mark.parametrize("name", ["hubspot", "chatwoot", "webhook_out", "zapier", "openai_compatible"])
def test_no_spelling_of_an_address_inside_gets_out_with_credentials(name, address, do, connected, ask, settings):  # noqa: F811
    settings.EGRESS_ALLOW = ""
    type = next(each for each in NODES if name in registry.find(each).fields["connection"].types)
    found = connected(name, base_url=address)
    outcome, _ = ask(example_of(type), EVENT, found, type=type)
    assert isinstance(outcome, Fail)
    assert outcome.code in ("address_refused", "port_refused")


@pytest.mark.parametrize(
    "token", ["good\r\nX-Evil: 1", "good\r\n X-Folded: 1", "good\nX-Evil: 1", "good\x00", "a\x7fb"]
)
def test_a_token_cannot_write_headers_of_its_own(token, connected, vendor):  # noqa: F811
    vendor.answers["*"] = {"ok": True}
    found = connected("hubspot_sign_in")
    found = replace(found, tokens=type("Given", (), {"access": staticmethod(lambda: token)})())
    with pytest.raises(StepError, match="line break or control character"):
        fetch("GET", vendor.url, connection=found)
    assert vendor.requests == []


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding", "X: Y", "X Y", "Expect", "Connection"])
def test_a_key_cannot_take_the_place_of_what_the_door_writes(name, vendor):  # noqa: F811
    vendor.answers["*"] = {"ok": True}
    found = Credentials("Key", TYPES["api_key"], (f"127.0.0.1:{vendor.port}",), {"name": name, "key": "k-123456"})
    with pytest.raises(StepError):
        fetch("POST", vendor.url, body=b"x", connection=found)
    assert vendor.requests == []


def test_an_endless_answer_of_a_token_endpoint_is_cut(open_to):  # noqa: F811
    with Provider() as provider:
        open_to(provider)
        provider.answers["/token"] = Answer(200, {"access_token": "x" * 5_000_000})
        kind = TYPES["oauth2_client_credentials"]
        values = values_for(kind, provider.url, token_url=f"{provider.url}/token")
        source = TokenSource(uuid4(), "Big", kind, values, Held(), Mask())
        with pytest.raises(StepError, match="larger than"):
            source._ask({"grant_type": "client_credentials"})


@pytest.mark.django_db(transaction=True)
def test_what_a_vendor_answers_is_never_read_as_a_template(workspace, publish, work, settings, machine):  # noqa: F811
    evil = "{{workspace.name}} {{secure.pin}} {{run.id}} {{ '{{' }} ${7*7} {% now %}"
    with Peer() as peer:
        settings.EGRESS_ALLOW = peer.allow
        found = {"total": 1, "results": [{"id": "1", "properties": {"firstname": evil}}]}
        peer.answers = {"/crm/v3/objects/contacts/search": found, "/api/chat.postMessage": {"ok": True, "ts": "1.2"}}
        made = {name: made_for(workspace, name, peer) for name in ("hubspot", "slack")}
        look = node("look", "hubspot_find_contact", {"connection": made["hubspot"], "by": "email", "value": "a@b.co"})
        tell = node("tell", "slack_send_message", {
            "connection": made["slack"], "channel": "#c", "text": "{{steps.look.properties.firstname}}",
            "blocks": '[{"type": "section", "text": "{{steps.look.properties.firstname}}"}]'})  # fmt: skip
        publish(workspace, chain(call_ended(), look, tell, end(outcome="{{steps.look.properties.firstname}}"),
                                 ports={"look": "success", "tell": "success"}))  # fmt: skip
        event = {"type": "call.ended", "interaction": {"id": "c-1"}, "secure": {"pin": "4711-9"}}
        machine.post("/api/v1/events/", event)
        work()
        run = Run.objects.get()
        assert (run.status, run.state["outcome"]) == ("succeeded", evil)
        sent = peer.requests[1].json
        assert (sent["text"], sent["blocks"][0]["text"]) == (evil, evil)


def made_for(workspace, name, peer, **own):
    kind = TYPES[name]
    values = values_for(kind, peer.url, **own)
    row = Connection(workspace=workspace, name=f"{kind.label} {workspace.name}", type=name,
                     config={each: text for each, text in values.items() if each not in kind.secret_names})  # fmt: skip
    row.set_secrets({each: values[each] for each in kind.secret_names})
    row.full_clean()
    row.save()
    return str(row.pk)


@pytest.fixture
def theirs(other_workspace, settings):
    """A connection of another workspace, and the peer it leads to."""
    with Peer({"*": {"ok": True}}) as peer:
        settings.EGRESS_ALLOW = peer.allow
        peer.connection = made_for(other_workspace, "slack", peer)
        yield peer


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("type", ["slack_send_message", "api_request"])
def test_a_connection_of_others_cannot_be_used_sent_or_published(type, theirs, person, published):  # noqa: F811
    config = {"connection": theirs.connection, "channel": "#c", "text": "Hi"}
    if type == "api_request":
        config = {"connection": theirs.connection, "method": "POST", "url": f"{theirs.url}/api/chat.postMessage"}
    tried = person.post(f"/api/v1/flows/{published.pk}/try-node/", {"node": node("n", type, config), "variables": {}})
    assert "no longer exists" in tried.text
    document = chain(call_ended(), node("n", type, config), end(), ports={"n": "success"})
    person.call("PUT", f"/api/v1/flows/{published.pk}/draft/", document, If_Match="*")
    refused = person.post(f"/api/v1/flows/{published.pk}/publish/", {})
    assert refused.status_code in (409, 422)
    assert theirs.requests == []


@pytest.mark.django_db(transaction=True)
def test_a_published_flow_that_names_a_connection_of_others_sends_nothing(workspace, publish, work, theirs, machine):  # noqa: F811
    config = {"connection": theirs.connection, "channel": "#c", "text": "Hi"}
    publish(workspace, chain(call_ended(), node("n", "slack_send_message", config), end(), ports={"n": "success"}))
    machine.post("/api/v1/events/", {"type": "call.ended", "interaction": {"id": "c-1"}})
    work()
    run = Run.objects.get()
    assert (run.status, run.error["code"]) == ("parked", "no_connection")
    assert theirs.requests == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["connection-switch-on", "connection-test", "connection-delete", "connection-limits"])
def test_a_connection_of_others_is_not_there(name, theirs, person):
    assert person.form(reverse(name, args=[theirs.connection])).status_code == 404
    assert Connection.objects.filter(pk=theirs.connection).exists()
    assert theirs.requests == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("type", "config", "changed"), [
    ("database", {"engine": "postgresql", "database": "shop", "host": "db.example.com", "tls": "require"}, "host"),
    ("smtp", {"host": "smtp.example.com", "sender": "bot@example.com"}, "host"),
    ("zendesk", {"subdomain": "acme", "email": "a@b.co"}, "base_url"),
    ("oauth2_client_credentials", {"token_url": "https://auth.example.com/token", "client_id": "c"}, "token_url"),
])  # fmt: skip
def test_an_editor_cannot_have_a_kept_secret_sent_to_a_place_of_their_own(
    type, config, changed, live, workspace, make_person
):
    kind = TYPES[type]
    row = Connection(workspace=workspace, name="Kept", type=type, config=config, allowed_hosts=["api.example.com"])
    row.set_secrets(dict.fromkeys(kind.secret_names, "kept-secret"))
    row.full_clean()
    row.save()
    editor = Attacker(live, user=make_person(workspace, "editor").user)
    moved = {**config, changed: "evil.example.com" if changed == "host" else "https://evil.example.com/token"}
    answer = editor.call("PATCH", f"/api/v1/connections/{row.pk}/", {"config": moved})
    assert answer.status_code == 403, answer.text
    row.refresh_from_db()
    assert row.config == config
    assert "evil" not in json.dumps(row.allowed_hosts)
