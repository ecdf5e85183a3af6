"""Publishing, and what is checked before (CONTRACT, Flows; SETTLED 1)."""

import pytest

from tests.contract.conftest import is_problem
from tests.contract.drafting import batch, renamed
from tests.flows import action_called, call_ended, chain, document, end, node, set_variable, wait_for


def test_publishing_gives_numbered_versions(program, flow):
    path = f"/flows/{flow['id']}/"
    first = program.post(f"{path}publish/", {"note": "first", "revision": flow["draft"]["revision"]})
    assert first.status_code == 201
    assert (first.value["number"], first.value["note"]) == (1, "first")
    assert set(first.value) >= {"number", "at", "by", "note"}
    shown = program.get(path).value
    assert (shown["enabled"], shown["draft"]["changed"], shown["published"]) == (True, False, first.value)


def test_publishing_an_unchanged_draft_is_200_with_the_current_version(program, flow):
    path = f"/flows/{flow['id']}/publish/"
    first = program.post(path, {})
    again = program.post(path)
    assert (first.status_code, again.status_code, again.value) == (201, 200, first.value)


def test_publishing_what_is_not_current_is_412(program, flow, draft):
    batch(program, draft, [renamed("Topic")])
    problem = is_problem(program.post(f"/flows/{flow['id']}/publish/", {"revision": flow["draft"]["revision"]}), 412)
    assert problem["draft"]["revision"] == flow["draft"]["revision"] + 1
    assert program.get(f"/flows/{flow['id']}/").value["published"] is None


def test_publishing_what_has_errors_is_422_and_names_nodes(program, flow, draft):
    broken = document([call_ended(), node("look", "api_request", {"url": "https://example.com/{{vars.nothing}}"})],
                      [("start", "next", "look")])  # fmt: skip
    program.put(draft, broken, headers={"If-Match": "*"})
    problem = is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)
    assert {(each["code"], each["node"]) for each in problem["errors"]} == {("F003", "look"), ("F007", "look")}


def request(**config):
    return node("x", "api_request", {"url": "https://a.example", **config})


CODES = {
    "F001": document([end()]),
    "F002": document([call_ended(), node("other", "call_ended"), end()], [("start", "next", "end")]),
    "F003": document([call_ended()]),
    "F004": document([call_ended(), end(), end("lost")], [("start", "next", "end")]),
    "F005": chain(call_ended(), node("x", "no_such_type"), end()),
    "F006": chain(call_ended(), set_variable("x", **{"not a name": "1"}), end()),
    "F007": chain(call_ended(), end("end", "{{vars.nothing}}")),
    "F008": chain(action_called("a"), end()),
    "F011": chain(call_ended(), request(connection="nobody"), end()),
    "F012": chain(call_ended(), request(headers=[{"name": "Authorization", "value": "Bearer abc"}]), end()),
    "F013": document([call_ended(), set_variable("x", a="1"), set_variable("y", b="1")],
                     [("start", "next", "x"), ("x", "next", "y"), ("y", "next", "x")]),
    "F014": document([call_ended(), set_variable("x", a="1"), {**end("y"), "key": "x"}],
                     [("start", "next", "x"), ("x", "next", "y")]),
}  # fmt: skip
ACTION_CODES = {
    "F009": chain(action_called("a"), end()),
    "F010": chain(action_called("a", response_schema={"type": "object", "required": ["ok"]}),
                  node("r", "respond", {"response": '{"no": 1}'})),
    "F015": chain(action_called("a"), wait_for("w", 60), node("r", "respond", {"response": "{}"})),
}  # fmt: skip


@pytest.mark.parametrize("code", [*CODES, *ACTION_CODES])
def test_every_check_before_publishing_has_its_code(program, flow, code):
    value = CODES.get(code) or ACTION_CODES[code]
    if code in ACTION_CODES:
        flow = program.post("/flows/", {"name": "A", "kind": "action", "document": value}).value
    else:
        program.put(f"/flows/{flow['id']}/draft/", value, headers={"If-Match": "*"})
    answer = program.post(f"/flows/{flow['id']}/validate/")
    assert answer.status_code == 200
    assert set(answer.value) == {"problems"}
    found = {each["code"]: each for each in answer.value["problems"]}
    assert code in found, found
    assert set(found[code]) >= {"code", "severity", "message", "node", "field", "fix"}
    assert found[code]["severity"] == "error"
    severities = [each["severity"] for each in answer.value["problems"]]
    assert severities == sorted(severities)
    is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)


def test_warnings_are_listed_and_do_not_stop_publishing(program, flow, draft):
    call = node("x", "api_request", {"method": "POST", "url": "https://a.example", "idempotency_header": None})
    program.put(draft, document([call_ended(), call, end()], [("start", "next", "x"), ("x", "success", "end")]),
                headers={"If-Match": "*"})  # fmt: skip
    problems = program.post(f"/flows/{flow['id']}/validate/").value["problems"]
    assert {each["severity"] for each in problems} == {"warning"}
    assert {each["code"] for each in problems} >= {"W101", "W102"}
    assert program.post(f"/flows/{flow['id']}/publish/").status_code == 201
