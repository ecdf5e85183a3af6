"""WS /ws/flows/<id>/: who is let in, what is hinted, where the limits are."""

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from builder import consumers
from builder.drafts import apply_ops
from builder.flows import create_flow
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
async def test_a_saved_draft_is_hinted(flow, owner):
    connection = await opened(flow, owner.user)
    await hint(connection, "presence")
    await asyncio.sleep(0.3)  # the tailer has looked once
    ops = [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]
    await sync_to_async(apply_ops)(flow, 1, "c", 1, ops, owner.user)
    assert (await hint(connection, "draft"))["revision"] == 2
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
