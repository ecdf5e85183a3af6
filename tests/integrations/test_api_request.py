"""API request: what is sent, what is kept of the answer, what counts as a success, and what a failure says."""

import json

import pytest

from integrations.api_request import ApiRequest
from integrations.connection_types import TYPES
from integrations.connections import Credentials
from integrations.masking import HIDDEN, Mask
from runtime.engine import registry
from runtime.engine.graph import Graph
from runtime.engine.outcomes import Done, Fail
from runtime.engine.validation import validate
from tests.flows import call_ended, chain, document, end, node
from tests.peers import Answer

TRANSCRIPT = 'Agent: "Hi"\nUser: a \\ backslash, {"json": true} and é'


def bearer(peer, token="s3cret-token"):
    return Credentials("CRM", TYPES["bearer"], ("127.0.0.1",), {"token": token}, Mask([token]))


def post(peer, **more):
    return {"method": "POST", "url": f"{peer.url}/tickets", **more}


def body(content):
    return {"type": "json", "content": content}


def test_the_example_of_the_catalogue_is_valid():
    kind = registry.find("api_request")
    assert not list(kind.check_fields(kind.example["config"]))
    assert set(kind.example["config"]) == set(kind.fields)


def test_a_transcript_never_breaks_a_json_body(peer, ask):
    peer.answers["/tickets"] = {"ticket": {"id": 35436}}
    content = (
        '{"text": "Said: {{interaction.TRANSCRIPT}}", "seconds": {{interaction.duration_seconds}}, "no": {{vars.no}}}'
    )
    outcome, _ = ask(post(peer, body=body(content)),
                     {"interaction": {"transcript": TRANSCRIPT, "duration_seconds": 125}})  # fmt: skip
    assert isinstance(outcome, Done)
    assert peer.requests[0].json == {"text": f"Said: {TRANSCRIPT}", "seconds": 125, "no": None}
    assert peer.requests[0].headers["content-type"] == "application/json"


def test_parts_of_the_answer_become_variables_and_references(peer, ask):
    peer.answers["/tickets"] = {"ticket": {"id": 2**40, "tags": ["a", "b"]}, "rows": [{"n": 1}, {"n": 2}]}
    mapping = [{"path": "$.ticket.id", "variable": "ticket_no", "default": ""},
               {"path": "$.rows[*].n", "variable": "n"}, {"path": "$.missing", "variable": "gone", "default": "none"},
               {"path": "$.nowhere", "variable": "empty"},
               {"path": "$.ticket.tags", "variable": "tags"}]  # fmt: skip
    outcome, row = ask(post(peer, response_mapping=mapping))
    assert outcome.variables == {"ticket_no": 2**40, "n": [1, 2], "gone": "none", "empty": None, "tags": ["a", "b"]}
    assert outcome.port == "success"
    assert ("ticket_no", str(2**40)) in row["references"]
    assert [warning["code"] for warning in row["warnings"]] == ["not_in_answer"]


def test_the_output_is_status_headers_body_and_seconds(peer, ask):
    peer.answers["/tickets"] = Answer(201, {"id": 1}, {"X-Message-Id": "m1", "Set-Cookie": "a=b"})
    outcome, row = ask(post(peer))
    assert (outcome.output["status"], outcome.output["body"]) == (201, {"id": 1})
    assert outcome.output["headers"]["x-message-id"] == "m1"
    assert "set-cookie" not in outcome.output["headers"]
    assert row["input"]["method"] == "POST"
    assert row["input"]["url"] == f"{peer.url}/tickets"


def test_an_empty_answer_is_fine(peer, ask):
    peer.answers["/tickets"] = Answer(204, b"")
    outcome, _ = ask(post(peer, response_mapping=[{"path": "$.id", "variable": "id", "default": None}]))
    assert (outcome.output["body"], outcome.variables) == (None, {"id": None})


@pytest.mark.parametrize(
    ("answer", "read"),
    [(Answer(200, "plain"), "plain"), (Answer(200, '{"a": 1}'), {"a": 1}),
     (Answer(200, b"\xff\xfe\x00\x01", {"Content-Type": "image/png"}), None),
     (Answer(200, "caf\xe9".encode("latin-1"), {"Content-Type": "text/plain; charset=latin-1"}), "café"),
     (Answer(200, b"{broken", {"Content-Type": "application/json"}), "{broken"),
     (Answer(200, b"<p>{</p>", {"Content-Type": "text/html"}), "<p>{</p>")],
)  # fmt: skip
def test_any_kind_of_answer_is_read(answer, read, peer, ask):
    answer.headers.setdefault("Content-Type", "text/plain")
    peer.answers["/tickets"] = answer
    outcome, _ = ask(post(peer))
    assert outcome.output["body"] == read


@pytest.mark.parametrize(
    ("kind", "sent_as", "carries"),
    [("form", "application/x-www-form-urlencoded", b"To=%2B1415&metadata%5Bcall%5D=c+%26+d"),
     ("multipart", "multipart/form-data; boundary=", b'name="metadata[call]"\r\n\r\nc & d\r\n')],
)  # fmt: skip
def test_forms_are_encoded(kind, sent_as, carries, peer, ask):
    peer.answers["/tickets"] = {}
    form = [{"name": "To", "value": "{{interaction.from}}"}, {"name": "metadata[call]", "value": "c & d"}]
    ask(post(peer, body={"type": kind, "form": form}), {"interaction": {"from": "+1415"}})
    assert peer.requests[0].headers["content-type"].startswith(sent_as)
    assert carries in peer.requests[0].body


def test_a_repeated_multipart_body_is_the_same_bytes(peer, ask):
    peer.answers["/tickets"] = {}
    for _ in range(2):
        ask(post(peer, body={"type": "multipart", "form": [{"name": "a", "value": "b"}]}))
    assert peer.requests[0].body == peer.requests[1].body


def test_query_and_path_are_percent_encoded(peer, ask):
    peer.answers["/a%2Fb%20%26"] = {}
    config = {"url": f"{peer.url}/{{{{interaction.id}}}}?x=1", "query": [{"name": "q", "value": "{{interaction.id}}"}]}
    outcome, _ = ask(config, {"interaction": {"id": "a/b &"}})
    assert isinstance(outcome, Done)
    assert peer.requests[0].path == "/a%2Fb%20%26?x=1&q=a%2Fb%20%26"


def test_a_value_cannot_change_the_host(ask, settings):
    settings.EGRESS_ALLOW = ""
    outcome, _ = ask({"url": "https://{{interaction.id}}.example.com/"}, {"interaction": {"id": "evil.com/"}})
    assert isinstance(outcome, Fail)
    assert outcome.code == "bad_url"


@pytest.mark.parametrize(
    ("method", "header", "sent"),
    [("POST", "Idempotency-Key", True), ("PATCH", "Idempotency-Key", True), ("GET", "Idempotency-Key", False),
     ("PUT", "Idempotency-Key", False), ("PUT", "X-Request-Id", True), ("POST", None, False), ("POST", "", False)],
)  # fmt: skip
def test_the_idempotency_key_goes_out_where_it_matters(method, header, sent, peer, ask):
    peer.answers["/tickets"] = {}
    ask(post(peer, method=method, idempotency_header=header))
    assert (peer.requests[0].headers.get((header or "Idempotency-Key").lower()) == "run-1:0") is sent


@pytest.mark.parametrize(
    ("status", "retryable", "says"),
    [(400, False, "Check what the step sends"), (401, False, "credentials"), (404, False, "address"),
     (408, True, ""), (409, True, ""), (422, False, ""), (429, True, "fewer requests"),
     (500, True, "trouble of its own"), (501, False, ""), (502, True, ""), (503, True, ""),
     (302, False, ""), (599, True, "")],
)  # fmt: skip
def test_a_failure_says_what_happened_what_the_peer_said_and_what_to_do(status, retryable, says, peer, ask):
    peer.answers["/tickets"] = Answer(status, {"error": {"message": "The order is locked"}})
    outcome, row = ask(post(peer))
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith(f"POST 127.0.0.1 answered {status}")
    assert "127.0.0.1 says: The order is locked" in outcome.message
    assert says in outcome.message
    assert (outcome.code, outcome.retryable) == (f"http_{status}", retryable)
    assert row["error"]["detail"]["body"] == {"error": {"message": "The order is locked"}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [({"message": "Invalid input", "category": "VALIDATION"}, "Invalid input"),
     ({"error": "invalid_grant", "error_description": "The token expired"}, "The token expired"),
     ([{"message": "Required fields are missing: [LastName]", "errorCode": "X"}], "Required fields are missing"),
     ({"errors": [{"message": "No valid address", "field": "to"}]}, "No valid address"),
     ({"error": "RecordInvalid", "details": {"requester": [{"description": "Email: jane@x is wrong"}]}},
      "Email: jane@x is wrong"),
     ({"ok": False, "error": "channel_not_found"}, "channel_not_found"),
     ("<html><style>p{}</style><h1>Bad  gateway</h1></html>", "Bad gateway"), ({"a": 1}, "")],
)  # fmt: skip
def test_the_peers_own_words_are_found(answer, words, peer, ask):
    peer.answers["/tickets"] = Answer(400, answer)
    outcome, _ = ask(post(peer))
    assert (
        (f"says: {words}" in outcome.message or f"; {words}" in outcome.message)
        if words
        else ("says" not in outcome.message)
    )


@pytest.mark.parametrize(
    ("status", "answer"),
    [(403, {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}), (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]),
     (409, {"error": {"type": "idempotency_error"}}), (200, {"ok": False, "error": "ratelimited"})],
)  # fmt: skip
def test_rate_limits_in_words_are_tried_again(status, answer, peer, ask):
    peer.answers["/tickets"] = Answer(status, answer)
    rule = {"statuses": "2xx", "conditions": {"left": "{{response.body.ok}}", "operator": "is_true", "right": ""}}
    outcome, _ = ask(post(peer, success=rule))
    assert outcome.retryable is True


@pytest.mark.parametrize(
    ("given", "wait"), [("93", 93), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", None), ("", None)]
)
def test_retry_after_is_heeded(given, wait, peer, ask):
    peer.answers["/tickets"] = Answer(429, b"", {"Retry-After": given})
    outcome, _ = ask(post(peer))
    assert outcome.retry_after == wait


@pytest.mark.parametrize(
    ("statuses", "status", "good"),
    [("2xx", 204, True), ("2xx", 302, False), ("2xx,404", 404, True), ("200-202, 409", 202, True),
     ("200-202", 203, False), ("404", 200, False)],
)  # fmt: skip
def test_success_is_a_matter_of_statuses(statuses, status, good, peer, ask):
    peer.answers["/tickets"] = Answer(status, b"")
    outcome, _ = ask(post(peer, success={"statuses": statuses, "conditions": None}))
    assert isinstance(outcome, Done) is good


def test_success_can_depend_on_the_body(peer, ask):
    rule = {"statuses": "2xx", "conditions": {"all": [{"left": "{{response.body.ok}}", "operator": "is_true"}]}}
    peer.answers["/tickets"] = {"ok": True}
    assert isinstance(ask(post(peer, success=rule))[0], Done)
    peer.answers["/tickets"] = {"ok": False, "error": "channel_not_found"}
    outcome, _ = ask(post(peer, success=rule))
    assert outcome.code == "not_successful"
    assert "channel_not_found" in outcome.message


def test_the_answer_in_a_success_rule_is_no_unknown_variable(peer):
    rule = {"statuses": "2xx", "conditions": {"left": "{{response.body.ok}}", "operator": "is_true", "right": ""}}
    flow = chain(call_ended(), node("call", "api_request", post(peer, success=rule)), end())
    assert "F007" not in {problem.code for problem in validate(Graph.from_document(flow), "post_call")}


@pytest.mark.parametrize(
    "config",
    [{"url": ""}, {"url": "ftp://example.com"}, {"url": "example.com"},
     {"url": "https://a.example/", "method": "FETCH"}, {"url": "https://a.example/", "success": {"statuses": "ok"}},
     {"url": "https://a.example/", "body_limit": 99e9},
     {"url": "https://a.example/", "body": {"type": "json", "content": "{nonsense}"}},
     {"url": "https://a.example/", "response_mapping": [{"path": "id", "variable": "x"}]},
     {"url": "https://{{vars.host}}/"}, {"url": "https://a.example/", "idempotency_header": "a b"}],
)  # fmt: skip
def test_a_wrong_config_is_a_problem_before_publishing(config):
    flow = document([call_ended(), node("call", "api_request", config), end()],
                    [("start", "next", "call"), ("call", "success", "end")])  # fmt: skip
    assert "F006" in {problem.code for problem in validate(Graph.from_document(flow), "post_call")}


@pytest.mark.parametrize("emptied", [None, "", []])
def test_a_number_that_was_emptied_is_its_default(peer, ask, emptied):
    peer.answers["/tickets"] = {"id": 1}
    outcome, _ = ask(post(peer, body_limit=emptied))
    assert outcome.output["body"] == {"id": 1}


def test_credentials_go_out_and_are_kept_out_of_history(peer, ask):
    peer.answers["/tickets"] = {"echo": "Bearer s3cret-token", "b64": "czNjcmV0LXRva2Vu"}
    outcome, row = ask(post(peer), credentials=bearer(peer))
    assert peer.requests[0].headers["authorization"] == "Bearer s3cret-token"
    assert "s3cret" not in json.dumps([outcome.output, row], default=str)
    assert outcome.output["body"] == {"echo": f"Bearer {HIDDEN}", "b64": HIDDEN}
    assert row["input"]["connection"] == "CRM"


def test_a_failure_does_not_quote_the_secret(peer, ask):
    peer.answers["/tickets"] = Answer(401, {"message": "s3cret-token is not known"}, {"X-Echo": "s3cret-token"})
    outcome, row = ask(post(peer), credentials=bearer(peer))
    assert f"{HIDDEN} is not known" in outcome.message
    assert "s3cret" not in json.dumps(row, default=str)


def test_another_host_gets_nothing(peer, ask):
    credentials = Credentials(
        "CRM", TYPES["bearer"], ("api.example.com",), {"token": "s3cret-token"}, Mask(["s3cret-token"])
    )
    outcome, _ = ask(post(peer), credentials=credentials)
    assert outcome.code == "host_not_allowed"
    assert not peer.requests


def test_secure_values_reach_the_peer_and_nothing_else(peer, ask):
    peer.answers["/tickets"] = {}
    config = post(
        peer, headers=[{"name": "X-Card", "value": "{{secure.card}}"}], body=body('{"card": "{{secure.card}}"}')
    )
    _, row = ask(config, secure={"card": "4111-1111-1111-1111"})
    assert peer.requests[0].json == {"card": "4111-1111-1111-1111"}
    assert peer.requests[0].headers["x-card"] == "4111-1111-1111-1111"
    assert "4111" not in json.dumps(row, default=str)


def test_secure_numbers_and_pins_stay_out_of_history_too(peer, ask):
    peer.answers["/tickets"] = {"card": 4111111111111111, "said": "PIN for 4111111111111111 accepted"}
    content = '{"pin": "{{secure.pin}}", "card": {{secure.card}}, "who": "{{interaction.id}}"}'
    config = post(peer, headers=[{"name": "X-Pin", "value": "{{secure.pin}}"}], body=body(content))
    _, row = ask(config, {"interaction": {"id": "c-1"}}, secure={"pin": "4711", "card": 4111111111111111})
    assert peer.requests[0].json == {"pin": "4711", "card": 4111111111111111, "who": "c-1"}
    assert peer.requests[0].headers["x-pin"] == "4711"
    kept = json.dumps(row, default=str)
    assert "c-1" in kept
    assert "4711" not in kept
    assert "4111" not in kept


@pytest.mark.parametrize("before", range(260, 310, 6))
def test_half_a_secret_where_a_long_answer_is_cut_is_no_leak(peer, ask, before):
    secret = "s3cret-token-of-forty-characters-9876543"
    peer.answers["/tickets"] = Answer(status=400, body={"message": "x" * before + secret, "more": "y" * 1700 + secret})
    outcome, row = ask(post(peer), credentials=bearer(peer, secret))
    assert isinstance(outcome, Fail)
    assert secret[:8] not in json.dumps(row, default=str) + outcome.message


def test_a_dry_run_sends_nothing_and_takes_the_sample(peer, ask):
    mapping = [{"path": "$.ticket.id", "variable": "ticket_no"}]
    outcome, row = ask(post(peer, sample={"ticket": {"id": 9}}, response_mapping=mapping), mode="dry")
    assert not peer.requests
    assert outcome.variables == {"ticket_no": 9}
    assert row["input"]["url"] == f"{peer.url}/tickets"


def test_headers_of_the_step_replace_the_usual_ones(peer, ask):
    peer.answers["/tickets"] = {}
    ask(post(peer, body=body("{}"), headers=[{"name": "content-type", "value": "application/vnd.api+json"}]))
    assert peer.requests[0].headers["content-type"] == "application/vnd.api+json"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb"])
def test_a_header_is_one_line(value, peer, ask):
    outcome, _ = ask(
        post(peer, headers=[{"name": "X-A", "value": "{{interaction.id}}"}]), {"interaction": {"id": value}}
    )
    assert outcome.code == "bad_header"
    assert not peer.requests


def test_its_time_out_is_that_of_the_step(misbehaving, open_to, ask):
    open_to(misbehaving)
    outcome, row = ask({"url": f"{misbehaving.url}/drips-the-body"}, timeout_seconds=0.5)
    assert (outcome.code, outcome.retryable) == ("timeout", True)
    assert row["seconds"] < 1.0


def test_it_declares_what_the_contract_asks():
    described = ApiRequest().describe()
    assert [port["id"] for port in described["ports"]] == ["success", "error"]
    assert [output.get("name") for output in described["outputs"]] == [
        "status",
        "headers",
        "body",
        "seconds",
        "variable",
    ]
    assert {"post_call", "action"} <= set(described["kinds"])
    assert described["effect"] == "keyed"
