"""Every error is a problem, at whatever address and by whatever mistake."""

import pytest

from tests.contract.conftest import is_problem

NO_ID = "00000000-0000-0000-0000-000000000000"


NOWHERE = (
    "//in/", "//in/vapi/", "//in/vapi/x", "//hooks/", "//hooks/x", "//hooks/x/", "//in/vapi/unknown/",
    "//in/nobody/x/", "/actions/a/b/", "/nowhere/", "//mcp/x/", "/flows/no-id/",
)  # fmt: skip
UNKNOWN = (
    f"/flows/{NO_ID}/", f"/runs/{NO_ID}/", f"/agents/{NO_ID}/", f"/connections/{NO_ID}/", f"/flows/{NO_ID}/draft/",
    f"/runs/{NO_ID}/steps/", f"/runs/{NO_ID}/document/", f"/flows/{NO_ID}/versions/1/", f"/flows/{NO_ID}/export/",
)  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_of_nothing_is_a_problem(program, method, path):
    is_problem(program.call(method, path, {} if method == "POST" else None), 404)


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_id_is_not_found(program, path):
    is_problem(program.get(path), 404)


@pytest.mark.parametrize(("method", "path"), [
    ("PUT", "/flows/"), ("DELETE", "/events/"), ("GET", "/events/"), ("GET", "/actions/look_up/"), ("PUT", "/actions/"),
    ("PATCH", "/node-types/"), ("POST", "/runs/"), ("DELETE", "/calls/"), ("OPTIONS", "/flows/"),
])  # fmt: skip
def test_another_method_is_405_and_says_which_are_allowed(program, method, path):
    answer = program.call(method, path, {} if method != "GET" else None)
    is_problem(answer, 405)
    assert method not in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/flows/", "/events/", "/actions/x/", "/agents/", "/connections/", "/flows/import/"])
def test_what_is_no_json_is_400(program, path):
    for data in (b'{"a"', b"\xff\xfe", b'{"a": NaN}'):
        is_problem(program.post(path, data=data), 400)


@pytest.mark.parametrize("path", ["/flows/", "/events/", "/actions/x/", "/agents/"])
def test_another_media_type_is_415(program, path):
    is_problem(program.post(path, data=b"<a/>", type="application/xml"), 415)


@pytest.mark.parametrize("path", ["/flows/", "/events/", "/actions/x/"])
def test_a_body_without_measure_is_413(program, path):
    is_problem(program.post(path, data=b"x" * 6_000_000), 413)


@pytest.mark.parametrize("path", ["/flows/", "/runs/", "/calls/?q=1", "/node-types/", "/agents/", "/connections/"])
def test_nobody_is_401_and_told_how_to_sign_in(nobody, path):
    answer = nobody.get(path)
    is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/events/", "/actions/x/"])
def test_nobody_is_401_at_the_machine_doors_too(nobody, path):
    is_problem(nobody.post(path, {}), 401)


def test_a_key_without_the_scope_is_403_and_names_it(with_scopes):
    reader = with_scopes("flows:read")
    for method, path, scope in (
        ("POST", "/events/", "events:write"), ("POST", "/actions/x/", "actions:invoke"),
        ("GET", "/actions/", "actions:invoke"), ("POST", "/flows/", "flows:write"), ("GET", "/runs/", "runs:read"),
        ("POST", f"/flows/{NO_ID}/publish/", "flows:publish"), ("POST", f"/runs/{NO_ID}/cancel/", "runs:write"),
    ):  # fmt: skip
        problem = is_problem(reader.call(method, path, {} if method == "POST" else None), 403)
        assert scope in problem["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x"])
def test_a_page_that_cannot_be_is_422(program, query):
    is_problem(program.get(f"/flows/?{query}"), 422)


@pytest.mark.parametrize("query", ["kind=zz", "state=zz", "sort=zz"])
def test_a_filter_of_flows_that_cannot_be_is_422(program, query):
    is_problem(program.get(f"/flows/?{query}"), 422)


@pytest.mark.parametrize("query", ["mode=zz", "status=zz", "flow=zz", "version=x", "since=soon", "until=x"])
def test_a_filter_of_runs_that_cannot_be_is_422(program, query):
    problem = is_problem(program.get(f"/runs/?{query}"), 422)
    assert problem["errors"][0]["pointer"] == "/" + query.partition("=")[0]
