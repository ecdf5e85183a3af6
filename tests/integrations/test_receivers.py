"""What vendors report, read into the one interaction; own samples in the vendors' shapes."""

import contextlib
import json

import pytest

from integrations.receivers import all_receivers
from integrations.receivers.normalising import moment, role, seconds, tool_call
from runtime.arrivals import BadEvent

VENDORS = {receiver.name: receiver for receiver in all_receivers()}


def read(vendor, value, **headers):
    return VENDORS[vendor].read(json.dumps(value).encode(), headers)


def one(vendor, value, **headers):
    (received,) = read(vendor, value, **headers)
    return received


def vapi(**message):
    return {"message": {"type": "end-of-call-report", **message}}


VAPI_CALL = {"id": "v-9", "type": "outboundPhoneCall", "customer": {"number": "+4915112345678", "name": "Max"}}


def test_there_is_a_receiver_for_each_vendor_of_this_stage():
    assert set(VENDORS) >= {"vapi", "retell", "elevenlabs", "famulor", "generic"}


def test_a_vapi_report_is_a_call_that_ended():
    received = one("vapi", vapi(
        endedReason="assistant-forwarded-call", call=VAPI_CALL, phoneNumber={"number": "+18005550100"},
        startedAt="2026-01-20T16:00:00+01:00", endedAt="2026-01-20T15:01:00.500Z",
        analysis={"summary": "Wants a blender", "structuredData": {"topic": "blender"}},
        artifact={"transcript": "AI: Hello\nUser: Hi", "variableValues": {"topic": "none", "tier": "gold"}},
    ))  # fmt: skip
    made = received.interaction
    assert (received.type, received.dedupe_key, received.moment) == ("call.ended", "vapi:end-of-call-report:v-9", "")
    assert (made["direction"], made["from"], made["to"]) == ("outbound", "+18005550100", "+4915112345678")
    assert (made["contact_number"], made["agent_number"]) == ("+4915112345678", "+18005550100")
    assert (made["started_at"], made["ended_at"]) == ("2026-01-20T15:00:00Z", "2026-01-20T15:01:00.500Z")
    assert (made["duration_seconds"], made["status"]) == (61, "transferred")
    assert [(turn["role"], turn["text"]) for turn in made["turns"]] == [("agent", "Hello"), ("user", "Hi")]
    assert received.variables == made["variables"] == {"topic": "blender", "tier": "gold"}
    assert received.contact == {"name": "Max", "phone": "+4915112345678"}
    assert made["raw"]["message"]["type"] == "end-of-call-report"


@pytest.mark.parametrize(
    ("reason", "status"),
    [("customer-ended-call", "completed"), ("silence-timed-out", "completed"), ("something-new", "completed"),
     ("customer-did-not-answer", "no_answer"), ("customer-busy", "busy"), ("voicemail", "voicemail"),
     ("pipeline-error-openai-llm-failed", "failed"), ("call.in-progress.error-vapifault", "failed"),
     (None, "completed")],
)  # fmt: skip
def test_vapis_reasons_become_statuses(reason, status):
    assert one("vapi", vapi(endedReason=reason, call=VAPI_CALL)).interaction["status"] == status


@pytest.mark.parametrize("kind", ["status-update", "assistant-request", "transfer-destination-request"])
def test_other_messages_of_vapi_end_no_call(kind):
    received = one("vapi", {"message": {"type": kind, "status": "ended", "call": VAPI_CALL}})
    assert received.type == f"vapi.{kind}"
    assert not received.starts_call_ended


def test_vapis_chatter_is_nothing_at_all():
    assert read("vapi", {"message": {"type": "conversation-update", "call": VAPI_CALL}}) == []


def test_vapi_gets_a_result_for_every_tool_call():
    # fmt: off
    calls = [{"id": "a", "name": "cancel", "parameters": {"id": 1}},
             {"id": "b", "type": "function", "function": {"name": "slots", "arguments": '{"day": "monday"}'}}]
    # fmt: on
    received = read("vapi", {"message": {"type": "tool-calls", "toolCallList": calls, "call": VAPI_CALL}})
    assert [call["arguments"] for call in received[0].tool_calls] == [{"id": 1}, {"day": "monday"}]
    # fmt: off
    results = [{"tool_call_id": "a", "name": "cancel", "response": {"cancelled": True}, "status": "succeeded"},
               {"tool_call_id": "b", "name": "slots", "response": {"error": "day is not known"}, "status": "error"}]
    # fmt: on
    assert VENDORS["vapi"].answer(received, results) == (
        200,
        {
            "results": [
                {"toolCallId": "a", "name": "cancel", "result": '{"cancelled":true}'},
                {"toolCallId": "b", "name": "slots", "error": "day is not known"},
            ]
        },
    )  # fmt: skip


def test_retell_reports_a_call_twice_under_two_keys():
    call = {"call_id": "r-1", "call_type": "phone_call", "direction": "outbound", "from_number": "+1800",
            "to_number": "+49", "start_timestamp": 1700000000000, "end_timestamp": 1700000010500,
            "disconnection_reason": "agent_hangup",
            "transcript": "Agent: Hello\nUser: Bye\n"}  # fmt: skip
    analysis = {"call_summary": "Short", "call_successful": False, "user_sentiment": "Neutral",
                "custom_analysis_data": {"topic": "none"}}  # fmt: skip
    ended = one("retell", {"event": "call_ended", "call": call})
    analysed = one("retell", {"event": "call_analyzed", "call": {**call, "call_analysis": analysis}})
    assert (ended.moment, ended.dedupe_key) == ("ended", "retell:call_ended:r-1")
    assert (analysed.moment, analysed.dedupe_key) == ("analysed", "retell:call_analyzed:r-1")
    assert ended.interaction["id"] == analysed.interaction["id"] == "r-1"
    assert ended.interaction["duration_seconds"] == 11
    assert (ended.interaction["contact_number"], ended.interaction["agent_number"]) == ("+49", "+1800")
    assert (analysed.interaction["disposition"], analysed.interaction["sentiment"]) == ("unsuccessful", "Neutral")
    assert analysed.variables == {"topic": "none"}


@pytest.mark.parametrize(
    ("reason", "status"),
    [("user_hangup", "completed"), ("inactivity", "completed"), ("max_duration_reached", "completed"),
     ("dial_no_answer", "no_answer"), ("dial_busy", "busy"), ("dial_failed", "failed"),
     ("voicemail_reached", "voicemail"),
     ("invalid_destination", "failed"), ("error_llm_websocket_open", "failed"), ("call_transfer", "transferred"),
     ("transfer_bridged", "transferred")],
)  # fmt: skip
def test_retells_reasons_become_statuses(reason, status):
    value = {"event": "call_ended", "call": {"call_id": "r", "disconnection_reason": reason}}
    assert one("retell", value).interaction["status"] == status


@pytest.mark.parametrize("event", ["call_started", "transcript_updated", "transfer_started"])
def test_other_events_of_retell_end_no_call(event):
    assert not one("retell", {"event": event, "call": {"call_id": "r"}}).starts_call_ended


def test_retells_custom_function_is_answered_with_the_bare_result():
    received = read("retell", {"name": "look_up", "args": {"id": 1}, "call": {"call_id": "r", "call_type": "web_call"}})
    assert received[0].tool_calls == [{"tool_call_id": None, "name": "look_up", "arguments": {"id": 1}}]
    result = {"tool_call_id": None, "name": "look_up", "response": {"found": True}, "status": "succeeded"}
    assert VENDORS["retell"].answer(received, [result]) == (200, {"found": True})


def test_an_elevenlabs_phone_call_has_both_sides():
    received = one("elevenlabs", {"type": "post_call_transcription", "data": {
        "conversation_id": "e-1", "status": "done", "agent_id": "agent-7",
        "transcript": [{"role": "agent", "message": "Hello", "time_in_call_secs": 0},
                       {"role": "agent", "message": None, "time_in_call_secs": 2, "tool_calls": [
                           {"tool_name": "slots", "params_as_json": '{"day":"monday"}'}],
                        "tool_results": [{"tool_name": "slots", "result_value": "[]"}]}],
        "metadata": {"start_time_unix_secs": 1700000000, "call_duration_secs": 5,
                     "phone_call": {"direction": "inbound", "external_number": "+49", "agent_number": "+1800"}},
        "analysis": {"call_successful": "failure", "data_collection_results": {
            "topic": {"value": "blender", "json_schema": {"type": "string"}}}},
        "conversation_initiation_client_data": {"dynamic_variables": {"tier": "gold", "topic": None}}}})  # fmt: skip
    made = received.interaction
    assert (made["channel"], made["from"], made["to"], made["disposition"]) == ("phone", "+49", "+1800", "failure")
    assert (made["started_at"], made["ended_at"]) == ("2023-11-14T22:13:20Z", "2023-11-14T22:13:25Z")
    assert [(turn["role"], turn["text"]) for turn in made["turns"]] == [
        ("agent", "Hello"), ("tool", 'slots({"day":"monday"})'), ("tool", "[]")]  # fmt: skip
    assert received.variables == {"tier": "gold", "topic": "blender"}


@pytest.mark.parametrize(("why", "status"), [("busy", "busy"), ("no-answer", "no_answer"), ("unknown", "failed")])
def test_a_call_that_elevenlabs_could_not_place_has_ended_too(why, status):
    received = one(
        "elevenlabs", {"type": "call_initiation_failure", "data": {"conversation_id": "e", "failure_reason": why}}
    )
    assert (received.type, received.interaction["status"]) == ("call.ended", status)


def test_the_audio_of_a_call_is_left_out():
    received = one(
        "elevenlabs", {"type": "post_call_audio", "data": {"conversation_id": "e", "full_audio": "A" * 99999}}
    )
    assert not received.starts_call_ended
    assert received.dedupe_key == "elevenlabs:post_call_audio:e"
    assert len(json.dumps([received.interaction, received.data])) < 2000


def test_famulors_direction_is_never_guessed():
    call = {"id": 7, "customer_phone": "+49", "assistant_phone": "+1800", "status": "completed", "duration": 3,
            "transcript": "Assistent: Hallo\nKunde: Hi", "created_at": "2026-01-20T10:00:00+01:00"}  # fmt: skip
    made = one("famulor", {**call, "campaign": None, "lead": None}).interaction
    assert (made["id"], made["direction"], made["from"], made["to"]) == ("7", None, None, None)
    assert (made["contact_number"], made["agent_number"]) == ("+49", "+1800")
    made = one("famulor", {**call, "campaign": {"id": 1}}).interaction
    assert (made["direction"], made["from"], made["to"]) == ("outbound", "+1800", "+49")
    assert [turn["role"] for turn in made["turns"]] == ["agent", "user"]


def test_a_read_receipt_of_famulor_ends_no_call():
    value = {"event": "message_status", "whatsapp_message_id": 1, "status": "read", "direction": "outbound"}
    received = one("famulor", value)
    assert not received.starts_call_ended
    assert received.dedupe_key == "famulor:message_status:1:read"


def test_any_system_may_send_our_own_event():
    received = one("generic", {"type": "call.ended", "interaction": {"id": 5, "transcript": "Agent: Hi"},
                               "variables": {"a": 1}, "contact": {"email": "jane@example.com"}})  # fmt: skip
    assert (received.type, received.interaction["id"], received.dedupe_key) == (
        "call.ended",
        "5",
        "generic:call.ended:5",
    )
    assert received.interaction["turns"] == [{"role": "agent", "text": "Hi", "at_seconds": None}]
    assert (received.variables, received.contact) == ({"a": 1}, {"email": "jane@example.com"})


def test_a_bare_interaction_is_taken_for_a_call_that_ended():
    received = one("generic", {"id": "call-1", "status": "completed", "summary": "Short"})
    assert (received.type, received.interaction["summary"]) == ("call.ended", "Short")
    assert received.dedupe_key == "generic:call.ended:call-1"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff", b"{}", b'{"a": NaN}'])
def test_what_is_no_report_is_a_clear_error_or_nothing(vendor, body):
    with contextlib.suppress(ValueError):
        assert all(item.interaction["raw"] == {} for item in VENDORS[vendor].read(body, {}))


# fmt: off
SHAPES = [vapi(call=VAPI_CALL, artifact={"messages": [{}]}, analysis={"summary": "x"}, endedReason="x", startedAt="x"),
          {"event": "call_ended", "call": {"call_id": "r", "call_type": "x", "direction": "x", "transcript": "x",
                                           "duration_ms": 5, "call_analysis": {"call_successful": True}}},
          {"name": "f", "args": {}, "call": {"call_id": "r"}},
          {"message": {"type": "tool-calls", "toolCallList": [{"id": "1", "name": "f"}], "call": VAPI_CALL}},
          {"type": "post_call_transcription", "data": {"metadata": {}, "transcript": [{}]}},
          {"customer_phone": "+1", "assistant_phone": "+2", "transcript": "x", "lead": {}},
          {"conversation_id": "c", "transcript": [{}], "sender": {}}, {"interaction": {"id": "x", "turns": []}}]
# fmt: on


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("odd", [None, 5, True, "text", [], {}, [None], {"a": {}}, -1, 1e300, 10**400])
def test_members_of_the_wrong_type_are_no_crash(vendor, odd):
    for shape in SHAPES:
        for path in list(_paths(shape)):
            with contextlib.suppress(ValueError, BadEvent):
                for received in read(vendor, _with(shape, path, odd)):
                    json.dumps(received.interaction)


def _paths(value, path=()):
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name)
            yield from _paths(item, (*path, name))


def _with(value, path, odd):
    copy = json.loads(json.dumps(value))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = odd
    return copy


@pytest.mark.parametrize(
    ("given", "shown"),
    [(1700000000, "2023-11-14T22:13:20Z"), (1700000000123, "2023-11-14T22:13:20.123Z"),
     ("2026-01-20T15:00:00.000Z", "2026-01-20T15:00:00Z"), ("2026-01-20T15:00:00+01:00", "2026-01-20T14:00:00Z"),
     ("2026-01-20T15:00:00", "2026-01-20T15:00:00Z"), ("soon", None), (None, None),
     (True, None), (-5, None), (1e300, None)],
)  # fmt: skip
def test_times_are_utc_with_z(given, shown):
    assert moment(given) == shown


def test_halves_of_seconds_are_rounded_up():
    assert [seconds(value) for value in (0.5, 1.49, 21.522, -1, True, None, 1e12)] == [1, 1, 22, None, None, None, None]


def test_every_vendors_word_for_a_speaker_is_known():
    assert {role(word) for word in ("agent", "assistant", "bot", "AI", "Assistent")} == {"agent"}
    assert {role(word) for word in ("user", "human", "customer", "Kunde", "User", "Contact")} == {"user"}
    assert {role(word) for word in ("tool_calls", "tool_call_result", "tool_call_invocation", "agent-action")} == {
        "tool"
    }
    assert (role("martian"), role(None)) == ("system", "unknown")


@pytest.mark.parametrize(
    "shape",
    [{"id": "1", "name": "f", "parameters": {"a": 1}}, {"id": "1", "name": "f", "arguments": {"a": 1}},
     {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
     {"id": "1", "function": {"name": "f", "arguments": {"a": 1}}}, {"id": "1", "name": "f", "input": {"a": 1}},
     {"call_id": "1", "name": "f", "arguments": '{"a":1}'}, {"id": "1", "params": {"name": "f", "arguments": {"a": 1}}},
     {"toolCallId": "1", "name": "f", "args": {"a": 1}}],
)  # fmt: skip
def test_every_shape_of_a_tool_call_is_accepted(shape):
    assert tool_call(shape) == {"tool_call_id": "1", "name": "f", "arguments": {"a": 1}}
