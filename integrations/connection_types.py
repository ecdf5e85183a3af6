"""The kinds of connection: which fields they ask for, how they authenticate a request, where they may go.

A type is declared once, next to what uses it (a service's file, the plain ones here): the form, the check, what is
encrypted, what is applied and what its test asks follow from it. Fields marked `secret` are kept encrypted and never
shown again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from integrations.authentication import Apply, Outgoing, Values, basic, bearer, nothing
from integrations.client_certificates import Identity
from integrations.grants import Grant
from integrations.web_addresses import host_and_port
from runtime.engine.errors import StepError

LONGEST_VALUE, LONGEST_LINES = 8192, 65_536
_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ONE_LINE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ConnectionField:
    """One value of a connection. `pattern` is what it must match whole; `lines` allows several lines (PEM, JSON)."""

    name: str
    label: str
    secret: bool = False
    required: bool = True
    default: str = ""
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
    lines: bool = False
    advanced: bool = False

    def describe(self) -> dict[str, Any]:
        options = [{"value": value, "label": label} for value, label in self.options]
        return {"name": self.name, "label": self.label, "secret": self.secret, "required": self.required,
                "default": self.default, "help": self.help, "options": options or None, "lines": self.lines,
                "advanced": self.advanced}  # fmt: skip

    def wrong_with(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return f"{self.label} must be a text."
        if self.required and not value:
            return f"{self.label} is required."
        if (_LINES if self.lines else _ONE_LINE).search(value):
            return f"{self.label} has a line break or control character in it."
        if self.options and value not in dict(self.options):
            return f"{self.label} must be one of {', '.join(dict(self.options))}."
        most = LONGEST_LINES if self.lines else LONGEST_VALUE
        if len(value) > most:
            return f"{self.label} is longer than {most:,} characters."
        if value and self.pattern and not re.fullmatch(self.pattern, value):
            return f"{self.label} does not have the right form. {self.help}".strip()
        return None


@dataclass(frozen=True, slots=True)
class Probe:
    """A harmless request that proves credentials: `path` is below the connection's address.

    `told(body)` says in words whom they belong to; `complaint(body)` finds an error that hides in a 200 (Slack).
    """

    path: str
    method: str = "GET"
    told: Callable[[Any], str] = lambda body: ""
    complaint: Callable[[Any], str] = lambda body: ""


@dataclass(frozen=True, slots=True)
class ConnectionType:
    """A kind of connection.

    `base_url` is where a service is reached, perhaps with the names of fields in it (`https://{subdomain}.zendesk.com`);
    a connection of such a type is bound to that host (and `more_hosts`, patterns too) instead of hosts a person lists,
    and its field `base_url` sets another address: a self-hosted product, a test system. `apply` None: not for HTTP.
    `grant` is where access tokens come from, which are then sent as bearer tokens. `test` is a request, or for other
    protocols a function that says in words whom the values belong to, or raises StepError. `check_more(values)` yields
    (field, what is wrong) beyond what the fields say; `expires(values)` is when the credentials themselves end.
    `limits` are those of its gate that a new connection begins with (runtime.models.Gate), for people to change.
    """

    name: str
    label: str
    help: str
    fields: tuple[ConnectionField, ...]
    apply: Apply | None = nothing
    icon: str = "key"
    base_url: str = ""
    more_hosts: tuple[str, ...] = ()
    grant: Grant | None = None
    test: Probe | Callable[[Values], str] | None = None
    check_more: Callable[[Values], Iterator[tuple[str, str]]] = lambda values: iter(())
    expires: Callable[[Values], datetime | None] = lambda values: None
    identity: Callable[[Values], Identity | None] = lambda values: None
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def secret_names(self) -> list[str]:
        return [field.name for field in self.fields if field.secret]

    @property
    def public_names(self) -> list[str]:
        return [field.name for field in self.fields if not field.secret]

    @property
    def asks_for_hosts(self) -> bool:
        """Whether a person lists the hosts, since nothing else tells them."""
        return self.apply is not None and not self.base_url

    @property
    def is_general(self) -> bool:
        """Whether it is no one service's: a person says which hosts it is for."""
        return self.asks_for_hosts

    @property
    def own_test(self) -> str:
        """How its own test proves credentials, for pages, which would call it: "request", "sign-in", or "" for none."""
        return "" if self.test is None else "request" if isinstance(self.test, Probe) else "sign-in"

    @property
    def needs_sign_in(self) -> bool:
        """Whether a person has to sign in once before there is a token."""
        return self.grant is not None and self.grant.first is None

    def describe(self) -> dict[str, Any]:
        return {"type": self.name, "label": self.label, "help": self.help, "icon": self.icon,
                "asks_for_hosts": self.asks_for_hosts, "needs_sign_in": self.needs_sign_in,
                "fields": [field.describe() for field in self.fields]}  # fmt: skip

    def address(self, values: Values) -> str:
        """Where the service is, without a slash at the end; empty for types that are not of one service."""
        return self._place("base_url", self.base_url, values).rstrip("/")

    def token_address(self, values: Values) -> str:
        """Where its access tokens come from (types with a grant)."""
        return self._place("token_url", self.grant.token_url if self.grant else "", values)

    def sign_in_address(self, values: Values) -> str:
        """Where a person is sent to sign in; empty where nobody has to."""
        return self._place("authorize_url", self.grant.authorize_url if self.grant else "", values)

    def hosts(self, values: Values) -> list[str]:
        """The hosts that a connection with these values is bound to whatever else is listed."""
        places = filter(None, (self.address(values), self.token_address(values)))
        more = (pattern.format_map(self.filled(values)) for pattern in self.more_hosts)
        return list(dict.fromkeys(filter(None, [*map(host_and_port, places), *more])))

    def filled(self, values: Values) -> dict[str, str]:
        """The values with those that are left out, or empty, as their fields have them by default."""
        return {**values, **{field.name: values.get(field.name) or field.default for field in self.fields}}

    def _place(self, name: str, usual: str, values: Values) -> str:
        filled = self.filled(values)
        return filled.get(name) or usual.format_map(filled)

    def check(self, values: Values) -> dict[str, str]:
        """{field: what is wrong} of a connection's values, secrets included."""
        known = {field.name for field in self.fields}
        problems = {name: f"There is no field {name!r}." for name in values if name not in known}
        for each in self.fields:
            if message := each.wrong_with(values.get(each.name, each.default)):
                problems[each.name] = message
        if not problems:
            problems = {**dict(self._check_address(values)), **dict(self.check_more(values))}
        return problems

    def _check_address(self, values: Values) -> Iterator[tuple[str, str]]:
        for name, place in (("base_url", self.address), ("token_url", self.token_address),
                            ("authorize_url", self.sign_in_address)):  # fmt: skip
            try:
                if found := place(values):
                    host_and_port(found)
            except StepError as error:
                yield name if name in {field.name for field in self.fields} else "", error.message


TYPES: dict[str, ConnectionType] = {}


def register_connection_type(kind: ConnectionType) -> ConnectionType:
    """Make a type known; addresses that it knows get fields that set others. Names are unique."""
    if kind.name in TYPES:
        raise ValueError(f"There are two connection types {kind.name!r}.")
    places = {"base_url": ("Address", kind.base_url)}
    if kind.grant:
        places["token_url"] = ("Token address", kind.grant.token_url)
        places["authorize_url"] = ("Sign-in address", kind.grant.authorize_url)
    own = {field.name for field in kind.fields}
    more = [
        ConnectionField(name, label, required=False, advanced=True,
                        help=f"Usually {usual}. Another one for a self-hosted product or a test system.")
        for name, (label, usual) in places.items() if usual and name not in own
    ]  # fmt: skip
    TYPES[kind.name] = kind = replace(kind, fields=(*kind.fields, *more))
    return kind


def http_types() -> list[str]:
    """The types that can authenticate an HTTP request."""
    return [name for name, kind in TYPES.items() if kind.apply is not None]


def _api_key(values: Values, request: Outgoing) -> Outgoing:
    name, key = values.get("name") or "X-API-Key", f"{values.get('prefix', '')}{values.get('key', '')}"
    place = values.get("place") or "header"
    if place == "query":
        return request.with_query(name, key)
    return request.with_member(name, key) if place == "body" else request.with_header(name, key)


register_connection_type(
    ConnectionType("none", "No authentication", "Nothing is added to requests.", (), nothing, icon="globe")
)
register_connection_type(
    ConnectionType(
        "basic", "User name and password", "HTTP basic authentication.",
        (ConnectionField("username", "User name"),
         ConnectionField("password", "Password", secret=True, required=False)),
        basic(), icon="user",
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "bearer", "Bearer token", "Sent as `Authorization: Bearer <token>`.",
        (ConnectionField("token", "Token", secret=True),), bearer(), icon="shield",
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "api_key", "API key", "A key in a header, in the query or in the body.",
        (
            ConnectionField("key", "Key", secret=True),
            ConnectionField("place", "Sent in", required=False, default="header",
                            options=(("header", "Header"), ("query", "Query"), ("body", "Body"))),
            ConnectionField("name", "Name", required=False, default="X-API-Key",
                            help="Of the header, the query parameter, or the member of the body."),
            ConnectionField("prefix", "Before the key", required=False, help="For example `Token `."),
        ),
        _api_key,
    )
)  # fmt: skip
