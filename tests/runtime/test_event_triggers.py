"""Flows that start by events of any kind, and by the end of a chat."""

import pytest

from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Event, Run
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
