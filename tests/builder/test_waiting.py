"""The list of everyone who waits, and what a person may say to each."""

import pytest
from django.urls import reverse

from runtime import tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import FlowVersion, Run, Trigger, Wait
from tests.flows import call_ended, chain, end, node, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting_run(published):
    """waiting_run(*nodes) -> a run of the published flow that has come to its wait."""

    def make(*nodes, **more):
        flow = published
        version = FlowVersion.objects.create(
            workspace=flow.workspace, flow=flow, number=9, document=chain(call_ended(), *nodes, **more)
        )
        Trigger.objects.update_or_create(
            flow=flow, defaults={"workspace": flow.workspace, "version": version, "type": "call_ended", "config": {}}
        )
        type(flow).objects.filter(pk=flow.pk).update(published=version, enabled=True)
        payload = {"interaction": {"id": "call_1", "status": "completed", "contact_number": "+14155551234"}}
        recorder().submit(accept, Arrival(flow.workspace_id, "api", "call.ended", payload)).result(10)
        tasks.work(linger=0)
        return Run.objects.get(version=version)

    return make


APPROVAL = node("ok", "approval", {"message": "Refund {{interaction.id}}?", "payload": "50 EUR"})


def asked(waiting_run):
    return waiting_run(
        APPROVAL, end("yes", outcome="refunded"), edges=(("ok", "denied", "no"),), ports={"ok": "approved"},
        beside=(end("no", outcome="refused"),),
    )  # fmt: skip


def test_the_list_says_who_waits_for_what(api, waiting_run):
    run = waiting_run(wait_for("later", 60), end())
    (row,) = api.get("/waits/").value["results"]
    assert (row["kind"], row["run"], row["node"]) == ("time", str(run.pk), "later")
    assert api.get("/waits/?kind=approval").value["results"] == []
    assert api.get("/waits/?kind=nothing").status_code == 422


def test_a_wait_is_ended_now_and_only_once(api, waiting_run):
    run = waiting_run(wait_for("later", 60), end(outcome="done"))
    address = f"/waits/{Wait.objects.get().pk}/decide/"
    assert api.post(address, {"decision": "approved"}).status_code == 422
    assert api.post(address, {"decision": "skipped"}).value["decision"] == "skipped"
    assert api.post(address, {"decision": "skipped"}).status_code == 409
    tasks.work(linger=0)
    run.refresh_from_db()
    assert (run.status, run.outcome) == ("succeeded", "done")


def test_an_approval_needs_who_may_publish(as_role, waiting_run):
    run = asked(waiting_run)
    address = f"/waits/{Wait.objects.get().pk}/decide/"
    assert as_role("editor").post(address, {"decision": "approved"}).status_code == 403
    answer = as_role("publisher").post(address, {"decision": "denied", "note": "too much"}).value
    assert (answer["decision"], answer["note"]) == ("denied", "too much")
    tasks.work(linger=0)
    run.refresh_from_db()
    assert run.outcome == "refused"


def test_the_page_shows_exactly_what_is_asked_and_takes_the_answer(as_role, waiting_run):
    run = asked(waiting_run)
    text = as_role("publisher").client.get(reverse("waiting")).content.decode()
    assert "Refund call_1?" in text
    assert "50 EUR" in text
    assert "No other run waits" in text
    address = reverse("wait-decide", args=[Wait.objects.get().pk])
    assert as_role("publisher").client.post(address, {"decision": "approved"}).status_code == 302
    again = as_role("publisher").client.post(address, {"decision": "denied"}, follow=True).content.decode()
    assert "faster" in again
    tasks.work(linger=0)
    run.refresh_from_db()
    assert run.outcome == "refunded"


def test_a_viewer_sees_and_cannot_decide(as_role, waiting_run):
    asked(waiting_run)
    assert "Refund call_1?" in as_role("viewer").client.get(reverse("waiting")).content.decode()
    address = reverse("wait-decide", args=[Wait.objects.get().pk])
    assert as_role("viewer").client.post(address, {"decision": "approved"}).status_code == 403
