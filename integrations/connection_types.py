"""The kinds of connection: which fields they ask for, and how they authenticate a request.

A type is declared once: the form, the check, what is encrypted and what is applied follow from it. Fields marked
`secret` are kept encrypted and never shown again.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

Values = Mapping[str, str]
Applied = tuple[str, dict[str, str]]  # the URL and the headers to send


@dataclass(frozen=True, slots=True)
class ConnectionField:
    name: str
    label: str
    secret: bool = False
    required: bool = True
    default: str = ""
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def describe(self) -> dict[str, Any]:
        options = [{"value": value, "label": label} for value, label in self.options]
        return {"name": self.name, "label": self.label, "secret": self.secret, "required": self.required,
                "default": self.default, "help": self.help, "options": options or None}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConnectionType:
    name: str
    label: str
    help: str
    fields: tuple[ConnectionField, ...]
    apply: Callable[[Values, str, dict[str, str]], Applied]

    @property
    def secret_names(self) -> list[str]:
        return [field.name for field in self.fields if field.secret]

    @property
    def public_names(self) -> list[str]:
        return [field.name for field in self.fields if not field.secret]

    def describe(self) -> dict[str, Any]:
        return {"type": self.name, "label": self.label, "help": self.help,
                "fields": [field.describe() for field in self.fields]}  # fmt: skip

    def check(self, values: Values) -> dict[str, str]:
        """{field: what is wrong} of a connection's values, secrets included."""
        problems = {name: f"There is no field {name!r}." for name in values if name not in self._by_name()}
        for field in self.fields:
            value = values.get(field.name, field.default)
            if not isinstance(value, str):
                problems[field.name] = f"{field.label} must be a text."
            elif field.required and not value:
                problems[field.name] = f"{field.label} is required."
            elif any(char < " " or char == "\x7f" for char in value):
                problems[field.name] = f"{field.label} has a line break or control character in it."
            elif field.options and value not in dict(field.options):
                problems[field.name] = f"{field.label} must be one of {', '.join(dict(field.options))}."
            elif len(value) > 8192:
                problems[field.name] = f"{field.label} is longer than 8,192 characters."
        return problems

    def _by_name(self) -> dict[str, ConnectionField]:
        return {field.name: field for field in self.fields}


def _nothing(values: Values, url: str, headers: dict[str, str]) -> Applied:
    return url, headers


def _basic(values: Values, url: str, headers: dict[str, str]) -> Applied:
    pair = f"{values.get('username', '')}:{values.get('password', '')}"
    return url, _with(headers, "Authorization", "Basic " + base64.b64encode(pair.encode()).decode())


def _bearer(values: Values, url: str, headers: dict[str, str]) -> Applied:
    return url, _with(headers, "Authorization", f"Bearer {values.get('token', '')}")


def _api_key(values: Values, url: str, headers: dict[str, str]) -> Applied:
    name, key = values.get("name") or "X-API-Key", values.get("key", "")
    if values.get("place", "header") == "query":
        parts = urlsplit(url)
        query = "&".join(filter(None, (parts.query, f"{quote(name, safe='')}={quote(key, safe='')}")))
        return urlunsplit(parts._replace(query=query)), headers
    return url, _with(headers, name, f"{values.get('prefix', '')}{key}")


def _with(headers: dict[str, str], name: str, value: str) -> dict[str, str]:
    """The connection's header replaces one that the step wrote by hand."""
    others = {given: text for given, text in headers.items() if given.lower() != name.lower()}
    return {**others, name: value}


TYPES = {
    kind.name: kind
    for kind in (
        ConnectionType("none", "No authentication", "Nothing is added to requests.", (), _nothing),
        ConnectionType(
            "basic", "User name and password", "HTTP basic authentication.",
            (ConnectionField("username", "User name"), ConnectionField("password", "Password", secret=True,
                                                                       required=False)),
            _basic,
        ),
        ConnectionType(
            "bearer", "Bearer token", "Sent as `Authorization: Bearer <token>`.",
            (ConnectionField("token", "Token", secret=True),), _bearer,
        ),
        ConnectionType(
            "api_key", "API key", "A key in a header or in the query.",
            (
                ConnectionField("key", "Key", secret=True),
                ConnectionField("place", "Sent in", required=False, default="header",
                                options=(("header", "Header"), ("query", "Query"))),
                ConnectionField("name", "Name", required=False, default="X-API-Key",
                                help="Of the header or the query parameter."),
                ConnectionField("prefix", "Before the key", required=False, help="For example `Token `."),
            ),
            _api_key,
        ),
    )
}  # fmt: skip
