"""Pages on other sites that may talk in conversations: those that an agent's owner lists, and no other by default.

A browser says where a page is from (`Origin`), and asks before it sends (a preflight). A page on our own address needs
no permission; a program that is no browser sends no origin. The conversation's token is asked for all the same.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.views.decorators.csrf import csrf_exempt

from runtime.group_commit import loader
from runtime.models import Agent, Conversation
from runtime.problem import problem

MOST = 20  # of one agent
PREFLIGHT_SECONDS = 600
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:\d{1,5})?\Z")
View = Callable[..., Awaitable[HttpResponse]]


def origin_of(text: str) -> str:
    """A page's address as its browser names its origin: https://shop.example.com. Raises ValueError."""
    parts = urlsplit(text.strip().lower())
    origin = f"{parts.scheme}://{parts.netloc}"
    if not _ORIGIN.match(origin) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"“{text.strip()[:80]}” is no origin; write one such as https://shop.example.com.")
    return origin


def is_own(origin: str, host: str) -> bool:
    """Whether a page is on our own address, or no page at all asks.

    A host that is not ours is no own address: a name of somebody else's may lead to this machine.
    """
    if not origin:
        return True
    ours = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
    return ours and origin.partition("://")[2].lower() == host.lower()


def may_talk(asked: list[tuple[UUID, str]]) -> list[bool]:
    """For each (conversation, origin): whether its agent lets pages of that origin in."""
    return [_may(*each) for each in asked]


def _may(conversation_id: UUID, origin: str) -> bool:
    talk = Conversation.objects.filter(pk=conversation_id).values_list("workspace_id", "agent").first()
    if talk is None or not talk[1]:
        return False
    rows = Agent.objects.filter(workspace_id=talk[0], slug=talk[1]).values_list("origins", flat=True)
    return origin.lower() in (rows.first() or ())


def for_other_sites(*methods: str) -> Callable[[View], View]:
    """Around a door that a visitor's page comes to: its preflight, its refusal, the header that lets it read."""

    def decorate(view: View) -> View:
        @wraps(view)
        async def wrapped(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
            origin = request.headers.get("Origin", "")
            if is_own(origin, request.headers.get("Host", "")):
                return await view(request, conversation_id=conversation_id)
            if not await asyncio.wrap_future(loader().submit(may_talk, (conversation_id, origin))):
                words = "Pages of this origin may not talk here; list it with the conversation's agent."
                return problem(403, "origin_not_allowed", words, headers={"Vary": "Origin"})
            preflight = request.method == "OPTIONS"
            response = HttpResponse(status=204) if preflight else await view(request, conversation_id=conversation_id)
            response["Access-Control-Allow-Origin"], response["Vary"] = origin, "Origin"
            if preflight:
                response["Access-Control-Allow-Methods"] = ", ".join(methods)
                response["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
                response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
            return response

        return csrf_exempt(wrapped)

    return decorate
