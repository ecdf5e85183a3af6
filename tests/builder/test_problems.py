"""Every error under /api/ is a problem of one shape, also those no view has answered."""

import pytest

from builder.api.flows import FlowList

MEMBERS = {"type", "title", "status", "detail", "errors"}


def is_problem(answer, status):
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.value) >= MEMBERS
    assert answer.value["status"] == status
    assert answer.value["detail"]
    return True


def test_an_unknown_address(api):
    assert is_problem(api.get("/nothing/here/"), 404)


def test_an_id_that_is_none(api):
    assert is_problem(api.get("/flows/not-an-id/"), 404)


def test_a_mistake_of_ours(api, monkeypatch):
    def broken(self, request):
        raise RuntimeError("a bug with a secret in it")

    monkeypatch.setattr(FlowList, "get", broken)
    answer = api.get("/flows/")
    assert is_problem(answer, 500)
    assert b"secret" not in answer.content


def test_another_content_type(api):
    response = api.client.post("/api/v1/flows/", "a=b", content_type="text/plain")
    assert response.status_code == 415
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["[]", "7", "null", '"x"'])
def test_a_body_that_is_no_object(api, body):
    answer = api.post("/flows/", body)
    assert is_problem(answer, 422)


def test_absurd_depth(api):
    assert is_problem(api.post("/flows/", "[" * 100_000), 400)


def test_nul_in_a_text(api):
    assert api.post("/flows/", '{"name": "a\\u0000b", "kind": "action"}').status_code in (400, 422)
