"""Static files, answered in front of Django from memory: no thread, no session, none of a page's headers.

A page of the editor is a hundred small files. What an address answers is decided by whitenoise (compressed copies,
ranges, tags, what may be kept for ever); outside DEBUG its table of files is made once, with the first request.
"""

from functools import cached_property
from pathlib import Path

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware

from builder.static_files import PART, with_parts

# What never changes needs no tag to ask about it again; sixty modules each save the bytes.
FOR_EVER = ("Cache-Control", "max-age=31536000,immutable")
NEEDLESS = ("Cache-Control", "ETag", "Last-Modified")
PLAIN = {"HTTP_ACCEPT_ENCODING"}
ASKED = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"range": "HTTP_RANGE",
}
# Bytes of a file that is kept in memory: every module, sheet and icon. The admin's and the API page's fonts are not.
SMALL = 64_000


class StaticDoor:
    """An ASGI application for HTTP in front of `app`, which is given all that is no static file."""

    def __init__(self, app):
        self.app = app
        self.kept = {}

    @cached_property
    def files(self):
        return WhiteNoiseMiddleware()

    async def __call__(self, scope, receive, send):
        file = self._find(scope["path"]) if scope["path"].startswith(settings.STATIC_URL) else None
        if file is None:
            await self.app(scope, receive, send)
            return
        asked = {ASKED[name]: value.decode("latin-1") for name, value in scope["headers"] if name in ASKED}
        status, headers, body = self._answer(file, scope["method"], asked)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _find(self, path):
        files = self.files
        return files.find_file(path) if files.autorefresh else files.files.get(path)

    def _answer(self, file, method, asked):
        """(status, headers, body). Of files that cannot change, small ones are read and described once."""
        if self.files.autorefresh and method == "GET" and (sheet := whole(file)) is not None:
            return 200, [(b"content-type", b"text/css; charset=utf-8"), (b"cache-control", b"no-store")], sheet
        plain = method == "GET" and asked.keys() <= PLAIN and not self.files.autorefresh
        path = file.get_path_and_headers(asked)[0] if plain else None
        if path in self.kept:
            return self.kept[path]
        found = answered(file.get_response(method, asked))
        if path is not None and len(found[2]) <= SMALL:
            self.kept[path] = found
        return found


def whole(file) -> bytes | None:
    """A sheet with its parts as it is collected outside DEBUG; None of what is no sheet or has none."""
    path = Path(file.get_path_and_headers({})[0])
    if path.suffix != ".css" or not PART.search(path.read_text()):
        return None
    return with_parts(str(path), lambda each: Path(each).read_text()).encode()


def answered(response):
    """A response of whitenoise as (status, headers in bytes, body)."""
    body = b""
    if response.file is not None:
        with response.file as content:
            body = content.read()
    headers = [("X-Content-Type-Options", "nosniff"), *response.headers]
    if any(name == "Cache-Control" and "immutable" in value for name, value in headers):
        headers = [FOR_EVER, *(each for each in headers if each[0] not in NEEDLESS)]
    return int(response.status), [(name.lower().encode(), value.encode()) for name, value in headers], body
