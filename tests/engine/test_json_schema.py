"""The small JSON Schema: what matches, what is said where it does not, and that no schema can do harm."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.engine import json_schema, template
from runtime.engine.json_schema import check_schema, validate

ORDER = {
    "type": "object",
    "required": ["cancelled", "message"],
    "additionalProperties": False,
    "properties": {
        "cancelled": {"type": "boolean"},
        "message": {"type": "string", "maxLength": 20},
        "refund_eta_days": {"type": "integer", "minimum": 0, "nullable": True},
        "items": {"type": "array", "maxItems": 2, "items": {"type": "object", "required": ["id"]}},
        "state": {"enum": ["open", "closed", 1, None]},
    },
}


def said(value, schema):
    return [f"{pointer}: {message}" for pointer, message in validate(value, schema)]


def test_what_matches_has_no_issues():
    value = {"cancelled": True, "message": "ok", "refund_eta_days": None, "items": [{"id": 1}], "state": None}
    assert said(value, ORDER) == []


def test_every_issue_has_its_place_and_plain_words():
    value = {"cancelled": "yes", "refund_eta_days": -1, "items": [{}, 5, {"id": 1}], "state": "lost", "a/b": 1}
    assert said(value, ORDER) == [
        ": It has no 'message'.",
        "/cancelled: It must be true or false, not 'yes'.",
        "/refund_eta_days: It must be at least 0, not -1.",
        "/items: It must have at most 2 items.",
        "/items/0: It has no 'id'.",
        "/items/1: It must be an object, not 5.",
        "/state: It must be one of 'open', 'closed', 1, null, not 'lost'.",
        "/a~1b: There is no 'a/b' in the schema.",
    ]


@pytest.mark.parametrize(
    ("value", "schema", "matches"),
    [
        (1, {"type": "number"}, True), (1, {"type": "integer"}, True), (1.0, {"type": "integer"}, True),
        (1.5, {"type": "integer"}, False), (True, {"type": "integer"}, False), (True, {"type": "number"}, False),
        ("1", {"type": "number"}, False), (None, {"type": "null"}, True), (None, {"type": "string"}, False),
        (None, {"type": ["string", "null"]}, True), (None, {"type": "string", "nullable": True}, True),
        (1, {"enum": [True]}, False), (1.0, {"enum": [1]}, True), ([1], {"enum": [[1]]}, True),
        ("a", {"const": "a"}, True),
        ("b", {"const": "a"}, False), ("ab", {"minLength": 3}, False), ("äöü", {"maxLength": 3}, True),
        ("x1", {"pattern": "^x[0-9]$"}, True), ("x", {"pattern": "^y"}, False), ("x", {"pattern": "("}, False),
        (5, {"exclusiveMinimum": 5}, False), (5, {"exclusiveMaximum": 5}, False),
        (5, {"minimum": 5, "maximum": 5}, True),
        ([], {"minItems": 1}, False), ({"x": 1}, {"additionalProperties": {"type": "string"}}, False),
        ({"x": "1"}, {"additionalProperties": {"type": "string"}}, True), ({"x": 1}, {"properties": {}}, True),
        (1, {}, True), (1, None, True), (1, {"type": "nonsense"}, True), (10**400, {"maximum": 1e308}, False),
    ],
)  # fmt: skip
def test_a_value_matches(value, schema, matches):
    assert (said(value, schema) == []) is matches


def test_what_is_not_known_before_rendering_may_become_anything():
    outline = template.json_outline('{"cancelled": {{args.yes}}, "message": "Order {{args.id}} is cancelled for good"}')
    assert said(outline, ORDER) == []


def test_what_is_known_before_rendering_is_judged():
    outline = template.json_outline('{"cancelled": "{{args.yes}}", "message": 5, "{{args.name}}": 1}')
    assert [pointer for pointer, _ in validate(outline, ORDER)] == ["/cancelled", "/message"]


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ([], ""), ("x", ""), ({"type": "text"}, "/type"), ({"type": []}, "/type"),
        ({"type": ["string", None]}, "/type"),
        ({"properties": []}, "/properties"), ({"properties": {"a/b": {"type": 1}}}, "/properties/a~1b/type"),
        ({"items": []}, "/items"), ({"items": {"type": "x"}}, "/items/type"), ({"required": "a"}, "/required"),
        ({"enum": []}, "/enum"), ({"enum": list(range(501))}, "/enum"), ({"minimum": "1"}, "/minimum"),
        ({"maxLength": -1}, "/maxLength"), ({"pattern": "("}, "/pattern"), ({"pattern": 5}, "/pattern"),
        ({"nullable": 1}, "/nullable"), ({"additionalProperties": 1}, "/additionalProperties"),
        ({"$ref": "#"}, "/$ref"), ({"anyOf": []}, "/anyOf"), ({"oneOf": []}, "/oneOf"), ({"if": {}}, "/if"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_is_refused_at_its_place(schema, pointer):
    assert [at for at, _ in check_schema(schema)] == [pointer]


@pytest.mark.parametrize(
    "schema", [{}, ORDER, {"title": "x", "description": "y", "default": 1, "format": "date", "$schema": "x"}]
)
def test_a_schema_that_can_be_used_is_taken(schema):
    assert list(check_schema(schema)) == []


def deep(levels):
    schema = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def wide(count):
    return {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(count)}}


@pytest.mark.parametrize("schema", [deep(100), deep(100_000), wide(20_000), {"enum": ["x"] * 6_000}, deep(21)])
def test_a_schema_beyond_bounds_is_refused(schema):
    assert [at for at, _ in check_schema(schema)]


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ([{}] * 100_000, {"items": {"required": ["a"]}}),
        (["x"] * 50_000, {"items": {"enum": ["y" * 100 + str(n) for n in range(500)]}}),
        (["a" * 90] * 10_000, {"items": {"pattern": "(a+)+$"}}),
        ("a" * 100_000, {"pattern": "((a{1,30}){1,10})+b"}),
        ({f"k{n}": n for n in range(100_000)}, {"additionalProperties": False, "required": ["x"] * 1_000}),
        ({}, {"required": [f"r{n}" for n in range(100_000)]}),
    ],
)
def test_a_hostile_pair_ends_within_a_second_with_few_issues(value, schema):
    began = time.perf_counter()
    assert len(said(value, schema)) <= json_schema.MOST_ERRORS
    assert time.perf_counter() - began < 1


def test_values_deeper_than_a_schema_may_be_are_not_walked():
    value = []
    for _ in range(90):
        value = [value]
    assert said(value, deep(1_000)) == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "enum", "items", "properties", "required", "minimum", "pattern", "maxLength",
                         "nullable", "additionalProperties", "const", "x"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(anything, anything)
def test_any_schema_is_judged_and_any_value_meets_it_without_an_error(value, schema):
    for pointer, message in [*check_schema(schema), *validate(value, schema)]:
        assert pointer == "" or pointer.startswith("/")
        assert message
