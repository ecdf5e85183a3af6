"""Programs in flows that run: in a worker and while an agent waits, killed in the middle, and as a person sees it."""

import contextlib
import threading
import time

import psutil
import pytest

from builder.flows import template_document
from integrations import sandbox
from integrations.sandbox.pool import own_pool
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import action_called, call_ended, chain, end, node, respond
from tests.runtime.conftest import api_key, publish, work  # noqa: F401
from tests.runtime.test_actions import invoke  # noqa: F401
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)
SPIN = "console.log('so far'); for(;;){}"


def code(program, inputs=(), id="js", **settings):
    rows = [{"name": name, "value": value} for name, value in dict(inputs).items()]
    return node(id, "code", {"inputs": rows, "program": program}, settings=settings)


def with_error_branch(program):
    branched = code(program, on_error="branch")
    return chain(call_ended(), branched, end("done"), beside=(end("lost", "{{steps.js.error.code}}"),),
                 edges=(("js", "error", "lost"),))  # fmt: skip


def start(workspace, call="call-1"):
    """An ended call arrives."""
    payload = {"interaction": {"id": call, "status": "completed"}}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", payload)).result(10)


def test_a_result_goes_on_to_the_next_steps(workspace, publish, work):  # noqa: F811
    double = code("return { n: inputs.n * 2 }", {"n": "{{steps.js.result.n}}"}, id="again")
    publish(workspace, chain(call_ended(), code("return { n: 21 }"), double, end("end", "{{steps.again.result.n}}")))
    start(workspace)
    work()
    run = Run.objects.get()
    assert (run.status, run.outcome) == ("succeeded", "42")
    assert [step.output["result"] for step in run.steps.filter(type="code")] == [{"n": 21}, {"n": 42}]


def test_a_failure_follows_the_steps_error_rules(workspace, publish, work):  # noqa: F811
    publish(workspace, with_error_branch("console.log('so far');\nthrow new Error('no order')"))
    start(workspace)
    work()
    run = Run.objects.get()
    assert (run.status, run.outcome) == ("succeeded", "javascript")
    failed = run.steps.get(node="js")
    assert failed.error["message"] == "Line 2: no order"
    assert failed.error["detail"]["console"] == ["so far"]


def test_a_sandbox_killed_in_the_middle_is_a_failed_step_and_the_run_goes_on(workspace, publish, work):  # noqa: F811
    publish(workspace, with_error_branch(SPIN))
    start(workspace)

    own_pool().end()
    sandbox.run("return 1", "{}", 5, "w")  # the one zygote there is now is this run's
    (zygote,) = [each for each in psutil.Process().children() if "zygote.py" in " ".join(each.cmdline())]

    def kill():
        with contextlib.suppress(AssertionError):  # killed all the same: what comes of it is looked at below
            until(zygote.children, 10)
        zygote.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    work()
    killer.join()
    run = Run.objects.get()
    assert (run.status, run.outcome) == ("succeeded", "sandbox_ended")


def test_an_agent_that_waits_gets_the_result_in_time(workspace, publish, invoke):  # noqa: F811
    total = code("return inputs.prices.reduce((sum, each) => sum + each, 0)", {"prices": "{{args.prices}}"})
    trigger = action_called(inputs=[{"name": "prices", "type": "array"}])
    publish(workspace, chain(trigger, total, respond(response='{"total": {{steps.js.result}}}')), kind="action")
    body = invoke(arguments={"prices": [1, 2.5]}).json()
    assert (body["status"], body["response"]) == ("succeeded", {"total": 3.5})


def test_a_program_without_end_does_not_keep_the_agent_past_the_deadline(workspace, publish, invoke):  # noqa: F811
    trigger = action_called(deadline_seconds=1, fallback_response={"message": "later"})
    publish(workspace, chain(trigger, code(SPIN), respond()), kind="action")
    started = time.monotonic()
    body = invoke().json()
    assert body["response"] == {"message": "later"}
    assert time.monotonic() - started < 1.25 + 0.5


def test_many_runs_share_the_sandboxes(workspace, publish, work):  # noqa: F811
    publish(workspace, chain(call_ended(), code("return inputs.id", {"id": "{{interaction.id}}"}), end()))
    for n in range(40):
        start(workspace, f"call-{n}")
    work()
    results = {step.output["result"] for run in Run.objects.all() for step in run.steps.filter(type="code")}
    assert results == {f"call-{n}" for n in range(40)}


@pytest.mark.parametrize(
    ("items", "response"),
    [
        ([{"name": "Mixer", "price": "79.90", "quantity": 2}, {"name": "Cup", "price": 5}],
         {"total": 156.56, "message": "That is 156.56 in total, with 5 percent off."}),
        ([{"name": "Cup", "price": 5, "quantity": 3}], {"total": 15, "message": "That is 15.00 in total."}),
        ([{"name": "Mixer", "price": "eighty"}], {"total": None, "message": "I did not get the price of Mixer."}),
        ([7], {"total": None, "message": "I did not get the price of item."}),
        ([None], {"total": None, "message": "I cannot work it out just now."}),
    ],
)  # fmt: skip
def test_the_template_that_quotes_a_price(items, response, workspace, publish, invoke):  # noqa: F811
    publish(workspace, template_document("price-quote"), kind="action")
    assert invoke("quote_price", arguments={"items": items}).json()["response"] == response
