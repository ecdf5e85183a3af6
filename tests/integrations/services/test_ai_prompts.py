"""What a model gets to see, and what is checked of AI steps before publishing."""

import re

import pytest

from integrations import chat_completions
from integrations.connection_types import TYPES
from integrations.prompting import asking
from runtime.engine import registry
from runtime.engine.graph import Graph
from runtime.engine.outcomes import Done
from runtime.engine.validation import validate
from tests.flows import call_ended, chain, end, node
from tests.integrations.services.chat_model import (
    EVENT,
    PATH,
    PROPERTIES,
    no_dialects,  # noqa: F401  for every test here
    prompt_of,
    said,
)

# --- What a model gets to see


CARD = "4111111111111111"


@pytest.mark.parametrize("written", ["{{secure.card}}", "{{secure}}", "{{secure.card | json}}", '{{secure["card"]}}'])
def test_a_prompt_that_names_a_secret_is_not_sent_with_it(written, do, vendor):
    vendor.answers[PATH] = said("Fine.")
    outcome, row = do("ask_ai", {"prompt": f"Use {written}", "instructions": written}, EVENT, secure={"card": CARD})
    assert CARD not in f"{outcome} {row} {[asked.body for asked in vendor.requests]}"


def test_a_secret_that_was_said_aloud_is_masked_in_the_prompt(do, vendor):
    """Where a caller says what also came as secure data, the model does not hear it."""
    vendor.answers[PATH] = said("Fine.")
    event = {"interaction": {"transcript": f"User: my card is {CARD}."}}
    _, row = do("ask_ai", {"prompt": "{{interaction.transcript}}"}, event, secure={"card": CARD})
    assert "User: my card is •••." in prompt_of(vendor)
    assert CARD not in vendor.requests[0].body.decode() + str(row)


@pytest.mark.parametrize(("type", "field"), [("extract", "text"), ("summarize", "text"), ("summarize", "wishes"),
                                             ("ask_ai", "prompt"), ("ask_ai", "instructions")])  # fmt: skip
def test_secure_values_in_a_prompt_cannot_be_published(type, field):
    config = dict(registry.find(type).example["config"]) | {field: "{{secure.pin}}", "connection": "c1"}
    graph = Graph.from_document(chain(call_ended(), node("ai", type, config), end(), ports={"ai": "success"}))
    known = {"connections": {"c1": "openai_compatible"}}
    assert "F012" in [problem.code for problem in validate(graph, "post_call", known) if problem.node == "ai"]


def test_the_key_of_the_connection_is_in_no_prompt_and_no_history(do, vendor):
    vendor.answers[PATH] = lambda asked: said(f"{asked.headers}")
    outcome, row = do("ask_ai", {"prompt": "{{vars}} {{run}} {{workspace}}"}, EVENT)
    assert "s3cret" not in vendor.requests[0].body.decode()
    assert "s3cret" not in f"{outcome} {row}"


def test_a_long_transcript_is_cut_in_the_middle_and_says_so(do, vendor):
    vendor.answers[PATH] = said({"summary": "Long.", "disposition": None})
    event = {"interaction": {"transcript": "BEGIN " + "x" * 250_000 + " END"}}
    _, row = do("summarize", {}, event)
    prompt = prompt_of(vendor)
    assert "BEGIN" in prompt
    assert " END" in prompt
    assert "[... 150,010 characters left out here ...]" in prompt
    assert len(prompt) < asking.LONGEST_TEXT + 5_000
    (warning,) = row["warnings"]
    assert warning["code"] == "cut"
    assert "150,010 characters" in warning["message"]
    assert "100,000 at most" in warning["message"]


# --- Connections and publishing


def test_a_model_of_ones_own_needs_no_key(do, vendor):
    vendor.answers[PATH] = said("Hi")
    outcome, _ = do("ask_ai", {"prompt": "Hello"}, EVENT, values={"token": ""})
    assert isinstance(outcome, Done)
    assert "authorization" not in vendor.requests[0].headers


def test_the_address_is_openai_unless_said_otherwise():
    kind = TYPES["openai_compatible"]
    assert kind.address({}) == chat_completions.OPENAI
    assert kind.hosts({"base_url": "https://llm.example.com/v1/"}) == ["llm.example.com"]
    assert kind.check({"model": "m", "input_price": "free"}).keys() == {"input_price"}


@pytest.mark.parametrize("type", ["extract", "summarize", "ask_ai"])
def test_without_a_connection_publishing_says_what_to_set_up(type):
    config = dict(registry.find(type).example["config"])
    graph = Graph.from_document(chain(call_ended(), node("ai", type, config), end(), ports={"ai": "success"}))
    (problem,) = [each for each in validate(graph, "post_call") if each.node == "ai" and each.severity == "error"]
    assert (problem.code, problem.field) == ("F011", "/config/connection")
    assert re.search(r"Connections, New connection, AI model.*OpenAI-compatible endpoint", problem.message)


def problems(type, **config):
    base = dict(registry.find(type).example["config"]) | {"connection": "c1"} | config
    graph = Graph.from_document(chain(call_ended(), node("ai", type, base), end(), ports={"ai": "success"}))
    found = validate(graph, "post_call", {"connections": {"c1": "openai_compatible"}})
    return [(problem.field, problem.message) for problem in found if problem.severity == "error"]


def test_properties_and_schemas_are_checked_before_publishing():
    twice = [{"name": "a", "type": "text"}, {"name": "a", "type": "enum", "options": " , "}]
    assert [field for field, _ in problems("extract", properties=twice)] == [
        "/config/properties/1/name", "/config/properties/1/options",
    ]  # fmt: skip
    (wrong,) = problems("ask_ai", format="json", schema={"type": "array"})
    assert wrong == ("/config/schema", "The schema describes an object: its type is “object”.")
    assert problems("ask_ai", format="json", schema={"type": "object", "properties": {"a": {"type": "what"}}})


def test_extracted_variables_are_offered_downstream():
    made = {each["name"]: (each["scope"], each["type"])
            for each in registry.find("extract").outputs_of({"properties": PROPERTIES})}  # fmt: skip
    assert made["reason"] == ("vars", "text")
    assert made["callback"] == ("vars", "boolean")
    assert made["when"] == ("vars", "datetime")
