"""The machine doors: /events, /actions, /hooks, /in. Plain async views on the hot path, no sessions, no framework.

`by_path` sends their paths through a slim handler (no middleware, the body read with our own cap, chunked or not);
everything else goes through Django's. The views are ordinary Django views, so routes and tests treat them as such.
"""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import path, set_script_prefix
from django.views.decorators.csrf import csrf_exempt

from runtime import conversation_doors, hooks, inbound, receiving
from runtime.actions import Call, invoke
from runtime.arrivals import (
    BadEvent,
    hash_of,
    idempotency_key,
    json_only,
    read_action,
    read_event,
    read_inbound,
    split_events,
)
from runtime.authorising import Refused, caller
from runtime.crashing import crash_point
from runtime.entrance import LIMITS
from runtime.group_commit import recorder
from runtime.intake import accept
from runtime.origins import for_other_sites
from runtime.problem import OUT_OF_ORDER, problem, unavailable
from runtime.tool_definitions import definitions

DOORS = tuple(LIMITS)
MOST_EVENTS = 1000
View = Callable[..., Awaitable[HttpResponse]]


def machine(*methods: str) -> Callable[[View], View]:
    """What every door shares: methods, refusals, errors in one shape, no CSRF (there is no cookie)."""

    def decorate(view: View) -> View:
        @wraps(view)
        async def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if methods and request.method not in methods:
                detail = f"{request.method} is not possible here."
                return problem(405, "method_not_allowed", detail, headers={"Allow": ", ".join(methods)})
            try:
                response = await view(request, **kwargs)
            except Refused as refused:
                headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
                if refused.status == 401:
                    headers["WWW-Authenticate"] = "Bearer"
                response = problem(refused.status, refused.code, refused.message, headers=headers)
            except BadEvent as bad:
                response = problem(bad.status, bad.code, bad.errors[0]["message"], bad.errors)
            except OUT_OF_ORDER as error:
                response = unavailable(error)
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
            return response

        wrapped.csrf_exempt = True  # type: ignore[attr-defined]
        return csrf_exempt(wrapped)

    return decorate


@machine("POST")
async def events(request: HttpRequest) -> HttpResponse:
    """One event, a JSON array, or NDJSON. Answered once everything is stored (CONTRACT, Intake)."""
    who = await caller(request.headers.get("Authorization", ""), "events:write")
    items, many = split_events(request.body, request.content_type or "", MOST_EVENTS)
    key = idempotency_key(request)
    arrivals: list[Any] = []
    for item in items:
        try:
            arrivals.append(await read_event(who.workspace_id, item))
        except BadEvent as bad:
            if not many:
                raise
            arrivals.append({"error": {"code": bad.code, "message": bad.errors[0]["message"], "errors": bad.errors}})
    if key:
        _sign(arrivals, key, hash_of(items if many else items[0]))
    answers = await _store(arrivals, one_first=bool(key and many))
    if many:
        return _json({"events": [body for _, body in answers]}, 202)
    status, body = answers[0]
    if "error" in body:
        return problem(status, body["error"]["code"], body["error"]["message"])
    return _json(body, status)


def _sign(arrivals: list[Any], key: str, body_hash: str) -> None:
    """An Idempotency-Key is the request's: the first event carries it as it is, so that another body is noticed."""
    good = [item for item in arrivals if not isinstance(item, dict)]
    for position, arrival in enumerate(good):
        arrival.header_key, arrival.body_hash = f"{key}#{position}" if position else key, body_hash


async def _store(arrivals: list[Any], one_first: bool) -> list[tuple[int, dict[str, Any]]]:
    """(status, body) of each; what was no event keeps its error. All are submitted at once, so they share commits.

    `one_first`: of a batch with a key the first alone, for a key that came with another body refuses the whole batch.
    """
    futures = []
    for item in arrivals:
        futures.append(None if isinstance(item, dict) else recorder().submit(accept, item))
        if one_first and futures[-1] is not None:
            one_first = False
            first = await asyncio.wrap_future(futures[-1])
            if "error" in first.body:
                raise Refused(first.status, **first.body["error"])
    answers = []
    for item, future in zip(arrivals, futures, strict=True):
        if future is None:
            answers.append((422, item))
        else:
            accepted = await asyncio.wrap_future(future)
            answers.append((accepted.status, accepted.body))
    crash_point("before_answer")
    return answers


@machine("GET", "HEAD")
async def action_list(request: HttpRequest) -> HttpResponse:
    """The published actions as tool definitions: ?format=openai|anthropic|mcp|jsonschema&agent=."""
    who = await caller(request.headers.get("Authorization", ""), "actions:invoke")
    shape = request.GET.get("format", "jsonschema")
    found = await definitions(who.workspace_id, shape, request.GET.get("agent", ""))
    if found is None:
        return problem(400, "unknown_format", "format is openai, anthropic, mcp or jsonschema.")
    return _json(found, 200)


@machine("POST")
async def action(request: HttpRequest, name: str) -> HttpResponse:
    """Ask an action and get its answer within the deadline."""
    who = await caller(request.headers.get("Authorization", ""), "actions:invoke")
    json_only(request.content_type or "", "Send JSON (application/json).")
    arrival, tool_call_id = await read_action(who.workspace_id, request.body)
    call = Call(arrival, name=name, tool_call_id=tool_call_id[:200])
    if not tool_call_id and (key := idempotency_key(request)):
        call.tool_call_id, call.body_hash = f"key:{key}", hash_of(arrival.payload)
    status, body = await invoke(call)
    if status != 200:
        return problem(status, body["code"], body["detail"], body.get("errors"))
    return _json(body, status)


@machine("POST")
async def inbound_call(request: HttpRequest) -> HttpResponse:
    """Variables for an agent that is about to answer: always 200, in time (runtime/inbound.py)."""
    who = await caller(request.headers.get("Authorization", ""), "actions:invoke")
    json_only(request.content_type or "", "Send JSON (application/json).")
    call = read_inbound(request.body)
    return _json(await inbound.answer(who.workspace_id, "api", inbound.ringing(call.get("agent") or "", call)), 200)


@machine("POST")
async def conversations(request: HttpRequest) -> HttpResponse:
    """A chat begins: what the flow says first, and the token that the visitor's page goes on with."""
    return await conversation_doors.begin(request)


@for_other_sites("GET")
@machine("GET", "HEAD")
async def conversation(request: HttpRequest, conversation_id: Any) -> HttpResponse:
    """The whole thread."""
    return await conversation_doors.thread(request, conversation_id)


@for_other_sites("POST")
@machine("POST")
async def conversation_messages(request: HttpRequest, conversation_id: Any) -> HttpResponse:
    """A visitor says something; what the flow says to it."""
    return await conversation_doors.say(request, conversation_id)


@for_other_sites("POST")
@machine("POST")
async def conversation_end(request: HttpRequest, conversation_id: Any) -> HttpResponse:
    """The conversation is over."""
    return await conversation_doors.end(request, conversation_id)


@machine("POST")
async def conversation_resolve(request: HttpRequest, conversation_id: Any) -> HttpResponse:
    """A person is done with it; flows may speak again."""
    return await conversation_doors.resolve(request, conversation_id)


@machine()
async def hook(request: HttpRequest, token: str) -> HttpResponse:
    """A flow's own address."""
    return await hooks.receive(request, token)


@machine("POST", "GET", "HEAD")
async def receive(request: HttpRequest, vendor: str, token: str) -> HttpResponse:
    """A vendor reports; answered as the vendor wants it."""
    return await receiving.receive(request, vendor, token)


urlpatterns = [
    path("api/v1/events/", events, name="events"),
    path("api/v1/actions/", action_list, name="actions"),
    path("api/v1/actions/<str:name>/", action, name="action"),
    path("api/v1/inbound/", inbound_call, name="inbound"),
    path("api/v1/conversations/", conversations, name="conversations"),
    path("api/v1/conversations/<uuid:conversation_id>/", conversation, name="conversation"),
    path("api/v1/conversations/<uuid:conversation_id>/messages/", conversation_messages, name="conversation-messages"),
    path("api/v1/conversations/<uuid:conversation_id>/end/", conversation_end, name="conversation-end"),
    path("api/v1/conversations/<uuid:conversation_id>/resolve/", conversation_resolve, name="conversation-resolve"),
    path("hooks/<str:token>/", hook, name="hook"),
    path("in/<str:vendor>/<str:token>/", receive, name="receiver"),
]


def nothing_here(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem(404, "not_found", "There is nothing at this address.")


def our_mistake(request: HttpRequest) -> HttpResponse:
    return problem(500, "internal", "Segue made a mistake. It is in the log.")


handler404, handler500 = nothing_here, our_mistake  # this module is the doors' urlconf


def by_path(django_app: Callable) -> Callable:
    """The ASGI application: doors through the slim handler, the rest through `django_app`."""
    doors = DoorHandler()

    async def application(scope, receive, send):
        is_door = scope["path"].startswith(DOORS)
        await (doors.serve if is_door else django_app)(scope, receive, send)

    return application


class DoorHandler(ASGIHandler):
    """Django's handler without middleware, with the body in memory; the entrance has capped it."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware, self._template_response_middleware, self._exception_middleware = [], [], []
        self._middleware_chain = convert_exception_to_response(self._get_response_async)

    async def serve(self, scope, receive, send) -> None:
        set_script_prefix(scope.get("root_path") or "/")
        body = await _read(receive)
        if body is None:
            return  # the caller hung up
        request = ASGIRequest(scope, io.BytesIO(body))
        request._body = body
        request.urlconf = __name__  # five routes are found faster than sixty
        response = await self.get_response_async(request)
        response._handler_class = self.__class__
        await self.send_response(response, send)


async def _read(receive) -> bytes | None:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _json(value: Any, status: int) -> HttpResponse:
    return HttpResponse(json.dumps(value), status=status, content_type="application/json")
