"""Compression of pages and answers on the way out; static files are compressed when collected."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class Compression(GZipMiddleware):
    """Django's, but tags keep the form CONTRACT gives them: `ETag: "<revision>"` names a revision, not bytes."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        tag = response.get("ETag")
        response = super().process_response(request, response)
        if tag is not None:
            response["ETag"] = tag
        return response
