"""How credentials are put into a request: one small function for each way, chosen where a connection type is declared.

Texts such as "Bearer {token}" name the connection's values; only the declaration is read as a pattern, never a value.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from runtime.engine.errors import StepError

Values = Mapping[str, str]
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request on its way out, as a connection may add to it."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def with_header(self, name: str, value: str) -> "Outgoing":
        """The connection's header replaces one that the step wrote by hand."""
        others = {given: text for given, text in self.headers.items() if given.lower() != name.lower()}
        return replace(self, headers={**others, name: value})

    def with_query(self, name: str, value: str) -> "Outgoing":
        parts = urlsplit(self.url)
        query = "&".join(filter(None, (parts.query, f"{quote(name, safe='')}={quote(value, safe='')}")))
        return replace(self, url=urlunsplit(parts._replace(query=query)))

    def with_member(self, name: str, value: str) -> "Outgoing":
        """The value in the body: a field of a form, or a member of a JSON object. Raises StepError for others."""
        kind = next((text for given, text in self.headers.items() if given.lower() == "content-type"), "")
        if self.body is not None and kind.startswith(FORM):
            pairs = [pair for pair in parse_qsl(self.body.decode(), keep_blank_values=True) if pair[0] != name]
            return replace(self, body=urlencode([*pairs, (name, value)]).encode())
        try:
            members = json.loads(self.body or b"")
        except ValueError:
            members = None
        if not isinstance(members, dict):
            text = "The connection puts its key into the body, so the body must be a form or a JSON object."
            raise StepError(text, code="no_place_for_key")
        return replace(self, body=json.dumps({**members, name: value}, ensure_ascii=False).encode())


Apply = Callable[[Values, Outgoing], Outgoing]


def nothing(values: Values, request: Outgoing) -> Outgoing:
    return request


def header(name: str, pattern: str) -> Apply:
    """`header("X-Token", "{token}")`."""
    return lambda values, request: request.with_header(name, pattern.format_map(_Given(values)))


def bearer(name: str = "token") -> Apply:
    """The usual `Authorization: Bearer ...` with the value called `name`."""
    return header("Authorization", f"Bearer {{{name}}}")


def basic(username: str = "{username}", password: str = "{password}") -> Apply:
    """HTTP basic authentication: `basic("{email}/token", "{token}")`."""

    def apply(values: Values, request: Outgoing) -> Outgoing:
        pair = f"{username.format_map(_Given(values))}:{password.format_map(_Given(values))}"
        return request.with_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())

    return apply


def query(name: str, pattern: str) -> Apply:
    return lambda values, request: request.with_query(name, pattern.format_map(_Given(values)))


def member(name: str, pattern: str) -> Apply:
    """A field of the form or a member of the JSON object that is the body."""
    return lambda values, request: request.with_member(name, pattern.format_map(_Given(values)))


class _Given(dict[str, Any]):
    """What is not filled in is empty."""

    def __missing__(self, name: str) -> str:
        return ""
