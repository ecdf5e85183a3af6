"""`python -m tests.crash.stage <peer url>`: tables, and a workspace with a published flow.

In the database of the environment. Prints JSON: {"key": an API key}.
"""

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from runtime.models import ApiKey, Flow, FlowVersion, Trigger, Workspace  # noqa: E402
from tests import flows  # noqa: E402

BODY = '{"call": "{{interaction.id}}", "topic": "{{vars.topic}}"}'
RETRY = {"retry": {"max_attempts": 3, "backoff_seconds": 0.2, "factor": 1}, "timeout_seconds": 5, "on_error": "stop"}


def call_report(peer: str) -> dict:
    """start, vars, first call, decision, a short wait, second call, end: seven visits, two effects."""
    return flows.chain(
        flows.call_ended(),
        flows.set_variable("vars", topic="Call {{interaction.id}}"),
        flows.post_json("first", f"{peer}/first", BODY, settings=RETRY),
        flows.decision("check", "{{interaction.status}}", "equals", "nobody"),
        flows.wait_for("pause", 0.1),
        flows.post_json("second", f"{peer}/second", BODY, settings=RETRY),
        flows.end("done", "filed {{vars.topic}}"),
        edges=(("check", "yes", "done"),),
    )


def publish(workspace, document):
    flow = Flow.objects.create(workspace=workspace, name="Calls", kind="post_call", enabled=True)
    version = FlowVersion.objects.create(workspace=workspace, flow=flow, number=1, document=document)
    flow.published = version
    flow.save()
    Trigger.objects.create(workspace=workspace, flow=flow, version=version, type="call_ended", config={})


def main(peer: str):
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    workspace = Workspace.objects.create(name="Crash")
    publish(workspace, call_report(peer))
    _, key = ApiKey.issue(workspace, "crash", ["events:write"])
    print(json.dumps({"key": key}))


if __name__ == "__main__":
    main(sys.argv[1])
