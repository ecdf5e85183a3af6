"""Reading a peer's answer: its body as a value, whether it counts as a success, and what the peer says went wrong."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from integrations.http import Response
from runtime.engine.values import BadJson, safe_loads

_CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)
_STATUSES = re.compile(r"\s*(?:([1-5])xx|([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?)\s*\Z", re.IGNORECASE)
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_RATE_LIMITED = re.compile(
    rb"rate.?limit|request_limit_exceeded|too.?many.?requests|idempotency_error|idempotency_key_in_use", re.IGNORECASE
)
LONGEST_WORDS = 300
LONGEST_WAIT = 86_400.0
EPOCH_FROM = 1e9  # what is larger is a moment, not a number of seconds from now
_HELP = {
    400: "Check what the step sends.", 401: "Check the credentials of the connection.",
    403: "The credentials do not allow this.", 404: "Check the address.", 405: "Check the method.",
    409: "What it would make or change already exists or is in use.", 413: "Send less.", 415: "Check the body's type.",
    422: "Check what the step sends.", 429: "It asks for fewer requests.",
}  # fmt: skip


def body_of(response: Response) -> tuple[Any, str | None]:
    """(the body as a JSON value or text, None if there is none; a warning where it is not what it says)."""
    kind = response.headers.get("content-type", "").lower()
    if not response.body:
        return None, None
    says_json = "json" in kind
    if says_json or (not kind.startswith("text/html") and response.body.lstrip()[:1] in (b"{", b"[")):
        try:
            return safe_loads(response.body), None
        except BadJson as error:
            if says_json:
                return _text(response, kind), f"The answer says it is JSON, but it is not: {error}"
    text = _text(response, kind)
    if text is None:
        return None, f"The answer is {len(response.body):,} bytes of {kind or 'an unknown type'}, kept out of the run."
    return text, None


def _text(response: Response, kind: str) -> str | None:
    charset = _CHARSET.search(kind)
    try:
        text = response.body.decode(charset[1] if charset else "utf-8")
    except (LookupError, UnicodeDecodeError):
        if not kind.startswith("text/") and "json" not in kind and "xml" not in kind:
            return None
        text = response.body.decode("utf-8", "replace")
    return text.replace("\0", "")


def check_statuses(text: Any) -> str | None:
    """What is wrong with a list of statuses such as `2xx, 404, 200-204`."""
    if not isinstance(text, str) or not all(_STATUSES.match(part) for part in text.split(",")):
        return "Statuses are written like 2xx, 404 or 200-204, with commas between them."
    return None


def is_one_of(status: int, text: str) -> bool:
    """Whether `status` is in a list such as `2xx, 404, 200-204`."""
    for part in text.split(","):
        found = _STATUSES.match(part)
        if found and (found[1] or found[2]):
            low = int(found[1] or 0) * 100 or int(found[2])
            high = low + 99 if found[1] else int(found[3] or found[2])
            if low <= status <= high:
                return True
    return False


def can_be_retried(response: Response) -> bool:
    """Whether the same request may well succeed later. Some peers tell a rate limit by words, not by 429.

    409 is tried again too: CRMs answer it while another request changes the same record (FLOWS, F1).
    """
    status = response.status
    if status in (408, 409, 425, 429) or (status >= 500 and status not in (501, 505)):
        return True
    return (status == 403 or status < 300) and bool(_RATE_LIMITED.search(response.body[:4096]))


def wait_asked_for(response: Response) -> float | None:
    """The pause that the peer asked for, in seconds: Retry-After, or with a 429 when its limit is reset."""
    given = response.headers.get("retry-after", "").strip()
    if not given and response.status == 429:
        return _until_reset(response.headers.get("x-ratelimit-reset", "").strip())
    try:
        if given.isascii() and given.isdigit():
            return min(float(given), LONGEST_WAIT)
        at = parsedate_to_datetime(given)
    except (ValueError, TypeError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def _until_reset(given: str) -> float | None:
    """X-RateLimit-Reset as Intercom, SendGrid and GitHub send it: a time in seconds since 1970; others give seconds."""
    if not (given.isascii() and given.isdigit()) or len(given) > 12:
        return None
    seconds = float(given)
    if seconds >= EPOCH_FROM:
        seconds -= datetime.now(UTC).timestamp()
    return min(max(0.0, seconds), LONGEST_WAIT)


def words_of(body: Any) -> str:
    """The peer's own explanation, short: what its JSON calls message, detail, error..., or its text without markup."""
    if isinstance(body, str):
        return _short(_TAGS.sub(" ", body))
    return _short("; ".join(dict.fromkeys(_said(body, 0))))


def help_with(status: int) -> str:
    """What to do about a status, where that is plain."""
    return _HELP.get(status, "The peer has trouble of its own; try again later." if status >= 500 else "")


def phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


_SAYING = ("message", "error_description", "detail", "description", "title", "reason", "error", "errors", "details",
           "error_message", "code", "type")  # fmt: skip


def _said(body: Any, depth: int) -> Iterator[str]:
    if depth > 4:
        return
    if isinstance(body, str) and body.strip():
        yield body.strip()
    elif isinstance(body, list):
        for item in body[:3]:
            yield from _said(item, depth + 1)
    elif isinstance(body, Mapping):
        found = False
        for name in _SAYING:
            if found and name in ("code", "type", "title", "reason"):
                continue
            for said in _said(body.get(name), depth + 1):
                found = True
                yield said
        if not found:
            for item in list(body.values())[:3]:
                if isinstance(item, Mapping | list):
                    yield from _said(item, depth + 1)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_WORDS else text[:LONGEST_WORDS] + "…"
