"""Vendor receivers: a platform's own webhook, checked over the raw bytes, read into the one interaction.

The vendors' shapes live a floor up (integrations/receivers) and plug in through runtime/reaching_out.py. Order of
the checks: size (the door), address, signature, reading, one transaction, then the answer the vendor wants.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from runtime import inbound, reaching_out
from runtime.actions import Call, invoke
from runtime.arrivals import LONGEST_TYPE, BadEvent, action_arrival
from runtime.engine.values import safe_dumps
from runtime.group_commit import loader, recorder
from runtime.intake import Accepted, Arrival, accept
from runtime.models import Agent
from runtime.models.base import token_hash
from runtime.problem import problem

log = logging.getLogger("segue.receiving")
REPEATED_WITHIN = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Address:
    """The agent behind a receiver's address."""

    workspace_id: Any
    slug: str
    secrets: tuple[str, ...]
    required: bool
    platform_id: str = ""  # what the platform calls the agent


async def receive(request: HttpRequest, vendor: str, token: str) -> HttpResponse:
    receiver = reaching_out.receiver(vendor)
    try:
        address = await asyncio.wrap_future(loader().submit(_addresses, token_hash(token)))
    except Exception:
        if (greeting := _greeting_of_nobody(receiver, request)) is not None:
            log.exception("A ringing call was answered without the database")
            return _json(greeting, 200)
        raise
    if receiver is None or address is None:
        return problem(404, "not_found", "There is nothing at this address.")
    if request.method in ("GET", "HEAD"):
        return _json({"receiver": vendor, "agent": address.slug}, 200)  # some vendors ping first
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers[":url"] = f"{settings.PUBLIC_URL}{request.get_full_path()}"  # some sign the address they called
    if address.secrets or address.required:
        reason = receiver.verify(headers, request.body, list(address.secrets), time.time())
        if reason is not None:
            return problem(401, "bad_signature", reason)
    try:
        received = receiver.read(request.body, headers)
    except ValueError as error:
        raise BadEvent([{"pointer": "", "code": "unreadable", "message": str(error)}], 400, "unreadable") from error
    if ring := next((item for item in received if item.ringing), None):
        return _json(await _ring(receiver, address, vendor, ring), 200)
    asked = request.GET.get("action", "")  # for tools that post nothing but their arguments
    calls = [(item, {**call, "name": call["name"] or asked}) for item in received for call in item.tool_calls or ()]
    results = list(await asyncio.gather(*(_ask(address, vendor, item, call) for item, call in calls)))
    futures = [recorder().submit(accept, _arrival(address, vendor, item)) for item in received if not item.tool_calls]
    accepted: list[Accepted] = [await asyncio.wrap_future(future) for future in futures]
    status, body = receiver.answer(received, results)
    if body is None and accepted:
        body = {"events": [one.body for one in accepted]}
    return _json(body if body is not None else {}, status)


def _greeting_of_nobody(receiver: Any, request: HttpRequest) -> Any:
    """What a platform is told about a ringing call when nothing can be looked up; None: it reports no such call."""
    try:
        received = receiver.read(request.body, {name.lower(): value for name, value in request.headers.items()})
    except (AttributeError, ValueError, BadEvent):
        return None
    return receiver.greet({}, "") if any(item.ringing for item in received) else None


async def _ring(receiver: Any, address: Address, vendor: str, item: Any) -> Any:
    """A call comes in: the flow's variables in the platform's own shape, or the defaults, within its time."""
    call = inbound.Ringing(
        address.slug, {**item.interaction, "agent": address.slug}, item.contact or {}, item.sip_headers or {},
        key=(item.dedupe_key or "")[:200], within=receiver.answers_within, type=item.type[:LONGEST_TYPE],
    )  # fmt: skip
    answered = await inbound.answer(address.workspace_id, vendor, call)
    return receiver.greet(answered["variables"], address.platform_id)


def _arrival(address: Address, vendor: str, item: Any) -> Arrival:
    interaction = {**item.interaction, "agent": address.slug}
    payload = {
        "interaction": interaction, "contact": item.contact or {}, "analysis": item.analysis or {},
        "variables": {**(interaction.get("variables") or {}), **(item.variables or {})}, "data": item.data or {},
    }  # fmt: skip
    told = {name: value for name, value in payload.items() if value}
    return Arrival(
        address.workspace_id, vendor, item.type[:LONGEST_TYPE], told,
        key=item.dedupe_key[:255] if item.dedupe_key else None, agent=address.slug, moment=item.moment or "",
        starts=item.starts_call_ended or item.type not in ("call.ended", "conversation.ended"),
    )  # fmt: skip


async def _ask(address: Address, vendor: str, item: Any, call: dict[str, Any]) -> dict[str, Any]:
    """One tool call of a vendor, answered by the action of that name."""
    if not call["name"]:
        words = "The call names no action: add ?action=<name> to the address."
        return {"tool_call_id": call.get("tool_call_id"), "name": "", "response": {"error": words}, "status": "error"}
    value = {"interaction": {**item.interaction, "agent": address.slug}, "variables": item.variables or {}}
    arrival = action_arrival(address.workspace_id, vendor, value, call.get("arguments") or {}, address.slug)
    call_id = call.get("tool_call_id")
    key, before = (f"{vendor}:{call_id}", "") if call_id else _keys_without_id(vendor, item, call)
    status, body = await invoke(Call(arrival, name=call["name"], tool_call_id=key, before=before))
    response = _with_words(body) if status == 200 else {"error": body["detail"]}
    state = body["status"] if status == 200 else "error"
    return {"tool_call_id": call_id, "name": call["name"], "response": response, "status": state}


def _with_words(body: dict[str, Any]) -> Any:
    """The action's response, with what the agent is to say where the response has no such member of its own."""
    response, say = body["response"], body.get("say")
    return {"say": "\n".join(say), **response} if say and isinstance(response, dict) else response


def _keys_without_id(vendor: str, item: Any, call: dict[str, Any]) -> tuple[str, str]:
    """The key of a tool call that carries no id (Retell), in this window of time and in the one before.

    The same arguments in the same conversation are a repetition for at least one window, at most two; later they are
    asked anew. Keyed with this installation's secret: arguments may be as short as a PIN.
    """
    conversation = item.interaction.get("id")
    if not reaching_out.receiver(vendor).calls_lack_ids or not conversation:
        return "", ""
    text = safe_dumps([conversation, call["name"], call.get("arguments")], sort_keys=True)
    same = salted_hmac("tool call", text, algorithm="sha256").hexdigest()
    window = int(time.time() // REPEATED_WITHIN)
    return f"{vendor}:fn:{same}:{window}", f"{vendor}:fn:{same}:{window - 1}"


def _addresses(hashes: list[str]) -> list[Address | None]:
    agents = {agent.token_hash: agent for agent in Agent.objects.filter(token_hash__in=hashes)}
    return [_address(agents[hashed]) if hashed in agents else None for hashed in hashes]


def _address(agent: Agent) -> Address:
    secrets = (agent.signing_secret,) if agent.signing_secret_sealed else ()
    return Address(agent.workspace_id, agent.slug, secrets, agent.signature_required, agent.platform_id)


def _json(value: Any, status: int) -> HttpResponse:
    if status == 204:
        return HttpResponse(status=status)
    return HttpResponse(safe_dumps(value), status=status, content_type="application/json")
