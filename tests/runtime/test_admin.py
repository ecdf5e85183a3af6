"""The Django admin: executions found, read, retried and cancelled; no secrets, no queue tables."""

import pytest
from django.urls import reverse

from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Agent, Run, User
from tests.flows import call_ended, chain, decision, end, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(client):
    user = User.objects.create_superuser("root@example.com", "a long enough password")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def run(workspace, publish, work):
    doc = chain(call_ended(), decision("check", "{{interaction.status}}", "equals", "x"), wait_for("later", 60), end())
    publish(workspace, doc)
    interaction = {"id": "call_42", "status": "completed", "direction": "inbound", "contact_number": "+14155550142"}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": interaction})).result(10)
    work()
    return Run.objects.get()


def test_executions_are_listed_with_filters(admin, run):
    page = admin.get(reverse("admin:runtime_run_changelist"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "execution" in text.lower()
    assert "Waiting" in text
    for wanted in ("status__exact=waiting", "kind__exact=post_call", f"flow__id__exact={run.flow_id}"):
        assert admin.get(reverse("admin:runtime_run_changelist") + "?" + wanted).status_code == 200


@pytest.mark.parametrize("term", ["call_42", "+14155550142", "+1 415 555 0142"])
def test_an_execution_is_found_by_call_and_by_phone(admin, run, term):
    page = admin.get(reverse("admin:runtime_run_changelist"), {"q": term})
    assert str(run.pk) in page.content.decode()
    assert str(run.pk) not in admin.get(reverse("admin:runtime_run_changelist"), {"q": "nobody"}).content.decode()


def test_an_executions_timeline_is_read_only(admin, run):
    page = admin.get(reverse("admin:runtime_run_change", args=[run.pk]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "later" in text
    assert "check" in text
    assert 'name="_save"' not in text


def test_executions_are_cancelled_and_retried_from_the_list(admin, run):
    url = reverse("admin:runtime_run_changelist")
    admin.post(url, {"action": "cancel_runs", "_selected_action": [str(run.pk)]})
    run.refresh_from_db()
    assert run.status == "cancelled"
    timeline = admin.get(reverse("admin:runtime_run_change", args=[run.pk])).content.decode().split("<h2>Steps</h2>")[1]
    assert "Waiting" not in timeline  # no step of it does any more
    admin.post(url, {"action": "retry_runs", "_selected_action": [str(run.pk)]})
    assert Run.objects.filter(origin=run).count() == 1


def test_no_secret_and_no_queue_table_is_to_be_seen(admin, workspace):
    agent = Agent(workspace=workspace, slug="a", name="A")
    agent.set_signing_secret("very-secret-signing-key")
    agent.save()
    text = admin.get(reverse("admin:index")).content.decode()
    assert "django_q" not in text
    detail = admin.get(reverse("admin:runtime_agent_change", args=[agent.pk])).content.decode()
    assert agent.token not in detail
    assert agent.signing_secret_sealed not in detail
    assert "very-secret" not in detail


def test_every_admin_page_opens(admin, run):
    from django.contrib import admin as django_admin

    for model in django_admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert admin.get(url).status_code == 200, url


def test_members_without_staff_rights_stay_outside(signed_in):
    assert signed_in.get(reverse("admin:index")).status_code == 302


def test_a_connection_is_listed_without_what_is_in_it(admin, workspace):
    from integrations.models import Connection

    connection = Connection(workspace=workspace, name="Desk", type="bearer", allowed_hosts=["desk.example.com"])
    connection.set_secrets({"token": "a-token-nobody-may-see"})
    connection.save()
    page = admin.get(reverse("admin:integrations_connection_change", args=[connection.pk])).content.decode()
    assert "desk.example.com" in page
    assert connection.sealed["token"] not in page
    assert "nobody-may-see" not in page
