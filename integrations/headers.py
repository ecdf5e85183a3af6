"""Headers as they may be given, as they are written, and as they come back."""

import re
from collections.abc import Mapping
from typing import Any

from runtime.credentials import carries_credentials as carries_credentials
from runtime.engine.errors import StepError

# What describes the body and who may speak how long belongs to the door.
OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect",
     "proxy-authorization", "proxy-connection"}
)  # fmt: skip
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}\Z")
_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def checked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, if they are headers; raises StepError for smuggled lines and those that are not for callers."""
    for name, value in headers.items():
        if not _HEADER_NAME.match(name):
            raise StepError(f"{name[:60]!r} is no name for a header.", code="bad_header")
        if name.lower() in OWN_HEADERS:
            raise StepError(f"The header {name} is set by Segue itself; leave it out.", code="bad_header")
        if _NOT_IN_HEADERS.search(value):
            raise StepError(f"The value of the header {name} contains a line break or control character.",
                            code="bad_header")  # fmt: skip
    return dict(headers)


def on_the_wire(headers: Mapping[str, str]) -> dict[str, Any]:
    """Values as they are written: Latin-1 as HTTP has it, UTF-8 where that is not enough."""
    sent: dict[str, Any] = {}
    for name, value in headers.items():
        try:
            value.encode("latin-1")
            sent[name] = value
        except UnicodeEncodeError:
            sent[name] = value.encode()
    return sent


def joined(headers: Any) -> dict[str, str]:
    """A response's headers in lower case, repeated ones joined."""
    found: dict[str, str] = {}
    for name, value in headers.iteritems():
        name = name.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """What may travel to another origin."""
    return {name: value for name, value in headers.items() if not carries_credentials(name)}
