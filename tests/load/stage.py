"""`python -m tests.load.stage <echo url>`: the workloads of SPEED.md as published flows; prints {"key": ...} as JSON.

W1: three variables, a decision, a POST of the summary, two mapped fields, end. W2: ten variables. Each listens to an
agent of its own, and W1 and W2 are actions too. "gated" is W1 through a connection with limits that nobody reaches;
the "late" flows are asked for an answer and cannot have it in time.
"""

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from integrations.models import Connection  # noqa: E402
from runtime.models import Agent, ApiKey, Flow, FlowVersion, Gate, Trigger, Workspace  # noqa: E402
from tests import flows  # noqa: E402
from tests.load.client import DEADLINE  # noqa: E402

MAPPING = [
    {"path": "$.summary", "variable": "echoed", "default": ""},
    {"path": "$.seconds", "variable": "echoed_seconds", "default": 0},
]
KINDS = {"call_ended": "post_call", "action_called": "action", "inbound_call": "inbound"}
BODY = '{"summary": "{{interaction.summary}}", "seconds": {{interaction.duration_seconds}}, "topic": "{{vars.topic}}"}'


def w1(url, start, *last, **config):
    variables = flows.set_variable("vars", topic="Call {{interaction.id}}", team="support", rank="{{vars.topic}}!")
    return flows.chain(
        start,
        variables,
        flows.decision("check", "{{interaction.status}}", "equals", "no_answer"),
        flows.post_json("post", url, BODY, response_mapping=MAPPING, **config),
        *last,
        edges=(("check", "yes", last[-1]["id"]),),
    )


def w2(start, *last):
    values = [flows.set_variable(f"v{n}", **{f"name{n}": f"{n}: {{{{args.text}}}}"}) for n in range(10)]
    return flows.chain(start, *values, *last)


def publish(workspace, name, document, agent=""):
    (trigger,) = (node for node in document["nodes"] if node["type"] in KINDS)
    flow = Flow.objects.create(workspace=workspace, name=name, kind=KINDS[trigger["type"]], enabled=True)
    version = FlowVersion.objects.create(workspace=workspace, flow=flow, number=1, document=document)
    flow.published = version
    flow.save()
    Trigger.objects.create(
        workspace=workspace, flow=flow, version=version, type=trigger["type"], agents=[agent] if agent else [],
        config=trigger["config"], name=trigger["config"].get("name", ""),
    )  # fmt: skip


def connection(workspace, echo, name, **limits) -> str:
    """The id of a connection to the echo, and its gate."""
    host = echo.removeprefix("http://")
    made = Connection.objects.create(workspace=workspace, name=name, type="none", allowed_hosts=[host])
    Gate.objects.create(workspace=workspace, key=f"connection:{made.pk}", name=name, **limits)
    return str(made.pk)


def late_flows(workspace, echo, answer):
    """Their breaker never opens: it would give the fallback at once."""
    slow, patient = f"{echo}/slow", connection(workspace, echo, "Patient", opens_after=0)
    text = {"deadline_seconds": DEADLINE, "fallback_response": {"text": "later"}}
    publish(workspace, "Late step", w1(slow, flows.action_called("late_step", **text), answer, connection=patient))
    start = flows.action_called("late_wait", **text)
    publish(workspace, "Late wait", flows.chain(start, flows.wait_for("pause", 3600), answer))
    start = flows.node("start", "inbound_call", {"deadline_seconds": DEADLINE, "variables": []})
    publish(workspace, "Late greeting", w1(slow, start, answer, connection=patient), "late")


def main(echo):
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    workspace = Workspace.objects.create(name="Load")
    for slug in ("w1", "gated", "slow", "waits", "asks", "late"):
        Agent.objects.create(workspace=workspace, slug=slug, name=slug)
    answer = flows.respond(response='{"echoed": "{{vars.echoed}}"}')
    text = flows.respond(response='{"text": "{{vars.name9}}"}')
    publish(workspace, "W1", w1(f"{echo}/echo", flows.call_ended(agents=["w1"]), flows.end()), "w1")
    publish(workspace, "Slow", w1(f"{echo}/slow", flows.call_ended(agents=["slow"]), flows.end()), "slow")
    desk = connection(workspace, echo, "Desk", at_once=10_000, rate=100_000)
    gated = w1(f"{echo}/echo", flows.call_ended(agents=["gated"]), flows.end(), connection=desk)
    publish(workspace, "Gated", gated, "gated")
    start = flows.call_ended(agents=["waits"])
    until = flows.node("pause", "wait", {"mode": "until", "until": "{{interaction.variables.until}}"})
    publish(workspace, "Waits", flows.chain(start, until, flows.end()), "waits")
    unless = {"mode": "unless", "seconds": 3 * 86_400, "events": ["message.received"], "same": "conversation"}
    asks = flows.chain(flows.call_ended(agents=["asks"]), flows.node("pause", "wait", unless), flows.end(),
                       ports={"pause": "event"})  # fmt: skip
    publish(workspace, "Asks", asks, "asks")
    publish(workspace, "W1 action", w1(f"{echo}/echo", flows.action_called("w1"), answer))
    publish(workspace, "W2 action", w2(flows.action_called("w2"), text))
    late_flows(workspace, echo, answer)
    _, key = ApiKey.issue(workspace, "load", ["events:write", "actions:invoke", "flows:read", "flows:write"])
    print(json.dumps({"key": key}))


if __name__ == "__main__":
    main(sys.argv[1])
