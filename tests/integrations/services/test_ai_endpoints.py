"""AI steps against endpoints of other dialects, and such that refuse or misbehave."""

import pytest

from runtime.engine.outcomes import Fail
from tests.integrations.services.chat_model import (
    EVENT,
    GOOD,
    PATH,
    extract,
    no_dialects,  # noqa: F401  for every test here
    part,
    prompt_of,
    said,
    sent,
    stream,
)
from tests.peers import Answer


def refuses(when, words, then):
    """400 with `words` while `when(body)` holds, then an answer."""
    return lambda asked: Answer(400, {"error": {"message": words}}) if when(asked.json) else then


def test_an_endpoint_without_schemas_is_told_the_schema_in_words(do, vendor):
    vendor.answers[PATH] = refuses(
        lambda body: body["response_format"]["type"] == "json_schema",
        "This response_format type is unavailable now", said(GOOD),
    )  # fmt: skip
    assert extract(do)[0].variables == GOOD
    assert sent(vendor, 1)["response_format"] == {"type": "json_object"}
    assert '"required": ["reason"' in prompt_of(vendor, 1)


def test_an_endpoint_without_any_format_is_asked_without(do, vendor):
    vendor.answers[PATH] = refuses(lambda body: "response_format" in body, "unknown field response_format", said(GOOD))
    assert extract(do)[0].variables == GOOD
    assert len(vendor.requests) == 3
    assert extract(do)[0].variables == GOOD
    assert len(vendor.requests) == 4, "what it does not take is remembered"


def test_models_that_count_and_warm_otherwise_are_asked_otherwise(do, vendor):
    def picky(asked):
        if "max_tokens" in asked.json:
            text = "Unsupported parameter: 'max_tokens' is not supported with this model."
            return Answer(400, {"error": {"message": text}})
        if "temperature" in asked.json:
            return Answer(400, {"error": {"message": "Unsupported value: 'temperature' does not support 0"}})
        return said("Fine.")

    vendor.answers[PATH] = picky
    assert do("ask_ai", {"prompt": "Hello"}, EVENT)[0].output["answer"] == "Fine."
    assert sent(vendor, 2)["max_completion_tokens"] == 1000


def test_an_endpoint_that_only_streams_is_read_as_a_stream(do, vendor):
    usage = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 3}}
    streamed = stream(part('{"summary": "Tw'), part('ice.", "disposition": null}'), part("", "stop"), usage)
    vendor.answers[PATH] = refuses(lambda body: not body.get("stream"), "Only stream=true is supported", streamed)
    outcome, _ = do("summarize", {}, EVENT)
    assert outcome.output["summary"] == "Twice."
    assert outcome.output["usage"]["output_tokens"] == 3
    assert sent(vendor, 1)["stream_options"] == {"include_usage": True}


def test_an_endpoint_that_streams_unasked_is_understood_too(do, vendor):
    vendor.answers[PATH] = stream(part("He"), part("llo"), part("", "stop"))
    outcome, _ = do("ask_ai", {"prompt": "Hello"}, EVENT)
    assert outcome.output["answer"] == "Hello"
    assert outcome.output["usage"] == {"input_tokens": None, "output_tokens": None, "cost": None}


@pytest.mark.parametrize(
    ("answer", "code", "retryable", "words"),
    [
        (stream(part("He"), end=""), "connection_lost", True, "broke off before its end"),
        (stream(part("He"), end='data: {"choi'), "connection_lost", True, "broke off"),
        (stream(part("He"), {"error": {"message": "overloaded"}}), "not_successful", True, "overloaded"),
        (said("half of it", finish="length"), "truncated", False, "cut off at 1,000 tokens. Raise “Longest answer”"),
        (said("", finish="content_filter"), "refused", False, "content filter"),
        (said(None, refusal="I cannot help with that."), "refused", False, "I cannot help with that."),
        (said(""), "empty_answer", True, "answered nothing"),
        (said("<think>hm</think>"), "empty_answer", True, "answered nothing"),
        ({"choices": []}, "bad_answer", False, "not with a chat completion. Is the address right?"),
        ({"choices": [None]}, "bad_answer", False, "not with a chat completion"),
        ({"choices": "none"}, "bad_answer", False, "not with a chat completion"),
        ({"error": {"message": "Model overloaded", "code": 503}}, "not_successful", False, "Model overloaded"),
        (Answer(404, {"error": {"message": "no model x", "code": "model_not_found"}}), "http_404", False,
         "Check the model's name"),
        (Answer(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}), "http_429",
         False, "no credit left"),
        (Answer(400, {"error": {"message": "too long", "code": "context_length_exceeded"}}), "http_400", False,
         "Send less"),
    ],
)  # fmt: skip
def test_what_goes_wrong_says_what_to_do(answer, code, retryable, words, do, vendor):
    vendor.answers[PATH] = answer
    outcome, _ = do("ask_ai", {"prompt": "Hello"}, EVENT)
    assert isinstance(outcome, Fail), outcome
    assert words in outcome.message
    assert (outcome.code, outcome.retryable) == (code, retryable)


def test_a_rate_limit_is_waited_out_as_long_as_asked(do, vendor):
    vendor.answers[PATH] = Answer(429, {"error": {"message": "Slow down"}}, {"Retry-After": "20"})
    outcome, _ = do("ask_ai", {"prompt": "Hello"}, EVENT)
    assert (outcome.retryable, outcome.retry_after) == (True, 20.0)
