"""A flow's own address (webhook trigger): any system may call it, JSON, form, text or nothing in the body.

The order of what a call passes: size (runtime/entrance.py), address, signature and its time, method and type, one
transaction, the answer. While somebody at the editor listens, the next call is kept as the sample, published or not.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse

from runtime import present
from runtime.actions import Call, invoke
from runtime.arrivals import BadEvent, hash_of, idempotency_key, parse
from runtime.credentials import masked_headers
from runtime.engine.values import safe_dumps
from runtime.group_commit import loader, recorder
from runtime.hook_samples import Heard, heard
from runtime.hook_signatures import KNOWN_BY_ID, SCHEMES, refusal
from runtime.intake import Arrival, accept
from runtime.interactions import complete
from runtime.matching import first_refusal, passed_over
from runtime.models import Flow, Hook, Trigger
from runtime.models.base import token_hash
from runtime.problem import problem

TYPES = ("application/json", "application/x-www-form-urlencoded", "text/plain")
LONGEST_ID = 150


@dataclass(frozen=True, slots=True)
class Address:
    """What a token leads to: the live trigger (None: only somebody listens), its config, the secrets that are good."""

    trigger: Trigger | None
    config: Mapping[str, Any]
    hook: Hook | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    listening: bool = False


async def receive(request: HttpRequest, token: str) -> HttpResponse:
    """202 {"run"} at once, or the flow's response when it ends; 404 for unknown and switched off alike."""
    address = await asyncio.wrap_future(loader().submit(_addresses, token_hash(token)))
    if address is None:
        return problem(404, "not_found", "There is nothing at this address.")
    refused = _refusal(request, address)
    if refused is not None:
        status, code, words, headers = refused
        await _tell(address, Heard(address.hook, refused=words))
        return problem(status, code, words, headers=headers)
    try:
        seen = _seen(request)
    except BadEvent as bad:
        await _tell(address, Heard(address.hook, refused=str(bad)))
        raise
    await _tell(address, Heard(address.hook, sample=seen))
    if address.trigger is None:
        return _json({"run": None, "sample": True}, 202)
    return await _start(request, address, seen)


async def _start(request: HttpRequest, address: Address, seen: dict[str, Any]) -> HttpResponse:
    assert address.trigger is not None
    config = address.config
    arrival = _arrival(request, address.trigger, config, seen)
    refusal = first_refusal(address.trigger, arrival.payload)
    if refusal is not None:
        arrival.starts, arrival.skipped = False, [passed_over(address.trigger.flow_id, refusal)]
    elif config.get("respond") == "when_done":
        return await _when_done(arrival, address.trigger)
    accepted = await asyncio.wrap_future(recorder().submit(accept, arrival))
    if "error" in accepted.body:
        return problem(accepted.status, accepted.body["error"]["code"], accepted.body["error"]["message"])
    runs = accepted.body["runs"]
    answer = {"run": runs[0]["id"] if runs else None, "duplicate": accepted.body["duplicate"]}
    return _json(answer if refusal is None else {**answer, "skipped": refusal.words}, accepted.status)


Refused = tuple[int, str, str, dict[str, str]]


def _refusal(request: HttpRequest, address: Address) -> Refused | None:
    """(status, code, words, headers) for a call that does not come in."""
    config, mode = address.config, address.config.get("signature") or "none"
    headers = {name.lower(): value for name, value in request.headers.items()}
    reason = refusal(mode, headers, request.body, address.secrets, present.now().timestamp())
    if reason is not None:
        return 401, "bad_signature", reason, {"WWW-Authenticate": "Bearer"} if mode == "bearer" else {}
    methods = config.get("methods") or ["POST"]
    if request.method not in methods:
        allowed = ", ".join(methods)
        return 405, "method_not_allowed", f"{request.method} is not possible here, only {allowed}.", {"Allow": allowed}
    types = config.get("content_types") or TYPES
    if request.body and (request.content_type or "application/json") not in types:
        return 415, "unsupported_media_type", f"Send one of {', '.join(types)}.", {}
    return None


async def _tell(address: Address, told: Heard) -> None:
    if address.listening:
        await asyncio.wrap_future(recorder().submit(heard, told))


async def _when_done(arrival: Arrival, trigger: Trigger) -> HttpResponse:
    call = Call(arrival, trigger=trigger, tool_call_id=arrival.key or "")
    if arrival.header_key:
        call.tool_call_id, call.body_hash = f"key:{arrival.header_key}", arrival.body_hash
    status, body = await invoke(call)
    if status != 200:
        return problem(status, body["code"], body["detail"], body.get("errors"))
    response = _answered(body)
    response.headers["Segue-Run"] = body["run"]
    return response


def _answered(body: Mapping[str, Any]) -> HttpResponse:
    """The flow's response under its own status, or why there is none."""
    if body["status"] == "timed_out":
        return problem(504, "timed_out", f"The flow gave no answer in time; its run is {body['run']}.")
    if body["failed"]:
        return problem(502, "flow_failed", f"The flow failed; its run is {body['run']}.")
    response = _json(body["response"], body["http_status"])
    if body["http_status"] in (204, 205, 304):
        response.content = b""  # these have no body, whatever the flow says
    return response


def _seen(request: HttpRequest) -> dict[str, Any]:
    """What the flow is given and history keeps: credentials and signatures without their values. Raises BadEvent."""
    query = {name: values[0] if len(values) == 1 else values for name, values in request.GET.lists()}
    given = {"body": _body(request), "headers": masked_headers(request.headers), "query": query}
    return {name: _storable(value) for name, value in {**given, "method": request.method}.items()}


def _arrival(request: HttpRequest, trigger: Trigger, config: Mapping[str, Any], seen: dict[str, Any]) -> Arrival:
    body, mode = seen["body"], config.get("signature") or "none"
    given = body.get("interaction") if isinstance(body, Mapping) else None
    interaction = complete(given if isinstance(given, Mapping) else {})
    key = "" if mode in KNOWN_BY_ID else idempotency_key(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    id = "" if key else _short(SCHEMES[mode].id_of(headers, body))
    return Arrival(
        trigger.workspace_id, "hook", "webhook.received", {"trigger": seen, "interaction": interaction},
        key=f"{trigger.flow_id}:{id}" if id else None, only=trigger,
        route=f"hook {trigger.flow_id}", header_key=key, body_hash=hash_of([seen["query"], body]) if key else "",
    )  # fmt: skip


def _short(id: str) -> str:
    """An id as a key: very long ones by their hash, so that no two become one by being cut."""
    return id if len(id) <= LONGEST_ID else hashlib.sha256(id.encode()).hexdigest()


def _storable(value: Any) -> Any:
    """Without NUL, which PostgreSQL cannot keep; JSON bodies with one were refused already."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, Mapping):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def _body(request: HttpRequest) -> Any:
    if not request.body:
        return None
    kind = request.content_type or "application/json"
    if kind == "application/json":
        return parse(request.body)
    text = request.body.decode("utf-8", "replace")
    if kind == "text/plain":
        return text
    fields = parse_qs(text, keep_blank_values=True, max_num_fields=1000)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _addresses(hashes: list[str]) -> list[Address | None]:
    now = present.now()
    flows = {flow.token_hash: flow for flow in Flow.objects.kept().filter(token_hash__in=hashes)}
    live = [flow.pk for flow in flows.values() if flow.enabled]
    listening = Trigger.objects.filter(type="webhook", flow__in=live).select_related("flow")
    triggers = {trigger.flow_id: trigger for trigger in listening}
    hooks = {hook.flow_id: hook for hook in Hook.objects.filter(flow__in=[flow.pk for flow in flows.values()])}
    return [_address(flows[hashed].pk, triggers, hooks, now) if hashed in flows else None for hashed in hashes]


def _address(flow_id: Any, triggers: Mapping[Any, Trigger], hooks: Mapping[Any, Hook], now: Any) -> Address | None:
    trigger, hook = triggers.get(flow_id), hooks.get(flow_id)
    listening = hook is not None and hook.listens(now)
    if trigger is None and not listening:
        return None
    config = trigger.config if trigger is not None else hook.listening or {}  # type: ignore[union-attr]
    return Address(trigger, config, hook, hook.secrets(now) if hook else (), listening)


def _json(value: Any, status: int) -> HttpResponse:
    """JSON only, and sandboxed: a flow's answer must never run as a page of this origin."""
    headers = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return HttpResponse(safe_dumps(value), status=status, content_type="application/json", headers=headers)
