"""/flows/: making, listing, renaming, switching, copying and deleting flows."""

import pytest

from builder.flows import create_flow, templates
from runtime.models import Flow, Run, Status, Trigger
from runtime.models.flows import KINDS
from tests.builder.conftest import simple_document


def test_a_new_flow_has_its_trigger_and_is_off_until_published(api):
    answer = api.post("/flows/", {"name": "Follow up", "kind": "post_call", "description": "d"})
    assert answer.status_code == 201
    flow = answer.value
    assert (flow["name"], flow["kind"], flow["enabled"], flow["published"]) == ("Follow up", "post_call", False, None)
    assert flow["draft"]["changed"] is True
    document = api.get(f"/flows/{flow['id']}/draft/").value["document"]
    assert [node["type"] for node in document["nodes"]] == ["call_ended"]


def test_agents_are_put_into_the_trigger_and_shown_from_there(api):
    flow = api.post("/flows/", {"name": "a", "kind": "post_call", "agents": ["support"]}).value
    assert flow["agents"] == ["support"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "post_call"}, "/name"),
        ({"name": "a", "kind": "party"}, "/kind"),
        ({"name": "a" * 121, "kind": "action"}, "/name"),
        ({"name": "a", "kind": "action", "enabled": True}, "/enabled"),
    ],
)
def test_a_wrong_new_flow_names_each_wrong_member(api, body, pointer):
    answer = api.post("/flows/", body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.value["errors"]]


def test_every_template_of_the_gallery_makes_a_flow_that_could_be_published(api, workspace):
    workspace.constants = {"help_desk": "http://127.0.0.1:9000"}
    workspace.save()
    assert {item["id"] for item in templates()} >= {"demo-ticket", "cancel-order", "call-ended"}
    for template in templates():
        flow = api.post("/flows/", {"name": template["title"], "kind": template["kind"], "template": template["id"]})
        assert flow.status_code == 201, flow.value
        found = api.post(f"/flows/{flow.value['id']}/validate/").value["problems"]
        wrong = {each["code"] for each in found if each["severity"] == "error"}
        assert wrong <= {"F011", "F017"}, template["id"]  # the connections and secrets that only its owner has


def test_a_template_of_another_kind_is_refused(api):
    assert api.post("/flows/", {"name": "a", "kind": "action", "template": "call-ended"}).status_code == 422


def test_a_draft_is_offered_the_templates_of_its_kind_that_stand_alone(api):
    found = api.get("/templates/?kind=post_call").value
    assert {item["kind"] for item in found} == {"post_call"}
    assert {"zendesk-ticket", "demo-ticket"} <= {item["id"] for item in found}
    assert all(item["document"]["nodes"] and item["summary"] for item in found)
    offered = {item["id"] for kind in KINDS for item in api.get(f"/templates/?kind={kind}").value}
    assert offered < {item["id"] for item in templates()}  # those that make other flows begin with a new flow


def test_templates_of_no_kind_are_refused_in_words(api):
    answer = api.get("/templates/")
    assert (answer.status_code, "kind is one of" in answer.value["detail"]) == (422, True)


def test_the_list_pages_through_all_flows_in_order(api, workspace, owner):
    for number in range(7):
        create_flow(workspace, owner.user, name=f"Flow {number % 3}", kind="post_call", document=simple_document())
    names, path = [], "/flows/?limit=3"
    while path:
        page = api.get(path).value
        names += [flow["name"] for flow in page["results"]]
        path = page["next"] and page["next"].split("/api/v1")[1]
    assert names == sorted(names)
    assert len(names) == 7


def test_the_list_filters_by_words_kind_state_and_agent(api, published, workspace, owner):
    create_flow(workspace, owner.user, name="Look up", kind="action", agents=["sales"])

    def names(query):
        return [flow["name"] for flow in api.get(f"/flows/?{query}").value["results"]]

    assert names("q=follow") == ["Follow up"]
    assert names("kind=action") == ["Look up"]
    assert names("state=live") == ["Follow up"]
    assert names("state=draft") == ["Look up"]
    assert names("agent=sales") == ["Look up"]
    assert names("sort=-name") == ["Look up", "Follow up"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=nonsense", "sort=colour"])
def test_a_wrong_list_query_is_refused_in_words(api, flow, query):
    assert api.get(f"/flows/?{query}").status_code == 422


def test_a_flow_is_renamed(api, flow):
    assert api.patch(f"/flows/{flow.pk}/", {"name": "New name"}).value["name"] == "New name"


def test_members_that_cannot_be_changed_are_refused(api, flow):
    for member in ("kind", "agents", "published"):
        assert api.patch(f"/flows/{flow.pk}/", {member: "x"}).status_code == 422


def test_a_never_published_flow_cannot_be_switched_on(api, flow):
    assert api.patch(f"/flows/{flow.pk}/", {"enabled": True}).status_code == 409


def test_switching_off_keeps_what_is_published(api, published):
    answer = api.patch(f"/flows/{published.pk}/", {"enabled": False}).value
    assert (answer["enabled"], answer["published"]["number"]) == (False, 1)


def test_an_editor_may_rename_but_not_switch(as_role, published):
    editor = as_role("editor")
    assert editor.patch(f"/flows/{published.pk}/", {"name": "b"}).status_code == 200
    assert editor.patch(f"/flows/{published.pk}/", {"enabled": False}).status_code == 403


def test_a_copy_is_a_draft_of_its_own(api, published):
    copy = api.post(f"/flows/{published.pk}/duplicate/")
    assert copy.status_code == 201
    assert (copy.value["name"], copy.value["published"], copy.value["enabled"]) == ("Follow up (copy)", None, False)
    mine, theirs = (api.get(f"/flows/{id}/draft/").value["document"] for id in (copy.value["id"], published.pk))
    assert mine == theirs


def test_a_deleted_flow_is_gone_stops_listening_and_comes_back_from_the_trash(api, published):
    assert api.delete(f"/flows/{published.pk}/").status_code == 204
    assert api.get(f"/flows/{published.pk}/").status_code == 404
    assert not Trigger.objects.exists()
    assert [flow["id"] for flow in api.get("/flows/?state=trash").value["results"]] == [str(published.pk)]
    back = api.post(f"/flows/{published.pk}/restore/").value
    assert (back["enabled"], back["published"]["number"]) == (False, 1)
    assert Trigger.objects.count() == 1


def test_a_flow_with_open_runs_is_deleted_only_with_them(api, published, workspace):
    run = Run.objects.create(
        workspace=workspace, flow=published, version=published.published, kind="post_call", status=Status.WAITING
    )
    refused = api.delete(f"/flows/{published.pk}/")
    assert (refused.status_code, refused.value["open_runs"]) == (409, 1)
    assert api.delete(f"/flows/{published.pk}/?cancel=1").status_code == 204
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_the_same_idempotency_key_makes_one_flow(api):
    body = {"name": "Once", "kind": "post_call"}
    first = api.post("/flows/", body, Idempotency_Key="k1")
    again = api.post("/flows/", body, Idempotency_Key="k1")
    assert (again.status_code, again.value) == (201, first.value)
    assert Flow.objects.count() == 1
    other = api.post("/flows/", {**body, "name": "Other"}, Idempotency_Key="k1")
    assert other.status_code == 422


def test_a_failed_write_does_not_use_up_its_idempotency_key(api):
    assert api.post("/flows/", {"kind": "action"}, Idempotency_Key="k2").status_code == 422
    assert api.post("/flows/", {"name": "a", "kind": "action"}, Idempotency_Key="k2").status_code == 201


def test_stats_count_live_runs_of_the_last_days(api, published, workspace):
    def run(status, mode="live"):
        Run.objects.create(workspace=workspace, flow=published, version=published.published, kind="post_call",
                           status=status, mode=mode)  # fmt: skip

    run("succeeded"), run("succeeded"), run("failed"), run("succeeded", mode="test")
    stats = api.get(f"/flows/{published.pk}/").value["stats"]
    assert (stats["runs"], stats["succeeded"], stats["failed"]) == (3, 2, 1)
    assert stats["success_rate"] == pytest.approx(0.6667)
    assert stats["days"][-1]["runs"] == 3


def test_the_hook_address_is_shown_to_who_may_edit_a_webhook_flow(as_role, api):
    flow = api.post("/flows/", {"name": "Hook", "kind": "automation"}).value
    assert "/hooks/" in flow["hook"]
    assert as_role("viewer").get(f"/flows/{flow['id']}/").value["hook"] is None
