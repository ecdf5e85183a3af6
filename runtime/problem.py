"""Errors on the wire: RFC 9457 problem JSON, one shape for every door."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse


def problem(
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """{"type", "title", "status", "detail", "errors": [{"pointer", "code", "message"}]}."""
    body = {
        "type": f"urn:segue:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": errors or [],
    }
    return HttpResponse(json.dumps(body), status=status, content_type="application/problem+json", headers=headers)
