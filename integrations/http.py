"""The one door for outgoing HTTP: every request of every node type, connection and hook goes through `fetch`.

What it holds to (SAFETY section 3): addresses are judged when they are dialled, on every hop; redirects are followed
here, credentials never leave their origin and never go from https to http; the body is capped after decoding; one
deadline covers everything; no proxy, netrc or cookie of the environment is used. Whatever goes wrong is a StepError
that says what happened and what to do about it.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
from requests.models import PreparedRequest

from integrations.egress import Refused
from integrations.failures import cut_short, failure_of, too_large
from integrations.lines import call, door
from runtime.engine.errors import StepError

MEBIBYTE = 1 << 20
LARGEST_BODY = 10 * MEBIBYTE
LONGEST_URL = 8192
REDIRECTS = 3
CHUNK = 65_536
CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
# What describes the body and who may speak how long belongs to the door.
OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect",
     "proxy-authorization", "proxy-connection"}
)  # fmt: skip
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_METHOD = re.compile(r"[A-Z]{1,20}\Z")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}\Z")
_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f\\]")
Origin = tuple[str, str, int]  # scheme, host, port


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whatever its status. Header names are lower case; `seconds` is the whole call with its redirects."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    url: str


class Credentials(Protocol):
    """What `fetch` needs of a connection (integrations/connections.py)."""

    def allows(self, host: str, port: int) -> bool: ...
    def apply(self, url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]: ...


class _Request(PreparedRequest):
    """A prepared request that knows where it goes by the same parsing that judges it."""

    origin: Origin

    def __init__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None):
        super().__init__()
        self.method, self.body, self.hooks = method, body, {}
        self.url, self.origin = normal_url(url)
        self.headers = _on_the_wire(headers)  # type: ignore[assignment]
        if body is not None:
            self.headers["Content-Length"] = str(len(body))


def fetch(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None,
    timeout: float = 15.0, max_bytes: int = MEBIBYTE, redirects: int = REDIRECTS,
    connection: Credentials | None = None,
) -> Response:  # fmt: skip
    """Send one request and read its answer. `timeout` in seconds covers all of it, `max_bytes` counts decoded bytes.

    `redirects` is how many are followed; with 0 a redirect is an answer like any other. `connection` lends its
    credentials to the hosts it is bound to. Raises StepError, never anything of requests.
    """
    started = time.monotonic()
    call.deadline = started + timeout
    headers = {"User-Agent": "Segue", "Accept": "*/*", "Accept-Encoding": "gzip, deflate", **_checked(headers or {})}
    method = method.upper()
    if not _METHOD.match(method):
        raise StepError(f"{method[:40]!r} is no HTTP method.", code="bad_request")
    seen = set()
    while True:
        request = _Request(method, *_with_credentials(url, headers, connection), body)
        raw = _send(request, timeout)
        try:
            target = _redirect(raw, url) if redirects else None
            if target is None:
                content = _read(raw, min(max_bytes, LARGEST_BODY), timeout, request)
                # The address as it was asked for: a connection may have put its key into the one that was sent.
                return Response(raw.status, _joined(raw.headers), content, time.monotonic() - started, url)
        except BaseException:
            raw.close()  # half an answer must not wait in a kept line for the next request
            raise
        raw.close()
        if target in seen or len(seen) == redirects:
            raise StepError(f"{_host(url)} keeps redirecting ({len(seen) + 1} times).", code="too_many_redirects")
        seen.add(target)
        method, body, headers = _after_redirect(raw.status, method, body, headers)
        if not _same_place(url, target):
            headers = {name: value for name, value in headers.items() if name.lower() not in CREDENTIALS}
            connection = None
        url = target


def normal_url(url: str) -> tuple[str, Origin]:
    """`url` as it goes out, and where it goes; raises StepError if it is no plain http(s) address."""
    if len(url) > LONGEST_URL:
        raise _bad_url("it is too long", url)
    if not url.strip():
        raise _bad_url("it is empty", url)
    if _NOT_IN_URLS.search(url):
        raise _bad_url("it contains a space, a backslash or a control character", url)
    prepared = PreparedRequest()
    try:
        if urlsplit(url).port == 0:  # requests would drop it and take the scheme's own
            raise _bad_url("0 is no port", url)
        prepared.prepare_url(url, None)
        parts = urlsplit(prepared.url or "")
        port, host = parts.port, parts.hostname or ""
    except (ValueError, requests.RequestException) as error:
        raise _bad_url("it is not an http(s) address", url) from error
    if parts.scheme not in ("http", "https") or not host:
        raise _bad_url("it must begin with http:// or https:// and a host", url)
    if "@" in parts.netloc:
        raise _bad_url("it carries a user name or password; keep them in a connection", "")
    default = 443 if parts.scheme == "https" else 80
    return parts._replace(fragment="").geturl(), (parts.scheme, host, default if port is None else port)


def _send(request: _Request, timeout: float) -> Any:
    """urllib3's response with its body unread. A kept line that turns out dead is replaced once, if that is safe."""
    for last in (False, True):
        call.dialled = False
        try:
            raw = door().send(request, stream=True, timeout=timeout)
        except (StepError, KeyboardInterrupt, SystemExit):
            raise
        except Exception as error:
            if not last and not call.dialled and _repeatable(request) and time.monotonic() < call.deadline:
                continue
            raise failure_of(error, _host(request.url), timeout) from error
        if raw.status >= 200:
            return raw
        raw.close()
        raise StepError(f"{_host(request.url)} sent no final answer (status {raw.status}).", code="bad_answer")
    raise AssertionError("not reached")


def _repeatable(request: _Request) -> bool:
    return request.method in SAFE_TO_REPEAT or any(name.lower() == "idempotency-key" for name in request.headers or ())


def _read(raw: Any, max_bytes: int, timeout: float, request: _Request) -> bytes:
    """The decoded body. read1 gives what has come; a read of a fixed size would wait for the last byte of a drip."""
    body = bytearray()
    announced = raw.headers.get("Content-Length", "")
    if request.method != "HEAD" and announced.isascii() and announced.isdigit() and int(announced) > max_bytes:
        raise too_large(_host(request.url), max_bytes)
    try:
        while chunk := raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > max_bytes:
                raise too_large(_host(request.url), max_bytes)
    except (StepError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        raise failure_of(error, _host(request.url), timeout, reading=True) from error
    if not _is_whole(raw):
        raise cut_short(_host(request.url))
    return bytes(body)


def _is_whole(raw: Any) -> bool:
    """False if a compressed body ended before its own end mark; urllib3 hands out what there was."""
    unpacking = getattr(getattr(raw, "_decoder", None), "_obj", None)
    return bool(getattr(unpacking, "eof", True)) or raw.tell() == 0


def _redirect(raw: Any, url: str) -> str | None:
    """Where a redirect leads, checked; None if this is none (a 300 or 304 is an answer)."""
    location = raw.headers.get("Location")
    if raw.status not in (301, 302, 303, 307, 308) or not location:
        return None
    if _NOT_IN_URLS.search(location):
        raise StepError(f"{_host(url)} redirects to an address that is not valid.", code="bad_redirect")
    try:
        target = urljoin(url, location)
    except ValueError as error:
        raise StepError(f"{_host(url)} redirects to an address that is not valid.", code="bad_redirect") from error
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
        raise StepError(f"{_host(url)} redirects from https to http; that is not followed.", code="bad_redirect")
    return target


def _after_redirect(
    status: int, method: str, body: bytes | None, headers: dict[str, str]
) -> tuple[str, bytes | None, dict[str, str]]:
    """307 and 308 repeat the request; after the others everybody asks with GET."""
    if status in (307, 308) or method in ("GET", "HEAD"):
        return method, body, headers
    gone = ("content-type", "content-encoding", "idempotency-key")
    return "GET", None, {name: value for name, value in headers.items() if name.lower() not in gone}


def _with_credentials(
    url: str, headers: dict[str, str], connection: Credentials | None
) -> tuple[str, Mapping[str, str]]:
    """The URL and headers to send; refuses to go to a host that the connection is not bound to."""
    if connection is None:
        return url, headers
    _, (_, host, port) = normal_url(url)
    if not connection.allows(host, port):
        raise Refused(
            f"The connection of this step is bound to other hosts, so it is not used for {host}. Add the host to the "
            "connection, or choose another one.",
            code="host_not_allowed",
        )
    return connection.apply(url, dict(headers))


def _same_place(before: str, after: str) -> bool:
    """Whether credentials may go along: same origin, or the same host moving from http to https."""
    try:
        old, new = normal_url(before)[1], normal_url(after)[1]
    except StepError:
        return False
    return old == new or (old[1] == new[1] and (old[0], old[2], new[0], new[2]) == ("http", 80, "https", 443))


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.match(name):
            raise StepError(f"{name[:60]!r} is no name for a header.", code="bad_header")
        if name.lower() in OWN_HEADERS:
            raise StepError(f"The header {name} is set by Segue itself; leave it out.", code="bad_header")
        if _NOT_IN_HEADERS.search(value):
            raise StepError(f"The value of the header {name} contains a line break or control character.",
                            code="bad_header")  # fmt: skip
    return dict(headers)


def _on_the_wire(headers: Mapping[str, str]) -> dict[str, Any]:
    """Values as they are written: Latin-1 as HTTP has it, UTF-8 where that is not enough."""
    sent: dict[str, Any] = {}
    for name, value in headers.items():
        try:
            value.encode("latin-1")
            sent[name] = value
        except UnicodeEncodeError:
            sent[name] = value.encode()
    return sent


def _joined(headers: Any) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers.iteritems():
        name = name.lower()
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or "The peer"
    except ValueError:
        return "The peer"


def _bad_url(why: str, url: str) -> StepError:
    shown = f" ({url[:200]!r})" if url.strip() else ""
    return StepError(f"The URL cannot be called: {why}{shown}.", code="bad_url")
