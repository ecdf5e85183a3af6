"""Websocket addresses: members' behind their session and origin, visitors' behind their conversation's token."""

from collections.abc import Callable
from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from builder.consumers import FlowConsumer
from builder.visitor_socket import ConversationConsumer


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """A socket at an address that is none is refused before it opens; to the router it would be an error of ours."""
    await send({"type": "websocket.close", "code": 4404})


websocket_urlpatterns = [path("ws/flows/<uuid:flow_id>/", FlowConsumer.as_asgi()), re_path("", nowhere)]
visitor_urlpatterns = [
    path("ws/conversations/<uuid:conversation_id>/", ConversationConsumer.as_asgi()),
    re_path("", nowhere),
]
VISITORS = "/ws/conversations/"


def by_socket(members: Callable) -> Callable:
    """The ASGI application for websockets. A visitor's page is on somebody else's site, and carries no cookie of ours:
    what lets it in is the token alone.
    """
    visitors = URLRouter(visitor_urlpatterns)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await (visitors if scope["path"].startswith(VISITORS) else members)(scope, receive, send)

    return application
