"""Zapier and Make: data posted to an address that is a secret itself; 410 says that it is switched off."""

import json

import pytest

from runtime.engine import registry
from runtime.engine.outcomes import Done, Fail
from tests.peers import Answer

EVENT = {"interaction": {"id": "c-1", "summary": 'She said: "yes"', "duration_seconds": 125}, "contact": {}}
BOTH = pytest.mark.parametrize("type", ["zapier_hook", "make_hook"])


@BOTH
def test_the_preset_goes_out_as_it_stands_in_a_new_step(type, do, vendor):
    vendor.answers["/"] = {"status": "success", "request_id": "018f", "id": "018f", "attempt": "1"}
    preset = registry.find(type).fields["content"].default
    outcome, _ = do(type, {}, EVENT)
    assert isinstance(outcome, Done)
    sent = json.loads(vendor.requests[0].body)
    assert (sent["event"], sent["summary"], sent["duration_seconds"]) == ("call.ended", 'She said: "yes"', 125)
    assert set(sent) == {"event", "id", "phone", "email", "summary", "transcript", "duration_seconds"}
    assert "{{interaction.summary}}" in preset


def test_zapiers_request_id_is_kept_for_search(do, vendor):
    vendor.answers["/"] = {"status": "success", "request_id": "018f-6b1c"}
    outcome, row = do("zapier_hook", {"content": '{"a": 1}'})
    assert outcome.output["request_id"] == "018f-6b1c"
    assert ("Hook request", "018f-6b1c") in row["references"]


@pytest.mark.parametrize(("answer", "read"), [(Answer(200, "Accepted"), "Accepted"), ({"total": 3}, {"total": 3})])
def test_makes_answer_is_an_output(answer, read, do, vendor):
    vendor.answers["/"] = answer
    assert do("make_hook", {"content": "[1]"})[0].output["answer"] == read


@BOTH
def test_410_says_what_is_switched_off(type, do, vendor):
    vendor.answers["/"] = Answer(410, "There is no scenario listening for this webhook.")
    outcome, _ = do(type, {"content": '{"a": 1}'})
    assert isinstance(outcome, Fail)
    assert "answered 410 Gone" in outcome.message
    assert "switch it on in" in outcome.message
    assert not outcome.retryable


def test_a_full_queue_of_make_is_tried_again(do, vendor):
    vendor.answers["/"] = Answer(400, "Queue is full.")
    outcome, _ = do("make_hook", {"content": '{"a": 1}'})
    assert outcome.retryable
    assert "does not keep up" in outcome.message


@BOTH
def test_only_objects_and_lists_are_data(type, do, vendor):
    outcome, _ = do(type, {"content": '"{{interaction.id}}"'}, EVENT)
    assert (outcome.code, vendor.requests) == ("bad_body", [])
