"""`python -m tests.load.stage <echo url>`: the workloads of SPEED.md as published flows; prints {"key": ...} as JSON.

W1: three variables, a decision, a POST of the summary, two mapped fields, end. W2: ten variables. Each listens to an
agent of its own, and W1 and W2 are actions too.
"""

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from runtime.models import Agent, ApiKey, Flow, FlowVersion, Trigger, Workspace  # noqa: E402
from tests import flows  # noqa: E402

MAPPING = [
    {"path": "$.summary", "variable": "echoed", "default": ""},
    {"path": "$.seconds", "variable": "echoed_seconds", "default": 0},
]
BODY = '{"summary": "{{interaction.summary}}", "seconds": {{interaction.duration_seconds}}, "topic": "{{vars.topic}}"}'


def w1(url, start, *last):
    variables = flows.set_variable("vars", topic="Call {{interaction.id}}", team="support", rank="{{vars.topic}}!")
    return flows.chain(
        start,
        variables,
        flows.decision("check", "{{interaction.status}}", "equals", "no_answer"),
        flows.post_json("post", url, BODY, response_mapping=MAPPING),
        *last,
        edges=(("check", "yes", last[-1]["id"]),),
    )


def w2(start, *last):
    values = [flows.set_variable(f"v{n}", **{f"name{n}": f"{n}: {{{{args.text}}}}"}) for n in range(10)]
    return flows.chain(start, *values, *last)


def waiting(start):
    return flows.chain(start, flows.wait_for("pause", 5), flows.end())


def publish(workspace, name, document, agent=""):
    kind = (
        "action" if document["nodes"] and any(n["type"] == "action_called" for n in document["nodes"]) else "post_call"
    )
    trigger = next(node for node in document["nodes"] if node["type"] in ("call_ended", "action_called"))
    kind = "action" if trigger["type"] == "action_called" else "post_call"
    flow = Flow.objects.create(workspace=workspace, name=name, kind=kind, enabled=True)
    version = FlowVersion.objects.create(workspace=workspace, flow=flow, number=1, document=document)
    flow.published = version
    flow.save()
    Trigger.objects.create(
        workspace=workspace, flow=flow, version=version, type=trigger["type"], agents=[agent] if agent else [],
        config=trigger["config"], name=trigger["config"].get("name", ""),
    )  # fmt: skip


def main(echo):
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    workspace = Workspace.objects.create(name="Load")
    for slug in ("w1", "slow", "waits"):
        Agent.objects.create(workspace=workspace, slug=slug, name=slug)
    answer = flows.respond(response='{"echoed": "{{vars.echoed}}"}')
    text = flows.respond(response='{"text": "{{vars.name9}}"}')
    publish(workspace, "W1", w1(f"{echo}/echo", flows.call_ended(agents=["w1"]), flows.end()), "w1")
    publish(workspace, "Slow", w1(f"{echo}/slow", flows.call_ended(agents=["slow"]), flows.end()), "slow")
    publish(workspace, "Waits", waiting(flows.call_ended(agents=["waits"])), "waits")
    publish(workspace, "W1 action", w1(f"{echo}/echo", flows.action_called("w1"), answer))
    publish(workspace, "W2 action", w2(flows.action_called("w2"), text))
    _, key = ApiKey.issue(workspace, "load", ["events:write", "actions:invoke"])
    print(json.dumps({"key": key}))


if __name__ == "__main__":
    main(sys.argv[1])
