"""/workspace/, /members/, /invitations/, /preferences/, /me/: the people and what is theirs."""

import pytest

from builder.models import Invitation
from runtime.models import Membership


def test_the_workspace_with_its_constants_and_zone(api):
    changed = api.patch("/workspace/", {"time_zone": "Europe/Berlin", "constants": {"desk": "https://d.example"}}).value
    assert (changed["time_zone"], changed["constants"], changed["role"]) == (
        "Europe/Berlin", {"desk": "https://d.example"}, "owner",
    )  # fmt: skip
    assert api.get("/workspace/").value == changed


@pytest.mark.parametrize("change", [{"time_zone": "Moon/Crater"}, {"constants": {"a b": 1}}, {"retention_days": 0}])
def test_an_impossible_workspace_is_refused(api, change):
    assert api.patch("/workspace/", change).status_code == 422


def test_a_members_role_changes_but_the_last_owner_stays(api, as_role, owner, workspace):
    as_role("viewer")
    viewer = Membership.objects.get(role="viewer")
    assert api.patch(f"/members/{viewer.pk}/", {"role": "editor"}).value["role"] == "editor"
    mine = Membership.objects.get(user=owner.user)
    assert api.patch(f"/members/{mine.pk}/", {"role": "viewer"}).status_code == 409
    assert api.delete(f"/members/{mine.pk}/").status_code == 409
    assert api.delete(f"/members/{viewer.pk}/").status_code == 204


def test_an_invitation_shows_its_link_once(api):
    made = api.post("/invitations/", {"email": "new@acme.example", "role": "editor"})
    assert made.status_code == 201
    token = made.value["url"].rstrip("/").rsplit("/", 1)[1]
    assert Invitation.find(token).email == "new@acme.example"
    assert token.encode() not in api.get("/invitations/").content
    assert api.delete(f"/invitations/{made.value['id']}/").status_code == 204
    assert Invitation.find(token) is None


def test_preferences_are_kept_per_person(api, as_role):
    assert api.patch("/preferences/", {"theme": "dark", "zoom": 2}).value == {"theme": "dark", "zoom": 2}
    assert api.patch("/preferences/", {"zoom": None}).value == {"theme": "dark"}
    assert as_role("viewer").get("/preferences/").value == {}
    assert api.patch("/preferences/", {"big": "x" * 20_000}).status_code == 422


def test_who_i_am(as_role):
    me = as_role("editor").get("/me/").value
    assert (me["email"], me["role"], me["time_zone"]) == ("editor@acme.example", "editor", "UTC")
