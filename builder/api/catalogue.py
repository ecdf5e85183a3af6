"""/node-types/: the catalogue the editor is built from."""

from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import VIEW
from builder.api import shapes
from builder.api.base import ApiView
from builder.api.shapes import described
from builder.catalogue import catalogue, catalogue_tag
from builder.problems import Refused
from runtime.models.flows import KINDS


class NodeTypes(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.NodeType(many=True), query={"kind": "only types for this kind of flow"})
    def get(self, request: Request) -> Response:
        kind = request.query_params.get("kind") or None
        if kind is not None and kind not in KINDS:
            raise Refused(422, "invalid", f"kind is one of {', '.join(KINDS)}.")
        tag = f'"{catalogue_tag(kind)}"'
        known = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in known:
            return Response(status=304, headers=headers)
        return Response(catalogue(kind), headers=headers)
