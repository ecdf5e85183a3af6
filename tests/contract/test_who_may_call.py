"""Sessions with CSRF, keys with scopes, roles, other workspaces (CONTRACT, Who may call), over real HTTP."""

import pytest

from tests.contract.conftest import Program, is_problem
from tests.flows import call_ended, chain, end

BODY = {"name": "F", "kind": "post_call", "document": chain(call_ended(), end())}


@pytest.fixture
def flow(program):
    return program.post("/flows/", BODY).value


def test_a_browser_writes_only_with_the_csrf_token(as_role):
    browser = as_role("editor")
    assert browser.post("/flows/", BODY).status_code == 201
    del browser.session.headers["X-CSRFToken"]
    is_problem(browser.post("/flows/", BODY), 403)
    assert browser.get("/flows/").status_code == 200


def test_roles_are_a_ladder(as_role, flow):
    path = f"/flows/{flow['id']}"
    rungs = [
        ("viewer", "GET", f"{path}/", None), ("editor", "PATCH", f"{path}/", {"name": "G"}),
        ("editor", "POST", f"{path}/try/", {}), ("publisher", "POST", f"{path}/publish/", {}),
        ("publisher", "PATCH", f"{path}/", {"enabled": True}), ("publisher", "POST", f"{path}/unpublish/", {}),
        ("owner", "GET", "/api-keys/", None),
    ]  # fmt: skip
    roles = ("viewer", "editor", "publisher", "owner")
    people = {role: as_role(role) for role in roles}
    for least, method, address, body in rungs:
        for role in roles:
            answer = people[role].call(method, address, body)
            if roles.index(role) < roles.index(least):
                is_problem(answer, 403)
            else:
                assert answer.status_code < 300, (role, method, address, answer.text)


def test_a_key_of_another_workspace_finds_nothing(stranger, flow):
    path = f"/flows/{flow['id']}/"
    assert stranger.get("/flows/").value["results"] == []
    for method, address, body in (
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("GET", "draft/", None),
        ("PUT", "draft/", {}), ("POST", "draft/ops/", {"base": 1, "client": "c", "seq": 1, "ops": []}),
        ("POST", "validate/", {}), ("POST", "publish/", {}), ("POST", "unpublish/", {}), ("POST", "undo-changes/", {}),
        ("GET", "versions/", None), ("GET", "versions/1/", None), ("POST", "versions/1/restore/", {}),
        ("GET", "versions/1/diff/", None), ("POST", "try/", {}), ("POST", "try-node/", {"node": {}}),
        ("POST", "duplicate/", {}), ("GET", "export/", None), ("GET", "variables/", None),
    ):  # fmt: skip
        headers = {"If-Match": "*"} if method == "PUT" else None
        is_problem(stranger.call(method, path + address, body, headers=headers), 404)


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic abc", "nonsense"])
def test_what_is_no_key_is_401(live, header):
    for method, path in (("GET", "/flows/"), ("POST", "/events/"), ("GET", "/actions/")):
        answer = Program(live).call(method, path, {} if method == "POST" else None, headers={"Authorization": header})
        is_problem(answer, 401)


def test_a_key_made_over_the_wire_is_shown_once_and_works(as_role, live):
    owner = as_role("owner")
    made = owner.post("/api-keys/", {"name": "CI", "scopes": ["flows:read"]})
    assert made.status_code == 201
    key = made.value["key"]
    assert key not in owner.get("/api-keys/").text
    machine = Program(live, key)
    assert machine.get("/flows/").status_code == 200
    is_problem(machine.post("/flows/", BODY), 403)
    assert owner.get("/api-keys/").value["results"][0]["last_used_at"]
    assert owner.delete(f"/api-keys/{made.value['id']}/").status_code == 204
    is_problem(machine.get("/flows/"), 401)


def test_an_expired_key_is_401(live, workspace):
    from datetime import timedelta

    from django.utils import timezone

    from runtime.models import ApiKey

    key, text = ApiKey.issue(workspace, "old", ["flows:read", "events:write"])
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    is_problem(Program(live, text).get("/flows/"), 401)
    is_problem(Program(live, text).post("/events/", {"type": "a.b"}), 401)


@pytest.mark.parametrize(("method", "path"), [("GET", "/flows/"), ("POST", "/events/")])
def test_too_many_requests_with_one_key_are_429_and_say_when_to_come_back(program, settings, method, path):
    settings.API_KEY_RATE = 3
    answers = [program.call(method, path, {"type": "a.b"} if method == "POST" else None) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    is_problem(refused[0], 429)
    assert refused[0].headers["Retry-After"] == "1"
