"""How the outside reaches a flow: what to paste into an agent's platform, or to send from a script."""

import json

from django.conf import settings
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from builder import registering
from builder.overview import agents_of
from builder.pages.access import member_required
from builder.pages.agents import PLATFORMS
from builder.pages.flow_list import flow_or_404
from builder.pages.rendering import page
from runtime.engine import registry
from runtime.models import Agent
from runtime.passed_over import passed_over

SAMPLES = {"string": "text", "number": 1.5, "integer": 1, "boolean": True, "object": {}, "array": []}
SHAPES = (("openai", "OpenAI"), ("anthropic", "Anthropic"), ("mcp", "MCP"), ("jsonschema", "JSON Schema"))
TOOLS = {
    "vapi": "Add a tool of the type Function with this name; its Server URL is the address below.",
    "retell": "Add a custom function with this name; its URL is the address below.",
    "elevenlabs": "Add a webhook tool with this name; its URL is the address below.",
    "famulor": "Add a mid-call tool with this name; its endpoint is the address below.",
    **dict.fromkeys(
        ("synthflow", "strada", "bland", "sigmamind", "goldilocks", "twilio"),
        "Its tools are called over HTTP: POST the arguments to /actions/ with an API key.",
    ),
    "generic": "POST tool calls to the address below.",
}


@require_GET
@never_cache
@member_required("editor")
def reach_flow(request, flow_id):
    """Addresses are secrets, so this page is for those who may change the flow."""
    flow = flow_or_404(request, flow_id)
    trigger = _trigger(flow)
    listens_to = trigger["type"] if trigger else ""
    action = trigger["config"].get("name") if trigger and listens_to == "action_called" else ""
    agents = _agents(request.workspace, flow, action or "")
    context = {
        "flow": flow, "listens_to": listens_to, "agents": agents, "passed_over": passed_over(flow, 20),
        "base": f"{settings.PUBLIC_URL}/api/v1",
    }  # fmt: skip
    if listens_to == "action_called":
        context |= _action(trigger["config"])
    elif listens_to == "webhook":
        context["hook"] = f"{settings.PUBLIC_URL}/hooks/{flow.token}/"
    return page(request, "builder/reach.html", **context)


def _trigger(flow):
    """The trigger of what is live, else of the draft."""
    document = flow.published.document if flow.published else flow.draft.document
    known = ((node, registry.find(node["type"])) for node in document["nodes"])
    return next((node for node, kind in known if kind is not None and kind.trigger), None)


def _agents(workspace, flow, action):
    """The agents it serves, each with the address for its platform and what to do with it."""
    slugs = agents_of(flow)
    agents = Agent.objects.for_workspace(workspace)
    agents = agents.filter(slug__in=slugs) if slugs else agents
    return [
        {
            "agent": agent,
            "platform": PLATFORMS[agent.platform][0],
            "url": registering.tool_address(agent, agent.platform, action),
            "report": PLATFORMS[agent.platform][1],
            "tool": TOOLS[agent.platform],
        }
        for agent in agents
    ]


def _action(config):
    inputs = [row for row in config.get("inputs") or [] if isinstance(row, dict) and row.get("name")]
    arguments = {row["name"]: SAMPLES.get(row.get("type"), "text") for row in inputs}
    return {
        "name": config.get("name") or "",
        "about": config.get("description") or "",
        "inputs": inputs,
        "body": json.dumps({"arguments": arguments}, ensure_ascii=False),
        "shapes": SHAPES,
    }
