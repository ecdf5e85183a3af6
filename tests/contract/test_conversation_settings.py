"""What a workspace and an agent say about conversations: when people are there, where data goes; what ends alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from builder.pruning import prune
from runtime.conversing import end_idle
from runtime.models import Conversation, Event, Message
from tests.contract.chatting import Visitor, ask, say, started
from tests.contract.conftest import is_problem
from tests.flows import chain, end


def test_an_owner_sets_when_people_take_conversations(as_role, program, publish):
    hours = {"mode": "hours", "days": ["mon", "tue"], "opens": "09:00", "closes": "17:00",
             "queues": {"Sales": {"mode": "offline"}}}  # fmt: skip
    answer = as_role("owner").patch("/workspace/", {"availability": hours})
    assert answer.value["availability"] == hours
    assert program.get("/workspace/").value["availability"]["queues"]["Sales"]["mode"] == "offline"
    is_problem(program.patch("/workspace/", {"availability": hours}), 403)


@pytest.mark.parametrize(
    "wrong", [{"mode": "sometimes"}, {"mode": "hours", "opens": "9"}, {"mode": "hours", "days": ["today"]}]
)
def test_hours_that_are_none_are_refused(as_role, wrong):
    is_problem(as_role("owner").patch("/workspace/", {"availability": wrong}), 422)


def test_an_agent_has_a_data_endpoint(program):
    made = program.post("/agents/", {"name": "Shop", "data_url": "https://crm.example.com/in"})
    assert made.value["data_url"] == "https://crm.example.com/in"
    is_problem(program.patch(f"/agents/{made.value['id']}/", {"data_url": "no address"}), 422)


def test_an_agents_data_endpoint_is_a_secret_to_those_who_only_look(program, as_role):
    made = program.post("/agents/", {"name": "Shop", "data_url": "https://hooks.example.com/in/7f3a-secret"})
    for role, shown in (("viewer", ""), ("editor", made.value["data_url"])):
        by = as_role(role)
        assert by.get(f"/agents/{made.value['id']}/").value["data_url"] == shown
        assert [agent["data_url"] for agent in by.get("/agents/").value["results"]] == [shown]


def test_what_nobody_goes_on_with_ends_after_a_day_and_flows_hear_of_it(publish, program):
    publish(chain(started(), say("hi", "Hello"), end()), kind="conversation")
    idle, fresh = Visitor(program), Visitor(program)
    Conversation.objects.filter(pk=idle.id).update(last_at=timezone.now() - timedelta(hours=25))
    assert end_idle() == 1
    assert (idle.thread()["status"], fresh.thread()["status"]) == ("ended", "open")
    (event,) = Event.objects.filter(type="conversation.ended")
    assert event.payload["interaction"]["ended_reason"] == "idle"


def test_a_conversation_whose_flow_waits_does_not_end_by_itself(publish, program):
    publish(chain(started(), ask("q", "?", timeout=200_000), end()), kind="conversation")
    jane = Visitor(program)
    Conversation.objects.update(last_at=timezone.now() - timedelta(hours=25))
    assert (end_idle(), jane.thread()["status"]) == (0, "waiting")


def test_ended_conversations_are_forgotten_with_their_messages_when_their_days_are_over(publish, program, workspace):
    publish(chain(started(), say("hi", "Hello"), end()), kind="conversation")
    jane, joe = Visitor(program), Visitor(program)
    jane.page.post(f"{jane.path}end/")
    Conversation.objects.update(last_at=timezone.now() - timedelta(days=workspace.retention_days + 1))
    prune()
    assert [str(row.pk) for row in Conversation.objects.all()] == [joe.id]
    assert Message.objects.count() == 1
