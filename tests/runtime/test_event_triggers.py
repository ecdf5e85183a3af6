"""Flows that start by events of any kind, and by the end of a chat."""

import pytest

from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Event, Run, StepRun
from tests.flows import chain, end, node

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(workspace):
    def once(type, agent="", data=None, channel=None):
        payload = {"interaction": {"id": "c1", "channel": channel}, "data": data or {}}
        arrival = Arrival(workspace.pk, "api", type, payload, agent=agent)
        return recorder().submit(accept, arrival).result(10).body["runs"]

    return once


@pytest.fixture
def on(workspace, publish):
    def make(type, **config):
        return publish(workspace, chain(node("start", type, config), end(outcome="{{trigger.slot}}")), kind="post_call")

    return make


@pytest.mark.parametrize(
    ("types", "type", "starts"),
    [
        (["booking.created"], "booking.created", True),
        (["booking.*"], "booking.created", True),
        (["*.created"], "booking.created", True),
        (["booking.*", "contact.updated"], "contact.updated", True),
        (["booking.created"], "booking.cancelled", False),
        (["book"], "booking.created", False),
    ],
)
def test_types_with_stars(on, send, types, type, starts):
    on("event", types=types)
    assert bool(send(type)) is starts


def test_the_events_data_is_at_hand(on, send, work):
    on("event", types=["booking.*"])
    send("booking.created", data={"slot": "monday"})
    work()
    assert Run.objects.get().outcome == "monday"


def test_conditions_and_agents_keep_the_reason(on, send):
    rules = {"all": [{"left": "{{trigger.amount}}", "operator": "greater", "right": "10"}]}
    on("event", types=["order.*"], conditions=rules)
    assert send("order.paid", data={"amount": 5}) == []
    assert "trigger.amount" in Event.objects.get().skipped[0]["reason"]
    assert len(send("order.paid", data={"amount": 50})) == 1


def test_a_channel_is_chosen(on, send):
    on("conversation_ended", channels=["chat", "whatsapp"])
    assert len(send("conversation.ended", channel="chat")) == 1
    assert send("conversation.ended", channel="phone") == []
    assert "phone" in Event.objects.order_by("-id").first().skipped[0]["reason"]


def why(run):
    (branch,) = StepRun.objects.get(run=run, node="start").reason["branches"]
    return branch["result"], [(row["left"], row["left_value"], row["operator"], row["right_value"], row["result"])
                              for row in branch["conditions"]]  # fmt: skip


def test_a_run_keeps_what_let_its_event_start_it(on, send, work):
    rules = {"all": [{"left": "{{trigger.amount}}", "operator": "greater", "right": "10"}]}
    on("event", types=["order.*", "refund.*"], agents=["anna", "otto"], conditions=rules)
    send("order.paid", agent="otto", data={"amount": 50})
    work()
    assert why(Run.objects.get()) == (
        True,
        [
            ("event.type", "order.paid", "in_list", ["order.*", "refund.*"], True),
            ("agent", "otto", "in_list", ["anna", "otto"], True),
            ("{{trigger.amount}}", 50, "greater", "10", True),
        ],
    )


def test_of_a_call_its_status_and_length_are_kept(on, workspace, work):
    on("call_ended", statuses=["completed", "voicemail"], minimum_seconds=10)
    interaction = {"id": "c1", "status": "voicemail", "duration_seconds": 12.5}
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": interaction})
    recorder().submit(accept, arrival).result(10)
    work()
    assert why(Run.objects.get()) == (
        True,
        [
            ("interaction.status", "voicemail", "in_list", ["completed", "voicemail"], True),
            ("interaction.duration_seconds", 12.5, "at_least", 10, True),
        ],
    )


def test_a_trigger_that_asks_for_nothing_keeps_nothing(on, send, work):
    on("conversation_ended")
    send("conversation.ended", channel="chat")
    work()
    assert StepRun.objects.get(node="start").reason is None


def test_what_was_passed_over_keeps_what_was_compared_in_the_same_form(on, send):
    on("conversation_ended", channels=["chat"])
    send("conversation.ended", channel="phone")
    (row,) = Event.objects.get().skipped
    assert row["reason"] == "the channel is phone"
    assert row["conditions"] == [
        {"left": "interaction.channel", "left_value": "phone", "operator": "in_list", "right": ["chat"],
         "right_value": ["chat"], "result": False},
    ]  # fmt: skip
