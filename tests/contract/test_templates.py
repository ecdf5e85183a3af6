"""Every flow of the gallery from its template to the vendors it reaches: made, connected, published, fired.

Those that talk with a visitor are in test_templates_chat.py.
"""

import base64
import hmac
import json
import time
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from django.utils import timezone

from builder.waiting import decide
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, Trigger, Wait
from tests.peers import Answer
from tests.vendors import MODEL, SECRET, SLACK, SMS, TICKETS, completion


def asked(vendors, path):
    return [each for each in vendors.requests if each.path.partition("?")[0] == path]


def test_f1_a_qualified_lead_gets_one_note_and_sales_an_email(start, sample, happens, program, vendors):
    event = sample(start("hubspot-note", "post_call"))
    (run,) = happens({**event, "id": "once"})
    assert (run["status"], run["outcome"]) == ("succeeded", "qualified")
    again = program.post("/events/", {**event, "id": "once"})
    assert again.value["duplicate"] is True
    assert len(asked(vendors, "/crm/v3/objects/notes")) == 1
    (mail,) = vendors.mail.box.messages
    body = mail.content.get_body(("html",)).get_content()
    assert "Contact in HubSpot: 512" in body
    assert "{{" not in mail.content.as_string()
    (found,) = program.get("/runs/?q=512").value["results"]
    assert found["id"] == run["id"]
    event["interaction"]["variables"]["lead_quality"] = "low"
    (run,) = happens({**event, "id": "another"})
    assert (run["outcome"], len(vendors.mail.box.messages)) == ("not qualified", 1)


def test_f1_hubspots_own_words_stand_in_the_run(start, sample, happens, vendors):
    event = sample(start("hubspot-note", "post_call"))
    vendors.answers["/crm/v3/objects/notes"] = Answer(400, {"category": "VALIDATION_ERROR",
                                                            "message": "Property “x” does not exist"})  # fmt: skip
    (run,) = happens(event)
    assert run["status"] == "failed"
    assert "Property “x” does not exist" in run["error"]["message"]


def test_f2_only_an_escalated_call_becomes_a_ticket(start, sample, happens, vendors):
    event = sample(start("zendesk-ticket", "post_call"))
    (run,) = happens(event)
    assert run["outcome"] == "ticket 35436"
    (ticket,) = asked(vendors, TICKETS)
    assert event["interaction"]["transcript"] in ticket.json["ticket"]["comment"]["body"]
    assert "ticket 35436" in asked(vendors, SLACK)[0].json["text"]
    vendors.requests.clear()
    event["interaction"] |= {"disposition": "resolved", "id": "call-2"}
    (run,) = happens(event)
    assert (run["status"], run["outcome"], vendors.requests) == ("succeeded", "not escalated", [])
    check = next(step for step in run["steps"] if step["node"] == "check")
    (why,) = check["reason"]["branches"][0]["conditions"]
    assert (why["left_value"], why["right"]) == ("resolved", "escalated")


def test_f3_an_order_is_cancelled_and_a_dead_shop_is_told_to_the_team(start, sample, program, vendors, ended):
    start("cancel-order", "action")
    call = {"arguments": {"order_id": "1001", "reason": "Too late"}}
    answer = program.post("/actions/cancel_order/", call).value
    assert answer["response"] == {"cancelled": True, "message": "Order 1001 is cancelled."}
    assert asked(vendors, "/orders/1001/cancel")[0].headers["idempotency-key"]
    vendors.answers["/orders/1001"] = {"status": "shipped"}
    assert program.post("/actions/cancel_order/", call).value["response"]["cancelled"] is False
    vendors.answers["/orders/1001"] = Answer(500)
    answer = program.post("/actions/cancel_order/", call).value
    assert "a colleague will follow up" in answer["response"]["message"]
    assert ended(answer["run"])["outcome"] == "shop does not answer"
    assert "1001" in asked(vendors, SLACK)[0].json["text"]
    wrong = program.post("/actions/cancel_order/", {"arguments": {}})
    assert wrong.value["errors"][0]["pointer"] == "/arguments/order_id"


def test_f4_a_known_caller_is_greeted_by_name_and_a_dead_crm_gives_defaults(start, program, vendors):
    start("greet-caller", "inbound")
    call = {"from": "+14155550132", "to": "+18005550199"}
    known = program.post("/inbound/", call).value["variables"]
    assert known == {"first_name": "Jane", "status": "customer", "known": True}
    vendors.answers["/crm/v3/objects/contacts/search"] = Answer(503)
    answer = program.post("/inbound/", call)
    assert (answer.status_code, answer.value["variables"]) == (
        200, {"first_name": "", "status": "unknown", "known": False})  # fmt: skip


def let_time_pass(run_id):
    run, past = Run.objects.get(pk=run_id), timezone.now() - timedelta(seconds=1)
    run.state["wait"]["until"] = past.isoformat()
    Run.objects.filter(pk=run_id).update(due_at=past, state=run.state)


def test_f6_one_sms_goes_out_a_day_later_unless_they_booked(start, sample, program, ended, vendors):
    event = sample(start("follow-up-sms", "post_call"))
    (begun,) = program.post("/events/", event).value["runs"]
    ended(begun["id"], "waiting")
    assert asked(vendors, SMS) == []
    let_time_pass(begun["id"])
    assert ended(begun["id"])["outcome"] == "sms SM1"
    assert dict(parse_qsl(asked(vendors, SMS)[0].body.decode()))["To"] == "+14155550132"
    event["interaction"]["id"] = "call-2"
    (begun,) = program.post("/events/", event).value["runs"]
    ended(begun["id"], "waiting")
    program.post("/events/", {"type": "booking.created", "contact": {"phone": "+14155550132"}, "data": {}})
    assert ended(begun["id"])["outcome"] == "booked meanwhile"
    assert len(asked(vendors, SMS)) == 1


@pytest.fixture
def refund(start, program):
    start("refund-approval", "action")
    given = {"order_id": "1001", "payment": "pi_1", "amount": 12000, "phone": "+14155550132"}
    return lambda **own: program.post("/actions/request_refund/", {"arguments": given | own}).value


def test_f9_a_small_refund_is_given_at_once(refund, vendors):
    answer = refund(amount=5000)
    assert answer["response"]["status"] == "approved"
    (sent,) = asked(vendors, "/v1/refunds")
    assert sent.headers["idempotency-key"].startswith(answer["run"])


def test_f9_a_large_refund_waits_for_one_approval(refund, vendors, ended, owner):
    answer = refund()
    assert answer["response"]["status"] == "pending_review"
    ended(answer["run"], "waiting")
    assert asked(vendors, "/v1/refunds") == []
    assert "1001" in asked(vendors, SLACK)[0].json["text"]
    decide(Wait.objects.get(kind="approval"), "approved", owner.user, owner.user)
    run = ended(answer["run"])
    assert run["outcome"] == "refunded re_1"
    (sent,) = asked(vendors, "/v1/refunds")
    assert dict(parse_qsl(sent.body.decode()))["metadata[approved_by]"]
    assert len(asked(vendors, SMS)) == 1


def test_f9_denied_is_mailed_and_no_answer_becomes_a_ticket(refund, vendors, ended, owner):
    denied = refund()["run"]
    ended(denied, "waiting")
    decide(Wait.objects.get(kind="approval", closed_at=None), "denied", owner.user, owner.user, "Too late")
    assert ended(denied)["outcome"] == "denied"
    assert "Too late" in vendors.mail.box.messages[0].content.get_content()
    late = refund()["run"]
    ended(late, "waiting")
    let_time_pass(late)
    assert ended(late)["outcome"] == "ticket 35436"
    assert asked(vendors, "/v1/refunds") == []


def test_f10_the_night_is_counted_and_mailed(start, sample, workspace, ended, vendors):
    flow = start("nightly-summary", "automation")
    due = {"trigger": {"scheduled_for": "2026-01-20T06:00:00Z", "missed": False}}
    arrival = Arrival(workspace.pk, "schedule", "schedule.due", due, only=Trigger.objects.get(flow_id=flow["id"]))
    assert recorder().submit(accept, arrival).result(10).status == 202
    run = ended(str(Run.objects.get().pk))
    assert (run["status"], run["outcome"]) == ("succeeded", "3 calls")
    sent = asked(vendors, "/v3/mail/send")[0].json
    assert sent["content"][0]["value"] == "escalated: 1\nresolved: 2"


def signed(body):
    key, stamp = base64.b64decode(SECRET.removeprefix("whsec_")), str(int(time.time()))
    mac = hmac.digest(key, f"m1.{stamp}.".encode() + body, "sha256")
    return {"Webhook-Id": "m1", "Webhook-Timestamp": stamp,
            "Webhook-Signature": "v1," + base64.b64encode(mac).decode()}  # fmt: skip


def test_f11_leads_join_the_campaign_and_only_the_failed_ones_are_tried_again(start, program, ended, vendors, live):
    flow = start("leads-to-campaign", "automation")
    address = program.get(f"/flows/{flow['id']}/hook/").value["address"]
    taken, blocked = [], {"+14155550007", "+14155550250", "+14155550499"}

    def add(asked):
        if asked.json["phone_number"] in blocked:
            return Answer(422, {"message": "The number is blocked."})
        taken.append(asked.json["phone_number"])
        return Answer(201, {"data": {"id": len(taken), "status": "created"}})

    vendors.answers["/api/user/lead"] = add
    leads = [{"phone": f"+14155550{n:03}", "first_name": f"P{n}"} for n in range(500)]
    body = json.dumps({"leads": leads}).encode()
    path = "//" + address.split("/", 3)[3]
    assert program.post(path, data=body, headers={"Webhook-Id": "m1"}).status_code == 401
    answer = program.post(path, data=body, headers=signed(body))
    assert answer.status_code == 202
    run = ended(answer.value["run"], within=150)
    assert run["outcome"] == "497 added, 3 failed"
    assert asked(vendors, "/api/user/lead")[0].json["variables"]["customer_name"].startswith("P")
    again, blocked = blocked, set()
    made = program.post(f"/runs/{run['id']}/retry/", {"from": "items"})
    assert made.status_code == 202, made.text
    assert [ended(each)["status"] for each in made.value["runs"]] == ["succeeded"] * 3
    assert sorted(taken) == sorted(lead["phone"] for lead in leads)
    assert set(taken[-3:]) == again


def test_f13_an_angry_enterprise_customer_becomes_a_ticket(start, sample, happens, vendors):
    said = {"sentiment": "negative", "topic": "billing", "resolved": False}
    vendors.answers[MODEL] = lambda asked: completion(said)
    event = sample(start("tag-at-end", "post_call"))
    (run,) = happens(event)
    assert run["outcome"] == "ticket 35436", run["error"]
    assert asked(vendors, TICKETS)[0].json["ticket"]["tags"] == ["billing", "negative"]
    said |= {"sentiment": "positive", "topic": "product"}
    event["interaction"]["id"] = "call-2"
    (run,) = happens(event)
    assert run["outcome"] == "positive about product"


def test_f13_where_the_model_says_what_is_no_option_keywords_are_gone_by(start, sample, happens, vendors):
    vendors.answers[MODEL] = completion({"sentiment": "furious", "topic": "billing", "resolved": False})
    (run,) = happens(sample(start("tag-at-end", "post_call")))
    failed = next(step for step in run["steps"] if step["node"] == "analysis")
    assert "furious" in str(failed["error"])
    assert run["outcome"] == "ticket 35436"
    assert asked(vendors, TICKETS)[0].json["ticket"]["tags"] == ["billing", "negative"]


def test_what_a_template_brings_along_can_be_tried(start, sample, program, vendors, ended):
    """Dry: nothing leaves, and every step of the way is shown."""
    flow = start("zendesk-ticket", "post_call")
    tried = program.post(f"/flows/{flow['id']}/try/", {"event": sample(flow), "mode": "dry"})
    assert tried.status_code in (200, 201, 202), tried.text
    run = ended(str(Run.objects.get().pk))
    assert run["path"] == ["start", "check", "ticket", "tell", "done"]
    assert vendors.requests == []


def test_without_connections_publishing_says_what_to_choose(program, workspace):
    flow = program.post("/flows/", {"name": "F2", "kind": "post_call", "template": "zendesk-ticket"}).value
    refused = program.post(f"/flows/{flow['id']}/publish/", {})
    assert refused.status_code in (409, 422)
    assert "Choose a Zendesk connection" in refused.text
