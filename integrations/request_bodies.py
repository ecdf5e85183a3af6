"""The bodies an API request can carry, by type: what is configured, and what goes over the line."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from urllib3.filepost import encode_multipart_formdata

from runtime.engine import template
from runtime.engine.fields import Choice, Issue, JsonBody, KeyValues, Object
from runtime.engine.values import safe_dumps

TYPES = [("none", "None"), ("json", "JSON"), ("form", "Form"), ("multipart", "Multipart form"), ("text", "Text")]
Encoded = tuple[bytes | None, str | None, Any]  # the bytes, their content type, and how history shows them


class _Content(JsonBody):
    """JSON or plain text; which of the two, the body's type says, so the body checks it."""

    def check_filled(self, value: Any) -> Iterator[Issue]:
        yield from self._check_text(value)


class Body(Object):
    """{"type", "content" for json and text, "form" for form and multipart}."""

    def __init__(self, label: str = "", **options: Any):
        super().__init__(label, fields=_fields(), **options)

    def check_filled(self, value: Any) -> Iterator[Issue]:
        found = list(super().check_filled(value))
        yield from found
        if not found and value.get("type") == "json":
            message = template.check_json(value.get("content") or "")
            if message:
                yield "/content", message


def _fields() -> dict[str, Any]:
    return {
        "type": Choice("Type", default="none", options=TYPES),
        "content": _Content(
            "Content", default="", secure=True, visible_if={"field": "type", "in": ["json", "text"]},
            help="Inside quotes a placeholder becomes escaped text, outside of them its JSON value.",
        ),
        "form": KeyValues(
            "Form fields", default=[], secure=True, max_items=200,
            visible_if={"field": "type", "in": ["form", "multipart"]},
        ),
    }  # fmt: skip


def encode(body: Mapping[str, Any] | None, step: Any, secure: Mapping[str, Any]) -> Encoded:
    """The body of `step` rendered against its scope. Raises StepError for what becomes no JSON."""
    body = body or {}
    return _ENCODERS.get(body.get("type") or "none", _none)(body, step, secure)


def _none(body: Mapping[str, Any], step: Any, secure: Mapping[str, Any]) -> Encoded:
    return None, None, None


def _json(body: Mapping[str, Any], step: Any, secure: Mapping[str, Any]) -> Encoded:
    value = template.render_json(body.get("content") or "null", step.scope, step.warnings, secure)
    return safe_dumps(value).encode(), "application/json", value


def _text(body: Mapping[str, Any], step: Any, secure: Mapping[str, Any]) -> Encoded:
    text = template.compile_template(body.get("content") or "").render_text(step.scope, step.warnings, secure)
    return text.encode(), "text/plain; charset=utf-8", text


def _form(body: Mapping[str, Any], step: Any, secure: Mapping[str, Any]) -> Encoded:
    pairs = pairs_of(body.get("form"), step, secure)
    return urlencode(pairs).encode(), "application/x-www-form-urlencoded", _shown(pairs)


def _multipart(body: Mapping[str, Any], step: Any, secure: Mapping[str, Any]) -> Encoded:
    """A repetition under the same key must be the same bytes, so the boundary is made from the key."""
    pairs = pairs_of(body.get("form"), step, secure)
    boundary = hashlib.sha256(step.idempotency_key.encode()).hexdigest()[:40]
    content, kind = encode_multipart_formdata(pairs, boundary)
    return content, kind, _shown(pairs)


def pairs_of(rows: Any, step: Any, secure: Mapping[str, Any] | None = None) -> list[tuple[str, str]]:
    """Rows of names and templates as they go out."""
    return [
        (row["name"], template.compile_template(row.get("value") or "").render_text(step.scope, step.warnings, secure))
        for row in rows or []
        if isinstance(row, Mapping) and row.get("name")
    ]


def _shown(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


_ENCODERS = {"none": _none, "json": _json, "text": _text, "form": _form, "multipart": _multipart}
