"""What every view of the API shares: look-ups behind the workspace's wall, lists with cursors, repeatable writes."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from builder.access import Right
from builder.overview import listed
from builder.problems import Refused
from runtime.engine.values import safe_dumps, safe_loads
from runtime.models import Flow, IdempotentAnswer

MOST = 200
USUAL = 50


class AlwaysJson(BaseContentNegotiation):
    """There is one representation, whatever Accept or `?format=` say."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return DefaultContentNegotiation().select_parser(request, parsers)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A route. `rights` says who may do what; a method that is not in it cannot be called."""

    content_negotiation_class = AlwaysJson
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    rights: dict[str, Right] = {}

    def flow(self, *, trash: bool = False) -> Flow:
        """The flow of the address, in the caller's workspace."""
        flows = listed(self.request.workspace)
        flows = flows.exclude(deleted_at=None) if trash else flows.kept()
        return get_object_or_404(flows, pk=self.kwargs["flow_id"])

    def read(self, serializer: type[Serializer], *, partial: bool = False) -> dict[str, Any]:
        """The body, checked; unknown members are refused, so that a typing error is not silently ignored."""
        data = self.request.data
        checked = serializer(data=data, partial=partial, context={"request": self.request})
        checked.is_valid(raise_exception=True)
        unknown = sorted(set(data) - set(checked.fields)) if isinstance(data, dict) else []
        if unknown:
            errors = [
                {"pointer": f"/{name}", "code": "unknown", "message": "There is no such member."} for name in unknown
            ]
            raise Refused(422, "invalid", f"There is no member {unknown[0]!r} here.", errors)
        return checked.validated_data

    def page(self, rows: QuerySet, order: tuple[str, ...], shown: Callable[[list[Any]], list[Any]]) -> Response:
        """{"results", "next"}: rows in `order` (fields of one direction, the last one unique), from the cursor on."""
        limit = self._limit()
        down = order[0].startswith("-")
        names = [name.lstrip("-") for name in order]
        rows = rows.order_by(*order)
        if cursor := self.request.query_params.get("cursor"):
            rows = rows.filter(_after(names, _read_cursor(cursor, rows.model, names), down))
        found = list(rows[: limit + 1])
        last = found[limit - 1] if len(found) > limit else None
        following = self._next([_value(last, name) for name in names]) if last is not None else None
        return Response({"results": shown(found[:limit]), "next": following})

    def _limit(self) -> int:
        text = self.request.query_params.get("limit", str(USUAL))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST:
            raise Refused(422, "invalid", f"limit is a number from 1 to {MOST}.", [_at("/limit", "limit")])
        return int(text)

    def _next(self, values: list[str]) -> str:
        cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        query = {**self.request.query_params.dict(), "cursor": cursor}
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(query)}")


def _value(row: Any, name: str) -> str:
    for part in name.split("__"):
        row = getattr(row, part)
    return row.isoformat() if hasattr(row, "isoformat") else str(row)


def _read_cursor(cursor: str, model: Any, names: list[str]) -> list[Any]:
    """The values of the fields `names`, as the columns keep them; whatever cannot stand there is refused."""
    try:
        values = safe_loads(base64.urlsafe_b64decode(cursor.encode()))
        if isinstance(values, list) and len(values) == len(names) and all(isinstance(value, str) for value in values):
            fields = (model._meta.get_field(name) for name in names)
            return [_storable(field, value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, DjangoValidationError):
        pass
    raise Refused(422, "invalid", "This cursor is not one of ours.", [_at("/cursor", "cursor")])


def _storable(field: Any, text: str) -> Any:
    """`text` as a value of a column. Raises ValueError or ValidationError."""
    value = field.to_python(text)
    field.run_validators(value)
    if isinstance(value, datetime) and not 1900 < value.year < 9000:
        raise ValueError(text)  # at the ends of time there is no other zone's hour
    return value


def _after(names: list[str], values: list[Any], down: bool) -> Q:
    """Rows past the given one: (a, b) > (x, y) in either direction."""
    way = "lt" if down else "gt"
    found = Q()
    for position, name in enumerate(names):
        equal = Q(**dict(zip(names[:position], values, strict=False)))
        found |= equal & Q(**{f"{name}__{way}": values[position]})
    return found


def _at(pointer: str, name: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "invalid", "message": f"This {name} is not possible."}


def or_404(rows: QuerySet, **by: Any) -> Any:
    return get_object_or_404(rows, **by)


def found(value: Any) -> Any:
    """`value`, or not found."""
    if value is None:
        raise Http404
    return value


def repeatable(view: Callable[..., Response]) -> Callable[..., Response]:
    """A creating POST that takes an Idempotency-Key: the same key and body give the first answer again.

    The key's row and what is created share a transaction, so of two at once one waits for the other's answer.
    """

    @wraps(view)
    def wrapped(self: ApiView, request: Any, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return view(self, request, *args, **kwargs)
        if len(key) > 255:
            raise Refused(422, "invalid", "An Idempotency-Key has at most 255 characters.")
        return _once(self, request, key, lambda: view(self, request, *args, **kwargs))

    return wrapped


def _once(view: ApiView, request: Any, key: str, perform: Callable[[], Response]) -> Response:
    route = f"{request.method} {request.path}"[:160]
    body = hashlib.sha256(safe_dumps(request.data, sort_keys=True).encode()).hexdigest()
    own = {"workspace": request.workspace, "route": route, "key": key}
    try:
        with transaction.atomic():
            row = IdempotentAnswer.objects.create(**own, body_hash=body, status=0, answer={})
            response = perform()
            IdempotentAnswer.objects.filter(pk=row.pk).update(status=response.status_code, answer=response.data)
            return response
    except IntegrityError:
        first = IdempotentAnswer.objects.filter(**own).first()
        if first is None:
            raise
    if first.body_hash != body:
        raise Refused(422, "idempotency_key", "This Idempotency-Key came before with another body.")
    return Response(first.answer, first.status)


def expected_revision(request: Any, *, required: bool) -> int | None:
    """The revision in If-Match (weak tags too); None for `*`, or where it is absent and not required."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        if required:
            raise Refused(428, "precondition_required", 'Say which revision you know: If-Match: "<revision>".')
        return None
    if header == "*":
        return None
    tag = header.removeprefix("W/").strip('"')
    return int(tag) if tag.isdecimal() and len(tag) < 12 else -1


def with_etag(response: Response, revision: int) -> Response:
    response["ETag"] = f'"{revision}"'
    return response
