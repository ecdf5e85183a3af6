"""The hosts a connection is bound to: `api.example.com`, `*.example.com`, `crm.internal:8080`."""

import re
from dataclasses import dataclass
from functools import lru_cache

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*\Z")
_IPV6 = re.compile(r"[0-9a-f:.]{2,45}\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A host, with all hosts below it if it began with `*.`, and one port or every port."""

    host: str
    below: bool
    port: int | None

    def fits(self, host: str, port: int) -> bool:
        host = host.lower().rstrip(".").strip("[]")
        known = host.endswith("." + self.host) if self.below else host == self.host
        return known and self.port in (None, port)


def check_host(text: object) -> str | None:
    """What is wrong with an entry, None if nothing is."""
    if not isinstance(text, str) or len(text) > 260:
        return "An allowed host is a text such as api.example.com."
    host, port = _split(text)
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return f"{text!r}: the port is no number."
    if host in ("*", "*.*") or (host.startswith("*.") and "." not in host[2:]):
        return f"{text!r} allows too much; name a domain, as in *.example.com."
    if not _HOST.match(host) and not (":" in host and _IPV6.match(host)):
        return f"{text!r} is no host: leave out https:// and the path."
    return None


@lru_cache(maxsize=1024)
def place_of(text: str) -> Place:
    host, port = _split(text)
    return Place(host.removeprefix("*."), host.startswith("*."), int(port) if port else None)


def _split(text: str) -> tuple[str, str | None]:
    text = text.strip().lower()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest[1:] if rest.startswith(":") else None
    host, colon, port = text.partition(":")
    if ":" in port:  # an IPv6 address without brackets
        return text, None
    return host.rstrip("."), port if colon else None
