"""What comes over the line: endless and slow bodies, values no column can hold, addresses spelled oddly."""

import base64
import json

import pytest

from builder.flows import create_flow
from builder.publishing import publish
from runtime import entrance
from tests.flows import call_ended, chain, end

MIB = b"x" * (1 << 20)


@pytest.fixture
def flow(workspace, owner):
    flow = create_flow(workspace, owner.user, name="Follow up", kind="post_call", document=chain(call_ended(), end()))
    publish(flow, owner.user)
    return flow


def chunks(mebibytes):
    for _ in range(mebibytes):
        yield b"%x\r\n" % len(MIB) + MIB + b"\r\n"
    yield b"0\r\n\r\n"


@pytest.mark.parametrize(
    "path", ["/sign-in/", "/healthz", "/api/v1/flows/", "/api/v1/events/", "/in/vapi/x/", "/admin/login/"]
)
def test_an_endless_body_is_refused_before_it_fills_the_disk(wire, path):
    head = f"POST {path} HTTP/1.1\nHost: segue\nContent-Type: application/json\n"
    assert " 413 " in wire(head + "Transfer-Encoding: chunked\n\n", *chunks(9))
    assert " 413 " in wire(head + "Content-Length: 99999999999\n\n", MIB)


@pytest.mark.parametrize("path", ["/sign-in/", "/api/v1/events/"])
def test_a_body_that_never_ends_does_not_hold_a_place_for_ever(wire, path, monkeypatch):
    monkeypatch.setattr(entrance, "BODY_SECONDS", 0.2)
    head = f"POST {path} HTTP/1.1\nHost: segue\nContent-Type: application/json\nContent-Length: 100\n\n"
    assert " 408 " in wire(head, b"{")


def test_nul_in_an_address_is_a_bad_request(machine, person):
    for path in [
        "/api/v1/flows/?q=a%00",
        "/api/v1/actions/x%00y/",
        "/runs/?q=%00",
        "/calls/?q=%00",
        "/in/%00/x/",
        "/%00",
    ]:
        assert machine.post(path, {}).status_code == 400
        assert person.get(path).status_code == 400


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/flows", 201), ("/api/v1/events", 202), ("/api/v1/flows/{flow}/validate", 200)]
)
def test_a_post_without_the_closing_slash_is_served_not_turned_into_a_get(machine, flow, path, status):
    body = {"type": "call.ended"} if "events" in path else {"name": "A", "kind": "post_call"} if "{" not in path else {}
    assert machine.post(path.format(flow=flow.pk), body).status_code == status


def cursor(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


TAMPERED = [
    cursor("a"), cursor("a", "b"), cursor("9" * 40), cursor("9" * 40, "1"), cursor("x\0", "y"), cursor("\ud800", "y"),
    cursor("0001-01-01T00:00:00+14:00", "9"), cursor(1, 2), cursor(), "%ff", "[]", "A" * 3000,
]  # fmt: skip


def test_a_tampered_cursor_is_refused_in_words(person, flow):
    for path in [
        "flows/",
        "flows/?sort=updated_at",
        "runs/",
        "agents/",
        "connections/",
        "flows/{flow}/versions/",
        "audit/",
        "flows/{flow}/scenarios/",
        "flows/{flow}/draft/snapshots/",
        "members/",
        "api-keys/",
        "invitations/",
    ]:
        address = f"/api/v1/{path.format(flow=flow.pk)}"
        for tampered in TAMPERED:
            answer = person.get(f"{address}{'&' if '?' in address else '?'}cursor={tampered}")
            assert answer.status_code == 422, (tampered, answer.text)


def test_a_filter_that_no_value_fits_is_refused(machine):
    for query in [
        "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-14:00",
        "since=2020-13-45",
        "version=x",
        "flow=1",
        "mode=root",
        "status=%27",
        "limit=0",
        "limit=-1",
        "limit=1e3",
        "limit=99999999999",
    ]:
        assert machine.get(f"/api/v1/runs/?{query}").status_code == 422


def test_a_filter_that_nothing_fits_finds_nothing(machine):
    for query in ["version=9999999999", f"version={'9' * 25}", f"q={'%25' * 2000}", "interaction=%27"]:
        assert machine.get(f"/api/v1/runs/?{query}").json() == {"results": [], "next": None}


HOSTILE_JSON = {
    "NaN": ('{"type":"x","data":{"a":NaN}}', 400),
    "infinity": ('{"type":"x","data":{"a":1e999}}', 400),
    "100,000 digits": ('{"type":"x","data":{"a":' + "9" * 100_000 + "}}", 400),
    "depth": ("[" * 100_000, 400),
    "depth of objects": ('{"a":' * 50_000, 400),
    "half a character": ('{"type":"x","data":{"a":"\\ud800"}}', 400),
    "NUL": ('{"type":"x","data":{"a":"\\u0000"}}', 400),
    "NUL in a name": ('{"type":"x","data":{"\\u0000":1}}', 400),
    "UTF-16": ('{"type":"x"}'.encode("utf-16"), 400),
    "an agent that is an object": ('{"type":"call.ended","interaction":{"agent":{"a":1}}}', 422),
    "a number that is an object": ('{"type":"call.ended","interaction":{"contact_number":{"a":1}}}', 422),
    "an agent of 5,000 letters": ('{"type":"call.ended","interaction":{"agent":"' + "a" * 5000 + '"}}', 202),
    "a number of 4,000 digits": ('{"type":"call.ended","interaction":{"from":' + "9" * 4000 + "}}", 202),
    "an id of 4,000 digits": ('{"type":"call.ended","id":' + "9" * 4000 + "}", 202),
    "an id that is a list": ('{"type":"call.ended","interaction":{"id":[' + "1," * 400 + "1]}}", 202),
    "a phone that is a list": ('{"type":"call.ended","contact":{"phone":["x"]}}', 202),
    "the beginning of time": ('{"type":"call.ended","interaction":{"started_at":"0001-01-01T00:00:00+14:00"}}', 202),
    "a very long call": ('{"type":"call.ended","interaction":{"duration_seconds":1e308}}', 202),
    "JavaScript's own names": ('{"type":"x","data":{"__proto__":{"a":1},"constructor":1}}', 202),
}


def test_hostile_json_is_taken_or_refused_never_a_mistake_of_ours(machine, flow):
    for name, (body, status) in HOSTILE_JSON.items():
        assert machine.post("/api/v1/events/", data=body).status_code == status, name


def test_an_action_call_of_no_known_kind_of_agent_is_refused(machine):
    for agent in ({"a": 1}, ["x"], 7):
        assert machine.post("/api/v1/actions/x/", {"agent": agent}).status_code == 422, agent


def test_a_hostile_event_does_not_spoil_the_others_of_its_batch(machine, flow):
    batch = [{"type": "call.ended", "interaction": {"agent": each}} for each in ("demo", {"a": 1}, "x" * 500, None)]
    events = machine.post("/api/v1/events/", batch).json()["events"]
    assert ["error" in event for event in events] == [False, True, False, False]
