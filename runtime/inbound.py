"""Inbound calls: the agent is about to answer, and asks what it should know about who is calling.

The answer always comes, within the flow's deadline: a flow that fails, is late or does not exist leaves the declared
defaults, never an error that would keep the phone ringing.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from runtime.actions import Call, invoke
from runtime.group_commit import loader
from runtime.intake import Arrival
from runtime.interactions import complete, e164
from runtime.models import Trigger
from runtime.nodes.inbound import variables_of

log = logging.getLogger("segue.inbound")
NOBODY = {"run": None, "status": "none", "variables": {}}


async def answer(workspace_id: Any, source: str, agent: str, call: Mapping[str, Any]) -> dict[str, Any]:
    """{"run", "status", "variables"} for a call {"from", "to", "id", "sip_headers"}."""
    trigger: Trigger | None = None
    try:
        trigger = await asyncio.wrap_future(loader().submit(_listening, (workspace_id, agent, e164(call.get("to")))))
        if trigger is None:
            return dict(NOBODY)
        status, body = await invoke(Call(_arrival(workspace_id, source, agent, call), trigger=trigger))
        given = body["response"] if status == 200 and body["status"] == "succeeded" else {}
        run, said = (body["run"], body["status"]) if status == 200 else (None, "fallback")
    except Exception:
        log.exception("An inbound call was answered with the defaults")
        given, run, said = {}, None, "fallback"
    return {"run": run, "status": said, "variables": variables_of(trigger.config if trigger else {}, given)}


def _arrival(workspace_id: Any, source: str, agent: str, call: Mapping[str, Any]) -> Arrival:
    interaction = complete({
        "id": call.get("id"), "from": call.get("from"), "to": call.get("to"), "direction": "inbound",
        "status": "ringing", "channel": "phone", "agent": agent or None,
    })  # fmt: skip
    trigger = {"sip_headers": call.get("sip_headers") or {}}
    return Arrival(workspace_id, source, "call.inbound", {"interaction": interaction, "trigger": trigger}, agent=agent)


def _listening(asked: list[tuple[Any, str, str]]) -> list[Trigger | None]:
    """Whose flow answers: one that names the called number before one that takes any, the oldest first."""
    return [_best(workspace_id, agent, number) for workspace_id, agent, number in asked]


def _best(workspace_id: Any, agent: str, number: str) -> Trigger | None:
    live = Trigger.objects.filter(
        workspace_id=workspace_id, type="inbound_call", flow__enabled=True, flow__deleted_at=None
    )
    fitting = [
        trigger
        for trigger in live.select_related("flow").order_by("id")
        if (not trigger.agents or agent in trigger.agents)
        and (not trigger.config.get("to_numbers") or number in trigger.config["to_numbers"])
    ]
    return min(fitting, key=lambda trigger: not trigger.config.get("to_numbers"), default=None)
