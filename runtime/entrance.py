"""What every HTTP request passes before anything reads it: whole paths, a largest body, a time for it to arrive.

Django spools a body of any length to disk before a view sees it, so the cap has to stand in front of it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from runtime.problem import problem

MIB = 1024 * 1024
LIMITS = {
    "/api/v1/events/": 5 * MIB,
    "/api/v1/actions/": MIB,
    "/api/v1/inbound/": MIB,
    "/api/v1/conversations/": MIB,
    "/in/": MIB,
    "/hooks/": MIB,
}
LARGEST = 4 * MIB  # of all else: a document of 2 MiB with what is around it
BODY_SECONDS = 60.0
WHOLE = ("/api/v1/", "/in/", "/hooks/", "/mcp")
App = Callable[..., Any]


class Unreadable(Exception):
    """The request is not read to its end: HTTP status, code, words."""

    def __init__(self, status: int, code: str, detail: str):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


def entrance(app: App) -> App:
    """An ASGI application for HTTP around `app`."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope = with_slash(scope)
        try:
            if "\0" in scope["path"] or b"%00" in scope["query_string"]:
                raise Unreadable(400, "bad_request", "The address holds the character NUL.")
            await app(scope, _counted(scope, receive), send)
        except Unreadable as reason:
            await _send(problem(reason.status, reason.code, reason.detail, headers={"Connection": "close"}), send)

    return application


def with_slash(scope: Any) -> Any:
    """Machines may leave out the closing slash: a redirect would turn their POST into a GET."""
    path = scope["path"]
    return {**scope, "path": f"{path}/"} if path.startswith(WHOLE) and not path.endswith("/") else scope


def limit_of(path: str) -> int:
    """The largest body, in bytes, that an address takes."""
    return next((limit for prefix, limit in LIMITS.items() if path.startswith(prefix)), LARGEST)


def _counted(scope: Any, receive: Any) -> Any:
    """`receive`, raising Unreadable for a body that is too large or takes too long, chunked or not."""
    limit = limit_of(scope["path"])
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > limit:
            raise _too_large(limit)
    size, whole, until = 0, False, asyncio.get_running_loop().time() + BODY_SECONDS

    async def counted() -> Any:
        nonlocal size, whole
        if whole:  # what comes now is only that the caller hung up, whenever that is
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise Unreadable(408, "too_slow", f"The body did not arrive within {BODY_SECONDS:.0f} s.") from None
        size += len(message.get("body", b""))
        if size > limit:
            raise _too_large(limit)
        whole = not message.get("more_body")
        return message

    return counted


def _too_large(limit: int) -> Unreadable:
    return Unreadable(413, "too_large", f"The body is larger than the {limit // MIB} MiB this address takes.")


async def _send(response: HttpResponse, send: Any) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
