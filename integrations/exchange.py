"""The requests of one try of a service's step: sent through the one door, judged, kept for history."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from integrations import answers
from integrations.authentication import FORM
from integrations.calling import LONGEST_DETAIL, failed, with_query
from integrations.connections import Credentials
from integrations.http import Response, fetch
from runtime.engine.errors import StepError
from runtime.engine.values import excerpt, safe_dumps, to_text

READING = frozenset({"GET", "HEAD", "OPTIONS"})
# What leaves it open whether the service did what it was asked.
_OPEN_ENDED = frozenset({"timeout", "connection_lost", "bad_answer", "failed", "too_large", "http_500", "http_502",
                         "http_504"})  # fmt: skip
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


class NotSent(Exception):
    """A dry run came to its first request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a service; `path` is below the connection's address (build it with `path_of`).

    At most one of `json` and `form`. Members of `query` and `form` that are None are left out, lists are repeated.
    `reads`: it changes nothing, though its method may (a search by POST). `base`: another address than the type's,
    for vendors with several hosts; an address that the connection itself names comes before it.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reads: bool = False
    base: str = ""


def path_of(pattern: str, *values: Any) -> str:
    """`path_of("/contacts/{}/notes", contact_id)`: values become one percent-encoded part each.

    Raises StepError for one that is empty or would lead elsewhere.
    """
    for value in values:
        if to_text(value).strip() in ("", ".", ".."):
            text = f"The address {pattern.replace('{}', '…')} needs an id, but it is {to_text(value)!r}."
            raise StepError(text, code="empty_field")
    return pattern.format(*(quote(to_text(value).strip(), safe="") for value in values))


class Exchange:
    """What a node talks through: `send` asks and gives the answer's body, or raises StepError in plain words."""

    def __init__(self, node: Any, step: Any, credentials: Credentials):
        self.node, self.step, self.credentials, self.mask = node, step, credentials, credentials.mask
        self.shown: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.headers: Mapping[str, str] = {}  # of the last answer

    def send(self, request: Request) -> Any:
        """The body of a successful answer as a JSON value (text where it is no JSON, {} where it is empty)."""
        own = self.credentials.values.get("base_url")
        base = self.credentials.address if own or not request.base else request.base
        url = with_query(base + request.path, _pairs(request.query))
        headers, content = self._headers(request), _content(request)
        self.shown.append({"method": request.method, "url": url, "headers": self.credentials.mask.headers(headers),
                           "body": request.json if request.form is None else _without_none(request.form)})  # fmt: skip
        if self.step.mode == "dry":
            raise NotSent
        try:
            response = fetch(
                request.method, url, headers=headers, body=content, timeout=self.step.timeout, redirects=0,
                max_bytes=self.node.largest_answer, connection=self.credentials,
            )  # fmt: skip
            return self._read(request, response)
        except StepError as error:
            raise self._told(request, error) from None

    def history(self) -> dict[str, Any]:
        """The request as history shows it; of several the last, with those before it."""
        *before, last = self.shown
        shown = {**last, "connection": self.credentials.name}
        return {**shown, "before": before} if before else shown

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": "application/json", **self.node.headers, **request.headers}
        if request.json is not None:
            headers = {"Content-Type": "application/json", **headers}
        elif request.form is not None:
            headers = {"Content-Type": FORM, **headers}
        if self.node.idempotency_header and not request.reads and request.method not in ("GET", "HEAD"):
            key, position = self.step.idempotency_key, len(self.shown)
            headers.setdefault(self.node.idempotency_header, f"{key}:{position}" if position else key)
        return headers

    def _read(self, request: Request, response: Response) -> Any:
        self.headers = response.headers
        body, warning = answers.body_of(response)
        if warning:
            self.step.warn("answer", warning)
        body = self.mask.value(body)  # whole: what is quoted from it is cut, and half a secret would not be found
        self.answered.append({"status": response.status, "body": excerpt(body, LONGEST_DETAIL)})
        if not 200 <= response.status < 300 or self.node.complaint(body):
            raise self._failure(response, body)
        if isinstance(body, str) and (warning or "html" in response.headers.get("content-type", "")):
            text = f"{self.name} answered with {_kind_of(body)} instead of data. Is the connection's address right?"
            raise failed(text, "bad_answer", False, response, body)
        return {} if body is None else body

    def _failure(self, response: Response, body: Any) -> StepError:
        node, status = self.node, response.status
        vendor = node.code_of(body) if isinstance(body, Mapping | list) else ""
        well = 200 <= status < 300
        code = "not_successful" if well else f"http_{status}"
        said = _kind_of(body) if _is_page(body) else node.words_of(body).rstrip(".")
        told = f": {said}" if said else ""
        how = "refused this" if well else f"answered {answers.phrase(status)}"
        message = f"{self.name} {how}{told}. {self._advice(vendor, status)}"
        error = failed(message, code, self._can_help(vendor, response), response, body)
        error.detail = {**error.detail, "code": vendor or None}
        return error

    def _advice(self, vendor: str, status: int) -> str:
        found = self.node.advice.get(vendor) or self.node.advice.get(status)
        if found is None and status in (401, 403):
            what = "may be wrong, expired or revoked" if status == 401 else "do not allow this"
            found = f"The credentials of the connection “{self.credentials.name}” {what}: test it on its page."
        return answers.help_with(status) if found is None else found

    def _can_help(self, vendor: str, response: Response) -> bool:
        """Whether another try may succeed."""
        names = {vendor, response.status}
        if names & self.node.final:
            return False
        return bool(names & self.node.passing) or answers.can_be_retried(response)

    def _told(self, request: Request, error: StepError) -> StepError:
        """The failure with the service's name, and not retryable where a repetition might do it twice."""
        message, retryable = error.message, error.retryable
        if error.code == "too_large":
            message = f"The answer of {self.name} is larger than {self.node.largest_answer:,} bytes. Ask for less."
        elif self.name not in message:
            message = f"{self.name}: {message}"
        writes = not request.reads and request.method not in READING
        reached = (error.detail or {}).get("reached", True)
        if self.node.effect == "once" and writes and error.code in _OPEN_ENDED and retryable and reached:
            retryable = False
            message += " Whether it took effect is open, so it is not tried again: look there first."
        return StepError(message, error.code, retryable, error.retry_after, error.detail)

    @property
    def name(self) -> str:
        return self.node.service


def _content(request: Request) -> bytes | None:
    if request.json is not None:
        return safe_dumps(request.json).encode()
    return urlencode(_pairs(request.form)).encode() if request.form is not None else None


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, to_text(item)) for name, value in _without_none(values).items() for item in _each(value)]


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _each(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list | tuple) else (value,)


def _is_page(body: Any) -> bool:
    return isinstance(body, str) and bool(re.match(r"\s*(<!doctype html|<html)", body, re.IGNORECASE))


def _kind_of(body: str) -> str:
    """What a text answer is, in words: a web page with its title, or its beginning."""
    if not _is_page(body):
        return f"the text {body[:80]!r}"
    title = _TITLE.search(body)
    return f"a web page (“{' '.join(title[1].split())[:120]}”)" if title else "a web page"
