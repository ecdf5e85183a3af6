"""Where requests go: one reading of a URL for judging and for dialling, and what a redirect may lead to."""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.models import PreparedRequest

from runtime.engine.errors import StepError

LONGEST_URL = 8192
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f\\]")
Origin = tuple[str, str, int]  # scheme, host, port


@lru_cache(maxsize=1024)
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


def host_and_port(url: str) -> str:
    """Where a URL leads as an allowed host is written: with its port where that is written too. Raises StepError."""
    _, (_, host, port) = normal_url(url)
    host = f"[{host}]" if ":" in host else host
    return host if urlsplit(url).port is None else f"{host}:{port}"


def redirect_of(raw: Any, url: str) -> str | None:
    """Where a redirect leads, checked; None if this is none (a 300 or 304 is an answer)."""
    location = raw.headers.get("Location")
    if raw.status not in (301, 302, 303, 307, 308) or not location:
        return None
    if _NOT_IN_URLS.search(location):
        raise StepError(f"{host_of(url)} redirects to an address that is not valid.", code="bad_redirect")
    try:
        target = urljoin(url, location)
    except ValueError as error:
        raise StepError(f"{host_of(url)} redirects to an address that is not valid.", code="bad_redirect") from error
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
        raise StepError(f"{host_of(url)} redirects from https to http; that is not followed.", code="bad_redirect")
    return target


def same_place(before: str, after: str) -> bool:
    """Whether credentials may go along: same origin, or the same host moving from http to https."""
    try:
        old, new = normal_url(before)[1], normal_url(after)[1]
    except StepError:
        return False
    return old == new or (old[1] == new[1] and (old[0], old[2], new[0], new[2]) == ("http", 80, "https", 443))


def host_of(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or "The peer"
    except ValueError:
        return "The peer"


def _bad_url(why: str, url: str) -> StepError:
    shown = f" ({url[:200]!r})" if url.strip() else ""
    return StepError(f"The URL cannot be called: {why}{shown}.", code="bad_url")
