"""The attacker: raw sockets, hostile values and somebody else's session, against a running instance."""

import json
import socket
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings as django_settings
from django.test import Client

from runtime import fair_use
from runtime.models import SCOPES, ApiKey, Workspace

BACKEND = "django.contrib.auth.backends.ModelBackend"
MARK = "a" * 32


class Attacker:
    """Calls whole paths of a running instance, with a key, a session or nothing; follows no redirect."""

    def __init__(self, url, key=None, user=None):
        self.url, self.session, self.key = url, requests.Session(), key
        if key:
            self.session.headers["Authorization"] = f"Bearer {key}"
        if user is not None:
            client = Client()
            client.force_login(user, backend=BACKEND)
            self.session_key = client.cookies[django_settings.SESSION_COOKIE_NAME].value
            self.session.cookies.set(django_settings.SESSION_COOKIE_NAME, self.session_key)
            self.session.cookies.set(django_settings.CSRF_COOKIE_NAME, MARK)
            self.session.headers.update({"X-CSRFToken": MARK, "Referer": url})

    def call(self, method, path, body=None, *, data=None, **headers):
        data = json.dumps(body) if body is not None else data
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(
            method, self.url + path, data=data, allow_redirects=False, timeout=20,
            headers={"Content-Type": "application/json", **named},
        )  # fmt: skip

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def form(self, path, fields=None):
        return self.session.post(self.url + path, data=fields or {}, allow_redirects=False, timeout=20)


@pytest.fixture(autouse=True)
def _quick_and_fresh(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    fair_use.forget()


@pytest.fixture
def machine(live, workspace):
    """An API key of all scopes."""
    return Attacker(live, ApiKey.issue(workspace, "all", SCOPES)[1])


@pytest.fixture
def person(live, owner):
    """The owner's browser."""
    return Attacker(live, user=owner.user)


@pytest.fixture
def anybody(live):
    return Attacker(live)


@pytest.fixture
def other_workspace(db):
    return Workspace.objects.create(name="Other")


@pytest.fixture
def stranger(live, make_person, other_workspace):
    """The owner of another workspace, in a browser."""
    return Attacker(live, user=make_person(other_workspace, "owner").user)


@pytest.fixture
def strange_machine(live, other_workspace):
    """A key of all scopes of another workspace."""
    return Attacker(live, ApiKey.issue(other_workspace, "theirs", SCOPES)[1])


@pytest.fixture
def wire(live):
    """wire(text, *pieces) -> the beginning of the answer to exactly these bytes."""

    def say(head, *pieces):
        place = urlsplit(live)
        with socket.create_connection((place.hostname, place.port), timeout=10) as line:
            try:
                for piece in (head.replace("\n", "\r\n").encode(), *pieces):
                    line.sendall(piece)
            except OSError:
                pass  # refused before all was said
            return line.recv(4096).decode("latin-1")

    return say
