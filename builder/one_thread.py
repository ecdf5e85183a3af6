"""Django's pages and API under ASGI, each request in one thread.

Our views and what stands around them are synchronous. Left to itself Django goes to a thread and back for each of a
dozen hooks of its middleware, which costs as much as a short answer; here the whole chain runs where its view does.
"""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase


class OneThread(ASGIHandler):
    """An ASGI application; the machine doors, which are asynchronous, do not pass here (runtime/door.py)."""

    def load_middleware(self, is_async: bool = False) -> None:  # Django asks for the other
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
