"""/node-types/: the catalogue the editor is built from. /tools/: the published actions, for who copies a definition."""

from typing import Any

from asgiref.sync import async_to_sync
from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import VIEW
from builder.api import shapes
from builder.api.base import ApiView
from builder.api.shapes import described
from builder.catalogue import catalogue, catalogue_tag
from builder.problems import Refused
from runtime.models.flows import KINDS
from runtime.tool_definitions import definitions


class NodeTypes(ApiView):
    rights = {"GET": VIEW}

    @described(
        shapes.NodeType(many=True), query={"kind": "only types for this kind of flow", "examples": "0 leaves them out"}
    )
    def get(self, request: Request) -> Response:
        kind = request.query_params.get("kind") or None
        if kind is not None and kind not in KINDS:
            raise Refused(422, "invalid", f"kind is one of {', '.join(KINDS)}.")
        examples = request.query_params.get("examples") != "0"
        tag = f'"{catalogue_tag(kind, examples)}"'
        known = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in known:
            return Response(status=304, headers=headers)
        return Response(catalogue(kind, examples), headers=headers)


class Tools(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.ToolList, query={"format": "openai, anthropic, mcp or jsonschema", "agent": "an agent's slug"})
    def get(self, request: Request) -> Response:
        """What GET /actions/ tells a machine, for people."""
        shape, agent = (
            request.query_params.get(name, usual) for name, usual in (("format", "jsonschema"), ("agent", ""))
        )
        found: Any = async_to_sync(definitions)(request.workspace.pk, shape, agent)
        if found is None:
            raise Refused(422, "invalid", "format is openai, anthropic, mcp or jsonschema.")
        return Response(found)
