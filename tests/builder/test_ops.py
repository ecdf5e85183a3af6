"""Ops: a document and its difference to another are the other; ops undo; what is no op is refused."""

import copy
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder import ops
from runtime.engine.document import read_document
from tests.flows import call_ended, chain, decision, end, set_variable

NAMES = st.text(string.ascii_lowercase + "/~", min_size=1, max_size=6)
IDS = st.text(string.ascii_lowercase + string.digits + "_-", min_size=1, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(NAMES, JSON, max_size=4)


@st.composite
def documents(draw):
    nodes = [_node(draw, id) for id in draw(st.lists(IDS, unique=True, max_size=5))]
    ids = st.sampled_from([node["id"] for node in nodes]) if nodes else st.nothing()
    edges = [
        {"id": id, "source": draw(ids), "port": draw(st.sampled_from(["next", "else"])), "target": draw(ids)}
        for id in (draw(st.lists(IDS, unique=True, max_size=4)) if nodes else [])
    ]
    notes = [
        {"id": id, "x": draw(st.integers(0, 9)), "text": draw(st.text(max_size=3))}
        for id in draw(st.sets(IDS, max_size=3))
    ]
    layout = {node["id"]: {"x": draw(st.integers(0, 9)), "y": 0} for node in nodes if draw(st.booleans())}
    return ops.tidy(read_document({"nodes": nodes, "edges": edges, "notes": notes, "layout": layout}))


def _node(draw, id):
    node = {"id": id, "type": draw(st.sampled_from(["end", "decision"])), "key": draw(st.sampled_from(["a", "b", "c"]))}
    extra = draw(st.fixed_dictionaries({}, optional={"label": st.text(max_size=4), "disabled": st.booleans(),
                                                     "config": TABLES, "settings": TABLES}))  # fmt: skip
    return {**node, **extra}


@given(documents(), documents())
@settings(max_examples=300, deadline=None)
def test_applying_the_difference_gives_the_other_document(before, after):
    changed = ops.apply(before, ops.read_ops(ops.diff(before, after)))
    assert ops.same(changed, after)


@given(documents())
def test_a_document_does_not_differ_from_itself(document):
    assert ops.diff(document, copy.deepcopy(document)) == []


@given(documents(), documents())
def test_applying_changes_nothing_in_place(before, after):
    kept = copy.deepcopy(before)
    ops.apply(before, ops.diff(before, after))
    assert ops.same(before, kept)


def test_a_changed_field_is_one_op_at_that_field():
    before = chain(call_ended(), set_variable("vars", topic="a"), end())
    after = copy.deepcopy(before)
    after["nodes"][0]["config"]["outcome"] = "done"
    assert ops.diff(before, after) == [{"path": "/nodes/end/config/outcome", "after": "done"}]


def test_true_is_not_one():
    assert not ops.same({"a": True}, {"a": 1})
    assert not ops.same([0], [False])
    assert ops.same({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})


def test_null_is_a_value_and_not_absence():
    document = chain(call_ended(), end())
    changed = ops.apply(document, [{"path": "/nodes/end/config/outcome", "after": None}])
    assert changed["nodes"][0]["config"] == {"outcome": None}
    gone = ops.apply(changed, [{"path": "/nodes/end/config/outcome", "before": None}])
    assert gone["nodes"][0]["config"] == {}


def test_names_with_slashes_and_tildes_survive():
    document = chain(call_ended(), end())
    op = {"path": "/nodes/end/config/" + ops.escape("a/b~c"), "after": 1}
    assert ops.apply(document, [op])["nodes"][0]["config"] == {"a/b~c": 1}


def test_a_change_of_a_step_that_is_gone_names_its_path():
    with pytest.raises(ops.Conflict) as caught:
        ops.apply(chain(call_ended(), end()), [{"path": "/nodes/gone/config/url", "after": "x"}])
    assert caught.value.path == "/nodes/gone/config/url"


def test_adding_what_is_there_already_is_a_conflict():
    document = chain(call_ended(), end())
    with pytest.raises(ops.Conflict):
        ops.apply(document, [{"path": "/nodes/end", "after": decision("end", "a", "equals", "b")}])


def test_removing_what_is_gone_already_is_fine():
    document = chain(call_ended(), end())
    assert ops.same(ops.apply(document, [{"path": "/edges/e9", "before": {"id": "e9"}}]), document)


@pytest.mark.parametrize(
    ("op", "code"),
    [
        ("text", "type"),
        ({"after": 1}, "type"),
        ({"path": 7, "after": 1}, "type"),
        ({"path": "/nodes/a"}, "empty"),
        ({"path": "/nodes/a", "after": {"id": "a"}, "value": 1}, "unknown"),
        ({"path": "/nodes/a/id", "after": "b"}, "path"),
        ({"path": "/nodes/a/config", "after": {}}, "path"),
        ({"path": "/nodes/a/config/url/0", "after": 1}, "path"),
        ({"path": "/schema", "after": 2}, "path"),
        ({"path": "nodes/a", "after": {}}, "path"),
        ({"path": "/edges/", "after": {"id": ""}}, "path"),
        ({"path": "/nodes/a", "after": {"id": "b"}}, "id"),
        ({"path": "/edges/a", "after": None}, "id"),
    ],
)
def test_what_is_no_op_is_refused_with_its_place(op, code):
    with pytest.raises(ops.BadOps) as caught:
        ops.read_ops([op])
    assert caught.value.errors[0]["code"] == code
    assert caught.value.errors[0]["pointer"].startswith("/ops/0")


def test_ops_must_be_a_list():
    with pytest.raises(ops.BadOps):
        ops.read_ops({"path": "/nodes/a"})
