"""WS /ws/flows/<id>/: who is let in, what is hinted, where the limits are."""

import asyncio
import json
import os
import sys
import threading

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.db import connection as database
from django.test import Client

from builder import consumers, presence
from builder.build import build_id
from builder.drafts import apply_ops
from builder.flows import create_flow
from runtime import live
from runtime.models import Membership, Workspace
from tests.builder.conftest import BACKEND, simple_document

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = b"http://testserver"


class Socket(ApplicationCommunicator):
    """A browser's end of a websocket, without a network."""

    async def connect(self):
        """The first answer: accepted or closed."""
        await self.send_input({"type": "websocket.connect"})
        return await self.receive_output(timeout=5)

    async def say(self, text):
        await self.send_input({"type": "websocket.receive", "text": text})

    async def closing_code(self):
        while (output := await self.receive_output(timeout=5))["type"] != "websocket.close":
            pass
        return output.get("code")

    async def leave(self):
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=5)


@pytest.fixture
def flow(workspace, owner):
    return create_flow(workspace, owner.user, name="Follow up", kind="post_call", document=simple_document())


def socket(flow, user=None, origin=ORIGIN):
    from builder.asgi import application

    headers = [(b"host", b"testserver")]
    if origin:
        headers.append((b"origin", origin))
    if user is not None:
        client = Client()
        client.force_login(user, backend=BACKEND)
        name = settings.SESSION_COOKIE_NAME
        headers.append((b"cookie", f"{name}={client.cookies[name].value}".encode()))
    scope = {"type": "websocket", "path": f"/ws/flows/{flow.pk}/", "query_string": b"", "headers": headers,
             "subprotocols": []}  # fmt: skip
    return Socket(application, scope)


async def opened(flow, user):
    connection = await sync_to_async(socket)(flow, user)
    assert (await connection.connect())["type"] == "websocket.accept"
    return connection


async def closed_with(connection):
    first = await connection.connect()
    return first.get("code") if first["type"] == "websocket.close" else await connection.closing_code()


async def hint(connection, kind):
    """The next hint of a kind; others may come before it."""
    while True:
        said = json.loads((await connection.receive_output(timeout=5))["text"])
        if said["kind"] == kind:
            return said


@pytest.mark.asyncio
async def test_who_is_not_signed_in_is_closed_with_4401(flow):
    assert await closed_with(await sync_to_async(socket)(flow)) == 4401


@pytest.mark.asyncio
async def test_another_workspaces_owner_is_closed_with_4403(flow, make_person):
    other = await sync_to_async(Workspace.objects.create)(name="Other")
    person = await sync_to_async(make_person)(other, "owner")
    assert await closed_with(await sync_to_async(socket)(flow, person.user)) == 4403


@pytest.mark.asyncio
@pytest.mark.parametrize("origin", [None, b"http://evil.example", b"null"])
async def test_another_origin_is_not_let_in(flow, owner, origin):
    assert await closed_with(await sync_to_async(socket)(flow, owner.user, origin)) in (4403, 1000, None)
    assert not consumers._sockets[owner.user.pk]


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/ws/", "/ws/flows/1/", "/ws/flows/\0/", "/ws/conversations/1/", "/elsewhere"])
async def test_an_address_that_is_none_is_refused_and_no_mistake_of_ours(flow, owner, path):
    connection = await sync_to_async(socket)(flow, owner.user)
    connection.scope["path"] = path
    assert await closed_with(connection) == 4404


@pytest.mark.asyncio
async def test_a_browser_that_is_gone_before_it_is_welcomed_leaves_nothing_behind(flow, owner):
    connection = await sync_to_async(socket)(flow, owner.user)
    arriving = asyncio.Queue()
    for kind in ("connect", "disconnect"):
        arriving.put_nowait({"type": f"websocket.{kind}", "code": 1006})

    async def send(message):
        if message["type"] == "websocket.send":
            raise OSError("the browser is gone")  # as uvicorn says it

    await asyncio.wait_for(connection.application(connection.scope, arriving.get, send), 5)
    assert not consumers._sockets[owner.user.pk]
    assert flow.pk not in live.tailer.watchers
    assert presence.people(flow.pk)["people"] == []


@pytest.mark.asyncio
async def test_a_saved_draft_is_hinted(flow, owner):
    connection = await opened(flow, owner.user)
    assert (await hint(connection, "draft"))["revision"] == 1
    ops = [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]
    await sync_to_async(apply_ops)(flow, 1, "c", 1, ops, owner.user)
    assert (await hint(connection, "draft"))["revision"] == 2
    await connection.leave()


@pytest.mark.asyncio
async def test_a_draft_saved_before_the_first_look_is_hinted_too(flow, owner, monkeypatch):
    """The page was loaded, the socket opened, and somebody saved before the tailer had looked even once."""
    saved, news = threading.Event(), live._news
    monkeypatch.setattr(live, "_news", lambda flow_ids: saved.wait(5) and news(flow_ids))
    connection = await opened(flow, owner.user)
    ops = [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]
    await sync_to_async(apply_ops)(flow, 1, "c", 1, ops, owner.user)
    saved.set()
    while (await hint(connection, "draft"))["revision"] < 2:
        pass
    await connection.leave()


@pytest.mark.asyncio
async def test_who_is_here_is_told_to_the_others(flow, owner, make_person, workspace):
    viewer = await sync_to_async(make_person)(workspace, "viewer")
    first = await opened(flow, owner.user)
    await hint(first, "presence")
    second = await opened(flow, viewer.user)
    assert {person["name"] for person in (await hint(first, "presence"))["people"]} == {"owner", "viewer"}
    await second.say(json.dumps({"kind": "here", "node": "vars"}))
    assert "vars" in [person["node"] for person in (await hint(first, "presence"))["people"]]
    await second.leave()
    assert len((await hint(first, "presence"))["people"]) == 1
    await first.leave()


@pytest.mark.asyncio
async def test_each_tab_is_told_its_own_name_and_the_build_that_runs(flow, owner):
    connection = await opened(flow, owner.user)
    welcome = await hint(connection, "welcome")
    people = (await hint(connection, "presence"))["people"]
    assert [person["id"] for person in people] == [welcome["id"]]
    assert people[0]["user"] == str(owner.user.pk)
    assert welcome["build"] == build_id()
    await connection.leave()


@pytest.mark.asyncio
async def test_who_gives_no_sign_is_gone_after_a_while(flow, owner, make_person, workspace, monkeypatch):
    monkeypatch.setattr(consumers, "EXPIRE_SECONDS", 0.05)
    monkeypatch.setattr(presence, "GONE_AFTER", 1.0)
    silent = await sync_to_async(make_person)(workspace, "viewer")
    first, second = await opened(flow, owner.user), await opened(flow, silent.user)
    while len((await hint(first, "presence"))["people"]) < 2:
        pass
    while (people := (await hint(first, "presence"))["people"]) != []:
        await first.say(json.dumps({"kind": "here", "node": None}))
        if [person["name"] for person in people] == ["owner"]:
            break
    assert "viewer" not in [person["name"] for person in people]
    await first.leave()
    await second.leave()


@pytest.mark.asyncio
async def test_who_is_here_in_another_web_process_is_here_too(flow, owner):
    """What another process casts reaches the browsers of this one. On PostgreSQL that is what Redis is for."""
    if database.vendor == "postgresql" and not settings.REDIS_URL:
        pytest.skip("processes hear each other through Redis here")
    connection = await opened(flow, owner.user)
    await hint(connection, "presence")
    stranger = {"id": "t9", "user": "9", "name": "Ada Byron", "initials": "AB", "node": "vars"}
    code = "import sys, json; from runtime import live; live.cast(sys.argv[1], json.loads(sys.argv[2]))"
    await elsewhere(code, str(flow.pk), json.dumps({"kind": "here", "person": stranger}))
    people = (await hint(connection, "presence"))["people"]
    assert stranger in people
    assert len(people) == 2
    await elsewhere(code, str(flow.pk), json.dumps({"kind": "left", "id": "t9"}))
    assert stranger not in (await hint(connection, "presence"))["people"]
    await connection.leave()


async def elsewhere(code, *arguments):
    """Run Python in another process that has our settings and listens where we do."""
    set_up = "import django; from django.conf import settings; import os\n"
    set_up += "settings.DATABASES['default']['NAME'] = os.environ['SAME_NAME']; django.setup()\n"
    environment = {**os.environ, "SAME_NAME": str(settings.DATABASES["default"]["NAME"])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", set_up + code, *arguments, cwd=settings.BASE_DIR, env=environment
    )
    assert await process.wait() == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["x" * 70_000, None])
async def test_too_large_and_too_many_messages_close(flow, owner, text):
    connection = await opened(flow, owner.user)
    for message in [text] if text else ["{}"] * 30:
        await connection.say(message)
    assert await connection.closing_code() == 4429


@pytest.mark.asyncio
async def test_losing_the_membership_closes_an_open_socket(flow, owner, monkeypatch):
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.1)
    connection = await opened(flow, owner.user)
    await sync_to_async(Membership.objects.all().delete)()
    assert await connection.closing_code() == 4403


@pytest.mark.asyncio
async def test_a_person_has_so_many_sockets_and_no_more(flow, owner, monkeypatch):
    monkeypatch.setattr(consumers, "SOCKETS_A_USER", 1)
    first = await opened(flow, owner.user)
    assert await closed_with(await sync_to_async(socket)(flow, owner.user)) == 4429
    await first.leave()
    again = await opened(flow, owner.user)
    await again.leave()
