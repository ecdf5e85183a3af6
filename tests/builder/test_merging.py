"""Merging ops of two people: what does not overlap is merged, what does names its path, the structure holds."""

import copy
import json

import pytest
from django.conf import settings

from builder import ops
from builder.merging import first_overlap, merge, overlaps
from runtime.engine import registry
from runtime.engine.document import DocumentError, read_document
from tests.flows import call_ended, chain, decision, end, node, set_variable


@pytest.fixture
def document():
    return chain(call_ended(), set_variable("vars", topic="a"), end())


def edited(document, *changes):
    return ops.apply(document, changes)


def test_paths_overlap_when_one_leads_to_the_other():
    assert overlaps("/nodes/n1", "/nodes/n1/config/url")
    assert overlaps("/nodes/n1/config/url", "/nodes/n1")
    assert overlaps("/nodes/n1", "/nodes/n1")
    assert not overlaps("/nodes/n1", "/nodes/n10")
    assert not overlaps("/nodes/n1/config/url", "/nodes/n1/config/method")


def test_two_fields_of_one_step_are_merged(document):
    theirs = [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]
    mine = [{"path": "/nodes/vars/key", "before": "vars", "after": "topic"}]
    merged, dropped = merge(edited(document, *theirs), mine, theirs)
    step = next(item for item in merged["nodes"] if item["id"] == "vars")
    assert (step["label"], step["key"], dropped) == ("Topic", "topic", [])


def test_the_same_field_is_a_conflict_that_names_it(document):
    theirs = [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]
    mine = [{"path": "/nodes/vars/label", "before": "vars", "after": "Subject"}]
    with pytest.raises(ops.Conflict) as caught:
        merge(edited(document, *theirs), mine, theirs)
    assert caught.value.path == "/nodes/vars/label"


def test_wanting_the_same_is_no_conflict(document):
    same = [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]
    merged, _ = merge(edited(document, *same), same, same)
    assert ops.same(merged, edited(document, *same))


def test_a_change_in_a_step_deleted_meanwhile_is_a_conflict(document):
    after = copy.deepcopy(document)
    after["nodes"] = [item for item in after["nodes"] if item["id"] != "vars"]
    after["edges"] = []
    theirs = ops.diff(document, after)
    with pytest.raises(ops.Conflict) as caught:
        merge(after, [{"path": "/nodes/vars/label", "before": "vars", "after": "x"}], theirs)
    assert caught.value.path == "/nodes/vars/label"


def test_an_edge_to_a_step_deleted_meanwhile_is_dropped_and_reported(document):
    theirs = [
        {"path": "/edges/e1", "before": document["edges"][0]},
        {"path": "/edges/e2", "before": document["edges"][1]},
        {"path": "/nodes/vars", "before": next(item for item in document["nodes"] if item["id"] == "vars")},
    ]
    mine = [{"path": "/edges/e9", "after": {"id": "e9", "source": "start", "port": "next", "target": "vars"}}]
    merged, dropped = merge(edited(document, *theirs), mine, theirs)
    assert dropped == ["e9"]
    assert merged["edges"] == []


def test_an_edge_drawn_meanwhile_to_a_step_i_delete_is_dropped(document):
    line = {"id": "e7", "source": "fork", "port": "else", "target": "vars"}
    fork = {"path": "/nodes/fork", "after": decision("fork", "a", "equals", "b")}
    theirs = [fork, {"path": "/edges/e7", "after": line}]
    mine = [
        {"path": "/edges/e1", "before": document["edges"][0]},
        {"path": "/edges/e2", "before": document["edges"][1]},
        {"path": "/nodes/vars", "before": {"id": "vars"}},
    ]
    _, dropped = merge(edited(document, *theirs), mine, theirs)
    assert dropped == ["e7"]


def test_an_edge_into_nowhere_is_refused(document):
    mine = [{"path": "/edges/e9", "after": {"id": "e9", "source": "end", "port": "next", "target": "nobody"}}]
    with pytest.raises(ops.Conflict) as caught:
        merge(document, mine, [])
    assert caught.value.path == "/edges/e9"


def test_a_second_edge_from_one_exit_is_refused(document):
    mine = [{"path": "/edges/e9", "after": {"id": "e9", "source": "start", "port": "next", "target": "end"}}]
    with pytest.raises(ops.Conflict):
        merge(document, mine, [])


def test_a_second_step_with_the_same_key_is_refused(document):
    with pytest.raises(ops.Conflict) as caught:
        merge(document, [{"path": "/nodes/end/key", "before": "end", "after": "vars"}], [])
    assert caught.value.path.endswith("/key")


def test_a_second_trigger_is_refused(document):
    with pytest.raises(ops.Conflict):
        merge(document, [{"path": "/nodes/z", "after": node("z", "call_ended")}], [])


def test_what_was_broken_before_does_not_block_further_edits(document):
    broken = {**document, "edges": [*document["edges"], {"id": "e8", "source": "end", "port": "x", "target": "nobody"}]}
    merged, dropped = merge(broken, [{"path": "/nodes/end/label", "after": "Done"}], [])
    assert (len(merged["edges"]), dropped) == (3, [])


def test_ops_that_make_no_document_are_refused(document):
    with pytest.raises(DocumentError):
        merge(document, [{"path": "/nodes/end/type", "before": "end", "after": 5}], [])


def test_finding_overlaps_stays_quick_with_many_ops():
    many = [{"path": f"/nodes/n{n}/config/url", "after": n} for n in range(20_000)]
    others = [{"path": f"/nodes/m{n}", "before": {}} for n in range(20_000)]
    assert first_overlap(many, others) is None
    assert first_overlap(many, [*others, {"path": "/nodes/n19999", "before": {}}]) == "/nodes/n19999/config/url"


SHARED = json.loads((settings.BASE_DIR / "tests" / "cases" / "merge.json").read_text())


@pytest.mark.parametrize("case", SHARED["cases"], ids=lambda case: case["name"])
def test_the_cases_that_the_editors_model_of_us_is_checked_by(case, monkeypatch):
    """tests/js/sync-rules.test.mjs reads the same file; the property tests there stand on it."""
    starting = type("Starting", (), {"trigger": True})
    monkeypatch.setattr(registry, "find", lambda name: starting if name == SHARED["trigger"] else None)
    now = ops.apply(read_document(SHARED["document"]), case["since"])
    if case["conflict"]:
        with pytest.raises(ops.Conflict) as caught:
            merge(now, case["ops"], case["since"])
        assert caught.value.path == case["conflict"]
        return
    merged, dropped = merge(now, case["ops"], case["since"])
    assert dropped == case["dropped"]
    for path, value in case["has"]:
        assert ops.same(_value_at(merged, path), value)
    assert [path for path in case["lacks"] if _value_at(merged, path) is not None] == []


def _value_at(document, path):
    area, id, *rest = ops.split(path)
    value = document[area]
    value = next((item for item in value if item["id"] == id), None) if isinstance(value, list) else value.get(id)
    for name in rest:
        value = (value or {}).get(name)
    return value
