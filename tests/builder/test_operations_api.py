"""/operations/ and the gates of connections over the API."""

import pytest

from builder.models import AuditEntry
from integrations.models import Connection
from runtime import operations
from runtime.models import Gate, Operation, Run, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(as_role):
    return as_role("editor")


@pytest.fixture
def failed(workspace, published):
    return [
        Run.objects.create(workspace=workspace, flow=published, version=published.published, kind="post_call",
                           status=Status.FAILED, error={"message": "No", "code": "x", "node": "start"})
        for _ in range(3)
    ]  # fmt: skip


def test_all_that_match_a_filter_are_chosen_and_the_audit_log_says_so(editor, failed, published):
    answer = editor.post("/operations/", {"action": "cancel", "filter": {"status": "failed"}, "per_second": 5})
    assert answer.status_code == 201
    assert (answer.value["total"], answer.value["left"], answer.value["per_second"]) == (3, 3, 5.0)
    entry = AuditEntry.objects.get(action="operation.started")
    assert entry.detail["runs"] == 3
    operations.advance()
    shown = editor.get(f"/operations/{answer.value['id']}/").value
    assert shown["refused"] >= 1
    assert shown["refusals"][0]["reason"] == "It had ended already (failed)."
    stopped = editor.post(f"/operations/{answer.value['id']}/stop/")
    assert (stopped.status_code, stopped.value["status"]) == (200, "stopped")
    assert AuditEntry.objects.filter(action="operation.stopped").count() == 1
    assert editor.post(f"/operations/{answer.value['id']}/stop/").status_code == 409


def test_named_runs_only_and_never_of_others(editor, failed):
    body = {"action": "cancel", "runs": [str(failed[0].pk), "0198f5a0-0000-7000-8000-000000000000"]}
    assert editor.post("/operations/", body).value["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"action": "cancel"},
        {"action": "cancel", "runs": [], "filter": {}},
        {"action": "cancel", "runs": ["x"]},
        {"action": "cancel", "filter": {"status": "odd"}},
        {"action": "explode", "filter": {}},
        {"action": "cancel", "filter": {}, "per_second": 0},
        {"action": "retry", "filter": {}, "event": []},
    ],
)
def test_what_cannot_be_meant_is_refused(body, editor, failed):
    assert editor.post("/operations/", body).status_code == 422
    assert not Operation.objects.exists()


def test_nothing_matches(editor, published):
    assert editor.post("/operations/", {"action": "cancel", "filter": {"status": "failed"}}).status_code == 409


def test_with_the_draft_they_are_test_runs_of_it_as_it_stands(editor, failed, published):
    body = {"action": "retry", "filter": {"status": "failed"}, "from": "start", "version": "draft",
            "event": {"interaction": {"id": "again"}}}  # fmt: skip
    assert editor.post("/operations/", body).status_code == 201
    operations.advance()
    again = Run.objects.exclude(origin=None).first()
    assert (again.mode, again.version.number) == ("test", None)
    body["from"] = "failed"
    assert editor.post("/operations/", body).status_code == 409


def test_limits_of_a_connection_are_set_and_shown(editor, workspace):
    row = Connection.objects.create(workspace=workspace, name="Desk", type="none")
    address = f"/connections/{row.pk}/gate/"
    assert editor.get(address).value["state"] == "closed"
    assert not Gate.objects.exists(), "looking makes nothing"
    answer = editor.patch(address, {"at_once": 5, "rate": 100, "per": 60})
    assert (answer.status_code, answer.value["at_once"], answer.value["rate"]) == (200, 5, 100)
    assert editor.patch(address, {"at_once": None}).value["at_once"] is None
    assert editor.patch(address, {"at_once": 0}).status_code == 422
    assert AuditEntry.objects.filter(action="connection.limited").count() == 2


def test_an_open_breaker_is_reset_by_hand(editor, workspace):
    from django.utils import timezone

    row = Connection.objects.create(workspace=workspace, name="Desk", type="none")
    Gate.objects.create(workspace=workspace, key=f"connection:{row.pk}", name="Desk", failures=10,
                        opened_at=timezone.now(), probe_at=timezone.now())  # fmt: skip
    assert editor.get(f"/connections/{row.pk}/gate/").value["state"] == "open"
    assert editor.post(f"/connections/{row.pk}/gate/reset/").value["state"] == "closed"
    assert AuditEntry.objects.filter(action="gate.reset").count() == 1
