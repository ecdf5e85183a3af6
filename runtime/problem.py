"""Errors on the wire: RFC 9457 problem JSON, one shape for every door."""

import json
import logging
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse

log = logging.getLogger("segue.problem")


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


#: The database is gone, read-only, full or too busy; nothing is wrong with what was asked.
OUT_OF_ORDER = (OperationalError, InterfaceError, InternalError)


def unavailable(error: Exception) -> HttpResponse:
    """503 for one of OUT_OF_ORDER: what was sent is not stored, and may be sent again as it is."""
    log.error("The database refused: %s", str(error).strip().splitlines()[0] if str(error).strip() else type(error))
    detail = "Segue cannot reach or write its database now. Nothing of this request was kept: send it again."
    return problem(503, "unavailable", detail, headers={"Retry-After": "2"})
