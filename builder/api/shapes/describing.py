"""Declaring a method for the OpenAPI document, and what all shapes use."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers as s


class AnyJson(s.JSONField):
    """Any JSON value."""


ANYTHING = {"application/json": OpenApiTypes.ANY}


class Problem(s.Serializer):
    """RFC 9457. Some problems carry more members, named with their call."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    detail = s.CharField()
    errors = s.ListField(child=s.DictField(child=s.CharField()))


def described(answer: Any = None, body: Any = None, *, status: int = 200, query: dict[str, str] | None = None,
              headers: dict[str, str] | None = None, id: str | None = None, **more: Any) -> Any:  # fmt: skip
    """Declare a method for the OpenAPI document: answer, body, {query parameter: what it is for}, headers."""
    parameters = [OpenApiParameter(name, str, description=text) for name, text in (query or {}).items()]
    parameters += [
        OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text) for name, text in (headers or {}).items()
    ]
    responses = {status: answer, ("4XX", "application/problem+json"): Problem}
    return extend_schema(request=body, responses=responses, parameters=parameters, operation_id=id, **more)


def listing(child: type[s.Serializer]) -> s.Serializer:
    """A page of a list."""
    return inline_serializer(
        f"{child.__name__}List", {"results": child(many=True), "next": s.URLField(allow_null=True)}
    )


KEY_HEADER = {"Idempotency-Key": "The same key and body again give the first answer."}
PAGE_QUERY = {"limit": "1 to 200, 50 by default", "cursor": "from `next`"}
