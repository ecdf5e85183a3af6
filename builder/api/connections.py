"""/connections/: named credentials; secrets go in and never come out."""

from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import EDIT, PUBLISH, VIEW, actor_of, may
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.auditing import record
from builder.problems import Refused
from builder.transfer import uses_of
from integrations.connection_types import TYPES
from integrations.connections import credentials_of, problems_of
from integrations.http import fetch
from integrations.models import Connection
from runtime.active import iso
from runtime.engine.errors import StepError

TEST_SECONDS = 10


def connection_json(row: Connection, uses: list[dict[str, str]]) -> dict[str, Any]:
    """A connection as the wire shows it."""
    return {
        "id": str(row.pk), "name": row.name, "type": row.type, "config": row.config, "secrets": row.shown_secrets(),
        "allowed_hosts": row.allowed_hosts, "used_by": len(uses), "uses": uses, "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at), "last_used_at": iso(row.last_used_at) if row.last_used_at else None,
    }  # fmt: skip


class ConnectionTypes(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.ConnectionType(many=True))
    def get(self, request: Request) -> Response:
        """What each type asks for: the form follows from it."""
        return Response([kind.describe() for kind in TYPES.values()])


class ConnectionList(ApiView):
    rights = {"GET": VIEW, "POST": EDIT}

    @described(listing(shapes.Connection), query=PAGE_QUERY, id="connections_list")
    def get(self, request: Request) -> Response:
        rows, uses = Connection.objects.for_workspace(request.workspace), uses_of(request.workspace)
        return self.page(
            rows, ("name", "id"), lambda found: [connection_json(row, uses.get(str(row.pk), [])) for row in found]
        )

    @described(shapes.Connection, shapes.ConnectionBody, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request) -> Response:
        given = self.read(shapes.ConnectionBody)
        row = Connection(workspace=request.workspace, name=given["name"], type=given["type"])
        _set(row, given)
        row.save(force_insert=True)
        record(request.workspace, actor_of(request), "connection.created", row, type=row.type)
        return Response(connection_json(row, []), 201)


class _OneConnection(ApiView):
    def connection(self) -> Connection:
        rows = Connection.objects.for_workspace(self.request.workspace)
        return or_404(rows, pk=self.kwargs["connection_id"])


class ConnectionDetail(_OneConnection):
    rights = {"GET": VIEW, "PATCH": EDIT, "DELETE": EDIT}

    @described(shapes.Connection)
    def get(self, request: Request, connection_id: Any) -> Response:
        return Response(self._shown(self.connection()))

    @described(shapes.Connection, shapes.ConnectionBody)
    @transaction.atomic
    def patch(self, request: Request, connection_id: Any) -> Response:
        """Secrets not named stay; kept ones go to further hosts only if a publisher says so."""
        given, row = self.read(shapes.ConnectionBody, partial=True), self.connection()
        if given.get("type", row.type) != row.type:
            raise Refused(422, "invalid", "A connection keeps its type; make another one.")
        self._guard_hosts(row, given)
        row.name = given.get("name", row.name)
        _set(row, given)
        row.save()
        names = sorted({*given, *(f"secret {name}" for name in given.get("secrets", {}))} - {"secrets"})
        record(request.workspace, actor_of(request), "connection.changed", row, fields=names)
        return Response(self._shown(row))

    @described(None, status=204)
    @transaction.atomic
    def delete(self, request: Request, connection_id: Any) -> Response:
        row = self.connection()
        uses = uses_of(request.workspace).get(str(row.pk), [])
        if uses:
            names = ", ".join(sorted({f"{use['label']} in {use['flow_name']}" for use in uses})[:5])
            raise Refused(409, "in_use", f"Used by {names}: choose another connection there first.", uses=uses)
        record(request.workspace, actor_of(request), "connection.deleted", row, type=row.type)
        row.delete()
        return Response(status=204)

    def _guard_hosts(self, row: Connection, given: dict[str, Any]) -> None:
        further = set(given.get("allowed_hosts", row.allowed_hosts)) - set(row.allowed_hosts)
        kept = set(row.sealed) - set(given.get("secrets", {}))
        if further and kept and not may(self.request, PUBLISH):
            text = "Sending kept secrets to further hosts needs the role publisher, or the secrets again."
            raise Refused(403, "permission_denied", text)

    def _shown(self, row: Connection) -> dict[str, Any]:
        return connection_json(row, uses_of(self.request.workspace).get(str(row.pk), []))


class ConnectionTest(_OneConnection):
    rights = {"POST": EDIT}

    @described(shapes.ConnectionTested, shapes.ConnectionTest)
    def post(self, request: Request, connection_id: Any) -> Response:
        """A GET to `url`, or to the first allowed host, with these credentials."""
        row, given = self.connection(), self.read(shapes.ConnectionTest)
        url = given.get("url") or _home_of(row)
        if not url:
            raise Refused(422, "invalid", "Name a URL to try: the connection is bound to no host.")
        record(request.workspace, actor_of(request), "connection.tested", row)
        return Response(_tried(row, url))


def _home_of(row: Connection) -> str:
    host = next((host for host in row.allowed_hosts if "*" not in host), "")
    return f"https://{host}/" if host else ""


def _tried(row: Connection, url: str) -> dict[str, Any]:
    credentials = credentials_of(row)
    try:
        answer = fetch("GET", url, timeout=TEST_SECONDS, connection=credentials)
    except StepError as error:
        return {"ok": False, "status": None, "message": credentials.mask.text(error.message), "seconds": None}
    refused = answer.status in (401, 403)
    message = "The credentials were refused." if refused else f"The peer answered {answer.status}."
    return {"ok": answer.status < 400, "status": answer.status, "message": message, "seconds": round(answer.seconds, 3)}


def _set(row: Connection, given: dict[str, Any]) -> None:
    taken = Connection.objects.filter(workspace=row.workspace, name=row.name).exclude(pk=row.pk).exists()
    if taken:
        raise Refused(422, "invalid", "That name is taken.", [_error("/name", "taken", "That name is taken.")])
    if row.type not in TYPES:
        text = f"There is no type {row.type!r}: choose {', '.join(TYPES)}."
        raise Refused(422, "invalid", text, [_error("/type", "unknown", text)])
    row.config = given.get("config", row.config)
    row.allowed_hosts = given.get("allowed_hosts", row.allowed_hosts)
    row.set_secrets(given.get("secrets", {}))
    errors = [_error(_pointer(row, name), "invalid", text) for name, text in problems_of(row).items()]
    if errors:
        raise Refused(422, "invalid", errors[0]["message"], errors)


def _pointer(row: Connection, name: str) -> str:
    if name in row.kind.secret_names:
        return f"/secrets/{name}"
    return f"/{name}" if name in ("type", "name", "allowed_hosts") else f"/config/{name}"


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}
