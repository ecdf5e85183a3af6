"""Errors on the builder's wire: domain errors become RFC 9457 problem JSON here and nowhere else.

Domain errors know no status codes. `exception_handler` is DRF's; the four views at the end are Django's own handlers,
which answer problem JSON under machine paths and a page elsewhere.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.views import set_rollback

from builder import connecting, drafts, flows, inviting, ops, publishing, transfer, trying_out
from runtime.arrivals import BadEvent
from runtime.engine.document import DocumentError
from runtime.operating import CannotOperate
from runtime.problem import OUT_OF_ORDER, problem, unavailable

MACHINE_PATHS = ("/api/", "/hooks/", "/in/", "/mcp/")


class Refused(Exception):
    """A request that cannot be done, in words: HTTP status, code, detail, errors by pointer, further members."""

    def __init__(
        self, status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None, **more: Any,
    ):  # fmt: skip
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = errors, headers, more


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The problem for an error raised in a view; None for a bug, which Django logs and `server_error` answers."""
    for kind, answer in _ANSWERS.items():
        if isinstance(error, kind):
            set_rollback()
            return answer(error)
    return None


def _extended(response: HttpResponse, more: Mapping[str, Any]) -> HttpResponse:
    if more:
        response.content = json.dumps({**json.loads(response.content), **more})
    return response


def _refused(error: Refused) -> HttpResponse:
    return _extended(problem(error.status, error.code, error.detail, error.errors, error.headers), error.more)


def _stale(error: drafts.StaleDraft) -> HttpResponse:
    draft = drafts.draft_json(error.draft)
    headers = {"ETag": f'"{error.draft.revision}"'}
    return _extended(problem(412, "stale", str(error), headers=headers), {"draft": draft})


def _conflict(error: drafts.OpsConflict) -> HttpResponse:
    more = {"revision": error.draft.revision, "path": error.path}
    if error.writes is None:
        more |= {"document": error.draft.document}
    else:
        more |= {"ops": drafts.ops_of(error.writes), "writes": drafts.writes_json(error.writes)}
    errors = [{"pointer": error.path, "code": "conflict", "message": str(error)}]
    return _extended(problem(409, "conflict", str(error), errors), more)


def _not_publishable(error: publishing.NotPublishable) -> HttpResponse:
    wrong = [
        {"pointer": found.field or "", "code": found.code, "message": found.message, "node": found.node}
        for found in error.problems
        if found.severity == "error"
    ]
    more = {"problems": [found.to_json() for found in error.problems]}
    return _extended(problem(422, "not_publishable", str(error), wrong), more)


def _invalid_fields(error: DjangoValidationError) -> HttpResponse:
    errors = [
        {"pointer": f"/{name}" if name != "__all__" else "", "code": "invalid", "message": text}
        for name, texts in (error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}).items()
        for text in texts
    ]
    return problem(422, "invalid", errors[0]["message"] if errors else "Invalid.", errors)


def _framework(error: exceptions.APIException) -> HttpResponse:
    status = 422 if isinstance(error, exceptions.ValidationError) else error.status_code
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(wait)))
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flat("", error.get_full_details()))
        return problem(status, "invalid", errors[0]["message"] if errors else "Invalid.", errors, headers)
    code = error.get_codes()
    return problem(status, code if isinstance(code, str) else "invalid", str(error.detail), headers=headers)


def _flat(pointer: str, details: Any):
    """DRF's nested details as a list with JSON Pointers."""
    if isinstance(details, list):
        for position, item in enumerate(details):
            is_error = isinstance(item, dict) and set(item) == {"message", "code"}
            yield from _flat(pointer if is_error else f"{pointer}/{position}", item)
    elif set(details) == {"message", "code"} and isinstance(details["message"], str):
        yield {"pointer": pointer.replace("/non_field_errors", ""), "code": details["code"],
               "message": str(details["message"])}  # fmt: skip
    else:
        for name, item in details.items():
            yield from _flat(f"{pointer}/{name}", item)


def _open_runs(error: flows.OpenRuns) -> HttpResponse:
    return _extended(problem(409, "open_runs", str(error)), {"open_runs": error.count})


_ANSWERS: dict[type[Exception], Callable[[Any], HttpResponse]] = {
    Refused: _refused,
    DocumentError: lambda error: problem(422, "document", str(error), error.errors),
    BadEvent: lambda error: problem(error.status, error.code, str(error), error.errors),
    ops.BadOps: lambda error: problem(422, "ops", str(error), error.errors),
    drafts.StaleDraft: _stale,
    drafts.OpsConflict: _conflict,
    drafts.NeverPublished: lambda error: problem(409, "never_published", str(error)),
    publishing.NotPublishable: _not_publishable,
    publishing.CannotEnable: lambda error: problem(409, "never_published", str(error)),
    trying_out.CannotTry: lambda error: problem(422, "cannot_try", str(error), error.errors),
    transfer.CannotImport: lambda error: problem(422, "cannot_import", str(error), error.errors),
    flows.OpenRuns: _open_runs,
    connecting.InUse: lambda error: problem(409, "in_use", str(error)),
    inviting.CannotChange: lambda error: problem(409, "cannot_change", str(error)),
    CannotOperate: lambda error: problem(409, "cannot_operate", str(error)),
    DjangoValidationError: _invalid_fields,
    Http404: lambda error: problem(404, "not_found", "There is nothing here by that name."),
    exceptions.APIException: _framework,
    **dict.fromkeys(OUT_OF_ORDER, unavailable),
}


# --- Django's own handlers


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400, "bad_request", "This request cannot be read.")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403, "permission_denied", str(exception or "") or "You may not do this.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, "internal", "Segue made a mistake. It is in the log; what you saved is safe.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: an old page, or somebody else's."""
    return _answer(request, 403, "csrf", "The security mark of this page is no longer valid; reload it.", "csrf")


def _answer(request: HttpRequest, status: int, code: str, detail: str, page_name: str = "") -> HttpResponse:
    if request.path.startswith(MACHINE_PATHS):
        return problem(status, code, detail)
    try:
        name = f"errors/{page_name or status}.html"
        page = render_to_string(name, {"detail": detail}, None if status == 500 else request)
    except TemplateDoesNotExist:
        page = f"<!doctype html><title>{status}</title><p>{detail}</p>"
    return HttpResponse(page, status=status)
