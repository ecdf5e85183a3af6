"""/connections/: named credentials; secrets go in and never come out."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder import connecting
from builder.access import EDIT, PUBLISH, VIEW, actor_of, may
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.problems import Refused
from integrations.connection_types import TYPES
from integrations.models import Connection
from runtime.active import iso


def connection_json(row: Connection, uses: list[connecting.Use]) -> dict[str, Any]:
    """A connection as the wire shows it."""
    return {
        "id": str(row.pk), "name": row.name, "type": row.type, "config": row.config, "secrets": row.shown_secrets(),
        "allowed_hosts": row.allowed_hosts, "used_by": len(uses), "uses": [_use(use) for use in uses],
        "created_at": iso(row.created_at), "updated_at": iso(row.updated_at),
        "last_used_at": iso(row.last_used_at) if row.last_used_at else None,
        "worked_at": iso(row.worked_at) if row.worked_at else None,
        "expires_at": iso(ends) if (ends := connecting.expires_at(row)) else None, "standing": _standing(row),
        "off": {"since": iso(row.off_at), "because": row.off_because} if row.off_at else None,
    }  # fmt: skip


def _standing(row: Connection) -> dict[str, str] | None:
    found = connecting.standing(row)
    return {"tone": found.tone, "words": found.words} if found else None


def _use(use: connecting.Use) -> dict[str, Any]:
    return {"flow": str(use.flow.pk), "flow_name": use.flow.name, "node": use.node, "label": use.label,
            "published": use.published}  # fmt: skip


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
        rows = Connection.objects.for_workspace(request.workspace).select_related("token")
        uses = connecting.uses(request.workspace)
        return self.page(
            rows, ("name", "id"), lambda found: [connection_json(row, uses.get(str(row.pk), [])) for row in found]
        )

    @described(shapes.Connection, shapes.ConnectionBody, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request) -> Response:
        given = self.read(shapes.ConnectionBody)
        if given["type"] not in TYPES:
            text = f"There is no type {given['type']!r}: choose {', '.join(TYPES)}."
            raise Refused(422, "invalid", text, [{"pointer": "/type", "code": "unknown", "message": text}])
        row = Connection(workspace=request.workspace, type=given.pop("type"))
        _save(request, row, given)
        return Response(connection_json(row, []), 201)


class _OneConnection(ApiView):
    def connection(self) -> Connection:
        rows = Connection.objects.for_workspace(self.request.workspace)
        return or_404(rows, pk=self.kwargs["connection_id"])

    def _shown(self, row: Connection) -> dict[str, Any]:
        return connection_json(row, connecting.uses(self.request.workspace).get(str(row.pk), []))


class ConnectionDetail(_OneConnection):
    rights = {"GET": VIEW, "PATCH": EDIT, "DELETE": EDIT}

    @described(shapes.Connection)
    def get(self, request: Request, connection_id: Any) -> Response:
        return Response(self._shown(self.connection()))

    @described(shapes.Connection, shapes.ConnectionBody)
    def patch(self, request: Request, connection_id: Any) -> Response:
        """Secrets not named stay; kept ones go to further hosts only if a publisher says so."""
        given, row = self.read(shapes.ConnectionBody, partial=True), self.connection()
        if given.pop("type", row.type) != row.type:
            raise Refused(422, "invalid", "A connection keeps its type; make another one.")
        _save(request, row, given)
        return Response(self._shown(row))

    @described(None, status=204)
    def delete(self, request: Request, connection_id: Any) -> Response:
        connecting.delete(self.connection(), actor_of(request))
        return Response(status=204)


class ConnectionTest(_OneConnection):
    rights = {"POST": EDIT}

    @described(shapes.ConnectionTested, shapes.ConnectionTest)
    def post(self, request: Request, connection_id: Any) -> Response:
        """The harmless request of its type, or a GET to `url`, with these credentials."""
        row, given = self.connection(), self.read(shapes.ConnectionTest)
        outcome = connecting.test(row, given.get("url", ""), actor_of(request))
        return Response({"ok": outcome.good, "message": outcome.words})


class ConnectionOn(_OneConnection):
    rights = {"POST": EDIT}

    @described(shapes.Connection)
    def post(self, request: Request, connection_id: Any) -> Response:
        """Switches it on again after its endpoint answered 410, or took nothing for five days."""
        row = self.connection()
        connecting.switch_on(row, actor_of(request))
        return Response(self._shown(row))


def _save(request: Request, row: Connection, given: dict[str, Any]) -> None:
    try:
        wrong = connecting.save(row, actor_of(request), **given, may_widen=may(request, PUBLISH))
    except connecting.MayNotWiden as error:
        raise Refused(403, "permission_denied", str(error)) from error
    if wrong:
        errors = [{"pointer": _pointer(row, name), "code": "invalid", "message": text} for name, text in wrong.items()]
        raise Refused(422, "invalid", errors[0]["message"], errors)


def _pointer(row: Connection, name: str) -> str:
    if name in row.kind.secret_names:
        return f"/secrets/{name}"
    return f"/{name}" if name in ("type", "name", "allowed_hosts") else f"/config/{name}"
