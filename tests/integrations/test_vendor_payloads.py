"""Every sample of `tests/payloads` gives the values its `.meta.json` states."""

import json
from urllib.parse import parse_qsl

import pytest

from integrations.receivers import all_receivers
from tests.payloads import PAYLOADS

VENDORS = {receiver.name: receiver for receiver in all_receivers()}
EXTRA = {"customer_number": "contact_number", "agent_number": "agent_number", "ended_reason": "ended_reason",
         "sentiment": "sentiment"}  # fmt: skip


def metas():
    return list(_metas())


def _metas():
    for meta in sorted(PAYLOADS.glob("*/*.meta.json")):
        told = json.loads(meta.read_text())
        if meta.parent.name in VENDORS and told["category"] in "abc" and told["kind"] == "webhook-in":
            yield pytest.param(told, id=told["file"])


def read(told):
    vendor = VENDORS[told["file"].split("/")[0]]
    headers = {name.lower(): value for name, value in told.get("headers", {}).items()}
    received = vendor.read((PAYLOADS / told["file"]).read_bytes(), headers)
    assert len(received) == 1
    return received[0]


@pytest.mark.parametrize("told", metas())
def test_it_reads_as_its_meta_says(told):
    received = read(told)
    expected = dict(told["expected_normalised"])
    expected["turns"] = expected.pop("transcript_turns")
    assert {name: received.interaction[name] for name in expected} == expected
    extra = told.get("expected_extra", {})
    found = {name: received.interaction[EXTRA[name]] for name in extra if name in EXTRA}
    assert found == {name: extra[name] for name in found}


@pytest.mark.parametrize("told", metas())
def test_only_ends_of_calls_start_call_ended_flows(told):
    is_end = told["category"] == "a" and told.get("expected_extra", {}).get("starts_call_ended_flow", True)
    assert read(told).starts_call_ended is is_end


@pytest.mark.parametrize("told", metas())
def test_repetitions_are_found_by_the_documented_key(told):
    written = told.get("dedupe_key", "")
    if told["category"] == "b" or "{" not in written:
        return
    text = (PAYLOADS / told["file"]).read_text()
    body = json.loads(text) if told["file"].endswith(".json") else dict(parse_qsl(text))
    named = {f"{name} header": value for name, value in told.get("headers", {}).items()}
    assert read(told).dedupe_key == _filled(written, {**named, **body})


@pytest.mark.parametrize("told", [param for param in metas() if "expected_action" in param.values[0]])
def test_tool_calls_are_understood_in_every_shape(told):
    received = read(told)
    for call, expected in zip(received.tool_calls, told["expected_action"], strict=True):
        assert call["tool_call_id"] == expected["tool_call_id"]
        assert (call["name"] or None) == expected["name"]
        assert expected["arguments"].items() <= call["arguments"].items()
        assert received.interaction["id"] == expected["conversation_id"]


def _filled(pattern, body):
    filled = ""
    for part in pattern.replace("}", "{").split("{")[::1]:
        value = body
        if part and part in pattern and "{" + part + "}" in pattern:
            for name in [part] if part in body else part.split("."):
                value = value.get(name) if name in value else _inside(value, name)
            filled += str(value)
        else:
            filled += part
    return filled


def _inside(body, name):
    return next(inner[name] for inner in body.values() if isinstance(inner, dict) and name in inner)
