"""Waits that end early, keep to hours, or are ended by a person."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from runtime import active
from runtime.awaiting import decide
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Event, Run, StepRun, Wait
from tests.flows import call_ended, chain, end, node

pytestmark = pytest.mark.django_db(transaction=True)
UNLESS = {"mode": "unless", "seconds": 86_400, "events": ["booking.*"], "same": "contact"}


@pytest.fixture
def send(workspace):
    def once(type="call.ended", number="+14155551234", data=None, call="call_1", key=None):
        interaction = {"id": call, "contact_number": number, "status": "completed"}
        payload = {"interaction": interaction, "data": data or {}}
        return recorder().submit(accept, Arrival(workspace.pk, "api", type, payload, key=key)).result(10)

    return once


@pytest.fixture
def follow_up(workspace, publish):
    """A flow that waits, and ends with what became of it."""

    def make(**config):
        document = chain(
            call_ended(),
            node("pause", "wait", {**UNLESS, **config}),
            end("booked", outcome="booked {{steps.pause.event.data.slot}}"),
            edges=(("pause", "elapsed", "sms"),),
            beside=(end("sms", outcome="no booking"),),
            ports={"pause": "event"},
        )
        return publish(workspace, document)

    return make


def outcome() -> tuple[str, str]:
    run = Run.objects.get(kind="post_call")
    return run.status, run.outcome


def let_time_pass(seconds=90_000):
    """The wait's moment comes: its row and the run's state say an earlier one."""
    run = Run.objects.get(status="waiting")
    past = timezone.now() - timedelta(seconds=1)
    run.state["wait"]["until"] = past.isoformat()
    Run.objects.filter(pk=run.pk).update(state=run.state, due_at=past)


def test_an_event_of_the_same_contact_ends_the_wait(follow_up, send, work):
    follow_up()
    send()
    work()
    assert outcome() == ("waiting", "")
    send("booking.created", data={"slot": "monday"}, call="other")
    work()
    assert outcome() == ("succeeded", "booked monday")
    assert Wait.objects.get().closed_at is not None


def test_events_of_others_and_other_events_do_not(follow_up, send, work):
    follow_up()
    send()
    work()
    send("booking.created", number="+14155559999", call="other")
    send("contact.updated", call="other")
    work()
    assert outcome() == ("waiting", "")
    let_time_pass()
    work()
    assert outcome() == ("succeeded", "no booking")


def test_an_event_that_came_before_the_wait_was_opened_counts(follow_up, send, work):
    follow_up()
    send()
    send("booking.created", data={"slot": "early"}, call="other")
    work()
    work()
    assert outcome() == ("succeeded", "booked early")


def test_an_event_nobody_was_woken_by_is_found_before_the_wait_elapses(follow_up, send, work):
    follow_up()
    send()
    work()
    send("booking.created", data={"slot": "late"}, call="other")
    Wait.objects.update(event=None)
    let_time_pass()
    work()
    assert outcome() == ("succeeded", "booked late")


def test_a_value_of_ones_own_can_be_waited_for(follow_up, send, work):
    follow_up(same="value", field="order", value="A-{{interaction.id}}", events=["order.paid"])
    send()
    work()
    send("order.paid", data={"order": "A-call_2"}, call="other")
    work()
    assert outcome() == ("waiting", "")
    send("order.paid", data={"order": "A-call_1", "slot": "now"}, call="other")
    work()
    assert outcome() == ("succeeded", "booked now")


def test_only_the_first_event_counts(follow_up, send, work):
    follow_up()
    send()
    work()
    send("booking.created", data={"slot": "first"}, call="a")
    send("booking.created", data={"slot": "second"}, call="b")
    work()
    assert outcome() == ("succeeded", "booked first")


def test_without_anything_to_compare_only_the_time_ends_it(follow_up, send, work):
    follow_up()
    send(number=None)
    work()
    step = StepRun.objects.get(node="pause")
    assert step.warnings[0]["code"] == "nothing_to_wait_for"
    assert outcome() == ("waiting", "")


def test_a_person_can_end_a_wait_once(follow_up, send, work, workspace):
    follow_up()
    send()
    work()
    wait = Wait.objects.get()
    assert decide(wait, "skipped", None) is True
    assert decide(wait, "skipped", None) is False
    work()
    assert outcome() == ("succeeded", "no booking")


@pytest.mark.parametrize(
    ("now", "number", "ends"),
    [
        ("2026-07-01T10:00:00", "+4930123456", "2026-07-01T10:00:00"),  # noon in Berlin: as it is
        ("2026-07-01T00:00:00", "+4930123456", "2026-07-01T07:00:00"),  # two in the morning: nine o'clock
        ("2026-07-01T18:30:00", "+4930123456", "2026-07-02T07:00:00"),  # half past eight in the evening: tomorrow
        ("2026-07-04T10:00:00", "+4930123456", "2026-07-06T07:00:00"),  # a Saturday: Monday
        ("2026-03-29T00:30:00", "+4930123456", "2026-03-30T07:00:00"),  # the night the clocks change, a Sunday
        ("2026-07-01T00:00:00", "+14155551234", "2026-07-01T09:00:00"),  # many zones: the workspace's, which is UTC
    ],
)
def test_hours_are_the_contacts(now, number, ends):
    from runtime.nodes.waiting import _within_hours
    from runtime.zones import zone_of_number

    class Step:
        config = {"only_within": True, "hours_from": "09:00", "hours_to": "19:00", "clock": "contact",
                  "days": ["mon", "tue", "wed", "thu", "fri"]}  # fmt: skip
        scope = {"workspace": {"time_zone": "UTC"}}
        contact_zone = zone_of_number(number)

    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert _within_hours(Step(), moment).isoformat() == f"{ends}+00:00"


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-07-01T02:00:00", "2026-07-01T02:00:01"),  # the night that began yesterday
        ("2026-07-01T23:00:00", "2026-07-01T23:00:01"),
        ("2026-07-01T12:00:00", "2026-07-01T22:00:00"),
        ("2026-07-05T02:00:00", "2026-07-06T22:00:00"),  # Saturday's night is none of the chosen days'
    ],
)
def test_hours_may_go_over_midnight(workspace, publish, send, work, freeze, now, ends):
    freeze(now)
    hours = {"only_within": True, "hours_from": "22:00", "hours_to": "06:00", "clock": "workspace",
             "days": ["mon", "tue", "wed", "thu", "fri"]}  # fmt: skip
    publish(workspace, chain(call_ended(), node("pause", "wait", {"mode": "for", "seconds": 1, **hours}), end()))
    send()
    work()
    assert Wait.objects.get().until.isoformat() == f"{ends}+00:00"


@pytest.fixture
def freeze(monkeypatch):
    """freeze(text): it is this moment (UTC) for everything that runs."""

    def at(text):
        monkeypatch.setattr("runtime.present.now", lambda: datetime.fromisoformat(text).replace(tzinfo=UTC))

    return at


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00"),
        ("2026-12-24T17:00:00Z", "2026-12-24T17:00:00"),
        ("1798131600", "2026-12-24T17:00:00"),
        ("2026-12-24 18:00", "2026-12-24T17:00:00"),  # without a zone: the workspace's, which is Berlin here
        ("2026-12-24", "2026-12-23T23:00:00"),
        ("2027-03-28T02:30", "2027-03-28T01:30:00"),  # skipped by the clocks: as much later, half past three
        ("2026-10-25T02:30", "2026-10-25T00:30:00"),  # comes twice: the first
        ("2027-02-29T09:00", None),
        ("next week", None),
        ("2039-01-01T00:00Z", None),  # further than a wait can be
        ("999999999999999999", None),
    ],
)
def test_a_wait_until_a_moment(workspace, publish, send, work, freeze, until, moment):
    freeze("2026-07-01T00:00:00")
    workspace.time_zone = "Europe/Berlin"
    workspace.save()
    active._workspace_at.cache_clear()
    step = node("pause", "wait", {"mode": "until", "until": "{{trigger.until}}"})
    publish(workspace, chain(call_ended(), step, end()))
    send(data={"until": until})
    work()
    run = Run.objects.get()
    if moment is None:
        assert (run.status, run.error["code"], run.error["node"]) == ("failed", "bad_moment", "pause")
        return
    assert run.status == "waiting"
    assert Wait.objects.get().until.isoformat() == f"{moment}+00:00"


def test_a_repeated_event_wakes_nobody_twice(follow_up, send, work):
    follow_up()
    send()
    work()
    for _ in range(3):
        send("booking.created", data={"slot": "once"}, call="other", key="booking-1")
    work()
    assert outcome() == ("succeeded", "booked once")
    assert Event.objects.filter(type="booking.created").count() == 1
