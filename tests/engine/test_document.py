"""Reading documents: what is refused on saving, and what is kept as it came."""

import pytest

from runtime.engine.document import DocumentError, deeper_than, empty_document, read_document
from tests.flows import call_ended, chain, end, node


def test_a_document_is_kept_and_put_in_stored_order():
    given = {"schema": 1, "nodes": [end(), call_ended()], "edges": [], "layout": {"z": {"x": 1, "y": 2}}, "notes": []}
    stored = read_document(given)
    assert [item["id"] for item in stored["nodes"]] == ["end", "start"]
    assert stored["layout"] == {"z": {"x": 1, "y": 2}}


def test_a_config_is_kept_verbatim_even_where_it_makes_no_sense():
    stored = read_document(chain(call_ended(), node("x", "no_such_type", {"any": [1, {"thing": None}]})))
    assert stored["nodes"][1]["config"] == {"any": [1, {"thing": None}]}


def test_reading_twice_changes_nothing():
    once = read_document(chain(call_ended(), end()))
    assert read_document(once) == once


def test_missing_members_take_their_defaults():
    assert read_document({}) == empty_document()


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ([], ""),
        ("text", ""),
        ({"schema": 99}, "/schema"),
        ({"schema": True}, "/schema"),
        ({"nodes": {}}, "/nodes"),
        ({"nodes": [3]}, "/nodes/0"),
        ({"nodes": [{"id": "a b", "type": "end", "key": "k"}]}, "/nodes/0/id"),
        ({"nodes": [{"id": "a", "type": "end", "key": "1st"}]}, "/nodes/0/key"),
        ({"nodes": [{"id": "a", "type": "", "key": "k"}]}, "/nodes/0/type"),
        ({"nodes": [{"id": "a", "type": "end", "key": "k", "config": []}]}, "/nodes/0/config"),
        ({"nodes": [{"id": "a", "type": "end", "key": "k", "onclick": "x"}]}, "/nodes/0/onclick"),
        ({"nodes": [end("a"), end("a")]}, "/nodes/1/id"),
        ({"edges": [{"id": "e", "source": "a", "port": "next"}]}, "/edges/0/target"),
        ({"layout": {"a": {"x": "1", "y": 2}}}, "/layout/a"),
        ({"notes": [{"id": "n", "text": 3}]}, "/notes/0"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_what_is_no_document_is_refused_with_the_place(broken, pointer):
    with pytest.raises(DocumentError) as caught:
        read_document(broken)
    assert pointer in [error["pointer"] for error in caught.value.errors]


def test_more_than_ten_thousand_nodes_are_refused():
    with pytest.raises(DocumentError, match="10,000"):
        read_document({"nodes": [end(f"n{number}") for number in range(10_001)]})


def test_more_than_two_mebibytes_are_refused():
    with pytest.raises(DocumentError, match="2 MiB"):
        read_document(chain(call_ended(), node("x", "end", {"outcome": "x" * 2_200_000})))


def test_hostile_depth_is_refused_without_recursion():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert deeper_than(deep, 60)
    with pytest.raises(DocumentError, match="nests"):
        read_document({"nodes": [node("x", "end", {"outcome": deep})]})
