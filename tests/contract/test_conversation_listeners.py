"""Flows that hear a conversation and do not lead it: events of chats, actions that a message starts, what they say."""

import pytest

from runtime import tasks
from runtime.models import Event, Run
from tests.contract.chatting import Visitor, ask, bye, heard, say, started
from tests.flows import action_called, chain, end, node, respond

TALK = (started(), ask("name", "Name?", save_to="name"), ask("size", "Size?"), bye(text="Bye"))


@pytest.fixture
def led(publish, program):
    """A visitor who is in the middle of a flow that asks twice."""
    publish(chain(*TALK), kind="conversation", name="Leads")
    return lambda **opening: Visitor(program, **opening)


@pytest.fixture
def overhears(publish):
    """overhears(trigger config) -> a live action that says so beside the conversation, for each message that fits."""
    return lambda **config: publish(
        chain(heard(**config), say("note", "Noted: {{message.text}}"), end()), kind="action", name="Beside"
    )


def of(flow):
    return Run.objects.filter(flow_id=flow["id"])


def work():
    tasks.work(linger=0)


def said(visitor):
    return [each["text"] for each in visitor.thread()["messages"] if each["role"] == "agent"]


def test_every_message_is_an_event_also_while_a_flow_leads(led, publish):
    listener = publish(
        chain(node("start", "event", {"types": ["conversation.message"]}), end("end", "{{trigger.text}}")),
        kind="automation", name="Listens",
    )  # fmt: skip
    jane = led()
    jane.say("Jane")
    jane.say("5")
    work()
    assert sorted(of(listener).values_list("outcome", flat=True)) == ["5", "Jane"]
    assert Event.objects.filter(type="conversation.message").count() == 2


def test_a_message_that_is_repeated_is_one_event(led):
    jane = led()
    for _ in range(2):
        jane.send("m-1", text="Jane")
    assert Event.objects.filter(type="conversation.message").count() == 1


def test_an_action_that_hears_a_message_speaks_beside_the_flow_that_leads(led, overhears):
    flow = overhears(keywords_any=["help"])
    jane = led()
    assert jane.say("please help") == ["Size?"]
    work()
    assert said(jane) == ["Name?", "Size?", "Noted: please help"]
    assert jane.say("5") == ["Bye"]  # the one that leads was not disturbed
    assert of(flow).get().status == "succeeded"


def test_an_action_that_hears_other_words_is_passed_over_with_the_comparison(led, overhears, program):
    flow = overhears(phrases=["cancel my order"])
    led().say("What is the weather like?")
    (row,) = [each for each in Event.objects.get(type="conversation.message").skipped if each["flow"] == flow["id"]]
    assert row["reason"].startswith("the message is not one it waits for")
    assert row["conditions"][0]["operator"] == "at_least"
    assert of(flow).count() == 0


@pytest.mark.parametrize(("frequency", "runs"), [("once_per_conversation", 1), ("always", 2)])
def test_an_action_hears_a_conversation_as_often_as_it_says(led, overhears, frequency, runs):
    flow = overhears(frequency=frequency)
    jane = led()
    jane.say("Jane")
    jane.say("5")
    work()
    assert of(flow).count() == runs


def test_a_message_that_a_platform_reports_starts_the_action_too(overhears, program, ended):
    overhears(keywords_any=["refund"])
    event = {"type": "conversation.message", "interaction": {"id": "wa-1", "channel": "whatsapp"},
             "data": {"text": "I want a refund"}}  # fmt: skip
    (run,) = program.post("/events/", event).value["runs"]
    done = ended(run["id"])
    assert done["status"] == "succeeded"
    assert done["steps"][0]["output"]["text"] == "I want a refund"
    assert done["steps"][1]["output"]["text"] == "Noted: I want a refund"
    event["data"]["text"] = "Hello"
    assert program.post("/events/", event).value["runs"] == []


def test_an_action_that_is_asked_during_a_chat_speaks_in_it(led, publish, program):
    publish(chain(action_called("look_up"), say("wait", "One moment, I look it up."), respond(response='{"ok": true}')),
            kind="action", name="Look up")  # fmt: skip
    jane = led()
    answer = program.post("/actions/look_up/", {"interaction": {"id": jane.id}}).value
    assert (answer["status"], answer["say"]) == ("succeeded", ["One moment, I look it up."])
    assert said(jane) == ["Name?", "One moment, I look it up."]
    assert jane.thread()["expects"]["kind"] == "text"


def test_an_agent_on_the_phone_is_handed_what_to_say_and_a_repetition_has_it_again(publish, program):
    publish(chain(action_called("hello"), say("a", "Hello"), say("b", "there"), respond()), kind="action")
    call = {"interaction": {"id": "call-1", "channel": "phone"}, "tool_call_id": "t1"}
    first, again = (program.post("/actions/hello/", call).value for _ in range(2))
    assert first["say"] == ["Hello", "there"]
    assert again == first


def test_nothing_is_said_into_a_chat_of_another_workspace_or_one_that_a_person_has(led, publish, program, stranger):
    publish(chain(action_called("speak"), say("a", "Intruding"), respond()), kind="action", by=stranger, name="Theirs")
    publish(chain(action_called("speak"), say("a", "Too late"), respond()), kind="action", name="Ours")
    jane = led()
    stranger.post("/actions/speak/", {"interaction": {"id": jane.id}})
    program.post(f"{jane.path}messages/", {"id": "h", "text": "I take over", "role": "human"})
    program.post("/actions/speak/", {"interaction": {"id": jane.id}})
    assert said(jane) == ["Name?"]


def test_what_a_conversation_teaches_of_its_contact_is_an_event_once(publish, program):
    learn = node("learn", "set_contact", {"attributes": [{"name": "plan", "value": "pro"}]})
    publish(chain(started(), learn, end()), kind="conversation")
    listener = publish(
        chain(node("start", "event", {"types": ["contact.updated"]}), end("end", "{{trigger.changed | json}}")),
        kind="automation", name="Listens",
    )  # fmt: skip
    for _ in range(2):
        Visitor(program, contact={"id": "jane"})
    work()
    assert [run.outcome for run in of(listener)] == ['["plan"]']
    assert Event.objects.get(type="contact.updated").payload["contact"]["plan"] == "pro"


def test_an_action_by_a_message_needs_no_answer_and_other_kinds_may_not_have_it(program):
    document = chain(heard(), say("a", "Hi"), end())
    made = program.post("/flows/", {"name": "A", "kind": "action", "document": document}).value
    codes = [each["code"] for each in program.post(f"/flows/{made['id']}/validate/").value["problems"]]
    assert "F009" not in codes
    other = program.post("/flows/", {"name": "B", "kind": "post_call", "document": document}).value
    problems = program.post(f"/flows/{other['id']}/validate/").value["problems"]
    assert "the conversation has already ended" in " ".join(each["message"] for each in problems)
