"""Agents: registering one, its receivers' addresses, its signing secret, removing it."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from builder.auditing import record
from builder.overview import agents_of, listed
from runtime.models import Agent, Flow, Trigger, Workspace
from runtime.origins import MOST as MOST_ORIGINS
from runtime.origins import origin_of

BARE_ARGUMENTS = ("elevenlabs", "famulor")  # their tools post the arguments and not the action's name
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")


class InUse(Exception):
    """Flows name this agent."""

    def __init__(self, flows: list[Flow]):
        names = ", ".join(flow.name for flow in flows[:6])
        super().__init__(f"It is named by {names}. Choose other agents in their triggers first.")
        self.flows = flows


def receivers_of(agent: Agent) -> dict[str, str]:
    """{platform: the address to give it}. Whoever knows an address may report calls, so it is shown to members only."""
    return {platform: f"{settings.PUBLIC_URL}/in/{platform}/{agent.token}/" for platform in Agent.PLATFORMS}


def tool_address(agent: Agent, platform: str, action: str) -> str:
    """The address of a tool for one action; platforms that post nothing but the arguments name it in the query."""
    address = receivers_of(agent)[platform]
    return f"{address}?action={action}" if platform in BARE_ARGUMENTS and action else address


def actions_of(agent: Agent) -> list[str]:
    """The names of the live actions that the agent may call."""
    live = Trigger.objects.filter(
        workspace=agent.workspace_id, type="action_called", flow__enabled=True, flow__deleted_at=None
    )
    return sorted(row.name for row in live if row.name and (not row.agents or agent.slug in row.agents))


def save(agent: Agent, by: Any, given: Mapping[str, Any]) -> dict[str, str]:
    """Set what is given: name, slug, platform, platform_id, data_url, origins, signing_secret, signature_required. The
    page and the API save agents here. {field: what is wrong}; empty = it is saved.

    A secret switches the check on unless the same call says otherwise; without one nothing can be checked.
    """
    new = agent._state.adding
    for name in ("name", "slug", "platform", "platform_id", "data_url"):
        if name in given:
            setattr(agent, name, str(given[name]).strip())
    if "origins" in given:
        agent.origins = list(dict.fromkeys(filter(None, map(str.strip, given["origins"]))))
    if "signing_secret" in given:
        agent.set_signing_secret(given["signing_secret"] or "")
    if "signature_required" in given:
        agent.signature_required = given["signature_required"]
    problems = _problems_of(agent)
    if problems:
        return problems
    with transaction.atomic():
        agent.save()
        record(
            agent.workspace, by, "agent.created" if new else "agent.changed", agent,
            slug=agent.slug, platform=agent.platform, signed=agent.signature_required, fields=sorted(given),
        )  # fmt: skip
    return {}


def _problems_of(agent: Agent) -> dict[str, str]:
    problems = {}
    if not agent.name:
        problems["name"] = "Give it a name."
    if not SLUG.match(agent.slug):
        problems["slug"] = "Small letters, digits, - and _; it begins with a letter or digit."
    elif Agent.objects.for_workspace(agent.workspace).filter(slug=agent.slug).exclude(pk=agent.pk).exists():
        problems["slug"] = "Another agent has this short name."
    if agent.platform not in Agent.PLATFORMS:
        problems["platform"] = f"Choose one of {', '.join(Agent.PLATFORMS)}."
    try:
        agent.origins = [origin_of(each) for each in agent.origins]
    except ValueError as error:
        problems["origins"] = str(error)
    if len(agent.origins) > MOST_ORIGINS:
        problems["origins"] = f"An agent has at most {MOST_ORIGINS} of them."
    if agent.signature_required and not agent.signing_secret_sealed:
        problems["signature_required"] = "Give a signing secret first."
    return problems


def flows_of(workspace: Workspace) -> dict[str, list[Flow]]:
    """{slug: the flows whose trigger names it}."""
    found: dict[str, list[Flow]] = {}
    for flow in listed(workspace).kept():
        for slug in agents_of(flow):
            found.setdefault(slug, []).append(flow)
    return found


def renew_address(agent: Agent, by: Any) -> None:
    """New addresses for its receivers; the old ones are dead at once."""
    agent.set_token()
    agent.save()
    record(agent.workspace, by, "agent.changed", agent, addresses="renewed")


@transaction.atomic
def delete(agent: Agent, by: Any) -> None:
    """Raises InUse where flows name it."""
    flows = flows_of(agent.workspace).get(agent.slug)
    if flows:
        raise InUse(flows)
    record(agent.workspace, by, "agent.deleted", agent, slug=agent.slug)
    agent.delete()
