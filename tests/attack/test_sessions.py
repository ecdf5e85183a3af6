"""Signing in, staying in, being put out: locks, redirects, sockets, caches."""

import asyncio

import pytest
import websockets
from axes.utils import reset
from django.conf import settings as django_settings
from django.test import Client

from builder import consumers
from builder.flows import create_flow
from runtime.models import User

AWAY = ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example",
        "\t//evil.example", "/\t/evil.example"]  # fmt: skip


@pytest.fixture
def unlocked(db):
    reset()
    yield
    reset()


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_another_spelling_of_the_address_is_no_further_guess(path, unlocked):
    statuses = []
    for count in range(django_settings.AXES_FAILURE_LIMIT + 2):
        name = "".join(letter.upper() if count >> place & 1 else letter for place, letter in enumerate("owner"))
        guess = {"username": f"{' ' * count}{name}@acme.example", "password": f"guess {count}"}
        statuses.append(Client().post(path, guess).status_code)
    assert statuses[-2:] == [429, 429]


@pytest.mark.parametrize("away", AWAY)
def test_signing_in_and_switching_lead_nowhere_else(away, client, owner, workspace):
    given = {"username": owner.email, "password": owner.password, "next": away}
    assert client.post("/sign-in/", given, query_params={"next": away})["Location"] == "/"
    flow = create_flow(workspace, owner.user, name="Follow up", kind="post_call")
    assert client.post(f"/flows/{flow.pk}/live/", {"next": away})["Location"] == "/"


def test_no_shared_cache_keeps_a_private_answer(person):
    for path in ["/", "/runs/", "/calls/", "/settings/connections/", "/api/v1/flows/", "/api/v1/me/"]:
        kept = person.get(path).headers["Cache-Control"]
        assert "private" in kept
        assert "no-cache" in kept or "no-store" in kept


def test_every_answer_carries_the_policy_and_cannot_be_framed(person):
    for path in ["/", "/runs/", "/sign-in/", "/api/v1/me/", "/nothing/", "/admin/login/"]:
        headers = person.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"


# --- Sockets


def listen(url, flow, attacker=None, origin=None, says=(), then=None):
    """The close code, or None if the socket stays open; `says`: frames, `then` is done once it is open."""

    async def look():
        cookie = f"{django_settings.SESSION_COOKIE_NAME}={attacker.session_key}" if attacker else ""
        address = f"{url.replace('http', 'ws')}/ws/flows/{flow.pk}/"
        async with websockets.connect(address, origin=origin or url, additional_headers={"Cookie": cookie}) as line:
            try:
                for frame in says:
                    await line.send(frame)
                if then:
                    await line.recv()
                    await asyncio.to_thread(then)
                while True:
                    await asyncio.wait_for(line.recv(), 1)
            except TimeoutError:
                return None
            except websockets.ConnectionClosed as closed:
                return closed.rcvd.code

    return asyncio.run(look())


@pytest.fixture
def watched(workspace, owner):
    return create_flow(workspace, owner.user, name="Follow up", kind="post_call")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_socket_of_another_origin_is_closed(live, watched, person, origin):
    assert listen(live, watched, person, origin) == consumers.NOT_ALLOWED


def test_a_socket_without_a_session_or_of_another_workspace_is_closed(live, watched, stranger):
    assert listen(live, watched) == consumers.NOT_SIGNED_IN
    assert listen(live, watched, stranger) == consumers.NOT_ALLOWED


HOSTILE_FRAMES = ["[" * 30_000, "{", "[]", "1" * 30_000, '{"kind":"here","node":"\\ud800"}', b"\xff\xfe",
                  '{"kind":"here","node":{"a":1}}']  # fmt: skip


def test_hostile_frames_change_nothing_and_end_nothing(live, watched, person, caplog):
    assert listen(live, watched, person, says=HOSTILE_FRAMES) is None
    assert not [record for record in caplog.records if record.exc_info]


def test_who_talks_without_end_is_cut_off_once(live, watched, person, caplog):
    assert listen(live, watched, person, says=['{"kind":"here"}'] * 60) == consumers.TOO_MUCH
    assert not [record for record in caplog.records if record.exc_info]


def switch_off(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_password(user):
    user.set_password("something else entirely")
    user.save()


def remove(user):
    user.memberships.all().delete()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (switch_off, consumers.NOT_SIGNED_IN),
        (change_password, consumers.NOT_SIGNED_IN),
        (remove, consumers.NOT_ALLOWED),
    ],
)
def test_who_may_no_longer_look_is_put_out_of_an_open_socket(live, watched, owner, person, change, code, monkeypatch):
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)
    assert listen(live, watched, person, then=lambda: change(owner.user)) == code
