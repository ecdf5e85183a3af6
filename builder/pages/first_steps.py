"""The checklist a new workspace starts with: the way from nothing to a flow that has run."""

from dataclasses import dataclass

from django.urls import reverse

from builder.pages.preferring import preferences_of
from runtime.models import Agent, Event, Flow, Run


@dataclass(frozen=True)
class FirstStep:
    title: str
    text: str
    done: bool
    url: str
    verb: str


def first_steps(request) -> list[FirstStep]:
    """Empty once all is done or the person closed the list."""
    if not preferences_of(request)["first_steps"]:
        return []
    workspace = request.workspace
    flows = Flow.objects.for_workspace(workspace).kept()
    runs = Run.objects.for_workspace(workspace).filter(mode="live")
    steps = [
        FirstStep(
            "Name the agent whose calls you serve", "It gets its own address for every voice platform.",
            Agent.objects.for_workspace(workspace).exists(), reverse("agent-list"), "Add an agent",
        ),
        FirstStep(
            "Draw a flow", "Start from a template, or with an empty canvas.",
            flows.exists(), reverse("flow-new"), "New flow",
        ),
        FirstStep(
            "Publish it", "Drafts never run. Publishing makes a version and switches the flow on.",
            flows.exclude(published=None).exists(), reverse("flow-list") + "?state=draft", "Open a flow",
        ),
        FirstStep(
            "Send it a call", "Paste the receiver's address into your platform, or post an event.",
            Event.objects.for_workspace(workspace).exists(), reverse("agent-list"), "Copy the address",
        ),
        FirstStep(
            "See what it did", "Each run shows every step with what went in, what came out and why.",
            runs.exists(), reverse("run-list"), "Look at runs",
        ),
    ]  # fmt: skip
    return [] if all(step.done for step in steps) else steps
