"""Operators compare by type; groups combine; records say why."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.engine import conditions
from runtime.engine.conditions import OPERATORS

SCOPE = {
    "interaction": {"disposition": "escalated", "duration_seconds": 125, "ended_at": "2026-01-20T15:02:05Z"},
    "vars": {"tags": ["vip", "new"], "none": None, "empty": "", "false": False, "object": {"plan": "pro"}},
    "workspace": {"time_zone": "Europe/Berlin"},
    "now": "2026-01-20T16:00:00Z",
}
SETTLED = [
    "equals", "not_equals", "contains", "not_contains", "starts_with", "ends_with", "matches", "in_list", "greater",
    "at_least", "less", "at_most", "between", "is_empty", "is_set", "is_true", "is_false", "before", "after",
    "within_last",
]  # fmt: skip


def holds(left, operator, right=None, scope=SCOPE, warnings=None):
    condition = {"left": left, "operator": operator, "right": right}
    return conditions.evaluate(condition, scope, [] if warnings is None else warnings)[0]


def test_the_operators_are_the_settled_ones():
    assert list(OPERATORS) == SETTLED


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("{{interaction.DISPOSITION}}", "escalated", True),
        ("{{interaction.disposition}}", "Escalated", False),
        ("{{interaction.duration_seconds}}", "125", True),
        ("{{interaction.duration_seconds}}", "125.0", True),
        ("{{interaction.duration_seconds}}", 125, True),
        (3, "3", True),
        (3, " 3 ", True),
        (3.0, 3, True),
        (0.1, "0.10", True),
        ("3", "3.0", False),
        ("007", "7", False),
        ("007", 7, True),
        ("+4930901820", "4930901820", False),
        (12345678901234567890, "12345678901234567891", False),
        (True, "true", True),
        (True, "TRUE", True),
        ("{{vars.false}}", "false", True),
        (True, "yes", False),
        (True, 1, False),
        (False, 0, False),
        (False, "", False),
        ("{{vars.none}}", "", True),
        ("{{vars.nope}}", "", True),
        ("{{vars.nope}}", "{{vars.none}}", True),
        (0, "", False),
        ("2026-01-20T15:00:00Z", "2026-01-20T16:00:00+01:00", True),
        ("2026-01-20T16:00:00", "2026-01-20T15:00:00Z", True),
        ("2026-01-20T16:00:00", "2026-01-20T16:00:00Z", False),
        ("{{vars.tags}}", ["vip", "new"], True),
        ("{{vars.tags}}", ["new", "vip"], False),
        ("{{vars.object}}", {"plan": "pro"}, True),
        ("{{vars.tags}}", "vip", False),
        ([], "", True),
        ("a", "a ", False),
        (3, "three", False),
        ("nan", float("nan"), False),
        (10**400, 1e308, False),
    ],
)
def test_equals_compares_by_type(left, right, same):
    assert holds(left, "equals", right) is same
    assert holds(right, "equals", left) is same
    assert holds(left, "not_equals", right) is not same


@pytest.mark.parametrize(
    ("left", "operator", "right", "result"),
    [
        ("{{interaction.disposition}}", "contains", "cal", True),
        ("{{interaction.disposition}}", "contains", "CAL", False),
        ("{{interaction.duration_seconds}}", "contains", 2, True),
        ("{{vars.tags}}", "contains", "vip", True),
        ("{{vars.tags}}", "contains", "vi", False),
        ([1, 2], "contains", "2", True),
        ("{{vars.object}}", "contains", "plan", True),
        ("{{vars.nope}}", "contains", "x", False),
        ("abc", "contains", "{{vars.nope}}", False),
        ("abc", "contains", "", False),
        ("{{vars.nope}}", "not_contains", "x", True),
        ("abc", "starts_with", "ab", True),
        ("abc", "starts_with", "", False),
        ("{{interaction.duration_seconds}}", "starts_with", "12", True),
        ("abc", "ends_with", "bc", True),
        ("abc", "ends_with", "b", False),
        ("{{interaction.disposition}}", "matches", "^esc.*ed$", True),
        ("{{interaction.disposition}}", "matches", "(?i)ESC", True),
        ("{{interaction.duration_seconds}}", "matches", r"^\d+$", True),
        ("äöü", "matches", "^.{3}$", True),
        ("b", "in_list", ["a", "b"], True),
        ("b", "in_list", "a, b ,c", True),
        ("b", "in_list", "a\nb", True),
        (2, "in_list", "1,2,3", True),
        ("{{interaction.disposition}}", "in_list", ["resolved", "{{interaction.disposition}}"], True),
        ("d", "in_list", "{{vars.tags}}", False),
        ("vip", "in_list", "{{vars.tags}}", True),
        ("a", "in_list", "", False),
        ("{{interaction.duration_seconds}}", "greater", "99", True),
        ("9", "greater", "10", False),
        ("b", "greater", "a", True),
        (2, "greater", 2, False),
        (2, "at_least", 2, True),
        ("1.5", "less", 2, True),
        (2, "at_most", "2", True),
        ("{{interaction.ended_at}}", "less", "{{now}}", True),
        ("{{vars.nope}}", "less", 5, False),
        ("{{vars.nope}}", "greater", -5, False),
        ("{{interaction.duration_seconds}}", "between", [100, 200], True),
        (100, "between", "100, 200", True),
        (200, "between", "100 and 200", True),
        (201, "between", ["100", "200"], False),
        ("2026-01-15", "between", ["2026-01-01", "2026-01-31"], True),
        ("{{vars.nope}}", "is_empty", None, True),
        ("{{vars.none}}", "is_empty", None, True),
        ("{{vars.empty}}", "is_empty", None, True),
        ([], "is_empty", None, True),
        ({}, "is_empty", None, True),
        (0, "is_empty", None, False),
        ("{{vars.false}}", "is_empty", None, False),
        ("{{vars.tags}}", "is_set", None, True),
        ("{{vars.false}}", "is_set", None, True),
        ("{{vars.empty}}", "is_set", None, False),
        (True, "is_true", None, True),
        ("true", "is_true", None, True),
        ("Yes", "is_true", None, True),
        (1, "is_true", None, True),
        ("{{vars.nope}}", "is_true", None, False),
        ("{{vars.false}}", "is_false", None, True),
        ("no", "is_false", None, True),
        (0, "is_false", None, True),
        ("{{vars.nope}}", "is_false", None, False),
        ("maybe", "is_false", None, False),
        ("{{interaction.ended_at}}", "before", "2026-01-21", True),
        ("{{interaction.ended_at}}", "before", "2026-01-20", False),
        ("{{interaction.ended_at}}", "after", "2026-01-20T16:00", True),
        ("{{interaction.ended_at}}", "after", "2026-01-20T16:02:06", False),
        (1768921325, "before", "{{now}}", True),
        (1768921325000, "before", "{{now}}", True),
        ("{{vars.nope}}", "before", "{{now}}", False),
        ("{{interaction.ended_at}}", "within_last", 3600, True),
        ("{{interaction.ended_at}}", "within_last", "1h", True),
        ("{{interaction.ended_at}}", "within_last", "57 minutes", False),
        ("{{interaction.ended_at}}", "within_last", "7d", True),
        ("{{interaction.ended_at}}", "within_last", 1e12, True),
        ("2026-01-20T17:00:01Z", "within_last", "1d", False),
    ],
)
def test_an_operator_says(left, operator, right, result):
    assert holds(left, operator, right) is result


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        ("abc", "greater", 5),
        (True, "greater", 0),
        ("10", "less", "abc"),
        ("{{vars.tags}}", "at_most", 3),
        ("yesterday", "before", "{{now}}"),
        ("{{interaction.ended_at}}", "after", "soon"),
        ("{{interaction.ended_at}}", "within_last", "a while"),
        (5, "between", "1"),
        ("abc", "matches", "("),
        ("abc", "matches", "a{5000}"),
        ("x" * 200_000, "matches", "y"),
    ],
)
def test_what_cannot_be_compared_does_not_hold_and_is_warned_of(left, operator, right):
    warnings = []
    assert holds(left, operator, right, warnings=warnings) is False
    assert [warning["code"] for warning in warnings] == ["not_comparable"]


def test_without_a_time_nothing_is_within_the_last():
    assert holds("2026-01-20T15:00:00Z", "within_last", "1d", scope={}) is False


def test_asking_whether_a_value_is_there_warns_of_nothing():
    warnings = []
    holds("{{vars.nope}}", "is_set", warnings=warnings)
    holds("{{vars.nope}}", "is_empty", warnings=warnings)
    assert warnings == []


def test_comparing_a_missing_value_warns_of_it_once():
    warnings = []
    holds("{{vars.nope}}", "greater", 1, warnings=warnings)
    assert [warning["path"] for warning in warnings] == ["vars.nope"]


def test_every_condition_leaves_a_record_also_after_the_result_is_known():
    rules = {"any": [
        {"left": "{{interaction.DISPOSITION}}", "operator": "equals", "right": "escalated"},
        {"all": [{"left": "{{interaction.duration_seconds}}", "operator": "less", "right": "60"},
                 {"left": "{{vars.none}}", "operator": "is_set"}]},
    ]}  # fmt: skip
    result, records = conditions.evaluate(rules, SCOPE, [])
    assert result is True
    assert records == [
        {"left": "{{interaction.DISPOSITION}}", "left_value": "escalated", "operator": "equals", "right": "escalated",
         "right_value": "escalated", "result": True},
        {"left": "{{interaction.duration_seconds}}", "left_value": 125, "operator": "less", "right": "60",
         "right_value": "60", "result": False},
        {"left": "{{vars.none}}", "left_value": None, "operator": "is_set", "right": None, "right_value": None,
         "result": False},
    ]  # fmt: skip


def test_records_show_large_values_in_short():
    scope = {"vars": {"text": "x" * 5_000, "list": [{"n": n} for n in range(5_000)]}}
    rules = {"all": [{"left": "{{vars.text}}", "operator": "is_set"}, {"left": "{{vars.list}}", "operator": "is_set"}]}
    first, second = conditions.evaluate(rules, scope, [])[1]
    assert (len(first["left_value"]), second["left_value"]) == (501, "(list of 5,000)")


@pytest.mark.parametrize("nothing", [None, {}, {"all": []}])
def test_no_conditions_hold(nothing):
    assert conditions.evaluate(nothing, SCOPE, []) == (True, [])


def test_none_of_no_alternatives_holds():
    assert conditions.evaluate({"any": []}, SCOPE, []) == (False, [])


def test_what_is_no_condition_is_refused():
    for value in ([], "x", {"operator": "shout"}, {"all": ["x"]}):
        with pytest.raises(ValueError):
            conditions.evaluate(value, SCOPE, [])


def nested(depth):
    rules = {"left": "x", "operator": "is_set"}
    for _ in range(depth):
        rules = {"all": [rules]}
    return rules


def problems(value):
    return dict(conditions.check(value))


def test_groups_nest_five_deep():
    assert problems(nested(5)) == {}
    assert "nest" in next(iter(problems(nested(6)).values()))
    assert conditions.evaluate(nested(5), SCOPE, [])[0]
    with pytest.raises(ValueError):
        conditions.evaluate(nested(6), SCOPE, [])


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ("x", ""),
        ([], ""),
        ({"all": {}}, "/all"),
        ({"any": []}, "/any"),
        ({"all": [{"any": []}]}, "/all/0/any"),
        ({"all": [], "any": []}, ""),
        ({"none": []}, ""),
        ({"all": ["x"]}, "/all/0"),
        ({"left": "x"}, "/operator"),
        ({"left": "x", "operator": "shout"}, "/operator"),
        ({"left": "x", "operator": ["equals"]}, "/operator"),
        ({"left": "", "operator": "is_set"}, "/left"),
        ({"left": "x", "operator": "is_set", "extra": 1}, "/extra"),
        ({"left": "x", "operator": "matches", "right": "("}, "/right"),
        ({"left": "x", "operator": "matches", "right": "x" * 1_001}, "/right"),
        ({"left": "x", "operator": "matches", "right": ""}, "/right"),
        ({"left": "x", "operator": "in_list", "right": []}, "/right"),
        ({"left": "x", "operator": "between", "right": "5"}, "/right"),
        ({"left": "x", "operator": "before", "right": "soon"}, "/right"),
        ({"left": "x", "operator": "within_last", "right": "soon"}, "/right"),
        ({"all": [{"left": "x", "operator": "is_set"}] * 201}, ""),
    ],
)
def test_publishing_finds_what_is_wrong_and_where(value, pointer):
    assert list(problems(value)) == [pointer]


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"left": "{{vars.x}}", "operator": "equals", "right": ""},
        {"left": "{{vars.x}}", "operator": "matches", "right": "{{vars.pattern}}"},
        {"left": "{{vars.x}}", "operator": "between", "right": ["{{vars.low}}", 5]},
        {"left": "{{vars.x}}", "operator": "within_last", "right": 3600},
        {"left": 0, "operator": "is_true"},
    ],
)
def test_publishing_takes_what_can_hold(value):
    assert problems(value) == {}


def test_texts_are_found_with_their_places():
    rules = {
        "any": [{"left": "{{a}}", "operator": "in_list", "right": ["x", "{{b}}", 3]}, {"left": 1, "operator": "is_set"}]
    }
    assert list(conditions.texts(rules)) == [
        ("/any/0/left", "{{a}}"),
        ("/any/0/right/0", "x"),
        ("/any/0/right/1", "{{b}}"),
    ]


PATTERNS = [
    "(a+)+$", "(a|aa)+$", "(.*a){20}", "(x+x+)+y", "(?:a?){500}a{500}", "[a-q][^u-z]{13}x", "((a{1,30}){1,10})+b",
    "(.*)(.*)(.*)(.*)(.*)[^a]$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a*)*b", "(?:(?:a*)*)*b", "^(a?){30}a{30}$", "(|a)+$",
    "([a-zA-Z]+)*$", "(mn|m|n)*x", r"(\w+\s?)*!", "a*a*a*a*a*a*a*a*b", "(?i)(x|X|xx)+Y", "(?:.|\n)*?z",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_hostile_pattern_ends_within_a_tenth_of_a_second(pattern):
    for text in ("a" * 30_000, "x" * 30_000, "mn" * 15_000):
        began = time.perf_counter()
        holds(text, "matches", pattern)
        assert time.perf_counter() - began < 0.1


characters = st.characters(codec="utf-8", exclude_characters="\0")  # what safe_loads lets in
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters, max_size=12) | st.sampled_from(
        ["2026-01-20T15:00:00Z", "2026-01-20", "3", "-1e5", "1,2", "7d", "9999-12-31T23:59:59Z", "0001-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(anything, st.sampled_from(SETTLED), anything)
def test_any_two_values_compare_without_an_error(left, operator, right):
    scope = {**SCOPE, "vars": {"left": left, "right": right}}
    result, records = conditions.evaluate(
        {"left": "{{vars.left}}", "operator": operator, "right": "{{vars.right}}"}, scope, []
    )
    assert type(result) is bool
    assert records[0]["result"] is result


@given(anything, anything)
def test_the_opposites_disagree(left, right):
    scope = {**SCOPE, "vars": {"left": left, "right": right}}
    for one, other in (("equals", "not_equals"), ("contains", "not_contains"), ("is_empty", "is_set")):
        assert holds("{{vars.left}}", one, "{{vars.right}}", scope) is not holds(
            "{{vars.left}}", other, "{{vars.right}}", scope
        )


@given(anything)
def test_equality_is_symmetric_with_text(value):
    scope = {**SCOPE, "vars": {"v": value}}
    for other in ("3", "true", "", "2026-01-20T15:00:00Z"):
        assert holds("{{vars.v}}", "equals", other, scope) is holds(other, "equals", "{{vars.v}}", scope)


operators = st.sampled_from(SETTLED)
rules = st.recursive(
    st.fixed_dictionaries({"left": anything, "operator": operators}, optional={"right": anything}) | anything,
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, max_size=3)})
    ),
    max_leaves=8,
)


@given(rules)
def test_whatever_passes_the_check_can_be_evaluated(value):
    if not list(conditions.check(value)):
        try:
            result, _ = conditions.evaluate(value, SCOPE, [])
        except conditions.TemplateError:
            return
        assert type(result) is bool
