"""Who may do what: every registered route of the API, every method, every caller. A route without an entry fails.

The table says, per route and method, the least role and the scope. From it follow the answers of everybody: nobody 401,
another workspace's owner 404 (or an empty world of their own), too low a role 403, a key without the scope 403.
"""

import uuid

import pytest
from django.urls import URLPattern, get_resolver

from builder.models import Invitation, Scenario, Snapshot
from builder.urls_api import urlpatterns
from integrations.data.models import DataTable
from integrations.data.tables import append
from integrations.models import Connection
from runtime.models import ROLES, SCOPES, Agent, ApiKey, Membership, Operation, Run, Status, User, Wait
from runtime.models.base import token_hash
from tests.builder.conftest import Caller

NO_KEY = None
READ, WRITE, PUBLISH = "flows:read", "flows:write", "flows:publish"
# route name -> {method: (least role, scope of a machine, body)}
TABLE = {
    "api-flows": {"GET": ("viewer", READ), "POST": ("editor", WRITE, {"name": "n", "kind": "post_call"})},
    "api-templates": {"GET": ("viewer", READ)},
    "api-flow-import": {"POST": ("editor", WRITE, {"export": {}})},
    "api-flow": {"GET": ("viewer", READ), "PATCH": ("editor", WRITE, {"name": "n"}), "DELETE": ("editor", WRITE)},
    "api-flow-restore": {"POST": ("editor", WRITE)},
    "api-flow-duplicate": {"POST": ("editor", WRITE)},
    "api-flow-export": {"GET": ("viewer", READ)},
    "api-draft": {"GET": ("viewer", READ), "PUT": ("editor", WRITE, {})},
    "api-draft-diff": {"GET": ("viewer", READ)},
    "api-draft-ops": {
        "GET": ("viewer", READ),
        "POST": ("editor", WRITE, {"base": 1, "client": "c", "seq": 1, "ops": []}),
    },
    "api-snapshots": {"GET": ("viewer", READ)},
    "api-snapshot-restore": {"POST": ("editor", WRITE)},
    "api-snapshot-diff": {"GET": ("viewer", READ)},
    "api-hook": {"GET": ("editor", WRITE), "PATCH": ("editor", WRITE, {"forget_sample": True})},
    "api-passed-over": {"GET": ("viewer", "runs:read")},
    "api-moments": {"POST": ("viewer", READ, {"config": {}})},
    "api-undo-changes": {"POST": ("editor", WRITE)},
    "api-validate": {"POST": ("viewer", READ)},
    "api-variables": {"GET": ("viewer", READ)},
    "api-publish": {"POST": ("publisher", PUBLISH)},
    "api-unpublish": {"POST": ("publisher", PUBLISH)},
    "api-versions": {"GET": ("viewer", READ)},
    "api-version": {"GET": ("viewer", READ)},
    "api-version-restore": {"POST": ("editor", WRITE)},
    "api-version-publish": {"POST": ("publisher", PUBLISH)},
    "api-version-diff": {"GET": ("viewer", READ)},
    "api-try": {"POST": ("editor", WRITE, {"event": {}})},
    "api-flow-chat": {"POST": ("editor", WRITE, {"event": {}})},
    "api-try-node": {"POST": ("editor", WRITE, {"node": {}})},
    "api-traffic": {"GET": ("viewer", "runs:read")},
    "api-scenarios": {"GET": ("viewer", READ), "POST": ("editor", WRITE, {"name": "n", "event": {}})},
    "api-scenario": {"PATCH": ("editor", WRITE, {"event": {}}), "DELETE": ("editor", WRITE)},
    "api-runs": {"GET": ("viewer", "runs:read")},
    "api-run": {"GET": ("viewer", "runs:read")},
    "api-run-steps": {"GET": ("viewer", "runs:read")},
    "api-run-document": {"GET": ("viewer", "runs:read")},
    "api-run-cancel": {"POST": ("editor", "runs:write")},
    "api-run-retry": {"POST": ("editor", "runs:write")},
    "api-run-connection": {"POST": ("editor", "runs:write", {"connection": "c"})},
    "api-operations": {
        "GET": ("viewer", "runs:read"),
        "POST": ("editor", "runs:write", {"action": "cancel", "filter": {}}),
    },
    "api-operation": {"GET": ("viewer", "runs:read")},
    "api-operation-stop": {"POST": ("editor", "runs:write")},
    "api-gate": {"GET": ("viewer", READ), "PATCH": ("editor", WRITE, {"at_once": 2})},
    "api-gate-reset": {"POST": ("editor", "runs:write")},
    "api-waits": {"GET": ("viewer", "runs:read")},
    "api-wait-decide": {"POST": ("editor", "runs:write", {"decision": "skipped"})},
    "api-calls": {"GET": ("viewer", "runs:read")},
    "api-node-types": {"GET": ("viewer", READ)},
    "api-tools": {"GET": ("viewer", READ)},
    "api-agents": {"GET": ("viewer", READ), "POST": ("editor", WRITE, {"name": "n"})},
    "api-agent": {"GET": ("viewer", READ), "PATCH": ("editor", WRITE, {"name": "n"}), "DELETE": ("editor", WRITE)},
    "api-connection-types": {"GET": ("viewer", READ)},
    "api-connections": {"GET": ("viewer", READ), "POST": ("editor", WRITE, {"name": "n", "type": "none"})},
    "api-connection": {
        "GET": ("viewer", READ),
        "PATCH": ("editor", WRITE, {"name": "n"}),
        "DELETE": ("editor", WRITE),
    },
    "api-connection-test": {"POST": ("editor", WRITE)},
    "api-connection-on": {"POST": ("editor", WRITE)},
    "api-tables": {
        "GET": ("viewer", "data:read"),
        "POST": ("editor", "data:write", {"name": "n", "columns": [{"name": "a", "type": "text"}]}),
    },
    "api-table": {
        "GET": ("viewer", "data:read"),
        "PATCH": ("editor", "data:write", {"description": "d"}),
        "DELETE": ("editor", "data:write"),
    },
    "api-rows": {"GET": ("viewer", "data:read"), "POST": ("editor", "data:write", {"values": {"a": "1"}})},
    "api-row": {
        "GET": ("viewer", "data:read"),
        "PATCH": ("editor", "data:write", {"values": {"a": "1"}}),
        "DELETE": ("editor", "data:write"),
    },
    "api-workspace": {"GET": ("viewer", READ), "PATCH": ("owner", NO_KEY, {"name": "n"})},
    "api-me": {"GET": ("viewer", NO_KEY)},
    "api-preferences": {"GET": ("viewer", NO_KEY), "PATCH": ("viewer", NO_KEY, {"theme": "dark"})},
    "api-members": {"GET": ("viewer", NO_KEY)},
    "api-member": {"PATCH": ("owner", NO_KEY, {"role": "viewer"}), "DELETE": ("owner", NO_KEY)},
    "api-invitations": {
        "GET": ("owner", NO_KEY),
        "POST": ("owner", NO_KEY, {"email": "new@acme.example", "role": "viewer"}),
    },
    "api-invitation": {"DELETE": ("owner", NO_KEY)},
    "api-keys": {"GET": ("owner", NO_KEY), "POST": ("owner", NO_KEY, {"name": "n", "scopes": ["flows:read"]})},
    "api-key": {"DELETE": ("owner", NO_KEY)},
    "api-audit": {"GET": ("publisher", NO_KEY)},
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CELLS = [(name, method) for name, methods in TABLE.items() for method in methods]
SILENT = [(name, method) for name, methods in TABLE.items() for method in METHODS if method not in methods]
ROUTES = {pattern.name: pattern for pattern in urlpatterns}
# The machine doors answer for themselves (tests/runtime); pages are not under /api/.
NOT_OURS = {
    "events", "actions", "action", "inbound", "schema", "api-docs", "conversations", "conversation",
    "conversation-messages", "conversation-end", "conversation-resolve",
}  # fmt: skip


@pytest.fixture
def things(workspace, published, owner):
    """One of each thing an address can name; by the names in the routes."""
    run = Run.objects.create(workspace=workspace, flow=published, version=published.published, kind="post_call",
                             status=Status.WAITING)  # fmt: skip
    snapshot = Snapshot.objects.create(workspace=workspace, draft=published.draft, revision=1, reason="count",
                                       document=published.draft.document)  # fmt: skip
    invitation = Invitation.objects.create(
        workspace=workspace, email="i@acme.example", role="viewer", token_hash=token_hash("t")
    )
    table = DataTable.objects.create(workspace=workspace, name="t", columns=[{"name": "a", "type": "text"}])
    guest = User.objects.create_user("guest@acme.example", "a password of nobody")
    return {
        "flow_id": published.pk, "run_id": run.pk, "number": 1, "snapshot_id": snapshot.pk,
        "scenario_id": Scenario.objects.create(workspace=workspace, flow=published, name="S").pk,
        "agent_id": Agent.objects.create(workspace=workspace, slug="a", name="A").pk,
        "connection_id": Connection.objects.create(workspace=workspace, name="C", type="none").pk,
        "member_id": Membership.objects.create(workspace=workspace, user=guest, role="viewer").pk,
        "wait_id": Wait.objects.create(workspace=workspace, run=run, index=0, node="n").pk,
        "table": table.name, "row_id": append(table, {"a": "0"})[0].pk,
        "operation_id": Operation.objects.create(workspace=workspace, action="cancel", by="J", total=1).pk,
        "invitation_id": invitation.pk, "key_id": ApiKey.issue(workspace, "k", ["flows:read"])[0].pk,
    }  # fmt: skip


def address(name, things):
    route = str(ROUTES[name].pattern)
    for converter in ("uuid", "int", "slug"):
        for key, value in things.items():
            route = route.replace(f"<{converter}:{key}>", str(value))
    return f"/{route}"


def body_of(name, method):
    cell = TABLE[name][method]
    return cell[2] if len(cell) > 2 else ({} if method != "GET" else None)


def ask(caller, name, method, things):
    return caller.call(method, address(name, things), body_of(name, method))


def names_one(name):
    return "<" in str(ROUTES[name].pattern)


def test_every_route_of_the_api_has_an_entry():
    registered = {pattern.name for pattern in _patterns(get_resolver().url_patterns) if _under_api(pattern)}
    assert registered - NOT_OURS == set(TABLE)


def test_every_method_of_every_view_has_an_entry():
    for name, pattern in ROUTES.items():
        view = pattern.callback.view_class
        offered = {method for method in METHODS if hasattr(view, method.lower())}
        assert offered == set(TABLE[name]) == set(view.rights), name


@pytest.mark.parametrize(("name", "method"), CELLS)
def test_nobody_is_let_in_unknown(name, method, things, nobody):
    answer = ask(nobody, name, method, things)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("name", "method"), CELLS)
def test_each_role_may_what_the_table_says(name, method, things, as_role):
    least = TABLE[name][method][0]
    for role in ROLES[: ROLES.index(least)]:
        assert ask(as_role(role), name, method, things).status_code == 403, role
    assert ask(as_role(least), name, method, things).status_code not in (401, 403, 405, 500)


@pytest.mark.parametrize(("name", "method"), [cell for cell in CELLS if names_one(cell[0])])
def test_another_workspaces_owner_finds_nothing(name, method, things, stranger):
    assert ask(stranger, name, method, things).status_code == 404


@pytest.mark.parametrize(("name", "method"), [cell for cell in CELLS if names_one(cell[0])])
def test_an_unknown_id_is_not_found(name, method, things, api):
    unknown = {key: 999_999 if isinstance(value, int) else uuid.uuid4() for key, value in things.items()}
    assert ask(api, name, method, unknown).status_code == 404


@pytest.mark.parametrize("name", [name for name, methods in TABLE.items() if "GET" in methods and not names_one(name)])
def test_another_workspaces_owner_sees_nothing_of_ours(name, things, stranger, workspace):
    answer = ask(stranger, name, "GET", things).content.decode()
    ours = [*map(str, things.values()), str(workspace.pk), "Follow up", "@acme.example"]
    assert not [each for each in ours if len(each) > 5 and each in answer]


@pytest.mark.parametrize(("name", "method"), CELLS)
def test_a_key_may_what_its_scope_says(name, method, things, with_key):
    scope = TABLE[name][method][1]
    others = with_key(*[each for each in SCOPES if each != scope])
    assert ask(others, name, method, things).status_code == 403
    if scope is not NO_KEY:
        assert ask(with_key(scope), name, method, things).status_code not in (401, 403, 405, 500)


@pytest.mark.parametrize(("name", "method"), SILENT)
def test_other_methods_are_405_in_the_one_shape(name, method, things, api):
    answer = api.call(method, address(name, things), None if method == "GET" else {})
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")


@pytest.mark.parametrize(
    ("name", "method"), [("api-flows", "POST"), ("api-flow", "PATCH"), ("api-publish", "POST"), ("api-keys", "POST")]
)
def test_a_browser_without_the_csrf_token_changes_nothing(name, method, things, owner):
    from django.test import Client

    caller = Caller(owner.user)
    checking = Client(enforce_csrf_checks=True)
    checking.cookies = caller.client.cookies
    caller.client = checking
    assert ask(caller, name, method, things).status_code == 403


def _patterns(patterns, prefix=""):
    for pattern in patterns:
        at = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            pattern.at = at
            yield pattern
        else:
            yield from _patterns(pattern.url_patterns, at)


def _under_api(pattern):
    return pattern.at.startswith("api/")
