"""The whole way: a vendor posts a call, the flow files a ticket at the help desk; a tool call is answered."""

import hashlib
import hmac
import json
import time

import pytest
import requests

from integrations.models import Connection
from runtime.models import Event, Run, StepRun
from tests.flows import action_called, call_ended, chain, end, post_json, respond
from tests.runtime.conftest import agent, publish, work  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db(transaction=True)


def vapi_report(call_id="v-1"):
    return {"message": {
        "type": "end-of-call-report", "endedReason": "customer-ended-call",
        "call": {"id": call_id, "type": "inboundPhoneCall", "customer": {"number": "+14155550132"}},
        "analysis": {"summary": 'She said "no"\nand left'}, "artifact": {"transcript": "AI: Hello\nUser: No"},
    }}  # fmt: skip


def files_a_ticket(desk, connection=None):
    content = '{"subject": "Call {{interaction.id}}", "text": "{{interaction.SUMMARY}}"}'
    mapping = [{"path": "$.ticket.id", "variable": "ticket_no", "default": ""}]
    more = {"connection": connection} if connection else {}
    ticket = post_json("ticket", f"{desk.address}/tickets", content, response_mapping=mapping, **more)
    return chain(call_ended(), ticket, end(outcome="ticket {{vars.ticket_no}}"))


def test_three_posts_of_one_call_file_one_ticket(live, workspace, agent, publish, work, desk):  # noqa: F811
    publish(workspace, files_a_ticket(desk))
    url = f"{live}/in/vapi/{agent.token}/"
    assert [requests.post(url, json=vapi_report(), timeout=10).status_code for _ in range(3)] == [200, 200, 200]
    work()
    run = Run.objects.get()
    assert run.status == "succeeded"
    assert Event.objects.get().duplicates == 2
    (ticket,) = desk.tickets.newest_first()
    assert (ticket["subject"], ticket["text"]) == ("Call v-1", 'She said "no"\nand left')
    assert requests.get(f"{desk.address}/tickets", timeout=5).json()["tickets"] == [ticket]


def test_a_repeated_function_of_retell_files_one_ticket(live, workspace, agent, publish, desk):  # noqa: F811
    body = '{"subject": "Function", "text": "for {{args.id}}"}'
    publish(workspace, chain(action_called(), post_json("t", f"{desk.address}/tickets", body), respond()),
            kind="action")  # fmt: skip

    def call(conversation, **arguments):
        value = {"name": "look_up", "args": arguments, "call": {"call_id": conversation, "call_type": "web_call"}}
        return requests.post(f"{live}/in/retell/{agent.token}/", json=value, timeout=10)

    answers = [call("r-1", id=1), call("r-1", id=1)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert len(desk.tickets.newest_first()) == 1
    call("r-1", id=2)
    call("r-2", id=1)
    assert len(desk.tickets.newest_first()) == 3


def test_look_alikes_start_nothing(live, workspace, agent, publish, work, desk):  # noqa: F811
    publish(workspace, files_a_ticket(desk))
    update = {"message": {"type": "status-update", "status": "ended", "call": {"id": "v-1"}}}
    assert requests.post(f"{live}/in/vapi/{agent.token}/", json=update, timeout=10).status_code == 200
    receipt = {"event": "message_status", "whatsapp_message_id": 1, "status": "read"}
    assert requests.post(f"{live}/in/famulor/{agent.token}/", json=receipt, timeout=10).status_code == 200
    work()
    assert Run.objects.count() == 0


def test_a_signing_secret_refuses_what_is_not_signed(live, workspace, agent, publish, desk):  # noqa: F811
    publish(workspace, files_a_ticket(desk))
    agent.set_signing_secret("a signing secret")
    agent.save()
    url, body = f"{live}/in/vapi/{agent.token}/", json.dumps(vapi_report()).encode()
    assert requests.post(url, data=body, timeout=10).status_code == 401
    stamp = str(int(time.time()))
    signature = hmac.new(b"a signing secret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    signed = {"x-timestamp": stamp, "x-signature": signature}
    assert requests.post(url, data=body + b" ", headers=signed, timeout=10).status_code == 401
    assert requests.post(url, data=body, headers=signed, timeout=10).status_code == 200
    assert Run.objects.count() == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"message": 5}'])
def test_what_is_no_report_is_a_clear_400(body, live, workspace, agent):  # noqa: F811
    answer = requests.post(f"{live}/in/vapi/{agent.token}/", data=body, timeout=10)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert Event.objects.count() == 0


def test_vapis_tool_calls_are_answered_by_actions(live, workspace, agent, publish):  # noqa: F811
    inputs = [{"name": "order_id", "type": "string", "required": True}]
    publish(workspace, chain(action_called("cancel_order", inputs=inputs),
                             respond(response='{"cancelled": "{{args.order_id}}"}')), kind="action")  # fmt: skip
    calls = [{"id": "t1", "name": "cancel_order", "parameters": {"order_id": "A-1"}},
             {"id": "t2", "function": {"name": "cancel_order", "arguments": "{}"}},
             {"id": "t3", "name": "nobody_knows", "parameters": {}}]  # fmt: skip
    body = {"message": {"type": "tool-calls", "toolCallList": calls, "call": {"id": "v-1"}}}
    answer = requests.post(f"{live}/in/vapi/{agent.token}/", json=body, timeout=10)
    assert answer.status_code == 200
    first, second, third = answer.json()["results"]
    assert (first["toolCallId"], json.loads(first["result"])) == ("t1", {"cancelled": "A-1"})
    assert (second["toolCallId"], third["toolCallId"]) == ("t2", "t3")
    assert "order_id" in second["error"] or "arguments" in second["error"]
    assert third["error"]


def test_a_connections_secret_is_used_and_is_nowhere_in_history(live, workspace, agent, publish, work, desk):  # noqa: F811
    connection = Connection(workspace=workspace, name="Desk", type="bearer", allowed_hosts=["127.0.0.1"])
    connection.set_secrets({"token": "canary-4d1f9a7c"})
    connection.save()
    publish(workspace, files_a_ticket(desk, str(connection.pk)))
    requests.post(f"{live}/in/vapi/{agent.token}/", json=vapi_report(), timeout=10)
    work()
    assert Run.objects.get().status == "succeeded"
    kept = json.dumps([list(rows.values()) for rows in (Run.objects, StepRun.objects, Event.objects)], default=str)
    assert "canary" not in kept
    connection.refresh_from_db()
    assert connection.last_used_at is not None


def test_a_foreign_connection_is_not_found(live, workspace, agent, publish, work, desk):  # noqa: F811
    from runtime.models import Workspace

    connection = Connection(workspace=Workspace.objects.create(name="Stranger"), name="Theirs", type="bearer",
                            allowed_hosts=["127.0.0.1"])  # fmt: skip
    connection.set_secrets({"token": "canary-4d1f9a7c"})
    connection.save()
    publish(workspace, files_a_ticket(desk, str(connection.pk)))
    requests.post(f"{live}/in/vapi/{agent.token}/", json=vapi_report(), timeout=10)
    work()
    run = Run.objects.get()
    assert (run.status, run.error["code"]) == ("parked", "no_connection")
    assert "Theirs" not in run.error["message"]
    assert not desk.tickets.newest_first()
