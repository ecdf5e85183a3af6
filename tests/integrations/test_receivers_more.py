"""Synthflow, Strada, SigmaMind, Bland, Goldilocks, Twilio, read into the one interaction; samples of our own."""

import json
from urllib.parse import urlencode

import pytest

from integrations.receivers import all_receivers
from runtime.arrivals import BadEvent

VENDORS = {receiver.name: receiver for receiver in all_receivers()}
CALLER, CALLED = "+4915112345678", "+493012345678"


def one(vendor, value, **headers):
    body = urlencode(value) if vendor == "twilio" else json.dumps(value)
    (received,) = VENDORS[vendor].read(body.encode(), {name.replace("_", "-"): text for name, text in headers.items()})
    return received


def synthflow(**call):
    given = {
        "call_id": "s-1",
        "status": "completed",
        "duration": 12.5,
        "start_time": "2026-01-20T16:00:00.205134+01:00",
    }
    return {"status": "completed", "lead": {"name": "Ann", "phone_number": CALLER}, "call": {**given, **call},
            "executed_actions": {"a": {"return_value": {"topic": "blender"}}, "b": {"return_value": None},
                                 "c": {"return_value": {"tier": "gold"}}}}  # fmt: skip


def test_a_report_of_synthflow_is_a_call_that_ended_without_a_direction():
    received = one(
        "synthflow", synthflow(transcript="\nbot: Hello \nhuman: Hi", end_call_reason="goodbye", external_id="x")
    )
    made = received.interaction
    assert (received.type, received.dedupe_key) == ("call.ended", "synthflow:post-call:s-1")
    assert (made["direction"], made["from"], made["to"], made["contact_number"]) == (None, None, None, CALLER)
    assert (made["started_at"], made["ended_at"]) == ("2026-01-20T15:00:00.205Z", "2026-01-20T15:00:13.205Z")
    assert (made["duration_seconds"], made["status"], made["ended_reason"]) == (13, "completed", "goodbye")
    assert [(turn["role"], turn["text"]) for turn in made["turns"]] == [("agent", "Hello"), ("user", "Hi")]
    assert received.variables == {"topic": "blender", "tier": "gold"}
    assert (received.contact, received.data["external_id"]) == ({"name": "Ann", "phone": CALLER}, "x")


@pytest.mark.parametrize(
    ("word", "status", "ended"),
    [("no-answer", "no_answer", True), ("user-canceled", "canceled", True), ("left_voicemail", "voicemail", True),
     ("hangup_on_voicemail", "voicemail", True), ("busy", "busy", True), ("failed", "failed", True),
     ("in-progress", "in_progress", False), ("ringing", "in_progress", False), ("registered", "in_progress", False)],
)  # fmt: skip
def test_synthflows_words_become_statuses(word, status, ended):
    received = one("synthflow", synthflow(status=word))
    assert (received.interaction["status"], received.starts_call_ended) == (status, ended)


@pytest.mark.parametrize(
    ("vendor", "body"),
    [("synthflow", {"event": "call_inbound", "call_inbound": {"from_number": CALLER, "to_number": CALLED}}),
     ("strada", {"callerNumber": CALLER, "calledNumber": CALLED}), ("strada", {"from": CALLER, "to": CALLED}),
     ("sigmamind", {"from_number": CALLER, "to_number": CALLED}), ("bland", {"from": CALLER, "to": CALLED})],
)  # fmt: skip
def test_a_ringing_call_has_both_numbers_and_starts_no_call_ended_flow(vendor, body):
    received = one(vendor, body)
    made = received.interaction
    assert received.ringing
    assert not received.starts_call_ended
    assert (made["from"], made["to"], made["status"], made["direction"]) == (CALLER, CALLED, "ringing", "inbound")
    assert (made["turns"], made["variables"]) == (None, {})


def test_a_report_of_bland_counts_minutes():
    received = one("bland", {
        "call_id": "b-1", "from": CALLER, "to": CALLED, "inbound": True, "call_length": 2.5, "completed": True,
        "created_at": "2026-01-20T15:00:00Z", "answered_by": "human", "summary": "Short", "variables": {"a": 1},
        "transcripts": [{"user": "assistant", "text": "Hello", "created_at": "2026-01-20T15:00:02Z"},
                        {"user": "agent-action", "text": "Looked up", "created_at": None}],
    })  # fmt: skip
    made = received.interaction
    assert (received.type, received.dedupe_key, made["duration_seconds"]) == ("call.ended", "bland:post-call:b-1", 150)
    assert (made["direction"], made["contact_number"], made["status"]) == ("inbound", CALLER, "completed")
    assert [(turn["role"], turn["at_seconds"]) for turn in made["turns"]] == [("agent", 2), ("tool", None)]
    assert received.variables == {"a": 1}


@pytest.mark.parametrize(
    ("event", "type", "status", "disposition"),
    [("conversation.started", "conversation.started", "in_progress", None),
     ("conversation.ended", "conversation.ended", "completed", None),
     ("escalation", "handoff.requested", "in_progress", "escalated"),
     ("new.thing", "goldilocks.new.thing", "in_progress", None)],
)  # fmt: skip
def test_goldilocks_events_by_name(event, type, status, disposition):
    body = {"event": event, "timestamp": "2026-01-20T15:00:00Z", "data": {
        "conversationId": "g-1", "customerId": "c", "customerLabel": "Ann",
        "metadata": {"plan": "gold"}, "reason": "why"}}  # fmt: skip
    received = one("goldilocks", body, x_goldilocks_delivery_id="d-9")
    made = received.interaction
    assert (received.type, made["status"], made["disposition"], made["channel"]) == (type, status, disposition, "chat")
    assert received.dedupe_key == "goldilocks:d-9"
    assert (received.contact, received.variables) == ({"id": "c", "name": "Ann"}, {"plan": "gold"})
    assert received.starts_call_ended is (event == "conversation.ended")


def test_twilios_seconds_are_not_its_minutes():
    received = one("twilio", {
        "CallSid": "CA1", "CallStatus": "completed", "From": CALLER, "To": CALLED, "Direction": "inbound",
        "Duration": "3", "CallDuration": "125", "Timestamp": "Tue, 20 Jan 2026 15:02:05 +0000",
        "ForwardedFrom": ""})  # fmt: skip
    made = received.interaction
    assert (received.type, received.dedupe_key) == ("call.ended", "twilio:call:CA1:completed")
    assert (made["duration_seconds"], made["started_at"], made["ended_at"]) == (
        125, "2026-01-20T15:00:00Z", "2026-01-20T15:02:05Z")  # fmt: skip
    assert "ForwardedFrom" not in received.data
    assert VENDORS["twilio"].answer([received], []) == (204, None)


def test_a_message_to_twilio_keeps_every_character():
    received = one(
        "twilio", {"MessageSid": "SM1", "From": f"whatsapp:{CALLER}", "To": CALLED, "Body": "Ja ✅ & + gerne"}
    )
    made = received.interaction
    assert (received.type, received.dedupe_key, made["channel"]) == (
        "conversation.message",
        "twilio:sms:SM1",
        "whatsapp",
    )
    assert (made["from"], made["turns"][0]["text"]) == (CALLER, "Ja ✅ & + gerne")
    status = one("twilio", {"MessageSid": "SM1", "MessageStatus": "delivered", "From": CALLED, "To": CALLER})
    assert (status.type, status.dedupe_key) == ("twilio.message_status", "twilio:sms:SM1:delivered")


def test_calls_of_twilio_that_are_under_way_end_nothing():
    received = one("twilio", {"CallSid": "CA1", "CallStatus": "ringing", "Direction": "outbound-api"})
    assert (received.type, received.interaction["status"]) == ("twilio.call_status", "ringing")
    recording = one(
        "twilio", {"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed", "RecordingUrl": "u"}
    )
    assert (recording.type, recording.dedupe_key) == ("twilio.recording", "twilio:recording:RE1:completed")


@pytest.mark.parametrize("vendor", ["synthflow", "strada", "sigmamind", "bland", "goldilocks", "twilio"])
def test_what_is_none_of_a_vendors_bodies_is_said_so(vendor):
    with pytest.raises(ValueError, match=r"\w"):
        one(vendor, {"odd": "1"})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"type": "call.ended", "interaction": {"turns": "none"}}, "/interaction/turns"),
     ({"type": "Not a type"}, "/type"), ({"type": "call.ended", "interaction": []}, "/interaction"),
     ({"type": "call.ended", "contact": "Ann"}, "/contact"),
     ({"type": "call.ended", "interaction": {"duration_seconds": "5"}}, "/interaction/duration_seconds"),
     ({"id": "c", "duration_seconds": "5"}, "/interaction/duration_seconds"),
     ({"type": "call.ended", "occurred_at": "soon"}, "/occurred_at"), ({"type": "a.b", "variables": [1]}, "/variables"),
     ({"id": "c", "summary": {"text": "x"}}, "/interaction/summary")],
)  # fmt: skip
def test_a_mistyped_event_names_its_member(body, pointer):
    with pytest.raises(BadEvent) as error:
        one("generic", body)
    assert (error.value.status, error.value.errors[0]["pointer"]) == (422, pointer)


def test_members_of_ones_own_are_no_mistake_at_the_generic_address():
    assert one("generic", {"type": "order.paid", "data": {"a": 1}, "shop": "7"}).type == "order.paid"
    assert one("generic", {"id": "c", "status": "completed", "shop": "7"}).interaction["shop"] == "7"
