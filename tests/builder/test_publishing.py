"""Publishing, versions, unpublishing: what is live changes in one step or not at all."""

import pytest
from django.db import connection

from builder.publishing import publish
from runtime.models import Flow, FlowVersion, Run, Status, Trigger
from tests.builder.conftest import edited, simple_document
from tests.flows import action_called, chain, end, respond
from tests.side_by_side import side_by_side


def save(api, flow, document):
    return api.put(f"/flows/{flow.pk}/draft/", document, If_Match="*").value


def test_the_first_publishing_makes_version_1_enables_the_flow_and_listens(api, flow):
    answer = api.post(f"/flows/{flow.pk}/publish/", {"note": "first"})
    assert (answer.status_code, answer.value["number"], answer.value["note"]) == (201, 1, "first")
    shown = api.get(f"/flows/{flow.pk}/").value
    assert (shown["enabled"], shown["draft"]["changed"], shown["published"]["number"]) == (True, False, 1)
    trigger = Trigger.objects.get()
    assert (trigger.type, trigger.agents, trigger.config["statuses"]) == ("call_ended", [], ["completed"])


def test_a_draft_with_errors_is_422_and_nothing_changes(api, flow):
    save(api, flow, chain(action_called("x"), respond(), end()))
    answer = api.post(f"/flows/{flow.pk}/publish/")
    assert answer.status_code == 422
    assert answer.value["errors"][0]["code"].startswith("F")
    assert answer.value["problems"]
    assert not FlowVersion.objects.exists()
    assert not Trigger.objects.exists()


def test_publishing_another_revision_than_the_current_is_412(api, flow):
    save(api, flow, edited(simple_document()))
    assert api.post(f"/flows/{flow.pk}/publish/", {"revision": 1}).status_code == 412
    assert api.post(f"/flows/{flow.pk}/publish/", {"revision": 2}).status_code == 201


def test_publishing_an_unchanged_draft_is_200_with_the_current_version(api, published):
    answer = api.post(f"/flows/{published.pk}/publish/")
    assert (answer.status_code, answer.value["number"]) == (200, 1)


def test_publishing_again_moves_the_trigger_and_keeps_the_switch(api, published):
    api.patch(f"/flows/{published.pk}/", {"enabled": False})
    save(api, published, edited(simple_document()))
    assert api.post(f"/flows/{published.pk}/publish/").value["number"] == 2
    assert api.get(f"/flows/{published.pk}/").value["enabled"] is False
    assert Trigger.objects.get().version.number == 2


def test_an_action_name_belongs_to_one_flow(api):
    def action(name):
        document = chain(action_called("look_up"), respond(), end())
        flow = api.post("/flows/", {"name": name, "kind": "action", "document": document}).value
        return api.post(f"/flows/{flow['id']}/publish/")

    assert action("first").status_code == 201
    second = action("second")
    assert second.status_code == 422
    assert second.value["errors"][0]["pointer"] == "/config/name"


def test_unpublishing_stops_listening_and_asks_about_waiting_runs(api, published, workspace):
    run = Run.objects.create(
        workspace=workspace, flow=published, version=published.published, kind="post_call", status=Status.WAITING
    )
    assert api.post(f"/flows/{published.pk}/unpublish/", {"waiting": "keep"}).value == {"cancelled": 0}
    assert not Trigger.objects.exists()
    shown = api.get(f"/flows/{published.pk}/").value
    assert (shown["published"], shown["enabled"], shown["draft"]["changed"]) == (None, False, True)
    run.refresh_from_db()
    assert run.status == "waiting"
    assert api.post(f"/flows/{published.pk}/unpublish/", {"waiting": "cancel"}).value == {"cancelled": 1}


def test_publishing_after_unpublishing_goes_live_with_the_next_number(api, published):
    api.post(f"/flows/{published.pk}/unpublish/")
    assert api.post(f"/flows/{published.pk}/publish/").value["number"] == 2
    assert api.get(f"/flows/{published.pk}/").value["enabled"] is True


def test_versions_are_listed_shown_and_restored(api, published):
    save(api, published, edited(simple_document(), "Second"))
    api.post(f"/flows/{published.pk}/publish/", {"note": "two"})
    listed = api.get(f"/flows/{published.pk}/versions/").value["results"]
    assert [(row["number"], row["note"]) for row in listed] == [(2, "two"), (1, "")]
    first = api.get(f"/flows/{published.pk}/versions/1/").value
    restored = api.post(f"/flows/{published.pk}/versions/1/restore/").value
    assert (restored["document"], restored["changes"]) == (first["document"], 1)
    assert api.get(f"/flows/{published.pk}/versions/9/").status_code == 404


def test_the_difference_to_a_version_is_told_in_words(api, published):
    save(api, published, edited(simple_document(), "Subject"))
    diff = api.get(f"/flows/{published.pk}/versions/1/diff/?against=draft").value["changes"]
    assert [change["text"] for change in diff] == ["Renamed vars to Subject."]
    assert api.get(f"/flows/{published.pk}/versions/1/diff/?against=1").value["changes"] == []
    assert api.get(f"/flows/{published.pk}/versions/1/diff/?against=x").status_code == 422


def test_the_way_back_from_the_draft_to_a_version_is_told_in_words_too(api, published):
    save(api, published, edited(simple_document(), "Subject"))
    diff = api.get(f"/flows/{published.pk}/draft/diff/?against=1").value["changes"]
    assert [change["text"] for change in diff] == ["Renamed Subject to vars."]
    assert api.get(f"/flows/{published.pk}/draft/diff/").value["changes"] == []
    assert api.get(f"/flows/{published.pk}/draft/diff/?against=9").status_code == 404
    assert api.get(f"/flows/{published.pk}/draft/diff/?against=-1").status_code == 422


def test_a_version_never_changes(published):
    version = published.published
    version.note = "other"
    with pytest.raises(TypeError):
        version.save()


def test_publishing_is_in_the_audit_log(api, published, owner):
    entry = api.get("/audit/?action=flow.published").value["results"][0]
    assert (entry["actor"], entry["target"], entry["detail"]["number"]) == ("owner", str(published.pk), 1)


def test_a_machine_publishes_with_its_scope(with_key, flow):
    assert with_key("flows:write").post(f"/flows/{flow.pk}/publish/").status_code == 403
    answer = with_key("flows:publish").post(f"/flows/{flow.pk}/publish/")
    assert (answer.status_code, answer.value["by"]) == (201, None)


def test_a_version_published_again_is_live_as_a_new_one_and_the_draft_before_is_kept(api, published):
    save(api, published, edited(simple_document(), "Second"))
    api.post(f"/flows/{published.pk}/publish/", {"note": "two"})
    save(api, published, edited(simple_document(), "Half done"))
    answer = api.post(f"/flows/{published.pk}/versions/1/publish/", {"note": "two was wrong"})
    assert (answer.status_code, answer.value["number"], answer.value["note"]) == (201, 3, "two was wrong")
    shown = api.get(f"/flows/{published.pk}/").value
    assert (shown["published"]["number"], shown["draft"]["changed"]) == (3, False)
    assert Trigger.objects.get().version.number == 3
    documents = [api.get(f"/flows/{published.pk}/versions/{n}/").value["document"] for n in (1, 3)]
    assert documents[0] == documents[1]
    snapshot = Flow.objects.get(pk=published.pk).draft.snapshots.first()
    assert "Half done" in [node["label"] for node in snapshot.document["nodes"]]


def test_a_version_that_could_not_be_published_today_changes_nothing(api, published):
    old = published.published
    broken = {**old.document, "nodes": [*old.document["nodes"], {**old.document["nodes"][0], "id": "second_trigger"}]}
    FlowVersion.objects.filter(pk=old.pk).update(document=broken)
    save(api, published, edited(simple_document(), "Second"))
    answer = api.post(f"/flows/{published.pk}/versions/1/publish/")
    assert answer.status_code == 422
    assert answer.value["problems"]
    assert api.get(f"/flows/{published.pk}/draft/").value["document"] == edited(simple_document(), "Second")
    assert FlowVersion.objects.count() == 1


def test_publishing_the_live_version_again_makes_no_new_one(api, published):
    answer = api.post(f"/flows/{published.pk}/versions/1/publish/")
    assert (answer.status_code, answer.value["number"]) == (200, 1)
    assert api.post(f"/flows/{published.pk}/versions/9/publish/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_publish_at_once_one_makes_the_version_and_the_others_get_it(flow, owner):
    made, revision = [], flow.draft.revision

    def publish_it():
        try:
            made.append(publish(Flow.objects.get(pk=flow.pk), owner.user, revision=revision))
        finally:
            connection.close()

    side_by_side([publish_it] * 20, 20)
    assert sorted(new for _, new in made) == [False] * 19 + [True]
    assert {version.pk for version, _ in made} == {flow.versions.get().pk}
