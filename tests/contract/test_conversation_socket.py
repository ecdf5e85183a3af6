"""WS /ws/conversations/<id>/?token=: a visitor's page hears what is said; a wrong token hears nothing."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from runtime.models import Agent
from tests.contract.chatting import Visitor, ask, bye, say, started
from tests.flows import chain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def jane(program, publish):
    publish(chain(started(), say("hi", "Hello!"), ask("name", "Name?"), bye(text="Bye")), kind="conversation")
    return Visitor(program)


def address(live, visitor, token=None, after=""):
    tail = f"&after={after}" if after else ""
    return f"{live.replace('http', 'ws')}/ws/conversations/{visitor.id}/?token={token or visitor.token}{tail}"


def listens(url, until, then=lambda: None, origin=None):
    """The frames that come until `until(frame)`; `then` happens once the first is there."""

    async def listen():
        frames = []
        async with asyncio.timeout(15), connect(url, origin=origin) as line:
            while not frames or not until(frames[-1]):
                frames.append(json.loads(await line.recv()))
                if len(frames) == 1:
                    await asyncio.to_thread(then)
        return frames

    return asyncio.run(listen())


def refused(url, origin=None):
    async def listen():
        async with asyncio.timeout(15), connect(url, origin=origin) as line:
            await line.recv()

    with pytest.raises(ConnectionClosed) as closed:
        asyncio.run(listen())
    return closed.value.rcvd.code


def test_what_is_said_comes_as_it_is_said_and_the_state_with_it(live, jane):
    ended = lambda frame: frame.get("status") == "ended"  # noqa: E731
    frames = listens(address(live, jane), ended, lambda: jane.say("Jane"))
    assert frames[0] == {"kind": "state", "status": "waiting", "expects": {"kind": "text", "choices": [], "fields": []}}
    said = [(each["message"]["role"], each["message"]["text"]) for each in frames if each["kind"] == "message"]
    assert said == [("user", "Jane"), ("agent", "Bye")]


def test_who_comes_back_hears_what_was_said_meanwhile(live, jane):
    first = jane.last["messages"][0]["id"]
    frames = listens(address(live, jane, after=first), lambda frame: frame["kind"] == "state")
    assert [each["message"]["text"] for each in frames if each["kind"] == "message"] == ["Name?"]


def test_a_page_on_another_site_listens_with_the_token_once_the_agent_lists_its_site(live, workspace, program):
    Agent.objects.create(workspace=workspace, slug="shop", name="Shop", origins=["https://shop.example"])
    joe, nobodys = Visitor(program, agent="shop"), Visitor(program)
    assert listens(address(live, joe), lambda frame: True, origin="https://shop.example")[0]["kind"] == "state"
    assert listens(address(live, joe), lambda frame: True, origin=live)[0]["kind"] == "state"
    for visitor, origin in ((joe, "https://evil.example"), (joe, "null"), (nobodys, "https://shop.example")):
        assert refused(address(live, visitor), origin) == 4403


def test_wrong_tokens_and_foreign_conversations_hear_nothing(live, jane, program):
    joe = Visitor(program)
    for url in (address(live, jane, token="x" * 43), address(live, jane, token=joe.token),
                address(live, jane).partition("?")[0]):  # fmt: skip
        assert refused(url) == 4401


def test_five_pages_at_most_listen_to_one_conversation(live, jane):
    async def listen():
        async with asyncio.timeout(20):
            lines = [await connect(address(live, jane)) for _ in range(5)]
            for line in lines:
                await line.recv()
            sixth = await connect(address(live, jane))
            with pytest.raises(ConnectionClosed) as closed:
                await sixth.recv()
            for line in lines:
                await line.close()
            return closed.value.rcvd.code

    assert asyncio.run(listen()) == 4429


def test_whoever_says_too_much_here_is_shown_out(live, jane):
    async def listen():
        async with asyncio.timeout(15), connect(address(live, jane)) as line:
            await line.recv()
            await line.send("x" * 5_000)
            while True:
                await line.recv()

    with pytest.raises(ConnectionClosed) as closed:
        asyncio.run(listen())
    assert closed.value.rcvd.code == 4429
