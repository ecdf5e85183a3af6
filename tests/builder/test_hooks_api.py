"""/flows/<id>/hook/: secrets that go in and never come out, and listening for a test request."""

from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from builder.drafts import problems
from builder.flows import create_flow
from builder.models import AuditEntry
from builder.publishing import NotPublishable, publish
from builder.transfer import export_flows
from runtime.models import Event, Hook, Run
from tests.flows import chain, end, node

SECRET = "correct-horse-battery"


@pytest.fixture
def hook(workspace, owner):
    """hook(signature="none") -> a draft that starts by a webhook."""

    def make(signature="none", name="Orders", **config):
        start = node("start", "webhook", {"signature": signature, **config})
        return create_flow(
            workspace, owner.user, name=name, kind="automation", document=chain(start, end(outcome="got it"))
        )

    return make


def patch(api, flow, **body):
    return api.patch(f"/flows/{flow.pk}/hook/", body)


def test_a_secret_goes_in_and_never_comes_out(api, hook):
    flow = hook("bearer")
    answer = patch(api, flow, secret=SECRET)
    assert answer.status_code == 200
    assert answer.value["secret"]["has_value"] is True
    parts = ("hook/", "", "draft/", "export/", "versions/")
    seen = [answer, api.get("/audit/"), *(api.get(f"/flows/{flow.pk}/{part}") for part in parts)]
    assert not [one for one in seen if SECRET in one.content.decode()]
    assert SECRET not in str(Hook.objects.values().get())
    assert SECRET not in str(export_flows([flow]))
    assert AuditEntry.objects.filter(action="hook.secret").count() == 1


def test_publishing_asks_for_the_secret_and_warns_where_calls_are_not_signed(api, hook, owner):
    flow = hook("github")
    with pytest.raises(NotPublishable) as error:
        publish(flow, owner.user)
    assert [problem.code for problem in error.value.problems if problem.severity == "error"] == ["F017"]
    patch(api, flow, secret=SECRET)
    assert publish(flow, owner.user)[0].number == 1
    codes = [problem.code for problem in problems(hook("none", name="Open").draft)]
    assert "W111" in codes
    assert "F017" not in codes


def test_a_new_secret_leaves_the_one_before_good_for_a_day(api, hook):
    flow = hook("bearer")
    patch(api, flow, secret=SECRET)
    answer = patch(api, flow, secret="the-next-one")
    assert answer.value["secret"]["previous_until"] is not None
    now = timezone.now()
    row = Hook.objects.get(flow=flow)
    assert row.secrets(now) == ("the-next-one", SECRET)
    assert row.secrets(now + timedelta(days=2)) == ("the-next-one",)
    answer = patch(api, flow, forget_previous=True)
    assert answer.value["secret"]["previous_until"] is None
    assert Hook.objects.get(flow=flow).secrets(now) == ("the-next-one",)
    assert patch(api, flow, secret="").value["secret"]["has_value"] is False
    assert Hook.objects.get(flow=flow).secrets(now) == ()


@pytest.mark.parametrize("body", [{"secret": "short"}, {"secret": "x" * 501}, {"secret": 5, "odd": 1}, {"odd": 1}])
def test_what_is_no_secret_is_422(api, hook, body):
    assert patch(api, hook(), **body).status_code == 422


def test_a_copy_of_a_flow_has_a_secret_of_its_own(api, hook):
    flow = hook("bearer")
    patch(api, flow, secret=SECRET)
    copy = api.post(f"/flows/{flow.pk}/duplicate/").value
    assert api.get(f"/flows/{copy['id']}/hook/").value["secret"]["has_value"] is False


@pytest.mark.django_db(transaction=True)
def test_a_test_request_is_kept_before_publishing(api, hook, live):
    flow = hook()
    url = f"{live}/hooks/{flow.token}/"
    assert requests.post(url, json={"order": 1}, timeout=10).status_code == 404
    assert patch(api, flow, listening=True).value["listening_until"] is not None
    answer = requests.post(
        f"{url}?api_key=k-12345&shop=7", json={"order": 1, "card": {"password": "hidden-one"}},
        headers={"Authorization": "Bearer hidden-two", "X-Shop": "7"}, timeout=10,
    )  # fmt: skip
    assert (answer.status_code, answer.json()) == (202, {"run": None, "sample": True})
    told = api.get(f"/flows/{flow.pk}/hook/").value
    assert (told["listening_until"], told["refused"]) == (None, "")
    assert told["sample"]["body"] == {"order": 1, "card": {"password": "•••"}}
    assert (told["sample"]["query"], told["sample"]["method"]) == ({"api_key": "•••", "shop": "7"}, "POST")
    assert told["sample"]["headers"]["x-shop"] == "7"
    assert "hidden" not in str(told)
    assert requests.post(url, json={}, timeout=10).status_code == 404
    assert Event.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_real_call_is_kept_and_still_starts_its_run(api, hook, live, owner):
    flow = hook()
    publish(flow, owner.user)
    patch(api, flow, listening=True)
    url = f"{live}/hooks/{flow.token}/"
    assert requests.post(url, json={"order": 1}, timeout=10).json()["run"] == str(Run.objects.get().pk)
    requests.post(url, json={"order": 2}, timeout=10)
    assert api.get(f"/flows/{flow.pk}/hook/").value["sample"]["body"] == {"order": 1}
    assert Run.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_why_a_test_request_was_not_taken_is_told_and_it_goes_on_listening(api, hook, live):
    flow = hook("bearer")
    patch(api, flow, secret=SECRET, listening=True)
    url = f"{live}/hooks/{flow.token}/"
    assert requests.post(url, json={}, timeout=10).status_code == 401
    told = api.get(f"/flows/{flow.pk}/hook/").value
    assert told["listening_until"] is not None
    assert "Bearer" in told["refused"]
    signed = {"Authorization": f"Bearer {SECRET}"}
    assert (
        requests.post(url, data="{", headers={**signed, "Content-Type": "application/json"}, timeout=10).status_code
        == 400
    )
    assert "JSON" in api.get(f"/flows/{flow.pk}/hook/").value["refused"]
    large = requests.post(url, json={"x": "y" * 70_000}, headers=signed, timeout=10)
    assert large.status_code == 202
    assert "64 KiB" in api.get(f"/flows/{flow.pk}/hook/").value["refused"]
    assert requests.post(url, json={"order": 1}, headers=signed, timeout=10).status_code == 202
    assert api.get(f"/flows/{flow.pk}/hook/").value["sample"]["body"] == {"order": 1}


def test_listening_ends_by_itself_and_on_request(api, hook):
    flow = hook()
    patch(api, flow, listening=True)
    assert patch(api, flow, listening=False).value["listening_until"] is None
    patch(api, flow, listening=True)
    Hook.objects.update(listening_until=timezone.now())
    assert api.get(f"/flows/{flow.pk}/hook/").value["listening_until"] is None


def test_a_flow_without_a_webhook_has_nowhere_to_listen(api, flow):
    answer = patch(api, flow, listening=True)
    assert answer.status_code == 409
    assert "no webhook" in answer.value["detail"]


@pytest.mark.django_db(transaction=True)
def test_why_a_flow_did_not_start_is_told(api, as_role, hook, live, owner):
    rules = {"all": [{"left": "{{trigger.body.amount}}", "operator": "greater", "right": "10"}]}
    flow = hook(conditions=rules)
    publish(flow, owner.user)
    requests.post(f"{live}/hooks/{flow.token}/", json={"amount": 5}, timeout=10)
    (row,) = as_role("viewer").get(f"/flows/{flow.pk}/passed-over/").value
    assert (row["type"], row["source"], row["reason"]) == ("webhook.received", "hook", "trigger.body.amount was 5")
    assert [(each["left_value"], each["right_value"]) for each in row["conditions"]] == [(5, "10")]
    page = api.client.get(f"/flows/{flow.pk}/reach/").content.decode()
    assert '<span class="chip">trigger.body.amount</span> “5” is greater than “10”' in page
    assert "Lately passed over" in page


def test_a_captured_request_gives_the_variables_their_real_values(api, hook):
    flow = hook()
    sample = {"body": {"order": {"id": 4711, "items": ["a"], "not a name": 1}, "paid": True},
              "headers": {"x-shop": "north"}, "query": {}, "method": "POST"}  # fmt: skip
    before = {each["path"]: each for each in api.get(f"/flows/{flow.pk}/variables/?node=end").value}
    assert before["trigger.body"]["sample"] == {}
    Hook.objects.create(workspace=flow.workspace, flow=flow, sample=sample)
    found = {each["path"]: each for each in api.get(f"/flows/{flow.pk}/variables/?node=end").value}
    assert found["trigger.body"]["sample"] == sample["body"]
    values = {path: (each["type"], each["sample"]) for path, each in found.items() if path.startswith("trigger.body.")}
    assert values == {
        "trigger.body.order": ("object", sample["body"]["order"]), "trigger.body.order.id": ("number", 4711),
        "trigger.body.order.items": ("list", ["a"]), "trigger.body.paid": ("boolean", True),
    }  # fmt: skip
    assert found["trigger.headers.x-shop"]["sample"] == "north"
    assert found["trigger.body.paid"]["node"] == "start"


def test_send_uses_the_captured_request_unless_it_is_given_another(api, hook):
    flow = hook()
    Hook.objects.create(workspace=flow.workspace, flow=flow, sample={"body": {"order": 4711}})
    rows = [{"name": "order", "type": "text", "value": "{{trigger.body.order}}"}]
    step = node("v", "set_variable", {"assignments": rows})

    def sent(variables):
        return api.post(f"/flows/{flow.pk}/try-node/", {"node": step, "variables": variables}).value["variables"]

    assert sent({}) == {"order": "4711"}
    assert sent({"trigger": {"body": {"order": 1}}}) == {"order": "1"}
    flow.draft.document["nodes"] = [node("start", "called", {}), *flow.draft.document["nodes"][:1]]
    flow.draft.save()
    assert sent({}) == {"order": ""}, "another trigger brings nothing like it"
