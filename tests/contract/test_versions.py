"""Versions, what changed between them, and what becomes of runs (CONTRACT, Flows; SETTLED 1)."""

import copy

import pytest

from tests.contract.conftest import is_problem
from tests.flows import call_ended, chain, end, wait_for


@pytest.fixture
def changed(program, flow, draft):
    """Published, then changed: renamed, moved, another text."""
    program.post(f"/flows/{flow['id']}/publish/", {"note": "first"})
    value = copy.deepcopy(program.get(draft).value["document"])
    for each in value["nodes"]:
        if each["id"] == "vars":
            each["label"] = "Topic"
            each["config"]["assignments"][0]["value"] = "Case {{interaction.id}}"
    value["layout"]["vars"] = {"x": 160, "y": 160}
    program.put(draft, value, headers={"If-Match": "*"})
    return flow


def test_undo_changes_gives_the_published_document_exactly(program, changed, draft):
    path = f"/flows/{changed['id']}/"
    published = program.get(f"{path}versions/1/").value["document"]
    undone = program.post(f"{path}undo-changes/")
    assert (undone.status_code, undone.value["document"]) == (200, published)
    assert program.get(draft).value["document"] == published
    assert program.get(path).value["draft"]["changed"] is False


def test_there_is_nothing_to_undo_where_nothing_was_published(program, flow):
    is_problem(program.post(f"/flows/{flow['id']}/undo-changes/"), 409)


def test_a_diff_says_what_changed_in_plain_words(program, changed):
    path = f"/flows/{changed['id']}/versions/1/diff/"
    changes = program.get(path).value["changes"]
    assert program.get(f"{path}?against=draft").value["changes"] == changes
    assert all(set(each) >= {"kind", "node", "field", "before", "after", "text"} for each in changes)
    assert changes[0]["text"] == "Renamed vars to Topic."
    assert any("“Call {{interaction.id}}”" in each["text"] or "Variables" in each["text"] for each in changes)
    assert changes[-1]["kind"] == "layout"
    assert program.get(f"/flows/{changed['id']}/").value["draft"]["changes"] == len(changes) - 1
    assert program.get(f"{path}?against=1").value == {"changes": []}
    is_problem(program.get(f"{path}?against=9"), 404)
    is_problem(program.get(f"{path}?against=x"), 422)


def test_versions_are_listed_shown_and_restored(program, changed, draft):
    path = f"/flows/{changed['id']}/"
    program.post(f"{path}publish/", {"note": "second"})
    listed = program.get(f"{path}versions/").value
    assert set(listed) == {"results", "next"}
    assert [(each["number"], each["note"]) for each in listed["results"]] == [(2, "second"), (1, "first")]
    first = program.get(f"{path}versions/1/").value
    assert set(first) >= {"number", "at", "by", "note", "document"}
    restored = program.post(f"{path}versions/1/restore/")
    assert (restored.status_code, restored.value["document"]) == (200, first["document"])
    assert program.get(path).value["published"]["number"] == 2
    for address in ("versions/9/", "versions/9/diff/"):
        is_problem(program.get(path + address), 404)
    is_problem(program.post(f"{path}versions/9/restore/"), 404)


def test_going_back_can_be_gone_back_on(program, changed, draft):
    path = f"/flows/{changed['id']}/"
    before = program.get(draft).value["document"]
    program.post(f"{path}undo-changes/")
    (snapshot,) = program.get(f"{draft}snapshots/").value["results"]
    assert program.post(f"{draft}snapshots/{snapshot['id']}/restore/").value["document"] == before


def test_a_run_goes_on_with_the_version_it_started_on(program, publish, ended):
    flow = publish(chain(call_ended(), wait_for("w", 0.3), end("end", "old")))
    run = program.post("/events/", {"type": "call.ended", "interaction": {"id": "1"}}).value["runs"][0]["id"]
    ended(run, "waiting")
    program.put(f"/flows/{flow['id']}/draft/", chain(call_ended(), end("end", "new")), headers={"If-Match": "*"})
    program.post(f"/flows/{flow['id']}/publish/")
    assert (ended(run)["outcome"], program.get(f"/runs/{run}/").value["version"]) == ("old", 1)


@pytest.mark.parametrize(("waiting", "status"), [("keep", "waiting"), ("cancel", "cancelled")])
def test_unpublishing_stops_new_runs_and_keeps_or_cancels_the_waiting(program, publish, ended, waiting, status):
    flow = publish(chain(call_ended(), wait_for("w", 3600), end()))
    run = program.post("/events/", {"type": "call.ended", "interaction": {"id": "1"}}).value["runs"][0]["id"]
    ended(run, "waiting")
    answer = program.post(f"/flows/{flow['id']}/unpublish/", {"waiting": waiting})
    assert answer.status_code == 200
    assert program.get(f"/runs/{run}/").value["status"] == status
    shown = program.get(f"/flows/{flow['id']}/").value
    assert (shown["published"], shown["enabled"], shown["draft"]["changed"]) == (None, False, True)
    assert program.post("/events/", {"type": "call.ended", "interaction": {"id": "2"}}).value["runs"] == []
    is_problem(program.post(f"/flows/{flow['id']}/unpublish/", {"waiting": "maybe"}), 422)


def test_live_off_refuses_new_runs_and_lets_the_waiting_go_on(program, publish, ended):
    flow = publish(chain(call_ended(), wait_for("w", 0.3), end()))
    run = program.post("/events/", {"type": "call.ended", "interaction": {"id": "1"}}).value["runs"][0]["id"]
    ended(run, "waiting")
    off = program.patch(f"/flows/{flow['id']}/", {"enabled": False}).value
    assert (off["enabled"], off["published"]["number"]) == (False, 1)
    assert program.post("/events/", {"type": "call.ended", "interaction": {"id": "2"}}).value["runs"] == []
    assert ended(run)["status"] == "succeeded"
