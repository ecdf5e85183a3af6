"""AI steps in flows that run: variables downstream, error rules, other branches unharmed, secrets nowhere."""

import json

import pytest

from integrations.models import Connection
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Event, Run, StepRun
from tests.flows import call_ended, chain, decision, document, end, node
from tests.integrations.conftest import open_to  # noqa: F401
from tests.integrations.services.chat_model import PATH, said
from tests.peers import Answer, Peer
from tests.runtime.conftest import publish, work  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
KEY, PIN = "sk-canary-7f3a9b2c", "canary-pin-58213"
FACTS = [{"name": "reason", "type": "enum", "description": "Why they called", "options": "billing, other"}]


@pytest.fixture
def model(open_to):  # noqa: F811
    with Peer() as peer:
        open_to(peer)
        yield peer


@pytest.fixture
def connection(workspace, model):
    prices = {"input_price": "2", "output_price": "8"}
    row = Connection(workspace=workspace, name="Our model", type="openai_compatible",
                     config={"base_url": model.url, "model": "m-1", **prices})  # fmt: skip
    row.set_secrets({"token": KEY})
    row.full_clean()
    row.save()
    return row


def extracting(connection, **settings):
    config = {"connection": str(connection.pk), "properties": FACTS}
    nodes = [call_ended(), node("facts", "extract", config, settings=settings),
             decision("check", "{{vars.reason}}", "equals", "billing"), end("yes", "billing"), end("no", "other"),
             end("lost", "{{steps.facts.error.code}}")]  # fmt: skip
    edges = [("start", "next", "facts"), ("facts", "success", "check"), ("check", "yes", "yes"),
             ("check", "else", "no")]  # fmt: skip
    return document(nodes, [*edges, ("facts", "error", "lost")] if settings else edges)


def start(workspace):
    payload = {"interaction": {"id": "call-1", "status": "completed", "transcript": f"User: charged twice, pin {PIN}"}}
    arrival = Arrival(workspace.pk, "api", "call.ended", payload, secure={"pin": PIN})
    recorder().submit(accept, arrival).result(10)


def test_what_was_extracted_decides_where_the_run_goes(workspace, publish, work, model, connection):  # noqa: F811
    model.answers[PATH] = said({"reason": "billing"})
    publish(workspace, extracting(connection))
    start(workspace)
    work()
    run = Run.objects.get()
    assert (run.status, run.outcome) == ("succeeded", "billing")
    assert run.steps.get(node="facts").output["usage"] == {"input_tokens": 1000, "output_tokens": 100, "cost": 0.0028}


def test_a_refusal_follows_the_error_branch(workspace, publish, work, model, connection):  # noqa: F811
    model.answers[PATH] = said(None, refusal="No.")
    publish(workspace, extracting(connection, on_error="branch"))
    start(workspace)
    work()
    assert (Run.objects.get().status, Run.objects.get().outcome) == ("succeeded", "refused")


def test_an_endpoint_that_is_busy_is_asked_again_later(workspace, publish, work, model, connection):  # noqa: F811
    answers = [Answer(503, {"error": {"message": "busy"}}), said({"reason": "other"})]
    model.answers[PATH] = lambda asked: answers.pop(0)
    retry = {"retry": {"max_attempts": 2, "backoff_seconds": 0}, "on_error": "branch"}
    publish(workspace, extracting(connection, **retry))
    start(workspace)
    for _ in range(3):
        work()
    run = Run.objects.get()
    assert (run.status, run.outcome) == ("succeeded", "other")
    assert run.steps.filter(node="facts").count() == 2


def test_no_secret_is_in_a_prompt_a_row_or_the_logs(workspace, publish, work, model, connection, caplog):  # noqa: F811
    caplog.set_level("DEBUG")
    model.answers[PATH] = lambda asked: said({"reason": f"{asked.headers}"})
    publish(workspace, extracting(connection, on_error="branch"))
    start(workspace)
    work()
    prompts = b"".join(asked.body for asked in model.requests).decode()
    assert "charged twice" in prompts
    assert not [secret for secret in (KEY, PIN) if secret in prompts]
    kept = json.dumps([*StepRun.objects.values("input", "output", "error", "warnings"),
                       *Run.objects.values("state", "error", "response")], default=str)  # fmt: skip
    assert KEY not in kept + caplog.text
    assert PIN not in kept.replace(json.dumps(Event.objects.get().payload), "") + caplog.text


def test_without_its_connection_a_step_says_what_to_do(workspace, publish, work, connection):  # noqa: F811
    publish(workspace, chain(call_ended(), node("ai", "ask_ai", {"prompt": "Hi"}), end(), ports={"ai": "success"}))
    start(workspace)
    work()
    run = Run.objects.get()
    assert run.status == "failed"
    assert "Choose an AI model" in run.error["message"]
