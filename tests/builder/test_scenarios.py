"""/flows/<id>/scenarios/: events to try a flow with, kept by name."""

import pytest

EVENT = {"type": "call.ended", "interaction": {"id": "call_1", "disposition": "escalated"}}


def kept(api, flow):
    return api.get(f"/flows/{flow.pk}/scenarios/").value["results"]


def test_an_event_is_kept_by_name_and_can_be_tried(api, flow):
    made = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": EVENT})
    assert made.status_code == 201
    assert kept(api, flow) == [{"id": made.value["id"], "name": "Angry caller", "event": EVENT}]
    assert api.post(f"/flows/{flow.pk}/try/", {"event": kept(api, flow)[0]["event"]}).status_code == 202


def test_its_event_is_replaced(api, flow):
    made = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": EVENT}).value
    calm = {**EVENT, "interaction": {"id": "call_2", "disposition": "resolved"}}
    changed = api.patch(f"/flows/{flow.pk}/scenarios/{made['id']}/", {"event": {**calm, "secure": ["pin"]}})
    assert (changed.status_code, changed.value) == (200, {"id": made["id"], "name": "Angry caller", "event": calm})
    assert kept(api, flow) == [changed.value]


@pytest.mark.parametrize(
    "event", [{**EVENT, "secure": {"pin": "1234"}}, {"interaction": {"transcript": "x" * 600_000}}, [1]]
)
def test_what_cannot_replace_it_leaves_it_as_it_was(api, flow, event):
    made = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": EVENT}).value
    assert api.patch(f"/flows/{flow.pk}/scenarios/{made['id']}/", {"event": event}).status_code == 422
    assert kept(api, flow) == [made]


def test_it_lives_beside_the_document(api, flow):
    before = api.get(f"/flows/{flow.pk}/draft/").value
    api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": EVENT})
    after = api.get(f"/flows/{flow.pk}/draft/").value
    assert (after["revision"], after["document"]) == (before["revision"], before["document"])


def test_it_is_deleted(api, flow):
    made = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": EVENT}).value
    assert api.delete(f"/flows/{flow.pk}/scenarios/{made['id']}/").status_code == 204
    assert kept(api, flow) == []
    assert api.delete(f"/flows/{flow.pk}/scenarios/{made['id']}/").status_code == 404


def test_a_name_is_used_once_in_a_flow(api, flow):
    api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": EVENT})
    again = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": {}})
    assert (again.status_code, again.value["detail"]) == (409, "There is a scenario 'Angry caller' already.")


def test_secret_values_are_not_kept(api, flow):
    refused = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "S", "event": {**EVENT, "secure": {"pin": "1234"}}})
    assert refused.status_code == 422
    assert "1234" not in refused.content.decode()
    names_only = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "S", "event": {**EVENT, "secure": ["pin"]}})
    assert names_only.value["event"] == EVENT


@pytest.mark.parametrize(
    "body",
    [{"event": EVENT}, {"name": "S"}, {"name": "", "event": EVENT}, {"name": "S", "event": [1]},
     {"name": "S", "event": {"interaction": "x"}}],
)  # fmt: skip
def test_what_is_no_scenario_is_422(api, flow, body):
    assert api.post(f"/flows/{flow.pk}/scenarios/", body).status_code == 422


def test_one_too_large_is_refused(api, flow):
    body = {"name": "S", "event": {"interaction": {"transcript": "x" * 600_000}}}
    assert api.post(f"/flows/{flow.pk}/scenarios/", body).status_code == 422


def test_another_workspace_sees_nothing_of_it(api, stranger, flow):
    made = api.post(f"/flows/{flow.pk}/scenarios/", {"name": "Angry caller", "event": EVENT}).value
    assert stranger.get(f"/flows/{flow.pk}/scenarios/").status_code == 404
    assert stranger.patch(f"/flows/{flow.pk}/scenarios/{made['id']}/", {"event": {}}).status_code == 404
    assert stranger.delete(f"/flows/{flow.pk}/scenarios/{made['id']}/").status_code == 404
