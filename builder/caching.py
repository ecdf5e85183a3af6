"""Who may keep an answer: pages and data belong to one person, so no shared cache keeps them, and nobody unasked."""

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def keep_private(get_response):
    """Middleware: what says nothing of its own about caching is for this browser alone, and asked for anew."""

    def marked(response):
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    if iscoroutinefunction(get_response):

        async def middleware(request):
            return marked(await get_response(request))

    else:

        def middleware(request):
            return marked(get_response(request))

    return middleware
