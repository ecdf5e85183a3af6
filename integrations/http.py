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

from requests.models import PreparedRequest

from integrations.authentication import Outgoing
from integrations.client_certificates import Identity
from integrations.egress import Refused
from integrations.failures import cut_short, failure_of, too_large
from integrations.headers import checked, joined, on_the_wire, without_credentials
from integrations.lines import call, door
from integrations.passing import through_its_gate
from integrations.web_addresses import Origin, host_of, normal_url, redirect_of, same_place
from runtime.engine.errors import StepError

MEBIBYTE = 1 << 20
LARGEST_BODY = 10 * MEBIBYTE
REDIRECTS = 3
CHUNK = 65_536
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_METHOD = re.compile(r"[A-Z]{1,20}\Z")


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
    def apply(self, request: Outgoing) -> Outgoing: ...
    def renew(self) -> bool: ...
    def worked(self) -> None: ...
    @property
    def identity(self) -> Identity | None: ...


class _Request(PreparedRequest):
    """A prepared request that knows where it goes by the same parsing that judges it."""

    origin: Origin

    def __init__(self, method: str, request: Outgoing, identity: Identity | None):
        super().__init__()
        self.identity = identity
        self.method, self.body, self.hooks = method, request.body, {}
        self.url, self.origin = normal_url(request.url)
        self.headers = on_the_wire(request.headers)  # type: ignore[assignment]
        if request.body is not None:
            self.headers["Content-Length"] = str(len(request.body))


@through_its_gate
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
    headers = {"User-Agent": "Segue", "Accept": "*/*", "Accept-Encoding": "gzip, deflate", **checked(headers or {})}
    method = method.upper()
    if not _METHOD.match(method):
        raise StepError(f"{method[:40]!r} is no HTTP method.", code="bad_request")
    seen, renewed = set(), False
    while True:
        outgoing = _with_credentials(Outgoing(url, headers, body), connection)
        call.deadline = started + timeout  # getting a token was a call of its own
        request = _Request(method, outgoing, connection.identity if connection else None)
        raw = _send(request, timeout)
        if raw.status == 401 and connection is not None and not renewed and connection.renew():
            raw.close()
            renewed = True
            continue
        target, content = _taken(raw, request, url if redirects else None, max_bytes, timeout)
        if target is None:
            if connection is not None and raw.status < 400:
                connection.worked()
            # The address as it was asked for: a connection may have put its key into the one that was sent.
            return Response(raw.status, joined(raw.headers), content, time.monotonic() - started, url)
        if target in seen or len(seen) == redirects:
            raise StepError(f"{host_of(url)} keeps redirecting ({len(seen) + 1} times).", code="too_many_redirects")
        seen.add(target)
        method, body, headers = _after_redirect(raw.status, method, body, headers)
        if not same_place(url, target):
            headers = without_credentials(headers)
            connection = None
        url = target


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
            raise failure_of(error, host_of(request.url), timeout) from error
        if raw.status >= 200:
            return raw
        raw.close()
        raise StepError(f"{host_of(request.url)} sent no final answer (status {raw.status}).", code="bad_answer")
    raise AssertionError("not reached")


def _taken(
    raw: Any, request: _Request, followed_from: str | None, max_bytes: int, timeout: float
) -> tuple[str | None, bytes]:
    """(where a redirect leads, nothing), or (None, the body). Without `followed_from` a redirect is an answer too."""
    try:
        target = redirect_of(raw, followed_from) if followed_from is not None else None
        if target is None:
            return None, _read(raw, min(max_bytes, LARGEST_BODY), timeout, request)
    except BaseException:
        raw.close()  # half an answer must not wait in a kept line for the next request
        raise
    raw.close()
    return target, b""


def _repeatable(request: _Request) -> bool:
    return request.method in SAFE_TO_REPEAT or any(name.lower() == "idempotency-key" for name in request.headers or ())


def _read(raw: Any, max_bytes: int, timeout: float, request: _Request) -> bytes:
    """The decoded body. read1 gives what has come; a read of a fixed size would wait for the last byte of a drip."""
    body = bytearray()
    announced = raw.headers.get("Content-Length", "")
    if request.method != "HEAD" and announced.isascii() and announced.isdigit() and int(announced) > max_bytes:
        raise too_large(host_of(request.url), max_bytes)
    try:
        while chunk := raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > max_bytes:
                raise too_large(host_of(request.url), max_bytes)
    except (StepError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        raise failure_of(error, host_of(request.url), timeout, reading=True) from error
    if not _is_whole(raw):
        raise cut_short(host_of(request.url))
    return bytes(body)


def _is_whole(raw: Any) -> bool:
    """False if a compressed body ended before its own end mark; urllib3 hands out what there was."""
    unpacking = getattr(getattr(raw, "_decoder", None), "_obj", None)
    return bool(getattr(unpacking, "eof", True)) or raw.tell() == 0


def _after_redirect(
    status: int, method: str, body: bytes | None, headers: dict[str, str]
) -> tuple[str, bytes | None, dict[str, str]]:
    """307 and 308 repeat the request; after the others everybody asks with GET."""
    if status in (307, 308) or method in ("GET", "HEAD"):
        return method, body, headers
    gone = ("content-type", "content-encoding", "idempotency-key")
    return "GET", None, {name: value for name, value in headers.items() if name.lower() not in gone}


def _with_credentials(request: Outgoing, connection: Credentials | None) -> Outgoing:
    """The request as it is sent; refuses to go to a host that the connection is not bound to."""
    if connection is None:
        return request
    _, (_, host, port) = normal_url(request.url)
    if not connection.allows(host, port):
        raise Refused(
            f"The connection of this step is bound to other hosts, so it is not used for {host}. Add the host to the "
            "connection, or choose another one.",
            code="host_not_allowed",
        )
    applied = connection.apply(request)
    checked({name: text for name, text in applied.headers.items() if request.headers.get(name) != text})
    return applied
