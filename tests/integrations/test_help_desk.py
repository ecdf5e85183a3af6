"""The demo help desk files tickets, once per idempotency key, and shows them to people."""

import json
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest
from django.conf import settings

from integrations import helpdesk
from integrations.http import fetch


def file(desk, value, key=None):
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    return fetch("POST", f"{desk.address}/tickets", headers=headers, body=json.dumps(value).encode())


def test_a_ticket_is_filed_and_found(desk):
    answer = file(desk, {"subject": "Blender broken", "text": "It arrived\nbroken"})
    ticket = json.loads(answer.body)["ticket"]
    assert (answer.status, ticket["id"], ticket["url"]) == (201, 1, f"{desk.address}/tickets/1")
    assert json.loads(fetch("GET", ticket["url"]).body)["ticket"]["subject"] == "Blender broken"
    assert [one["id"] for one in json.loads(fetch("GET", f"{desk.address}/tickets").body)["tickets"]] == [1]


def test_the_same_key_files_one_ticket(desk):
    first, second = (file(desk, {"subject": "Once"}, key="run:3") for _ in range(2))
    assert json.loads(first.body) == json.loads(second.body)
    assert second.headers["idempotent-replayed"] == "true"
    assert len(desk.tickets.newest_first()) == 1


def test_its_page_shows_tickets_and_runs_nothing_in_them(desk):
    file(desk, {"subject": "<script>alert(1)</script>", "priority": "<b>high</b>"})
    page = fetch("GET", f"{desk.address}/")
    assert b"&lt;script&gt;" in page.body
    assert b"<script>" not in page.body
    assert b"<b>" not in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("body", "status"), [(b"no json", 400), (b"[]", 422), (b'{"subject": " "}', 422), (b"x" * 300_000, 413)]
)
def test_what_is_no_ticket_is_refused_in_words(desk, body, status):
    answer = fetch("POST", f"{desk.address}/tickets", body=body)
    assert answer.status == status
    assert json.loads(answer.body)["error"]["message"]


def test_it_remembers_only_the_newest_tickets(desk, monkeypatch):
    monkeypatch.setattr(helpdesk, "TICKETS_KEPT", 3)
    for number in range(5):
        file(desk, {"subject": f"Ticket {number}"}, key=str(number))
    assert [ticket["id"] for ticket in desk.tickets.newest_first()] == [5, 4, 3]


def test_it_ends_when_the_process_that_started_it_is_gone():
    from tests.servers import free_port

    port = free_port()
    command = [sys.executable, "-m", "integrations.helpdesk", "--port", str(port)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=settings.BASE_DIR)
    try:
        assert _answers(child, port)
        child.stdin.close()
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait()


def _answers(child, port):
    while child.poll() is None:
        try:
            with urlopen(Request(f"http://127.0.0.1:{port}/tickets"), timeout=5) as answer:
                return answer.status == 200
        except OSError:
            continue
    return False
