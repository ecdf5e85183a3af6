"""`python -m tests.crash.stage <peer url>`: tables, and a workspace with a published flow.

In the database of the environment. Prints JSON: {"key": an API key}.
"""

import json
import os
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from runtime.models import ApiKey, Flow, FlowVersion, Trigger, Workspace  # noqa: E402
from tests import flows  # noqa: E402

BODY = '{"call": "{{interaction.id}}", "topic": "{{vars.topic}}"}'
CARD = [{"name": "X-Card", "value": "{{secure.card}}"}]
RETRY = {"retry": {"max_attempts": 3, "backoff_seconds": 0.2, "factor": 1}, "timeout_seconds": 5, "on_error": "stop"}

NEVER = {"mode": "every", "count": 30, "unit": "days", "overlap": "allow"}


def call_report(peer: str, start: dict) -> dict:
    """start, vars, first call, decision, a short wait, second call, end: seven visits, two effects."""
    return flows.chain(
        start,
        flows.set_variable("vars", topic="Call {{interaction.id}}"),
        flows.post_json("first", f"{peer}/first", BODY, settings=RETRY),
        flows.decision("check", "{{interaction.status}}", "equals", "nobody"),
        flows.wait_for("pause", float(os.environ.get("CRASH_PAUSE", "0.1"))),
        flows.post_json("second", f"{peer}/second", BODY, settings=RETRY, headers=CARD),
        flows.end("done", "filed {{vars.topic}}"),
        edges=(("check", "yes", "done"),),
    )


def asked(peer: str) -> dict:
    """An action with one effect: for calls that come twice."""
    return flows.chain(
        flows.action_called("file"),
        flows.post_json("first", f"{peer}/asked", '{"call": "{{interaction.id}}", "topic": "asked"}', settings=RETRY),
        flows.respond("answer", '{"filed": "{{run.id}}"}'),
    )


def chat(peer: str) -> dict:
    """A question, an effect, and words: for visitors whose answers come while processes die."""
    return flows.chain(
        flows.node("start", "conversation_started", {"frequency": "always"}),
        flows.node("ask", "ask_question", {"text": "Name?", "save_to": "name", "timeout": 3600}),
        flows.post_json("told", f"{peer}/told", '{"call": "{{interaction.id}}"}', settings=RETRY),
        flows.node("thanks", "send_message", {"text": "Thanks, {{vars.name}}"}),
        flows.end("done"),
    )


def publish(workspace, kind, document):
    flow = Flow.objects.create(workspace=workspace, name=f"Calls, {kind}", kind=kind, enabled=True)
    version = FlowVersion.objects.create(workspace=workspace, flow=flow, number=1, document=document)
    flow.published = version
    flow.save()
    (start,) = (node for node in document["nodes"] if node["id"] == "start")
    Trigger.objects.create(
        workspace=workspace, flow=flow, version=version, type=start["type"], config=start["config"],
        name=start["config"].get("name", ""),
    )  # fmt: skip


def main(peer: str):
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    workspace = Workspace.objects.create(name="Crash")
    publish(workspace, "post_call", call_report(peer, flows.call_ended()))
    # Never due by itself: tests say when (Instance.make_schedule_due).
    publish(workspace, "automation", call_report(peer, flows.node("start", "schedule", NEVER)))
    publish(workspace, "action", asked(peer))
    publish(workspace, "conversation", chat(peer))
    _, key = ApiKey.issue(workspace, "crash", [
        "events:write", "actions:invoke", "flows:read", "flows:write", "conversations:write"])  # fmt: skip
    print(json.dumps({"key": key}))


if __name__ == "__main__":
    main(sys.argv[1])
