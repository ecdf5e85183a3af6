"""Twilio: the form it takes, numbers in E.164, its error numbers in words, and quiet hours before publishing."""

from urllib.parse import parse_qsl

import pytest

from runtime.engine.graph import Graph
from runtime.engine.outcomes import Fail
from runtime.engine.validation import validate
from tests.flows import call_ended, chain, end, node, wait_for
from tests.peers import Answer

SID = "AC" + "0" * 32
MESSAGES = f"/2010-04-01/Accounts/{SID}/Messages.json"
QUEUED = Answer(201, {"sid": "SM" + "1" * 32, "status": "queued", "to": "+14155550132", "num_segments": "2",
                      "error_code": None, "error_message": None})  # fmt: skip
FROM = {"sender": "+18005550199"}


def send(do, config=None, type="twilio_send_sms", **values):
    return do(type, {"to": "+1 (415) 555-0132", "body": "Hi & welcome 👍", **(config or {})}, values={**FROM, **values})


def test_an_sms_goes_out_as_a_form_to_a_number_in_e164(do, vendor):
    vendor.answers[MESSAGES] = QUEUED
    outcome, row = send(do)
    asked = vendor.requests[0]
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(asked.body.decode())) == {"To": "+14155550132", "From": "+18005550199",
                                                    "Body": "Hi & welcome 👍"}  # fmt: skip
    assert b"To=%2B14155550132" in asked.body
    assert outcome.output == {"sid": "SM" + "1" * 32, "status": "queued", "to": "+14155550132", "segments": 2}
    assert ("Twilio message", "SM" + "1" * 32) in row["references"]


def test_a_messaging_service_takes_the_place_of_a_sender(do, vendor):
    vendor.answers[MESSAGES] = QUEUED
    send(do, sender="MG" + "2" * 32)
    sent = dict(parse_qsl(vendor.requests[0].body.decode()))
    assert sent["MessagingServiceSid"] == "MG" + "2" * 32
    assert "From" not in sent


def test_whatsapp_marks_both_ends(do, vendor):
    vendor.answers[MESSAGES] = QUEUED
    send(do, type="twilio_send_whatsapp")
    sent = dict(parse_qsl(vendor.requests[0].body.decode()))
    assert (sent["To"], sent["From"]) == ("whatsapp:+14155550132", "whatsapp:+18005550199")


@pytest.mark.parametrize(
    ("config", "code", "says"),
    [({"to": "0171 2345678"}, "bad_phone", "e164"), ({"to": "+1 415"}, "bad_phone", "can exist"),
     ({"to": "{{vars.nothing}}"}, "empty_field", "no value in this run"),
     ({"body": "x" * 1601}, "too_long", "1,601 characters")],
)  # fmt: skip
def test_what_cannot_be_sent_is_told_before_anything_is(config, code, says, do, vendor):
    outcome, _ = send(do, config)
    assert isinstance(outcome, Fail)
    assert (outcome.code, outcome.retryable, vendor.requests) == (code, False, [])
    assert says in outcome.message


@pytest.mark.parametrize(
    ("status", "code", "message", "says", "retryable"),
    [(400, 21211, "Invalid 'To' Phone Number: +1415", "check where it comes from", False),
     (400, 21610, "Attempt to send to unsubscribed recipient", "Do not write to them", False),
     (401, 20003, "Authenticate", "Auth Token", False), (429, 20429, "Too Many Requests", "", True),
     (503, 20503, "Service unavailable", "", True)],
)  # fmt: skip
def test_what_twilio_refuses_is_told_with_its_words_and_advice(status, code, message, says, retryable, do, vendor):
    vendor.answers[MESSAGES] = Answer(status, {"code": code, "message": message, "status": status, "more_info": "x"})
    outcome, row = send(do)
    assert f"Twilio answered {status}" in outcome.message
    assert message in outcome.message
    assert says in outcome.message
    assert outcome.retryable is retryable
    assert row["error"]["detail"]["code"] == str(code)


def test_a_message_twilio_gives_up_at_once_is_a_failure(do, vendor):
    answer = {"sid": "SM1", "status": "failed", "error_code": 30007, "error_message": "Carrier violation"}
    vendor.answers[MESSAGES] = Answer(201, answer)
    outcome, _ = send(do)
    assert (outcome.code, "Carrier violation" in outcome.message) == ("30007", True)


def quiet(*before, kind="post_call"):
    sms = node("sms", "twilio_send_sms", {"to": "+14155550132", "body": "Hi", "connection": "c1"})
    graph = Graph.from_document(chain(call_ended(), *before, sms, end(), ports={"sms": "success"}))
    return [problem.code for problem in validate(graph, kind, {}) if problem.code == "W104"]


def test_publishing_warns_of_messages_that_may_wake_people():
    kept = {**wait_for("day", 60), "config": {"mode": "for", "seconds": 60, "only_within": True}}
    assert quiet() == ["W104"]
    assert quiet(wait_for("day", 60)) == ["W104"]
    assert quiet(kept) == []
    assert quiet({**kept, "disabled": True}) == ["W104"]
