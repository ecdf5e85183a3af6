"""What is let in and out as JSON, and values as other types."""

import contextlib
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.engine import values
from runtime.engine.values import BadJson, safe_dumps, safe_loads

storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | storable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4),
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1"),
        ("{", "line 1"),
        ("{'a': 1}", "column 2"),
        ("[1,]", "line 1"),
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ('{"a": -Infinity}', "Infinity"),
        ("1e400", "too large"),
        ("-1e400", "too large"),
        ("1" * 400 + ".0", "too large"),
        ("1" * 5_000, "4,300 digits"),
        ('"\\u0000"', "NUL"),
        ('{"a\\u0000b": 1}', "NUL"),
        ('"\0"', "line 1"),
        ('"\\ud800"', "surrogate"),
        ('["\\udc00\\ud800"]', "surrogate"),
        ('"\ud800"', "surrogate"),
        ("[" * 101 + "]" * 101, "deeper"),
        ("[" * 100_000, "deeper"),
        ('{"a":' * 100_000, "deeper"),
        ("1 2", "line 1"),
        (b"\xff", "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_reason(text, says):
    with pytest.raises(BadJson, match=says):
        safe_loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"id": 12345678901234567890123}', {"id": 12345678901234567890123}),
        ("1" * 4_300, int("1" * 4_300)),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
        ("[" * 100 + "]" * 100, json.loads("[" * 100 + "]" * 100)),
        ("1e308", 1e308),
        ('{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_can_be_kept_is_taken_exactly(text, value):
    assert safe_loads(text) == value


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1, 2}, datetime.now(UTC), "a\0", ["\ud800"], {"\0": 1}, b"x"]
)
def test_only_json_goes_out(value):
    with pytest.raises(BadJson):
        safe_dumps(value)


def test_a_value_that_holds_itself_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(BadJson):
        safe_dumps(value)


def test_text_goes_out_compact_and_readable():
    assert safe_dumps({"b": [1, None], "a": "ü"}) == '{"b":[1,null],"a":"ü"}'
    assert safe_dumps({"b": 1, "a": 2}, sort_keys=True) == '{"a":2,"b":1}'


@given(json_values)
def test_out_and_in_again_is_the_same(value):
    assert safe_loads(safe_dumps(value)) == value


@given(st.text() | st.binary())
def test_any_bytes_are_json_or_refused(text):
    try:
        value = safe_loads(text)
    except BadJson:
        return
    safe_dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        '"' + "\\u0000" * 100_000 + '"',
        "[" + "[]," * 300_000 + "1]",
        "9" * 1_000_000,
        '{"a":' * 200_000,
        "[" + "1.5," * 200_000 + "1]",
    ],
)
def test_hostile_json_ends_within_a_second(text):
    began = time.perf_counter()
    with contextlib.suppress(BadJson):
        safe_loads(text)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("x", "text"), ("", "text"), ("2026-01-20T15:00:00Z", "datetime"), ("2026-01-20T15:00", "datetime"),
        ("2026-01-20", "text"), ("2026-13-20T15:00:00Z", "text"), ("To T", "text"), (1, "number"), (1.5, "number"),
        (True, "boolean"), (None, "any"), ([], "list"), ({}, "object"), (datetime.now(UTC), "datetime"),
    ],
)  # fmt: skip
def test_a_value_has_a_type_in_a_persons_words(value, name):
    assert values.type_name(value) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "true"), (False, "false"), (3, "3"), (3.0, "3"), (-0.0, "0"), (0.1, "0.1"),
        (1e-5, "0.00001"),
        (1e-7, "1e-7"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (123456789.25, "123456789.25"),
        ([1, "ü"], '[1,"ü"]'), ({"a": None}, '{"a":null}'), ("x", "x"),
    ],
)  # fmt: skip
def test_a_value_as_text_reads_as_in_javascript(value, text):
    assert values.to_text(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3), (3.5, 3.5), ("3", 3), (" -3.50 ", -3.5), ("1e3", 1000.0), (".5", 0.5),
        ("12345678901234567890", 12345678901234567890),
        ("", None), ("1,000", None), ("1_000", None), ("0x10", None), ("١", None), ("nan", None),
        ("inf", None), ("1e999", None),
        ("9" * 401, None), (True, None), (None, None), ([1], None), (float("inf"), None),
    ],
)  # fmt: skip
def test_a_value_as_number(value, number):
    assert values.to_number(value) == number


@pytest.mark.parametrize(
    ("value", "truth"),
    [(True, True), ("TRUE", True), (" yes ", True), ("on", True), (1, True), ("1", True),
     (False, False), ("off", False), (0, False), (2, None), ("", None), ("maybe", None), (None, None), ([], None)],
)  # fmt: skip
def test_a_value_as_boolean(value, truth):
    assert values.to_boolean(value) is truth


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2026-01-20T15:00:00Z", "2026-01-20T15:00:00+00:00"),
        ("2026-01-20T15:00:00.123+02:00", "2026-01-20T13:00:00.123000+00:00"),
        ("2026-01-20 15:00", "2026-01-20T14:00:00+00:00"),
        ("2026-01-20", "2026-01-19T23:00:00+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        (1768921325000, "2026-01-20T15:02:05+00:00"),
        ("20260120", None), ("soon", None), ("2026-02-30", None), (1e300, None),
        (float("nan"), None), (None, None), (True, None),
    ],
)  # fmt: skip
def test_a_value_as_a_moment(value, iso):
    moment = values.to_datetime(value, values.zone_named("Europe/Berlin"))
    assert (moment and moment.astimezone(UTC).isoformat()) == iso


@pytest.mark.parametrize("name", ["", "Mars", "../etc/passwd", "/etc/localtime", None, 5, "x" * 100, "Europe", "\0"])
def test_what_is_no_time_zone_is_none(name):
    assert values.zone_named(name) is None
