"""API keys: shown once, stored hashed, with scopes and an end; the commands that make keys and members."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from runtime.models import SCOPES, ApiKey, Membership, User, Workspace
from tests.builder.conftest import Caller


@pytest.fixture
def made(api):
    return api.post("/api-keys/", {"name": "CI", "scopes": ["flows:read"], "expires_in_days": 30}).value


def test_a_key_is_shown_once_and_stored_as_a_hash(api, made):
    assert made["key"].startswith(made["prefix"])
    row = ApiKey.objects.get()
    assert made["key"] not in (row.key_hash, row.prefix)
    assert made["key"].encode() not in api.get("/api-keys/").content


def test_a_key_lets_a_machine_in_and_its_use_is_noted(made, flow):
    assert Caller(key=made["key"]).get("/flows/").status_code == 200
    assert ApiKey.objects.get().last_used_at is not None


def test_an_expired_or_revoked_or_wrong_key_is_401(api, made):
    machine = Caller(key=made["key"])
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert machine.get("/flows/").status_code == 401
    ApiKey.objects.update(expires_at=None)
    assert api.delete(f"/api-keys/{made['id']}/").status_code == 204
    assert machine.get("/flows/").status_code == 401
    assert Caller(key="sk_wrong").get("/flows/").status_code == 401
    assert Caller(key="").get("/flows/").status_code == 401


@pytest.mark.parametrize("body", [{"name": "a"}, {"name": "a", "scopes": []}, {"name": "a", "scopes": ["everything"]}])
def test_a_key_needs_a_name_and_known_scopes(api, body):
    assert api.post("/api-keys/", body).status_code == 422


def test_a_key_is_throttled_with_a_time_to_wait(made, settings, flow):
    settings.API_KEY_RATE = 3
    machine = Caller(key=made["key"])
    answers = [machine.get("/node-types/?kind=x") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0]["Retry-After"] == "1"


def test_a_person_is_throttled_too(api, settings):
    settings.MEMBER_RATE = 3
    answers = [api.get("/node-types/?kind=x") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0]["Retry-After"] == "1"


def test_the_command_prints_only_the_key(workspace):
    out = io.StringIO()
    call_command("createapikey", "--name", "N", "--scopes", "all", stdout=out)
    key = out.getvalue().strip()
    assert Caller(key=key).get("/flows/").status_code == 200
    assert ApiKey.objects.get().scopes == list(SCOPES)


def test_the_command_names_an_unknown_scope(workspace):
    with pytest.raises(CommandError, match="no scope 'x'"):
        call_command("createapikey", "--name", "N", "--scopes", "x")


def test_a_member_is_made_with_a_password_from_stdin(workspace, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))
    call_command("createmember", "--email", "New@Acme.example", "--role", "editor", "--password-stdin")
    assert Membership.objects.get().role == "editor"
    assert User.objects.get(email="new@acme.example").check_password("correct horse battery staple")


@pytest.fixture
def in_an_empty_database(db, monkeypatch):
    """`createmember` before there is anything, its password piped in."""

    def create(*arguments):
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))
        call_command("createmember", "--email", "first@acme.example", "--password-stdin", *arguments)

    return create


@pytest.mark.parametrize(("named", "name"), [([], "My workspace"), (["--workspace", "Acme"], "Acme")])
def test_in_an_empty_database_the_owner_comes_with_a_workspace_and_signs_in(in_an_empty_database, client, named, name):
    """As where docker compose started it, and `manage.py up` made nobody."""
    in_an_empty_database("--role", "owner", *named)
    assert Membership.objects.get(role="owner").workspace.name == name
    assert Workspace.objects.count() == 1
    assert User.objects.get().is_superuser, "the admin has to be open to somebody"
    signed_in = {"username": "first@acme.example", "password": "correct horse battery staple"}
    assert client.post("/sign-in/", signed_in)["Location"] == "/"
    call_command("createapikey", "--name", "N", "--scopes", "all", stdout=io.StringIO())
    in_an_empty_database("--role", "viewer", "--email", "second@acme.example")
    assert not User.objects.get(email="second@acme.example").is_superuser


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--role", "viewer"], "has to be its owner"), (["--role", "owner", "--workspace", "x" * 500], "--workspace: ")],
)
def test_in_an_empty_database_nothing_is_made_by_halves(in_an_empty_database, arguments, words):
    with pytest.raises(CommandError, match=words):
        in_an_empty_database(*arguments)
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


def test_a_key_without_a_workspace_says_what_comes_first(db):
    with pytest.raises(CommandError, match="createmember --role owner"):
        call_command("createapikey", "--name", "N", "--scopes", "all")


def test_a_weak_password_is_refused(workspace, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1234\n"))
    with pytest.raises(CommandError):
        call_command("createmember", "--email", "n@acme.example", "--role", "editor", "--password-stdin")
    assert not User.objects.exists()
