"""Conversations under attack: foreign tokens, floods, sizes, and words that would like to be markup or code."""

import json

import pytest

from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Contact, Conversation, Event, Message, Run
from tests.attack.conftest import Attacker
from tests.attack.test_what_pages_show import SCRIPT, shown  # noqa: F401  a fixture
from tests.contract.chatting import ask, say, started
from tests.flows import chain, end, node

HOSTILE = [SCRIPT, "{{secure.card}}", "{{workspace.name}}", "${7*7}", "\u202egnirts", "a" * 4_000, "';DROP TABLE x;--",
           "<iframe srcdoc='<script>alert(1)</script>'>", "\ufeff\u200b", "🙂" * 500]  # fmt: skip


@pytest.fixture
def talks(workspace, owner):
    """A live flow that says back what it hears, to the visitor and to memory."""
    document = chain(
        started(), ask("q", "?", save_to="said"), node("set", "set_contact", {"attributes": [
            {"name": "said", "value": "{{vars.said}}"}]}),
        node("tag", "tag", {"on": "contact", "add": ["{{vars.said}}"]}), say("echo", "You said {{vars.said}}"), end(),
    )  # fmt: skip
    flow = create_flow(workspace, owner.user, name="Echo", kind="conversation", document=document)
    publish(flow, owner.user)
    return flow


@pytest.fixture
def begin(machine):
    def begin(**opening):
        answer = machine.post("/api/v1/conversations/", opening)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return begin


def visitor_of(begun, url):
    return Attacker(url, begun["token"])


def path(begun, end=""):
    return f"/api/v1/conversations/{begun['id']}/{end}"


@pytest.mark.parametrize("words", HOSTILE)
def test_what_a_visitor_says_is_said_back_as_it_was_and_never_evaluated(begin, talks, live, words):
    begun = begin()
    answer = visitor_of(begun, live).post(path(begun, "messages/"), {"id": "1", "text": words})
    assert answer.status_code == 200, answer.text
    said = answer.json()["messages"][0]["text"]
    assert said == f"You said {words.strip()}"[:4_000]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_show_a_visitors_words_as_text(begin, talks, live, shown):  # noqa: F811
    begun = begin(contact={"name": SCRIPT, "plan": SCRIPT}, visitor={"page": SCRIPT, "browser": SCRIPT})
    visitor_of(begun, live).post(path(begun, "messages/"), {"id": "1", "text": SCRIPT})
    for page in ("/runs/", f"/runs/{Run.objects.get().pk}/", "/calls/", f"/calls/?q={begun['id']}",
                 f"/conversations/{begun['id']}/",
                 f"/admin/runtime/run/{Run.objects.get().pk}/change/"):  # fmt: skip
        shown(page)


def test_another_conversations_token_opens_nothing(begin, talks, live):
    mine, theirs = begin(), begin()
    me = visitor_of(mine, live)
    for call in (me.get(path(theirs)), me.post(path(theirs, "messages/"), {"id": "1", "text": "x"}),
                 me.post(path(theirs, "end/"), {}), me.post(path(theirs, "resolve/"), {})):  # fmt: skip
        assert call.status_code == 404
    assert Message.objects.filter(role="user").count() == 0
    assert Conversation.objects.get(pk=theirs["id"]).status == "waiting"


def test_no_forged_token_opens_a_conversation(begin, talks, live):
    begun, other = begin(), begin()
    right = begun["token"]
    forged = ("", "x" * len(right), right[:-1], right + "A", right.swapcase(), right[::-1], begun["id"], other["token"],
              Conversation.objects.get(pk=begun["id"]).token_hash, f"{right} {right}", "null")  # fmt: skip
    for token in forged:
        me = Attacker(live, token)
        for call in (me.get(path(begun)), me.post(path(begun, "messages/"), {"id": "1", "text": "x"})):
            assert call.status_code in (401, 404), (token, call.text)
    assert Message.objects.filter(role="user").count() == 0


def test_a_message_played_again_says_nothing_twice_whenever_and_wherever(begin, talks, live):
    mine, theirs = begin(), begin()
    me, body = visitor_of(mine, live), {"id": "1", "text": "x"}
    first = me.post(path(mine, "messages/"), body).json()
    assert visitor_of(theirs, live).post(path(theirs, "messages/"), body).status_code == 200  # ids are a conversation's
    me.post(path(mine, "end/"), {})
    again = me.post(path(mine, "messages/"), body)
    assert (again.status_code, again.json()) == (200, first)
    assert me.post(path(mine, "messages/"), {"id": "2", "text": "x"}).status_code == 409
    assert Message.objects.filter(role="user").count() == 2
    assert Event.objects.filter(type="conversation.message").count() == 2


def test_ten_thousand_messages_are_read_in_pages_and_no_more_are_taken(begin, talks, live, shown):  # noqa: F811
    begun = begin()
    talk = Conversation.objects.get(pk=begun["id"])
    Message.objects.bulk_create(
        (Message(conversation=talk, seq=n, role="user", text=f"{n} {SCRIPT}") for n in range(2, 10_001)), batch_size=500
    )
    Conversation.objects.filter(pk=talk.pk).update(said=10_000)
    me = visitor_of(begun, live)
    page = me.get(path(begun)).json()
    assert (len(page["messages"]), page["more"]) == (500, True)
    rest = me.get(f"{path(begun)}?after={page['messages'][-1]['id']}").json()
    assert rest["messages"][0]["text"].startswith("501 ")
    refused = me.post(path(begun, "messages/"), {"id": "1", "text": "x"})
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "too_long")
    shown(f"/conversations/{begun['id']}/?after=9900")


def test_a_name_that_leads_here_is_no_own_address(begin, talks, live, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    begun = begin()
    answer = visitor_of(begun, live).get(path(begun), Host="rebound.example", Origin="http://rebound.example")
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_visitors_token_is_no_api_key(begin, talks, live):
    me = visitor_of(begin(), live)
    for method, address in (("GET", "/api/v1/runs/"), ("GET", "/api/v1/flows/"), ("POST", "/api/v1/events/"),
                            ("POST", "/api/v1/conversations/"), ("GET", "/api/v1/node-types/")):  # fmt: skip
        assert me.call(method, address, {} if method == "POST" else None).status_code == 401


def test_another_workspace_neither_reads_nor_writes(begin, talks, strange_machine):
    begun = begin(contact={"id": "jane"})
    for call in (strange_machine.get(path(begun)), strange_machine.post(path(begun, "end/"), {}),
                 strange_machine.post(path(begun, "messages/"), {"id": "1", "text": "x"})):  # fmt: skip
        assert call.status_code == 404
    theirs = strange_machine.post("/api/v1/conversations/", {"contact": {"id": "jane"}}).json()
    assert strange_machine.get(path(theirs)).json()["contact"]["attributes"] == {}
    assert Contact.objects.filter(external_id="jane").count() == 2


def test_a_flood_is_stopped_and_costs_others_nothing(begin, talks, live):
    begun, other = begin(), begin()
    me = visitor_of(begun, live)
    codes = [me.post(path(begun, "messages/"), {"id": str(n), "text": "x"}).status_code for n in range(40)]
    assert codes.count(200) == 30
    assert set(codes[30:]) == {429}
    assert visitor_of(other, live).post(path(other, "messages/"), {"id": "1", "text": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * (1024 * 1024 + 1), 413), (b'{"id": "1", "text": "' + b"x" * 4_001 + b'"}', 422),
        (b'{"id": "1", "text": "\\ud800"}', 400), (b'{"id": "1", "text": "a\\u0000b"}', 400), (b"not json", 400),
        (b'{"id": "1", "form": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}", 400),
        (b'{"id": ["1"], "text": "a"}', 422), (b'{"id": "1", "choice": {"a": 1}}', 422),
    ],
)  # fmt: skip
def test_what_is_too_large_or_broken_is_refused_and_nothing_is_kept(begin, talks, live, body, status):
    begun = begin()
    answer = visitor_of(begun, live).call("POST", path(begun, "messages/"), data=body)
    assert answer.status_code == status, answer.text
    assert Message.objects.filter(role="user").count() == 0


def test_tokens_are_in_no_row_no_event_and_no_page(begin, talks, machine):
    begun = begin()
    visitor_of(begun, machine.url).post(path(begun, "messages/"), {"id": "1", "text": "x"})
    rows = [*Conversation.objects.values(), *Event.objects.values(), *Run.objects.values(), *Message.objects.values()]
    assert begun["token"] not in json.dumps(rows, default=str)
    assert begun["token"] not in machine.get(path(begun)).text


def test_what_a_visitor_may_not_know_is_not_in_the_thread(begin, talks, live):
    begun = begin(contact={"id": "jane", "plan": "enterprise", "tags": ["troublemaker"]})
    text = visitor_of(begun, live).get(path(begun)).text
    assert "enterprise" not in text
    assert "troublemaker" not in text
