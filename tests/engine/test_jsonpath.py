"""JSONPath: what it finds, what it refuses, and that no path can keep a worker busy."""

import contextlib
import time

import pytest

from runtime.engine import jsonpath
from runtime.engine.errors import StepError

ANSWER = {
    "ticket": {"id": 48213, "tags": ["a", "b"], "x y": 1},
    "results": [{"id": "1", "ok": True}, {"id": "2", "ok": False}, {"id": "13", "ok": True}],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", [ANSWER]),
        ("$.ticket.id", [48213]),
        ("$['ticket']['x y']", [1]),
        ("$.ticket.tags[-1]", ["b"]),
        ("$.ticket.tags[0:2]", ["a", "b"]),
        ("$.results[*].id", ["1", "2", "13"]),
        ("$..id", [48213, "1", "2", "13"]),
        ("$.results[?@.ok == true].id", ["1", "13"]),
        ("$.results[?@.id == '2'].ok", [False]),
        ("$.results[?match(@.id, '1.?')].id", ["1", "13"]),
        ("$.results[?search(@.id, '3$')].id", ["13"]),
        ("$.results[?length(@.id) == 2].id", ["13"]),
        ("$.results[?count(@.*) == 2].id", ["1", "2", "13"]),
        ("$.nope", []),
        ("$.ticket.id.nope", []),
        ("$.results[?match(@.id, '(')]", []),
        ("$.results[?match(@.ok, 'x')]", []),
    ],
)
def test_a_path_finds(path, found):
    assert jsonpath.check(path) is None
    assert jsonpath.find(path, ANSWER) == found


@pytest.mark.parametrize(
    "path",
    ["", "ticket.id", "$.", "$.a[", "$.a[?", "$[?@.a = 1]", "$[?foo(@)]", "$....a", "$ .a ", "$" + ".a" * 300,
     "$..a..b..c..d", "$[?" + "(" * 400, "$" + "[?$" * 120, None, 5, ["$"], "$[99999999999999999999]"],
)  # fmt: skip
def test_a_path_that_cannot_be_used_is_refused_with_a_reason(path):
    assert jsonpath.check(path)
    with pytest.raises(StepError):
        jsonpath.find(path, ANSWER)


def test_dots_in_quotes_are_no_descents():
    assert jsonpath.find("$['a..b..c..d..e']", {"a..b..c..d..e": 1}) == [1]


def test_a_document_over_a_megabyte_is_refused():
    with pytest.raises(StepError, match="1 MB"):
        jsonpath.find("$.a", {"a": "x" * 1_100_000})
    with pytest.raises(StepError, match="1 MB"):
        jsonpath.find("$[0]", [0] * 400_000)


def test_more_than_ten_thousand_results_are_refused():
    assert len(jsonpath.find("$[*]", [0] * 10_000)) == 10_000
    with pytest.raises(StepError, match="10,000"):
        jsonpath.find("$[*]", [0] * 10_001)


def chain(length):
    made = {}
    for _ in range(length):
        made = {"x": made, "y": made}
    return made


ROWS = {"a": [{"b": n, "c": {"d": str(n)}} for n in range(3_000)], "t": "x" * 200_000}
LIST = list(range(30_000))
HOSTILE = [
    ("$..*..*..*", ROWS),
    ("$..*..*..nope", ROWS),
    ("$..[?@..d].nope", ROWS),
    ("$.a[?$..nope].b", ROWS),
    ("$.a[?$ == $].b", ROWS),
    ("$.a[?$.a == $.a].b", ROWS),
    ("$.a[?$.t == $.t].b", ROWS),
    ("$[?$[?$[?@ > 1]]]", LIST),
    ("$[?@ in $]", LIST),
    ("$[?$[*]]", LIST),
    ("$[?count($[*]) > @]", LIST),
    ("$" + "[*,*]" * 100 + ".nope", [[[[1, 2], 3], 4], 5]),
    ("$" + "[0,0]" * 100, chain(0) or [[[[[[1]]]]]]),
    ("$" + "['x','y']" * 50 + ".nope", chain(15)),
    ("$..x..y..x", chain(12)),
    ("$[::1][::1][::1]", [LIST[:100]] * 100),
    ("$.a[?search($.t, '(x+x+)+y')]", ROWS),
    ("$.a[?match($.t, '(x|xx)*')]", ROWS),
    ("$.a[?search(@.c.d, '((a{1,30}){1,10})+b')]", ROWS),
    ("$..[?" + "||".join(["@.b"] * 80) + "]", ROWS),
    ("$[?" + "!" * 400 + "@]", LIST),
]


@pytest.mark.parametrize(("path", "document"), HOSTILE, ids=[path[:30] for path, _ in HOSTILE])
def test_a_hostile_path_ends_within_a_second(path, document):
    began = time.perf_counter()
    with contextlib.suppress(StepError):
        assert len(jsonpath.find(path, document)) <= jsonpath.MOST_RESULTS
    assert time.perf_counter() - began < 1


def test_one_hostile_path_takes_nothing_from_the_next():
    with pytest.raises(StepError):
        jsonpath.find("$.a[?$ == $].b", ROWS)
    assert jsonpath.find("$.a[0].b", ROWS) == [0]
