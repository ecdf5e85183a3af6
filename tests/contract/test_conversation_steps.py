"""The steps of a chat flow, each as a visitor meets it."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from runtime import tasks
from runtime.active import forget_workspaces
from runtime.models import Agent, Contact, Conversation, Event, Run
from tests.contract.chatting import Visitor, ask, bye, heard, say, started
from tests.contract.conftest import is_problem
from tests.flows import action_called, chain, decision, end, node, post_json, wait_for

CHOICES = [{"id": "s", "label": "Small"}, {"id": "l", "label": "Large"}]


@pytest.fixture
def chat(publish, program):
    """chat(nodes..., edges, beside) -> a visitor of a flow made of them; those beside lead to the end."""

    def start(*nodes, opening=None, edges=(), beside=(), **more):
        ends = [(each["id"], "next", "end") for each in beside]
        document = chain(started(), *nodes, edges=(*edges, *ends), beside=tuple(beside), **more)
        publish(document, kind="conversation")
        return Visitor(program, **(opening or {}))

    return start


def let_time_pass():
    run, past = Run.objects.get(), timezone.now() - timedelta(seconds=1)
    run.state["wait"]["until"] = past.isoformat()
    Run.objects.filter(pk=run.pk).update(due_at=past, state=run.state)
    tasks.work(linger=0)


def test_a_message_has_buttons_quick_replies_a_picture_and_the_visitors_language(chat):
    jane = chat(
        say("hi", "Hello {{contact.name}}", image="https://example.com/a.png", quick_replies=["Yes"],
            buttons=[{"label": "Site", "url": "https://example.com"}, {"label": "Call me", "value": "call"}],
            translations=[{"language": "de", "text": "Hallo {{contact.name}}"}]),
        end(), opening={"contact": {"name": "Jane"}, "visitor": {"language": "de-AT"}},
    )  # fmt: skip
    (message,) = jane.last["messages"]
    assert message["text"] == "Hallo Jane"
    assert message["image"] == "https://example.com/a.png"
    assert message["buttons"] == [
        {"label": "Site", "url": "https://example.com"}, {"label": "Call me", "value": "call"},
        {"label": "Yes", "value": "Yes", "quick": True},
    ]  # fmt: skip


def test_addresses_that_could_run_something_are_no_links_and_no_pictures(chat):
    bad = '{{vars.bad | default: ""}}'
    jane = chat(say("hi", "x", image=bad, buttons=[{"label": "Go", "url": bad}]), end(),
                opening={"variables": {"bad": "javascript:alert(1)"}})  # fmt: skip
    (message,) = jane.last["messages"]
    assert (message["image"], message["buttons"]) == (None, [{"label": "Go", "value": "Go"}])


@pytest.mark.parametrize(("said", "text"), [({"choice": "l"}, "big"), ({"text": "small"}, "little")])
def test_each_choice_can_have_a_way_of_its_own(chat, said, text):
    question = ask("size", "Size?", expects="choice", choices=CHOICES, port_per_choice=True)
    jane = chat(question, say("big", "big"), end(), ports={"size": "l"}, edges=[("size", "s", "little")],
                beside=[say("little", "little")])  # fmt: skip
    assert jane.last["messages"][0]["buttons"] == [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]
    assert jane.say(**said) == [text]


def test_what_is_no_answer_is_asked_again_and_then_given_up(chat):
    question = ask("age", "Age?", expects="number", invalid_text="A number, please.", attempts=2)
    jane = chat(question, end(), edges=[("age", "no_valid_answer", "sorry")], beside=[say("sorry", "Never mind")])
    assert jane.say("old") == ["A number, please."]
    assert jane.expects["kind"] == "number"
    assert jane.say("very old") == ["Never mind"]
    assert jane.expects is None


def test_an_answer_after_a_wrong_one_counts(chat):
    jane = chat(ask("age", "Age?", expects="number", save_to="age"), say("ok", "{{vars.age}} it is"), end())
    jane.say("old")
    assert jane.say("41") == ["41 it is"]


def test_without_an_answer_in_time_the_flow_goes_on_by_itself(chat):
    jane = chat(ask("name", "Name?"), end(), edges=[("name", "timeout", "gone")], beside=[say("gone", "Still there?")])
    let_time_pass()
    assert jane.thread()["messages"][-1]["text"] == "Still there?"
    assert Run.objects.get().status == "succeeded"


def test_a_late_answer_finds_nobody_asking(chat):
    jane = chat(ask("name", "Name?"), end(), edges=[("name", "timeout", "gone")], beside=[say("gone", "Still there?")])
    let_time_pass()
    assert jane.say("Jane") == []
    assert jane.thread()["messages"][-1]["text"] == "Jane"


def test_a_form_is_remembered_of_the_contact_and_shown_in_the_flow(chat, program):
    fields = [{"name": "email", "label": "E-mail", "kind": "email", "required": True},
              {"name": "team", "label": "Team", "kind": "text"}]  # fmt: skip
    jane = chat(node("form", "send_form", {"text": "Who?", "fields_asked": fields}),
                say("ok", "{{contact.email}} of {{steps.form.team}}, {{contact.team}}"), end())  # fmt: skip
    assert jane.expects == {"kind": "form", "choices": [], "fields": jane.last["messages"][0]["form"]["fields"]}
    assert jane.say("just words") == ["E-mail is needed."]
    assert jane.say(form={"email": "j@acme.com", "team": "Ops"}) == ["j@acme.com of Ops, Ops"]
    contact = Contact.objects.get()
    assert (contact.email, contact.attributes) == ("j@acme.com", {"team": "Ops"})
    assert contact.known_email == ""


def test_who_claims_an_address_in_a_chat_is_not_taken_for_its_owner(chat, program):
    fields = [{"name": "email", "label": "E-mail", "kind": "email", "required": True}]
    jane = chat(node("form", "send_form", {"fields_asked": fields}), say("ok", "{{contact.plan}}"), end(),
                opening={"contact": {"email": "jane@acme.com", "plan": "enterprise"}})  # fmt: skip
    mallory = Visitor(program)
    assert mallory.say(form={"email": "jane@acme.com"}) == [""]
    assert Visitor(program).texts == jane.texts
    assert Contact.objects.filter(known_email="jane@acme.com").count() == 1


def test_memory_lasts_to_the_next_conversation(chat, program):
    jane = chat(
        node("tag", "tag", {"on": "contact", "add": ["vip"], "remove": ["cold"]}),
        node("set", "set_contact", {"attributes": [{"name": "plan", "value": "pro"}, {"name": "old", "value": ""}]}),
        say("ok", "{{contact.plan}} {{contact.tags}} {{contact.old | default: \"-\"}}"), end(),
        opening={"contact": {"id": "jane", "old": "x", "tags": ["cold"]}},
    )  # fmt: skip
    assert jane.texts == ['pro ["vip"] -']
    known = program.get(jane.path).value["contact"]
    assert (known["attributes"], known["tags"]) == ({"plan": "pro"}, ["vip"])
    assert Visitor(program, contact={"id": "jane"}).texts == ['pro ["vip"] -']


def test_a_conversation_is_tagged(chat, program):
    jane = chat(node("tag", "tag", {"add": ["billing", '{{vars.mood | default: ""}}', '{{vars.none | default: ""}}']}),
                end(), opening={"variables": {"mood": "angry"}})  # fmt: skip
    assert program.get(jane.path).value["tags"] == ["billing", "angry"]


def test_after_a_hand_over_the_flow_says_nothing_but_its_steps_run(chat, peer, program):
    peer.answers["/desk"] = {}
    jane = chat(node("sales", "escalate", {"queue": "Sales", "reason": "Wants to buy", "text": "One moment."}),
                post_json("desk", f"{peer.url}/desk", '{"who": "{{contact.id}}"}'), say("no", "I am still here"), end(),
                opening={"contact": {"id": "jane"}})  # fmt: skip
    assert jane.texts == ["One moment."]
    assert jane.status == "with_human"
    assert peer.requests[0].json == {"who": "jane"}
    assert jane.say("Hello?") == []
    step = program.get(f"/runs/{Run.objects.get().pk}/").value["steps"][-2]
    assert step["warnings"][0]["code"] == "silent"
    event = Event.objects.get(type="handoff.requested")
    assert event.payload["data"] | {"conversation": ""} == {
        "queue": "Sales",
        "reason": "Wants to buy",
        "conversation": "",
    }
    assert "Agent: One moment." in event.payload["interaction"]["transcript"]


def test_nobody_online_is_a_way_of_its_own(chat, workspace, program):
    workspace.availability = {"queues": {"Sales": {"mode": "offline"}}}
    workspace.save()
    forget_workspaces()
    jane = chat(node("sales", "escalate", {"queue": "Sales"}), end(), edges=[("sales", "offline", "later")],
                beside=[node("later", "custom_reply", {"text": "We write to you."})])  # fmt: skip
    assert (jane.texts, jane.status) == (["We write to you."], "open")


def test_contact_details_are_asked_for_before_a_hand_over(chat):
    jane = chat(node("sales", "escalate", {"collect": True, "text": "One moment."}), end())
    assert jane.expects["kind"] == "form"
    assert jane.say(form={"email": "no"}) == ["E-mail is no e-mail address."]
    assert jane.say(form={"email": "j@acme.com", "name": "Jane"}) == ["One moment."]
    assert Contact.objects.get().name == "Jane"


def test_a_colleague_who_speaks_takes_over(chat, program):
    jane = chat(ask("name", "Name?"), say("ok", "Hi"), end())
    program.post(f"{jane.path}messages/", {"id": "h1", "role": "human", "text": "Ann here."})
    assert (jane.say("Hello Ann"), jane.status) == ([], "with_human")
    is_problem(jane.page.post(f"{jane.path}resolve/"), 403)


def test_messages_are_there_before_a_slow_step_is_over(chat, peer):
    seen = []
    peer.answers["/slow"] = lambda asked: seen.append(list(
        Conversation.objects.get().messages.values_list("text", flat=True))) or {}  # fmt: skip
    jane = chat(say("one", "A moment"), post_json("slow", f"{peer.url}/slow"), say("two", "Done"), end())
    assert jane.texts == ["A moment", "Done"]
    assert seen == [["A moment"]]


def test_a_pause_in_the_flow_is_the_workers(chat):
    jane = chat(say("one", "A moment"), wait_for("pause", 0.05), say("two", "Done"), end())
    assert jane.texts == ["A moment"]
    over = time.monotonic() + 10
    while len(jane.thread()["messages"]) < 2:
        assert time.monotonic() < over
        tasks.work(linger=0)
    assert jane.thread()["messages"][-1]["text"] == "Done"


def test_a_data_update_goes_to_the_agents_own_endpoint(publish, program, peer, workspace):
    Agent.objects.create(workspace=workspace, slug="shop", name="Shop", data_url=f"{peer.url}/updates")
    peer.answers["/updates"] = {}
    update = node("update", "send_data_update", {"body": {"type": "json", "content": '{"id": "{{contact.id}}"}'}})
    publish(chain(started(), update, say("ok", "Sent"), end()), kind="conversation")
    assert Visitor(program, agent="shop", contact={"id": "jane"}).texts == ["Sent"]
    (asked,) = peer.requests
    assert (asked.path, asked.json) == ("/updates", {"id": "jane"})
    assert asked.headers["idempotency-key"]
    assert Visitor(program).texts == []
    assert "data endpoint" in Run.objects.order_by("-id")[0].error["message"]


def test_flows_after_the_conversation_hear_what_was_said(chat, publish, program, ended):
    after = node("start", "conversation_ended", {"channels": ["chat"]})
    publish(chain(after, end(outcome="{{interaction.transcript}} / {{interaction.status}}")), name="After")
    jane = chat(ask("name", "Name?"), bye(text="Bye"))
    jane.say("Jane")
    run = ended(str(Run.objects.get(kind="post_call").pk))
    assert run["outcome"] == "Agent: Name?\nUser: Jane\nAgent: Bye / completed"


def test_a_branch_sees_the_last_message_and_the_visitor(chat):
    jane = chat(ask("q", "?"), decision("check", "{{message.text}}", "equals", "{{visitor.country}}"), say("no", "no"),
                end(), edges=[("check", "yes", "yes")], beside=[say("yes", "yes")],
                opening={"visitor": {"country": "DE"}})  # fmt: skip
    assert jane.say("DE") == ["yes"]


def test_a_call_is_put_through_by_the_agent(publish, program):
    transfer = node("go", "transfer_call", {"to": "+14155550100", "message": "One moment"})
    publish(chain(action_called("transfer"), transfer, end()), kind="action")
    answer = program.post("/actions/transfer/", {}).value
    assert answer["response"] == {"transfer": {"to": "+14155550100", "message": "One moment"}}


def test_a_chat_flow_that_is_only_tried_says_nothing_to_anybody(program, publish, ended):
    flow = publish(chain(started(), ask("q", "?", save_to="a"), say("ok", "Hi {{vars.a}}"), end()), kind="conversation")
    tried = program.post(f"/flows/{flow['id']}/try/", {"event": {"visitor": {"country": "DE"}}, "mode": "dry"})
    run = ended(tried.value["run"])
    assert run["path"] == ["start", "q", "ok", "end"]
    assert run["steps"][1]["warnings"][0]["code"] == "not_asked"
    assert run["steps"][0]["output"]["country"] == "DE"


def test_a_failing_flow_leaves_the_visitor_an_open_conversation(publish, program):
    publish(
        chain(heard(), post_json("call", "http://127.0.0.1:9/nothing"), say("ok", "Hi"), end()), kind="conversation"
    )
    jane = Visitor(program)
    assert (jane.say("Hello"), jane.status) == ([], "open")
    assert Run.objects.get().status == "failed"
    assert jane.say("Again") == []
