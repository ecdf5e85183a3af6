"""Operating runs on the pages: many at once, parked ones explained, limits and breakers of connections."""

import pytest
from django.utils import timezone

from integrations.models import Connection
from runtime import operations
from runtime.models import Gate, Operation, Run, Status, Wait

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_run(workspace, published):
    def make(status=Status.FAILED, **more):
        return Run.objects.create(workspace=workspace, flow=published, version=published.published, kind="post_call",
                                  status=status, **more)  # fmt: skip

    return make


def test_chosen_runs_are_cancelled_and_the_page_shows_how_far_it_is(signed_in, make_run):
    runs = [make_run(Status.WAITING) for _ in range(3)]
    answer = signed_in.post("/runs/operate/", {"do": "cancel", "run": [runs[0].pk, runs[1].pk], "per_second": "50"})
    operation = Operation.objects.get()
    assert answer.url == f"/runs/operations/{operation.pk}/"
    assert b"Under way" in signed_in.get(answer.url).content
    operations.advance()
    operations.advance()
    shown = signed_in.get(answer.url).content.decode()
    assert ">Done</h2>" in shown
    assert Run.objects.filter(status="cancelled").count() == 2


def test_all_that_match_the_filters(signed_in, make_run):
    for _ in range(3):
        make_run()
    make_run(Status.SUCCEEDED)
    signed_in.post("/runs/operate/", {"do": "start", "all": "1", "filters": "status=failed"})
    assert Operation.objects.get().total == 3


def test_the_list_offers_it_to_who_may(signed_in, make_run, workspace, make_person, client):
    make_run()
    assert b'id="operate"' in signed_in.get("/runs/").content
    client.force_login(make_person(workspace, "viewer").user, backend="django.contrib.auth.backends.ModelBackend")
    assert b'id="operate"' not in client.get("/runs/").content


@pytest.mark.parametrize("body", [{"do": "explode"}, {"do": "start", "event": "{"}, {"do": "start", "event": "[]"}])
def test_what_cannot_be_done_is_said_and_nothing_begins(signed_in, make_run, body):
    run = make_run()
    answer = signed_in.post("/runs/operate/", {"run": [run.pk], **body}, follow=True)
    assert b'role="alert"' in answer.content or b"banner" in answer.content or b"toast" in answer.content
    assert not Operation.objects.exists()


def test_a_parked_run_explains_itself(signed_in, make_run):
    error = {"message": "Parked: 5 attempts in a row recorded no step.", "code": "parked", "node": None}
    run = make_run(Status.PARKED, error=error, state={"node": "vars", "status": "running"})
    shown = signed_in.get(f"/runs/{run.pk}/").content.decode()
    assert "Why it is parked, and what to do" in shown
    assert "<strong>vars</strong>" in shown
    assert "not done twice" in shown


def test_limits_of_a_connection_are_set_on_its_page(signed_in, workspace):
    row = Connection.objects.create(workspace=workspace, name="Desk", type="none")
    address = f"/settings/connections/{row.pk}/"
    signed_in.post(f"{address}limits/", {"at_once": "5", "rate": "", "per": "60", "opens_after": "3"})
    gate = Gate.objects.get()
    assert (gate.at_once, gate.rate, gate.per, gate.opens_after) == (5, None, 60, 3)
    assert b'value="5"' in signed_in.get(address).content


def test_a_limit_that_cannot_be_says_what_can(signed_in, workspace):
    connection = Connection.objects.create(workspace=workspace, name="CRM", type="none")
    body = {"at_once": "10001", "rate": "", "per": "60", "opens_after": "3"}
    answer = signed_in.post(f"/settings/connections/{connection.pk}/limits/", body, follow=True)
    assert "1 to 10,000 requests at once, 1 to 100,000 in each second or minute" in answer.content.decode()
    assert not Gate.objects.exists()


def test_a_flow_that_is_no_id_is_not_found(signed_in, make_run, published):
    run = make_run()
    for text in ("x", "\x00", "1", str(run.pk)):
        assert signed_in.get("/runs/", {"flow": text}).status_code == 404, text
    assert signed_in.get("/runs/", {"flow": str(published.pk)}).status_code == 200


def test_an_open_breaker_is_seen_on_the_dashboard_and_reset_there(signed_in, workspace, make_run):
    gate = Gate.objects.create(workspace=workspace, key="host:crm.example", name="crm.example", failures=10,
                               opened_at=timezone.now(), last_error="crm.example answered 502.")  # fmt: skip
    run = make_run(Status.WAITING, state={"node": "start"})
    Wait.objects.create(workspace=workspace, run=run, index=0, node="start", kind="turn", key=gate.key)
    shown = signed_in.get("/dashboard/").content.decode()
    assert "Breaker open" in shown
    assert "crm.example answered 502." in shown
    assert "Database" in shown
    signed_in.post(f"/gates/{gate.pk}/reset/")
    gate.refresh_from_db()
    assert gate.state == "closed"
    assert "Breaker open" not in signed_in.get("/dashboard/").content.decode()
