"""Conversations over the wire: begun, asked, answered, ended (CONTRACT, Conversations)."""

import threading

import pytest

from runtime.models import Conversation, IdempotentAnswer, Message, Run
from runtime.models.base import token_hash
from tests.contract.chatting import ask, bye, say, started
from tests.contract.conftest import Program, is_problem
from tests.flows import chain, end

MESSAGE = {"id", "role", "text", "buttons", "image", "form", "at"}


@pytest.fixture
def name_flow(publish):
    """Says hello, asks for a name, says it back, ends."""
    hello = say("hello", "Hello!", buttons=[{"label": "Prices", "url": "https://example.com/p"}])
    name = ask("name", "What is your name?", save_to="name")
    document = chain(started(), hello, name, say("nice", "Nice to meet you, {{vars.name}}."), bye(text="Bye!"))
    return publish(document, kind="conversation")


def test_a_visitor_is_greeted_asked_answered_and_the_conversation_ends(visit, name_flow, program):
    jane = visit(visitor={"page": "https://example.com/pricing", "device": "Desktop"})
    assert jane.texts == ["Hello!", "What is your name?"]
    assert (jane.status, jane.expects) == ("waiting", {"kind": "text", "choices": [], "fields": []})
    assert jane.say("Jane") == ["Nice to meet you, Jane.", "Bye!"]
    assert (jane.status, jane.expects) == ("ended", None)
    (run,) = program.get("/runs/").value["results"]
    assert (run["status"], run["kind"]) == ("succeeded", "conversation")


def test_the_answer_has_the_shape_of_the_contract(visit, name_flow):
    jane = visit()
    assert set(jane.opened.value) == {"id", "token", "status", "messages", "expects"}
    assert all(set(message) == MESSAGE for message in jane.last["messages"])
    assert jane.last["messages"][0]["buttons"] == [{"label": "Prices", "url": "https://example.com/p"}]
    answer = jane.send(text="Jane")
    assert set(answer.value) == {"messages", "expects", "status"}


def test_the_thread_holds_both_sides_in_order(visit, name_flow, program):
    jane = visit()
    jane.say("Jane")
    thread = jane.thread()
    assert [each["role"] for each in thread["messages"]] == ["agent", "agent", "user", "agent", "agent"]
    assert thread["messages"][2]["text"] == "Jane"
    assert "contact" not in thread
    assert program.get(jane.path).value["contact"]["tags"] == []


def test_the_same_message_again_has_the_same_answer_and_is_stored_once(visit, name_flow):
    jane = visit()
    first = jane.send("m-1", text="Jane")
    again = jane.send("m-1", text="Jane")
    assert (again.status_code, again.value) == (200, first.value)
    assert Message.objects.filter(role="user").count() == 1


def test_of_two_replies_at_once_one_is_answered_and_the_other_refused(visit, publish, peer):
    from tests.flows import post_json

    peer.answers["/slow"] = lambda asked: (gate.wait(20) and {}) or {}
    gate, answers = threading.Event(), {}
    slow = post_json("call", f"{peer.url}/slow")
    publish(chain(started(), ask("name", "Name?"), slow, say("ok", "Thank you"), end()), kind="conversation")
    jane = visit()
    first = threading.Thread(target=lambda: answers.update(first=jane.send(text="Jane")))
    first.start()
    while not peer.requests:
        pass
    is_problem(jane.send(text="Joan"), 409)
    gate.set()
    first.join(20)
    assert [each["text"] for each in answers["first"].value["messages"]] == ["Thank you"]
    assert list(Message.objects.filter(role="user").values_list("text", flat=True)) == ["Jane"]


def test_many_replies_at_once_are_one_answer(visit, name_flow):
    jane, results = visit(), []
    threads = [threading.Thread(target=lambda n=n: results.append(jane.send(text=f"J{n}"))) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    codes = sorted(each.status_code for each in results)
    assert codes == [200] + [409] * 7
    assert Message.objects.filter(role="user").count() == 1


def test_two_visitors_do_not_meet(visit, name_flow):
    jane, joe = visit(), visit()
    assert joe.say("Joe")[0] == "Nice to meet you, Joe."
    assert jane.say("Jane")[0] == "Nice to meet you, Jane."
    assert jane.thread()["messages"][2]["text"] == "Jane"


def test_without_a_flow_for_it_a_conversation_is_there_and_silent(visit):
    jane = visit()
    assert (jane.texts, jane.expects, jane.status) == ([], None, "open")
    assert jane.say("Anybody there?") == []


def test_ending_ends_the_flow_too_and_nothing_more_can_be_said(visit, name_flow):
    jane = visit()
    answer = jane.page.post(f"{jane.path}end/")
    assert (answer.status_code, answer.value["status"]) == (200, "ended")
    assert Run.objects.get().status == "cancelled"
    assert is_problem(jane.send(text="Jane"), 409)["type"].endswith("ended")
    assert jane.page.post(f"{jane.path}end/").status_code == 200


def test_an_idempotency_key_begins_one_conversation(program, name_flow):
    headers = {"Idempotency-Key": "page-1"}
    first = program.post("/conversations/", {"variables": {"a": 1}}, headers=headers)
    again = program.post("/conversations/", {"variables": {"a": 1}}, headers=headers)
    assert (again.status_code, again.value) == (201, first.value)
    assert Conversation.objects.count() == 1
    is_problem(program.post("/conversations/", {"variables": {"a": 2}}, headers=headers), 422)


def test_a_key_repeated_later_has_the_first_answer_whatever_was_said_since(program, name_flow):
    headers = {"Idempotency-Key": "page-2"}
    first = program.post("/conversations/", {}, headers=headers)
    page = Program(program.url, first.value["token"])
    page.post(f"/conversations/{first.value['id']}/messages/", {"id": "1", "text": "Jane"})
    assert page.get(f"/conversations/{first.value['id']}/").value["status"] == "ended"
    again = program.post("/conversations/", {}, headers=headers)
    assert (again.status_code, again.value) == (201, first.value)
    assert first.value["token"] not in str(IdempotentAnswer.objects.get().answer)


def test_who_may_talk(visit, name_flow, program, stranger, nobody, with_scopes):
    jane, joe = visit(), visit()
    is_problem(nobody.post("/conversations/", {}), 401)
    is_problem(with_scopes("events:write").post("/conversations/", {}), 403)
    is_problem(nobody.get(jane.path), 401)
    is_problem(stranger.get(jane.path), 404)
    is_problem(stranger.post(f"{jane.path}messages/", {"id": "1", "text": "x"}), 404)
    is_problem(joe.page.get(jane.path), 404)
    is_problem(joe.page.post(f"{jane.path}messages/", {"id": "1", "text": "x"}), 404)
    is_problem(joe.page.post(f"{jane.path}end/", {}), 404)
    is_problem(Program(program.url, "x" * 40).get(jane.path), 404)
    is_problem(jane.page.post("/conversations/", {}), 401)
    is_problem(jane.page.get("/runs/"), 401)
    assert program.post(f"{jane.path}messages/", {"id": "1", "text": "Jane"}).status_code == 200


def test_a_token_that_begins_like_an_api_key_opens_its_conversation(visit, name_flow):
    jane = visit()
    Conversation.objects.filter(pk=jane.id).update(token_hash=token_hash("sk_visitor"))
    assert Program(jane.page.url, "sk_visitor").get(jane.path).status_code == 200
    is_problem(Program(jane.page.url, "sk_visitors").get(jane.path), 401)


def test_tokens_are_stored_hashed(visit):
    jane = visit()
    row = Conversation.objects.get()
    assert jane.token not in str(vars(row))
    assert len(row.token_hash) == 64


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"id": "1"}, ""), ({"text": "x"}, "/id"), ({"id": "1", "text": "a", "choice": "b"}, ""),
        ({"id": "1", "text": "x" * 4001}, "/text"), ({"id": "x" * 101, "text": "a"}, "/id"),
        ({"id": "1", "text": 5}, "/text"), ({"id": "1", "form": []}, "/form"),
        ({"id": "1", "form": {"a": {"b": 1}}}, "/form/a"), ({"id": "1", "form": {"a": "x" * 2001}}, "/form/a"),
        ({"id": "1", "text": "a", "role": "human"}, "/role"), ({"id": "1", "text": "a", "status": "ended"}, "/status"),
        ([], ""),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_by_name(visit, name_flow, body, pointer):
    jane = visit()
    answer = is_problem(jane.page.post(f"{jane.path}messages/", body), 422)
    assert answer["errors"][0]["pointer"] == pointer
    assert jane.thread()["status"] == "waiting"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"agent": "nobody"}, "/agent"), ({"channel": "pigeon"}, "/channel"), ({"visitor": []}, "/visitor"),
        ({"visitor": {"page": 5}}, "/visitor/page"), ({"visitor": {"shoe": "44"}}, "/visitor/shoe"),
        ({"variables": {"a": "x" * 20_001}}, "/variables"), ({"token": "mine"}, "/token"),
    ],
)  # fmt: skip
def test_what_cannot_begin_is_refused_by_name(program, body, pointer):
    assert is_problem(program.post("/conversations/", body), 422)["errors"][0]["pointer"] == pointer


def test_more_than_thirty_messages_a_minute_are_429(visit):
    jane = visit()
    for _ in range(30):
        jane.say("hello")
    answer = jane.send(text="hello")
    is_problem(answer, 429)
    assert answer.headers["Retry-After"] == "10"
    assert visit().say("hello") == []
