"""The gallery's flows that talk with a visitor, from their template to the hand-over; and what F13 leaves of a talk."""

import pytest

from runtime.active import forget_workspaces
from runtime.models import Conversation, Event
from tests.contract.test_templates import asked
from tests.vendors import MODEL, TICKETS, completion

PRICING = {"page": "https://example.com/pricing", "device": "Desktop"}


def says(text, next="go_on"):
    return completion({"reply": text, "next": next})


def test_f5_a_large_company_is_qualified_and_handed_to_sales(start, sample, visit, program, vendors, workspace):
    vendors.answers["/leads"] = {"id": "L-77"}
    flow = start("qualify-lead", "conversation")
    jane = visit(visitor=sample(flow)["visitor"], contact={"id": "jane"})
    assert jane.last["messages"][0]["buttons"][0]["url"] == "https://example.com/pricing#plans"
    assert [row["label"] for row in jane.expects["choices"]] == ["1-10", "11-50", "51+"]
    assert jane.say(choice="large") == ["What should get easier for you?"]
    assert jane.say('Too many tools\n"and" copies') == ["How can we reach you?"]
    form = jane.last["messages"][0]["form"]
    assert [field["name"] for field in form["fields"]] == ["name", "email", "phone"]
    assert jane.say(form={"name": "Jane", "email": "jane at acme"}) == ["E-mail is no e-mail address."]
    assert (jane.expects["kind"], jane.expects["fields"][1]["error"]) == ("form", "E-mail is no e-mail address.")
    assert jane.say(form={"name": "Jane", "email": "jane@acme.com"}) == ["I connect you with a colleague from sales."]
    assert (jane.status, jane.expects) == ("with_human", None)
    (lead,) = asked(vendors, "/leads")
    assert (lead.json["email"], lead.json["size"], lead.json["pain"]) == (
        "jane@acme.com", "51+", "Too many tools\n\"and\" copies")  # fmt: skip
    known = program.get(jane.path).value
    assert (known["contact"]["tags"], known["contact"]["email"]) == (["hot"], "jane@acme.com")
    assert known["handoff"]["queue"] == "Sales"
    (run,) = program.get("/runs/").value["results"]
    assert run["outcome"] == "with sales L-77"
    asked_for = Event.objects.get(type="handoff.requested").payload
    assert "User: 51+" in asked_for["interaction"]["transcript"]
    assert jane.say("Hello?") == []


def test_f5_a_small_company_talks_with_the_model_until_it_wants_a_person(start, visit, vendors):
    answers = [says("49 euros a month."), says("Of course.", "human")]
    vendors.answers[MODEL] = lambda request: answers.pop(0)
    start("qualify-lead", "conversation")
    joe = visit(visitor=PRICING)
    joe.say("1-10")
    joe.say("Price")
    assert joe.say(form={"email": "joe@gmail.com"}) == ["Thanks! Ask me anything about our plans."]
    assert joe.status == "with_ai"
    assert joe.say("What does Team cost?") == ["49 euros a month."]
    told = asked(vendors, MODEL)[0].json["messages"]
    assert told[-1] == {"role": "user", "content": "What does Team cost?"}
    assert joe.say("A person please") == ["Of course.", "I connect you with a colleague from sales."]
    assert joe.status == "with_human"


def test_f5_two_invalid_answers_escalate_and_nobody_online_takes_a_message(start, visit, workspace, program):
    start("qualify-lead", "conversation")
    joe = visit(visitor=PRICING)
    assert joe.say("many") == ["Please choose one of the three."]
    workspace.availability = {"mode": "offline"}
    workspace.save()
    forget_workspaces()
    assert "Nobody of us is here" in joe.say("lots")[0]
    assert joe.say("Call me") == ["Thank you, we answer within a working day."]
    assert (joe.status, program.get(joe.path).value["tags"]) == ("ended", ["call back"])


def test_f5_starts_only_where_it_should_and_keeps_the_reason(start, visit, workspace):
    flow = start("qualify-lead", "conversation")
    for visitor, reason in (
        ({**PRICING, "page": "https://example.com/blog"}, "visitor.page was 'https://example.com/blog'"),
        ({**PRICING, "device": "Phone"}, "visitor.device was 'Phone'"),
    ):
        assert visit(visitor=visitor).texts == []
        skipped = Event.objects.filter(type="conversation.started").order_by("-id")[0].skipped
        assert [(each["flow"], each["reason"]) for each in skipped] == [(flow["id"], reason)]
        assert [row["result"] for row in skipped[0]["conditions"]].count(False) == 1
    workspace.availability = {"mode": "offline"}
    workspace.save()
    assert visit(visitor=PRICING).texts == []
    assert Event.objects.order_by("-id")[0].skipped[0]["reason"] == "nobody is online"


@pytest.mark.parametrize("memory", [{"plan": "enterprise"}, {"tags": ["vip"]}])
def test_f16_a_vip_is_routed_by_memory_once_and_the_flow_stays_silent_until_resolved(
    start, visit, program, vendors, memory
):
    start("vip-routing", "conversation")
    jane = visit(contact={"id": "jane", "email": "jane@example.com", "name": "Jane", **memory})
    assert jane.say("Our import fails") == ["Hello Jane, somebody of our VIP team is with you in a moment."]
    handoff = program.get(jane.path).value["handoff"]
    assert (handoff["queue"], handoff["reason"]) == ("VIP", "Our import fails (no earlier tickets)")
    assert (jane.say("Anybody?"), jane.status) == ([], "with_human")
    program.post(f"{jane.path}messages/", {"id": "h1", "role": "human", "text": "Hi, this is Ann."})
    assert jane.thread()["messages"][-1]["role"] == "human"
    assert program.post(f"{jane.path}resolve/").value["status"] == "open"
    assert jane.say("Thanks, and again a question") == []  # once in a conversation
    assert visit(contact={"id": "joe"}).say("Hello") == []


def test_f16_out_of_hours_a_vip_gets_a_ticket_and_a_promise_and_next_time_it_is_known(
    start, visit, program, vendors, workspace
):
    workspace.availability = {"queues": {"VIP": {"mode": "offline"}}}
    workspace.save()
    forget_workspaces()
    start("vip-routing", "conversation")
    contact = {"id": "jane", "email": "jane@example.com", "name": "Jane", "plan": "enterprise"}
    jane = visit(contact=contact)
    assert jane.say("Our import fails") == ["Our VIP team is back at 9. You are first in line, with ticket 35436."]
    assert asked(vendors, TICKETS)[0].json["ticket"]["subject"] == "VIP: Our import fails"
    assert jane.status == "open"
    again = visit(contact=contact)
    again.say("Still broken")
    assert "35436" in asked(vendors, TICKETS)[1].json["ticket"]["comment"]["body"]


def test_f13_the_conversation_is_tagged(start, sample, happens, vendors, workspace):
    said = {"sentiment": "positive", "topic": "product", "resolved": True}
    vendors.answers[MODEL] = completion(said)
    happens(sample(start("tag-at-end", "post_call")))
    row = Conversation.objects.get(interaction_id="call-1001")
    assert (row.tags, row.status, row.contact.phone) == (["positive", "product"], "ended", "+14155550132")
