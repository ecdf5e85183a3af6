"""Every sample of `tests/vendor_bodies` is read as it says."""

import pytest

from integrations.receivers import all_receivers
from tests.vendor_bodies import samples

RECEIVERS = {receiver.name: receiver for receiver in all_receivers()}


def read(sample):
    headers = {name.lower(): value for name, value in sample.headers.items()}
    (received,) = RECEIVERS[sample.vendor].read(sample.body, headers)
    return received


@pytest.mark.parametrize("sample", samples())
def test_it_reads_as_it_says(sample):
    interaction = read(sample).interaction
    assert {name: interaction[name] for name in sample.interaction} == sample.interaction


@pytest.mark.parametrize("sample", samples())
def test_only_ends_of_calls_start_call_ended_flows(sample):
    assert read(sample).starts_call_ended is (sample.what == "end")


@pytest.mark.parametrize(
    "sample", [each for each in samples("end", "look-alike", "other") if "{" in each.values[0].key]
)
def test_repetitions_are_found_by_the_documented_key(sample):
    named = {f"{name} header": value for name, value in sample.headers.items()}
    assert read(sample).dedupe_key == _filled(sample.key, {**named, **sample.value})


@pytest.mark.parametrize("sample", [each for each in samples("tool") if each.values[0].calls])
def test_tool_calls_are_understood_in_every_shape(sample):
    received = read(sample)
    for call, expected in zip(received.tool_calls, sample.calls, strict=True):
        assert call["tool_call_id"] == expected["tool_call_id"]
        assert (call["name"] or None) == expected["name"]
        assert expected["arguments"].items() <= call["arguments"].items()
        assert received.interaction["id"] == expected["conversation_id"]


def _filled(pattern, body):
    filled = ""
    for part in pattern.replace("}", "{").split("{"):
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
