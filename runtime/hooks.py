"""A flow's own address (webhook trigger): any system may call it, JSON, form, text or nothing in the body."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse

from runtime.actions import Call, invoke
from runtime.arrivals import hash_of, idempotency_key, parse
from runtime.engine.values import safe_dumps
from runtime.group_commit import loader, recorder
from runtime.intake import Arrival, accept
from runtime.interactions import complete
from runtime.matching import holds
from runtime.models import Flow, Trigger
from runtime.models.base import token_hash
from runtime.problem import problem

TYPES = ("application/json", "application/x-www-form-urlencoded", "text/plain")
HIDDEN_HEADERS = ("authorization", "cookie", "proxy-authorization", "x-api-key")


async def receive(request: HttpRequest, token: str) -> HttpResponse:
    """202 {"run"} at once, or the flow's response when it ends; 404 for unknown and switched off alike."""
    trigger = await asyncio.wrap_future(loader().submit(_triggers, token_hash(token)))
    if trigger is None:
        return problem(404, "not_found", "There is nothing at this address.")
    config = trigger.config
    methods = config.get("methods") or ["POST"]
    if request.method not in methods:
        detail = f"{request.method} is not possible here."
        return problem(405, "method_not_allowed", detail, headers={"Allow": ", ".join(methods)})
    allowed = config.get("content_types") or TYPES
    if request.body and (request.content_type or "application/json") not in allowed:
        return problem(415, "unsupported_media_type", f"Send one of {', '.join(allowed)}.")
    arrival = _arrival(request, trigger)
    reason = holds(config.get("conditions"), arrival.payload)
    if reason is not None:
        return _json({"run": None, "skipped": reason}, 202)
    if config.get("respond") == "when_done":
        return await _when_done(arrival, trigger)
    accepted = await asyncio.wrap_future(recorder().submit(accept, arrival))
    if "error" in accepted.body:
        return problem(accepted.status, accepted.body["error"]["code"], accepted.body["error"]["message"])
    runs = accepted.body["runs"]
    return _json({"run": runs[0]["id"] if runs else None, "duplicate": accepted.body["duplicate"]}, accepted.status)


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


def _arrival(request: HttpRequest, trigger: Trigger) -> Arrival:
    body = _body(request)
    headers = {name.lower(): value for name, value in request.headers.items() if name.lower() not in HIDDEN_HEADERS}
    query = {name: values[0] if len(values) == 1 else values for name, values in request.GET.lists()}
    seen = _storable({"body": body, "headers": headers, "query": query, "method": request.method})
    given = body.get("interaction") if isinstance(body, Mapping) else None
    interaction = complete(given if isinstance(given, Mapping) else {})
    key, id = idempotency_key(request), request.headers.get("webhook-id")
    return Arrival(
        trigger.workspace_id, "hook", "webhook.received", {"trigger": seen, "interaction": interaction},
        key=f"{trigger.flow_id}:{id}"[:255] if id and not key else None, only=trigger,
        route=f"hook {trigger.flow_id}", header_key=key, body_hash=hash_of([query, body]) if key else "",
    )  # fmt: skip


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


def _triggers(hashes: list[str]) -> list[Trigger | None]:
    flows = Flow.objects.kept().filter(token_hash__in=hashes, enabled=True)
    found = Trigger.objects.filter(type="webhook", flow__in=flows).select_related("flow")
    by_hash = {trigger.flow.token_hash: trigger for trigger in found}
    return [by_hash.get(hashed) for hashed in hashes]


def _json(value: Any, status: int) -> HttpResponse:
    """JSON only, and sandboxed: a flow's answer must never run as a page of this origin."""
    headers = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return HttpResponse(safe_dumps(value), status=status, content_type="application/json", headers=headers)
