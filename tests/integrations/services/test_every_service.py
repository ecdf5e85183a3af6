"""What holds for every node of every service, whatever its vendor does: nothing here knows a service by name."""

import threading
import time

import pytest

from integrations.connection_types import TYPES
from integrations.service_node import ServiceNode
from runtime.engine import registry
from runtime.engine.fields import ConnectionRef
from runtime.engine.graph import Graph
from runtime.engine.outcomes import Done, Fail
from runtime.engine.validation import validate
from tests.flows import call_ended, chain, end, node
from tests.integrations.services.conftest import SECRET
from tests.peers import Answer

NODES = sorted(each.type for each in registry.all_types() if isinstance(each, ServiceNode))
AT_ONCE = [type for type in NODES if not registry.find(type).waits]  # ask their service as soon as they are reached
EVENT = {
    "interaction": {"id": "conv-1", "summary": "Jane wants a demo.", "contact_number": "+14155550132",
                    "transcript": "Agent: Hi"},
    "contact": {"email": "jane@example.com", "name": "Jane", "phone": "+14155550132"},
}  # fmt: skip
SHOUTED = "<html><head><title>Bad gateway</title></head><body>502</body></html>"
HTML = {"Content-Type": "text/html"}


@pytest.fixture(params=NODES)
def each(request, do):
    """Performs the node with its own example against a vendor that answers everything alike."""
    return performer(request.param, do)


@pytest.fixture(params=AT_ONCE)
def asking(request, do):
    """The same of those that ask their service at once."""
    return performer(request.param, do)


def performer(type, do):
    kind = registry.find(type)

    def perform(**more):
        config = {name: value for name, value in kind.example["config"].items() if name != "connection"}
        return do(kind.type, config, EVENT, **more)

    perform.kind = kind
    return perform


def failed(outcome, kind):
    """The failure, after the checks that hold for any: it names the service, it is no bug of ours, no secret shows."""
    assert isinstance(outcome, Fail), outcome
    assert outcome.code != "internal"
    assert kind.service in outcome.message
    assert SECRET.split("{")[0] not in str(outcome)
    return outcome


def test_the_example_is_valid_but_for_its_connection(asking):
    graph = Graph.from_document(chain(call_ended(), node("it", asking.kind.type, dict(asking.kind.example["config"])),
                                      end(), ports={"it": "success"}))  # fmt: skip
    found = [problem for problem in validate(graph, "post_call", {}) if problem.severity == "error"]
    wrong = [(problem.code, problem.message) for problem in found if not problem.message.startswith("{{steps.")]
    assert [code for code, _ in wrong] == ["F011"]
    assert asking.kind.service in wrong[0][1]


def test_its_connection_types_exist_and_can_be_tested(each):
    field = each.kind.fields["connection"]
    assert type(field) is ConnectionRef
    assert field.types
    for name in field.types:
        assert TYPES[name].icon != "key"
        assert TYPES[name].test is not None


def test_references_are_outputs_and_outputs_have_samples(each):
    outputs = {output["name"]: output for output in each.kind.outputs if "each" not in output}
    assert set(each.kind.references) <= set(outputs)
    assert all(output["sample"] is not None and output["label"] for output in outputs.values())


def test_a_dry_run_sends_nothing_and_gives_samples(asking, vendor):
    outcome, row = asking(mode="dry")
    assert isinstance(outcome, Done), outcome
    samples = {output["name"]: output["sample"] for output in asking.kind.outputs if "each" not in output}
    assert outcome.output == samples
    assert row["input"]["url"].startswith(vendor.url)
    assert vendor.requests == []


@pytest.mark.parametrize(("status", "retryable"), [(401, False), (403, False), (404, False), (503, True)])
def test_a_refusal_says_who_said_what_and_what_to_do(status, retryable, each, vendor):
    vendor.answers["*"] = Answer(status, {"message": "Sorry about that"})
    outcome, row = each()
    told = failed(outcome, each.kind)
    assert (told.code, told.retryable) == (f"http_{status}", retryable or status in each.kind.passing)
    assert len(told.message.split(". ")) >= 2, "it should say what to do"
    assert row["error"]["detail"]["status"] == status


def test_a_rate_limit_is_waited_out(each, vendor):
    vendor.answers["*"] = Answer(429, {"message": "Slow down"}, {"Retry-After": "7"})
    told = failed(each()[0], each.kind)
    assert (told.retryable, told.retry_after) == (True, 7.0)


def test_a_web_page_in_place_of_data_is_told_as_one(each, vendor):
    vendor.answers["*"] = Answer(200, SHOUTED, HTML)
    outcome = each()[0]
    if not isinstance(outcome, Done):
        assert "web page (“Bad gateway”)" in failed(outcome, each.kind).message
    vendor.answers["*"] = Answer(502, SHOUTED, HTML)
    assert "502 Bad Gateway" in failed(each()[0], each.kind).message


@pytest.mark.parametrize("answer", [Answer(204), Answer(200, []), Answer(200, {"unexpected": 1}), Answer(200, "fine"),
                                    Answer(200, b"{broken", {"Content-Type": "application/json"})])  # fmt: skip
def test_an_answer_of_another_form_is_no_bug_of_ours(answer, each, vendor):
    vendor.answers["*"] = answer
    outcome, _ = each()
    if not isinstance(outcome, Done):
        assert failed(outcome, each.kind).code in ("bad_answer", "not_successful", "empty_field")


def test_an_answer_of_ten_megabytes_is_refused(each, vendor):
    vendor.answers["*"] = Answer(200, {"text": "x" * 10_500_000})
    told = failed(each()[0], each.kind)
    assert (told.code, told.retryable) == ("too_large", False)


def test_a_vendor_that_does_not_answer_in_time_holds_nobody(each, vendor):
    over = threading.Event()
    vendor.answers["*"] = lambda asked: over.wait(20) and {}
    told = failed(each(timeout_seconds=0.3)[0], each.kind)
    over.set()
    asked = _last_of(vendor)  # of several the one that hung; the first may only have looked something up
    writes = asked and each.kind.effect == "once" and asked.method != "GET" and "search" not in asked.path
    assert told.code == "timeout"
    assert told.retryable is not bool(writes), "what may have happened and cannot be recognised is not tried again"


def _last_of(vendor):
    """The last request that reached the vendor; None where the time was over before the line was there."""
    until = time.monotonic() + 5
    while not vendor.requests and time.monotonic() < until:
        time.sleep(0.01)
    return vendor.requests[-1] if vendor.requests else None


def test_no_secret_comes_back_in_any_form(each, vendor):
    vendor.answers["*"] = lambda asked: Answer(400, {"message": f"{asked.headers} {asked.path} {asked.body!r}"})
    outcome, row = each()
    assert "s3cret" not in f"{outcome} {row}"
    assert vendor.requests, "something was asked"


@pytest.mark.parametrize(("reset", "least", "most"), [(lambda: int(time.time()) + 40, 30, 40), (lambda: 12, 12, 12)])
def test_a_rate_limit_that_names_its_end_instead_is_waited_out_too(reset, least, most, do, vendor):
    """As Intercom and SendGrid do."""
    vendor.answers["*"] = lambda asked: Answer(429, {"errors": [{"message": "too many requests"}]},
                                               {"X-RateLimit-Reset": str(reset())})  # fmt: skip
    outcome, _ = do("sendgrid_send_email", {"to": "a@example.com", "subject": "S", "text": "T"})
    assert outcome.retryable
    assert least <= outcome.retry_after <= most


@pytest.mark.parametrize("reset", ["soon", "-5", "1e9", "9" * 40, ""])
def test_an_end_that_is_no_time_is_no_pause(reset, do, vendor):
    vendor.answers["*"] = Answer(429, {"message": "Slow down"}, {"X-RateLimit-Reset": reset})
    outcome, _ = do("sendgrid_send_email", {"to": "a@example.com", "subject": "S", "text": "T"})
    assert (outcome.retryable, outcome.retry_after) == (True, None)
