"""The draft over HTTP: saving whole documents and batches of ops, conflicts, snapshots, undo changes."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from builder.models import DraftOp, Snapshot
from tests.builder.conftest import edited, simple_document
from tests.flows import chain, end, node


def rename(label, before="vars", client="c1", seq=1, base=1):
    op = {"path": "/nodes/vars/label", "before": before, "after": label}
    return {"base": base, "client": client, "seq": seq, "ops": [op]}


def test_a_draft_comes_with_its_revision_as_etag(api, flow):
    answer = api.get(f"/flows/{flow.pk}/draft/")
    assert answer["ETag"] == '"1"'
    assert set(answer.value) >= {"document", "revision", "changed", "problems"}
    assert answer.value["changed"] is True


def test_saving_a_document_needs_if_match(api, flow):
    assert api.put(f"/flows/{flow.pk}/draft/", simple_document()).status_code == 428


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*"])
def test_saving_a_document_on_the_known_revision(api, flow, tag):
    answer = api.put(f"/flows/{flow.pk}/draft/", edited(simple_document()), If_Match=tag)
    assert (answer.status_code, answer.value["revision"], answer["ETag"]) == (200, 2, '"2"')


def test_a_stale_save_is_412_with_the_draft_as_it_is(api, flow):
    api.put(f"/flows/{flow.pk}/draft/", edited(simple_document()), If_Match='"1"')
    stale = api.put(f"/flows/{flow.pk}/draft/", simple_document(), If_Match='"1"')
    assert stale.status_code == 412
    assert stale.value["draft"]["revision"] == 2
    assert stale["ETag"] == '"2"'


def test_an_incomplete_draft_is_saved_and_its_problems_listed(api, flow):
    answer = api.put(f"/flows/{flow.pk}/draft/", chain(node("start", "call_ended")), If_Match='"1"')
    assert answer.status_code == 200
    assert {"F003"} <= {problem["code"] for problem in answer.value["problems"]}
    assert set(answer.value["problems"][0]) == {"code", "severity", "message", "node", "field", "fix"}


def test_config_is_kept_as_it_was_typed(api, flow):
    document = chain(node("start", "call_ended", {"minimum_seconds": "many", "unknown": [1]}), end())
    saved = api.put(f"/flows/{flow.pk}/draft/", document, If_Match='"1"').value["document"]
    assert saved["nodes"][1]["config"] == {"minimum_seconds": "many", "unknown": [1]}


@pytest.mark.parametrize(
    "body",
    ["[]", '"x"', '{"nodes": {}}', '{"nodes": [{"id": "a b", "type": "end", "key": "a"}]}', '{"schema": 99}',
     '{"nodes": [], "extra": 1}', '{"notes": [1]}', '{"layout": {"a": 1}}'],
)  # fmt: skip
def test_what_is_no_document_is_422(api, flow, body):
    assert api.put(f"/flows/{flow.pk}/draft/", body, If_Match='"1"').status_code == 422


@pytest.mark.parametrize("body", ["{", "[1,]", '{"a": NaN}', "nul"])
def test_what_is_no_json_is_400(api, flow, body):
    answer = api.put(f"/flows/{flow.pk}/draft/", body, If_Match='"1"')
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_document_over_the_limit_is_refused(api, flow):
    large = chain(node("start", "call_ended"), end("end", "x" * 2_200_000))
    assert api.put(f"/flows/{flow.pk}/draft/", large, If_Match='"1"').status_code == 422
    assert api.put(f"/flows/{flow.pk}/draft/", " " * 4_000_000 + "{}", If_Match='"1"').status_code == 413


def test_ops_change_one_field(api, flow):
    answer = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic"))
    assert (answer.status_code, answer.value["revision"], answer.value["dropped"]) == (200, 2, [])
    assert answer.value["problems"] == []
    labels = [item["label"] for item in api.get(f"/flows/{flow.pk}/draft/").value["document"]["nodes"]]
    assert "Topic" in labels


def test_the_same_batch_twice_is_done_once(api, flow):
    first = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic")).value
    again = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic")).value
    assert again["revision"] == first["revision"] == 2
    assert DraftOp.objects.count() == 1


def test_a_batch_on_an_older_revision_is_merged_and_told_what_others_did(api, flow):
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic"))
    other = {"path": "/nodes/end/label", "before": "end", "after": "Over"}
    answer = api.post(f"/flows/{flow.pk}/draft/ops/", {"base": 1, "client": "c2", "seq": 1, "ops": [other]}).value
    assert answer["revision"] == 3
    assert [op["path"] for op in answer["ops"]] == ["/nodes/vars/label"]


def test_a_true_conflict_is_409_with_what_others_did(api, flow):
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic"))
    conflict = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Subject", client="c2"))
    assert conflict.status_code == 409
    assert (conflict.value["revision"], conflict.value["path"]) == (2, "/nodes/vars/label")
    assert conflict.value["ops"] == [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]


def test_a_base_the_log_does_not_reach_is_answered_with_the_document(api, flow):
    conflict = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic", base=77))
    assert conflict.status_code == 409
    assert conflict.value["document"]["nodes"]


@pytest.mark.parametrize(
    "change", [{"ops": "x"}, {"ops": [{"path": "/x"}]}, {"base": "x"}, {"client": ""}, {"seq": -1}, {"extra": 1}]
)
def test_a_wrong_batch_is_422(api, flow, change):
    assert api.post(f"/flows/{flow.pk}/draft/ops/", {**rename("Topic"), **change}).status_code == 422


def test_every_write_is_in_the_log_as_ops(api, flow):
    api.put(f"/flows/{flow.pk}/draft/", edited(simple_document(), "Topic"), If_Match='"1"')
    since = api.get(f"/flows/{flow.pk}/draft/ops/?since=1").value
    assert since["ops"] == [{"path": "/nodes/vars/label", "before": "vars", "after": "Topic"}]
    assert (since["revision"], since["document"]) == (2, None)
    (write,) = since["writes"]
    assert (write["revision"], write["kind"], write["count"], write["by"]["name"]) == (2, "put", 1, "owner")


def test_undo_changes_gives_the_published_document_exactly(api, published):
    before = api.get(f"/flows/{published.pk}/draft/").value
    moved = {**edited(before["document"]), "layout": {"end": {"x": 5, "y": 5}}}
    changed = api.put(f"/flows/{published.pk}/draft/", moved, If_Match='"1"').value
    assert (changed["changed"], changed["changes"]) == (True, 1)
    undone = api.post(f"/flows/{published.pk}/undo-changes/").value
    assert (undone["document"], undone["changed"]) == (before["document"], False)


def test_there_is_nothing_to_undo_before_the_first_publishing(api, flow):
    assert api.post(f"/flows/{flow.pk}/undo-changes/").status_code == 409


def test_undo_changes_can_itself_be_taken_back_from_a_snapshot(api, published):
    api.put(f"/flows/{published.pk}/draft/", edited(simple_document(), "Mine"), If_Match='"1"')
    api.post(f"/flows/{published.pk}/undo-changes/")
    snapshot = api.get(f"/flows/{published.pk}/draft/snapshots/").value["results"][0]
    assert snapshot["reason"] == "undo"
    restored = api.post(f"/flows/{published.pk}/draft/snapshots/{snapshot['id']}/restore/").value
    assert "Mine" in json.dumps(restored["document"])


def test_moving_a_step_changes_the_layout_and_not_the_flow(api, published):
    moved = {**simple_document(), "layout": {"end": {"x": 5, "y": 5}}}
    answer = api.put(f"/flows/{published.pk}/draft/", moved, If_Match='"1"').value
    assert (answer["changed"], answer["changes"]) == (False, 0)


def test_a_snapshot_is_taken_every_fifty_revisions(api, flow):
    for number in range(1, 51):
        api.post(f"/flows/{flow.pk}/draft/ops/", rename(f"L{number}", seq=number, base=number))
    assert Snapshot.objects.get().revision == 50


def test_ten_minutes_ago_can_be_brought_back_however_few_the_changes_were(api, flow):
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Early"))
    DraftOp.objects.update(at=timezone.now() - timedelta(minutes=11))
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Late", "Early", seq=2, base=2))
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Later", "Late", seq=3, base=3))
    (snapshot,) = api.get(f"/flows/{flow.pk}/draft/snapshots/").value["results"]
    assert (snapshot["reason"], snapshot["revision"], snapshot["changes"], snapshot["by"]) == ("time", 2, 2, "owner")
    changes = api.get(f"/flows/{flow.pk}/draft/snapshots/{snapshot['id']}/diff/").value["changes"]
    assert [change["node"] for change in changes] == ["vars"]
    restored = api.post(f"/flows/{flow.pk}/draft/snapshots/{snapshot['id']}/restore/").value
    assert "Early" in [step["label"] for step in restored["document"]["nodes"]]


def test_a_batch_sent_again_is_told_what_it_did_and_what_came_after(api, flow):
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic"))
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Theirs", "Topic", client="c2", base=2))
    again = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic")).value
    assert [op["after"] for op in again["batch"]] == ["Topic"]
    assert ([op["after"] for op in again["ops"]], again["late"], again["revision"]) == (["Theirs"], 1, 3)


def test_a_clients_own_earlier_batches_are_not_in_its_way(api, flow):
    """A queue that a closed tab left behind was made on one base and is sent batch by batch."""
    assert api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic")).status_code == 200
    second = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Subject", "Topic", seq=2))
    assert (second.status_code, second.value["ops"], second.value["batch"]) == (200, [], None)


def test_a_conflict_says_whose_change_is_in_the_way(api, flow):
    api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic"))
    conflict = api.post(f"/flows/{flow.pk}/draft/ops/", rename("Subject", client="c2")).value
    assert [(write["by"]["name"], write["count"]) for write in conflict["writes"]] == [("owner", 1)]


def test_validating_a_document_that_is_not_saved(api, flow):
    assert api.post(f"/flows/{flow.pk}/validate/").value["problems"] == []
    found = api.post(f"/flows/{flow.pk}/validate/", {"document": {"nodes": []}}).value["problems"]
    assert [problem["code"] for problem in found] == ["F001"]


def test_variables_in_scope_at_a_step(api, flow):
    paths = {each["path"]: each for each in api.get(f"/flows/{flow.pk}/variables/?node=end").value}
    assert paths["vars.topic"]["certain"] is True
    assert "interaction.summary" in paths
    assert "vars.topic" not in [each["path"] for each in api.get(f"/flows/{flow.pk}/variables/?node=start").value]
    assert api.get(f"/flows/{flow.pk}/variables/?node=nobody").status_code == 404


def test_two_people_who_save_at_once_both_keep_their_change(api, as_role, flow):
    """Each edits another field on the same base; neither change is lost."""
    editor = as_role("editor")
    op = {"path": "/nodes/end/config/outcome", "before": "{{vars.topic}}", "after": "done {{vars.topic}}"}
    assert api.post(f"/flows/{flow.pk}/draft/ops/", rename("Topic")).status_code == 200
    theirs = editor.post(f"/flows/{flow.pk}/draft/ops/", {"base": 1, "client": "c9", "seq": 1, "ops": [op]})
    assert theirs.status_code == 200
    document = json.dumps(api.get(f"/flows/{flow.pk}/draft/").value["document"])
    assert "Topic" in document
    assert "done {{vars.topic}}" in document
