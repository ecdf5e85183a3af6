"""Connections: encrypted, write-only, bound to their workspace and to hosts."""

import pytest
from django.core.exceptions import ValidationError

from integrations.authentication import Outgoing
from integrations.connection_types import TYPES
from integrations.connections import credentials_of, problems_of, resolve
from integrations.hosts import check_host, place_of
from integrations.models import Connection
from runtime import reaching_out
from runtime.engine.errors import StepError
from runtime.models import Workspace

pytestmark = pytest.mark.django_db


def make(workspace, type="bearer", name="CRM", hosts=("api.example.com",), config=None, **secrets):
    row = Connection(workspace=workspace, name=name, type=type, config=config or {}, allowed_hosts=list(hosts))
    row.set_secrets(secrets)
    row.save()
    return row


def sent(row, url="https://api.example.com/x?a=b"):
    request = credentials_of(row).apply(Outgoing(url, {"X-Team": "a"}))
    return request.url, request.headers


def test_secrets_are_kept_encrypted_and_come_back(workspace):
    row = make(workspace, token="s3cret-token")
    stored = Connection.objects.get(pk=row.pk)
    assert "s3cret" not in str(stored.__dict__)
    assert stored.secrets() == {"token": "s3cret-token"}
    assert stored.shown_secrets()["token"]["has_value"] is True
    assert stored.shown_secrets()["token"]["updated_at"].endswith("Z")


def test_a_ciphertext_copied_to_another_row_does_not_open(workspace):
    one, other = make(workspace, token="s3cret-token"), make(workspace, name="Other", token="else")
    other.sealed = one.sealed
    credentials = credentials_of(other)
    with pytest.raises(StepError, match="cannot be opened"):
        credentials.apply(Outgoing("https://api.example.com/"))


def test_opened_credentials_do_not_show_themselves(workspace):
    assert "s3cret" not in repr(credentials_of(make(workspace, token="s3cret-token")))


@pytest.mark.parametrize(
    ("type", "config", "secrets", "url", "header"),
    [("none", {}, {}, "https://api.example.com/x?a=b", None),
     ("bearer", {}, {"token": "abc"}, "https://api.example.com/x?a=b", ("Authorization", "Bearer abc")),
     ("basic", {"username": "jane"}, {"password": "pw"}, "https://api.example.com/x?a=b",
      ("Authorization", "Basic amFuZTpwdw==")),
     ("api_key", {}, {"key": "k1"}, "https://api.example.com/x?a=b", ("X-API-Key", "k1")),
     ("api_key", {"name": "Authorization", "prefix": "Token "}, {"key": "k1"}, "https://api.example.com/x?a=b",
      ("Authorization", "Token k1")),
     ("api_key", {"place": "query", "name": "api key"}, {"key": "k&1"}, "https://api.example.com/x?a=b&api%20key=k%261",
      None)],
)  # fmt: skip
def test_each_type_authenticates_in_its_way(type, config, secrets, url, header, workspace):
    given_url, headers = sent(make(workspace, type, config=config, **secrets))
    assert given_url == url
    assert headers == {"X-Team": "a"} | ({header[0]: header[1]} if header else {})


def test_the_connections_header_wins_over_one_written_by_hand(workspace):
    sent = credentials_of(make(workspace, token="abc")).apply(Outgoing("https://a/", {"authorization": "mine"}))
    assert sent.headers == {"Authorization": "Bearer abc"}


def test_only_the_workspaces_own_connections_are_resolved(workspace):
    stranger = Workspace.objects.create(name="Stranger")
    own, foreign = make(workspace, token="abc"), make(stranger, token="xyz")
    found = resolve(workspace.pk, [str(own.pk), str(foreign.pk), "00000000-0000-0000-0000-000000000000"])
    assert set(found) == {str(own.pk)}
    assert set(resolve(workspace.pk, [str(own.pk), "no id at all"])) == {str(own.pk)}
    assert set(reaching_out.connections(workspace.pk, [str(own.pk)])) == {str(own.pk)}


def test_using_a_connection_is_noted(workspace):
    row = make(workspace, token="abc")
    resolve(workspace.pk, [str(row.pk)])
    row.refresh_from_db()
    first = row.last_used_at
    resolve(workspace.pk, [str(row.pk)])
    row.refresh_from_db()
    assert first is not None
    assert row.last_used_at == first


def test_secrets_can_be_changed_one_by_one_and_taken_away(workspace):
    row = make(workspace, token="first")
    row.set_secrets({})
    assert row.secrets() == {"token": "first"}
    row.set_secrets({"token": "second"})
    assert row.secrets() == {"token": "second"}
    row.set_secrets({"token": None})
    assert (row.secrets(), row.shown_secrets()["token"]["has_value"]) == ({}, False)
    with pytest.raises(ValidationError):
        row.set_secrets({"password": "x"})


@pytest.mark.parametrize(
    ("type", "config", "secrets", "hosts", "wrong"),
    [("bearer", {}, {}, ["a.example"], "token"), ("bearer", {}, {"token": "a\r\nX: 1"}, ["a.example"], "token"),
     ("bearer", {}, {"token": "abc"}, [], "allowed_hosts"), ("bearer", {}, {"token": "abc"}, ["*"], "allowed_hosts"),
     ("bearer", {"x": "y"}, {"token": "abc"}, ["a.example"], "x"), ("basic", {}, {}, ["a.example"], "username"),
     ("api_key", {"place": "cookie"}, {"key": "k"}, ["a.example"], "place")],
)  # fmt: skip
def test_a_connection_that_cannot_work_is_refused_by_field(type, config, secrets, hosts, wrong, workspace):
    row = Connection(workspace=workspace, name="x", type=type, config=config, allowed_hosts=hosts)
    row.set_secrets(secrets)
    assert wrong in problems_of(row)


def test_an_unknown_type_is_refused(workspace):
    assert "type" in problems_of(Connection(workspace=workspace, name="x", type="magic"))


@pytest.mark.parametrize(
    ("allowed", "host", "port", "fits"),
    [("api.example.com", "api.example.com", 443, True), ("api.example.com", "API.example.com.", 80, True),
     ("api.example.com", "xapi.example.com", 443, False), ("api.example.com", "example.com", 443, False),
     ("api.example.com", "api.example.com.evil.com", 443, False), ("*.example.com", "a.b.example.com", 443, True),
     ("*.example.com", "example.com", 443, False), ("*.example.com", "evilexample.com", 443, False),
     ("crm.internal:8080", "crm.internal", 8080, True), ("crm.internal:8080", "crm.internal", 443, False),
     ("127.0.0.1:9000", "127.0.0.1", 9000, True), ("[::1]:9000", "::1", 9000, True), ("::1", "::1", 80, True)],
)  # fmt: skip
def test_hosts_fit_exactly(allowed, host, port, fits):
    assert place_of(allowed).fits(host, port) is fits


@pytest.mark.parametrize(
    "text",
    ["", "*", "*.com", "https://a.example", "a.example/x", "a b", "a.example:x", "a.example:0", "a..b", None, 5, "*.*",
     "a.example:70000", "user@a.example"],
)  # fmt: skip
def test_what_is_no_host_is_refused(text):
    assert check_host(text)


def test_types_describe_their_forms():
    for kind in TYPES.values():
        described = kind.describe()
        assert described["label"]
        assert all(field["label"] for field in described["fields"])
    assert TYPES["bearer"].secret_names == ["token"]
    assert TYPES["basic"].public_names == ["username"]
