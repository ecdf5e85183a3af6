"""Inbound calls: the agent is about to answer, and asks what it should know about who is calling.

The answer always comes, within the flow's deadline and the platform's: a flow that fails, is late or does not exist
leaves the declared defaults, never an error that would keep the phone ringing. A flow that is switched off still says
what its defaults are: some platforms drop a call that lacks a variable they know.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.actions import Call, invoke
from runtime.group_commit import loader, recorder
from runtime.intake import Arrival, accept
from runtime.interactions import complete, e164
from runtime.matching import first_refusal, passed_over
from runtime.models import Trigger
from runtime.nodes.inbound import variables_of

log = logging.getLogger("segue.inbound")
GRACE_SECONDS = 0.25
LONGEST = 20.0


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call that comes in. `key` makes a repetition get the first answer; `within`: seconds that the platform waits;
    `type` is what an unanswered one is kept as.
    """

    agent: str
    interaction: Mapping[str, Any]
    contact: Mapping[str, Any] = field(default_factory=dict)
    sip_headers: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    within: float = LONGEST
    type: str = "call.inbound"


@dataclass(frozen=True, slots=True)
class Listener:
    """Whose flow answers (None: nobody's), whose defaults hold anyway, and who was passed over and why."""

    trigger: Trigger | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    skipped: tuple[dict[str, Any], ...] = ()


def ringing(agent: str, call: Mapping[str, Any]) -> Ringing:
    """A call {"from", "to", "id", "sip_headers"} of `POST /inbound/`."""
    given = {"id": call.get("id"), "from": call.get("from"), "to": call.get("to"), "direction": "inbound",
             "status": "ringing", "channel": "phone", "agent": agent or None}  # fmt: skip
    return Ringing(agent, complete(given), sip_headers=call.get("sip_headers") or {})


async def answer(workspace_id: Any, source: str, call: Ringing) -> dict[str, Any]:
    """{"run", "status", "variables"}."""
    listener, given, run, said = Listener(), {}, None, "none"
    try:
        async with asyncio.timeout(call.within + GRACE_SECONDS):
            asked = (workspace_id, call.agent, e164(call.interaction.get("to")))
            listener = await asyncio.wrap_future(loader().submit(_listening, asked))
            arrival = _arrival(workspace_id, source, call)
            if listener.trigger is None:
                arrival.type, arrival.skipped = call.type, list(listener.skipped)
                arrival.key = call.key[:255] or None
                await asyncio.wrap_future(recorder().submit(accept, arrival))
            else:
                said = "fallback"
                status, body = await invoke(
                    Call(arrival, trigger=listener.trigger, tool_call_id=call.key, within=call.within)
                )
                if status == 200:
                    run, said = body["run"], body["status"]
                    given = body["response"] if said == "succeeded" else {}
    except Exception:
        log.exception("An inbound call was answered with the defaults")
    return {"run": run, "status": said, "variables": variables_of(listener.defaults, given)}


def _arrival(workspace_id: Any, source: str, call: Ringing) -> Arrival:
    payload = {"interaction": dict(call.interaction), "trigger": {"sip_headers": dict(call.sip_headers)}}
    if call.contact:
        payload["contact"] = dict(call.contact)
    return Arrival(workspace_id, source, "call.inbound", payload, agent=call.agent)


def _listening(asked: list[tuple[Any, str, str]]) -> list[Listener]:
    """Whose flow answers: one that names the called number before one that takes any, the oldest first."""
    return [_best(workspace_id, agent, number) for workspace_id, agent, number in asked]


def _best(workspace_id: Any, agent: str, number: str) -> Listener:
    there = Trigger.objects.filter(workspace_id=workspace_id, type="inbound_call", flow__deleted_at=None)
    fitting, skipped = [], []
    for trigger in there.select_related("flow").order_by("id"):
        refusal = first_refusal(trigger, {"agent": agent, "called_number": number})
        if refusal is None:
            fitting.append(trigger)
        elif trigger.flow.enabled:
            skipped.append(passed_over(trigger.flow_id, refusal))
    fitting.sort(key=lambda trigger: not trigger.config.get("to_numbers"))
    live = next((trigger for trigger in fitting if trigger.flow.enabled), None)
    known = live or next(iter(fitting), None)
    return Listener(live, known.config if known else {}, tuple(skipped))
