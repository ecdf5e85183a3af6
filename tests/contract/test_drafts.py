"""Drafts and operations on them (CONTRACT, Flows; SETTLED 1)."""

import pytest

from tests.contract.conftest import is_problem
from tests.contract.drafting import DOCUMENT, batch, op, renamed
from tests.flows import call_ended, chain, document, end, node

# --- Drafts


def test_a_draft_has_its_revision_as_etag(program, draft):
    answer = program.get(draft)
    assert set(answer.value) >= {"document", "revision", "changed", "problems"}
    assert answer.headers["ETag"] == f'"{answer.value["revision"]}"'
    assert answer.value["problems"] == []
    ids = [each["id"] for each in answer.value["document"]["nodes"]]
    assert ids == sorted(ids)


def test_put_needs_the_revision_it_knows(program, draft):
    known = program.get(draft).headers["ETag"]
    is_problem(program.put(draft, DOCUMENT), 428)
    saved = program.put(draft, chain(call_ended(), end()), headers={"If-Match": known})
    assert (saved.status_code, saved.value["revision"]) == (200, int(known.strip('"')) + 1)
    stale = program.put(draft, DOCUMENT, headers={"If-Match": known})
    problem = is_problem(stale, 412)
    assert stale.headers["ETag"] == saved.headers["ETag"]
    assert problem["draft"]["document"] == saved.value["document"]
    is_problem(program.put(draft, DOCUMENT, headers={"If-Match": '"no revision"'}), 412)


def test_an_incomplete_draft_is_saved_and_its_problems_listed(program, draft):
    saved = program.put(draft, document([node("x", "api_request", {"url": 5})]), headers={"If-Match": "*"})
    assert saved.status_code == 200
    assert all(set(each) >= {"code", "severity", "message", "node", "field"} for each in saved.value["problems"])
    assert {"F001"} <= {each["code"] for each in saved.value["problems"]}
    stored = next(each for each in saved.value["document"]["nodes"] if each["id"] == "x")
    assert stored["config"] == {"url": 5}


@pytest.mark.parametrize("value", [
    [], "x", {"nodes": 5}, {"foo": 1}, {"nodes": [{"id": "a b", "type": "end"}]}, {"nodes": [5]}, {"schema": 99},
    {"nodes": [{"id": "a", "type": "end", "key": "a"}] * 2}, {"nodes": [{"id": "a", "type": "end", "config": []}]},
])  # fmt: skip
def test_what_is_no_document_is_422(program, draft, value):
    is_problem(program.put(draft, value, headers={"If-Match": "*"}), 422)


def test_more_than_two_mebibytes_or_10000_nodes_are_no_document(program, draft):
    long = node("n", "set_variable", {"assignments": [{"name": "a", "type": "text", "value": "x" * 2_100_000}]})
    many = document([node(f"n{number}", "end") for number in range(10_001)])
    for value in (document([long]), many):
        is_problem(program.put(draft, value, headers={"If-Match": "*"}), 422)


# --- Ops


def test_ops_are_saved_once_whatever_the_network_does(program, draft):
    base = program.get(draft).value["revision"]
    first = batch(program, draft, [renamed("Topic")], base)
    assert (first.status_code, first.value["revision"]) == (200, base + 1)
    assert set(first.value) >= {"revision", "problems", "dropped"}
    again = batch(program, draft, [renamed("Topic")], base)
    assert (again.status_code, again.value["revision"]) == (200, base + 1)


def test_ops_that_do_not_touch_the_same_are_merged(program, draft):
    base = program.get(draft).value["revision"]
    batch(program, draft, [renamed("Topic")], base, client="a")
    value = {"x": 32, "y": 64}
    second = batch(program, draft, [op("/layout/vars", after=value)], base, client="b")
    assert second.status_code == 200
    saved = program.get(draft).value["document"]
    assert saved["layout"]["vars"] == value
    assert "Topic" in [each["label"] for each in saved["nodes"]]


def test_a_true_conflict_is_409_with_the_ops_since_base(program, draft):
    base = program.get(draft).value["revision"]
    theirs = [renamed("Topic")]
    batch(program, draft, theirs, base, client="a")
    problem = is_problem(batch(program, draft, [renamed("Mine")], base, client="b"), 409)
    assert (problem["revision"], problem["ops"]) == (base + 1, theirs)


def test_an_edge_to_a_node_deleted_meanwhile_is_dropped_and_reported(program, draft):
    known = program.get(draft).value
    parts = {each["id"]: each for name in ("nodes", "edges") for each in known["document"][name]}
    gone = [op("/nodes/end", before=parts["end"]), op("/edges/e2", before=parts["e2"])]
    batch(program, draft, gone, known["revision"], client="a")
    added = node("more", "set_variable", {"assignments": []})
    edge = {"id": "new", "source": "more", "port": "next", "target": "end"}
    answer = batch(program, draft, [op("/nodes/more", after=added), op("/edges/new", after=edge)], known["revision"],
                   client="b")  # fmt: skip
    assert (answer.status_code, answer.value["dropped"]) == (200, ["new"])
    assert program.get(draft).value["document"]["edges"] == [parts["e1"]]


@pytest.mark.parametrize("bad", [
    [op("/edges/z", after={"id": "z", "source": "vars", "port": "next", "target": "end"})],
    [op("/edges/z", after={"id": "z", "source": "end", "port": "next", "target": "nowhere"})],
    [op("/nodes/z", after=node("z", "call_ended"))], [op("/nodes/vars/key", before="vars", after="end")],
])  # fmt: skip
def test_a_batch_that_breaks_the_structure_is_409_and_names_the_place(program, draft, bad):
    problem = is_problem(batch(program, draft, bad), 409)
    assert problem["errors"][0]["pointer"]
    assert set(problem) >= {"revision", "ops"}


@pytest.mark.parametrize("bad", [
    [op("/nodes/vars/label")], [op("/nodes/vars/colour", after=1)], [op("nodes/vars", after={})], [5], "x",
    [op("/nodes/vars/config/a/b", after=1)], [op("/schema", after=2)], [op("/nodes/z", after=node("y", "end"))],
])  # fmt: skip
def test_what_is_no_op_is_422(program, draft, bad):
    is_problem(batch(program, draft, bad), 422)


def test_null_is_a_value_and_an_absent_member_is_absent(program, draft):
    batch(program, draft, [op("/nodes/vars/config/extra", after=None)], seq=1)
    read = lambda: next(n for n in program.get(draft).value["document"]["nodes"] if n["id"] == "vars")  # noqa: E731
    assert read()["config"]["extra"] is None
    batch(program, draft, [op("/nodes/vars/config/extra", before=None)], seq=2)
    assert "extra" not in read()["config"]


def test_ops_need_who_and_where(program, draft):
    for body in ({}, {"base": 1, "ops": []}, {"base": "x", "client": "c", "seq": 1, "ops": []}, []):
        is_problem(program.post(f"{draft}ops/", body), 422)


# --- A config is kept verbatim, whatever it holds (SETTLED 1.7)

WEIRD = [None, True, 0, -1, 1e300, "", "x", "{{x}}", [], [[]], [None], [5], {}, {"a": {"b": [1]}}]


def test_no_value_of_any_field_or_setting_keeps_a_draft_from_being_judged(program, flow):
    path = f"/flows/{flow['id']}/validate/"
    for kind in program.get("/node-types/").value:
        configs = [{**kind["example"]["config"], field["name"]: value} for field in kind["fields"] for value in WEIRD]
        nodes = [{"id": f"n{at}", "type": kind["type"], "key": f"n{at}", "config": c} for at, c in enumerate(configs)]
        assert program.post(path, document(nodes)).status_code == 200, kind["type"]
    named = [(name, value) for name in ("retry", "timeout_seconds", "on_error", "unknown") for value in WEIRD]
    nodes = [{**end(f"n{at}"), "settings": {name: value}} for at, (name, value) in enumerate(named)]
    assert program.post(path, document(nodes)).status_code == 200


@pytest.mark.parametrize("assignments", [5, [[]], [None], [{}], [5], {"a": 1}])
def test_rows_that_are_none_are_problems_with_their_place(program, draft, assignments):
    value = document([call_ended(), node("vars", "set_variable", {"assignments": assignments}), end()])
    saved = program.put(draft, value, headers={"If-Match": "*"})
    assert saved.status_code == 200
    assert any(
        problem["code"] == "F006" and problem["field"].startswith("/config/assignments")
        for problem in saved.value["problems"]
    )
    assert next(each for each in saved.value["document"]["nodes"] if each["id"] == "vars")["config"] == {
        "assignments": assignments
    }
