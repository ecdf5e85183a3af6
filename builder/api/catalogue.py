"""/node-types/: the catalogue the editor is built from. /tools/: the published actions, for who copies a definition."""

from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import VIEW
from builder.api import shapes
from builder.api.base import ApiView
from builder.api.shapes import described
from builder.catalogue import catalogue_packed, catalogue_tag, catalogue_text
from builder.compressing import ACCEPTS_BROTLI
from builder.problems import Refused
from runtime.models.flows import KINDS
from runtime.tool_definitions import definitions


class NodeTypes(ApiView):
    rights = {"GET": VIEW}

    @described(
        shapes.NodeType(many=True),
        query={
            "kind": "only types for this kind of flow",
            "brief": "1 leaves out examples, help texts and what is as usual",
        },
    )
    def get(self, request: Request) -> HttpResponse:
        kind = request.query_params.get("kind") or None
        if kind is not None and kind not in KINDS:
            raise Refused(422, "invalid", f"kind is one of {', '.join(KINDS)}.")
        brief = request.query_params.get("brief") == "1"
        tag = f'"{catalogue_tag(kind, brief)}"'
        known = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in known:
            return Response(status=304, headers=headers)
        if ACCEPTS_BROTLI.search(request.headers.get("Accept-Encoding", "")):
            headers |= {"Content-Encoding": "br", "Vary": "Accept-Encoding"}
            return HttpResponse(catalogue_packed(kind, brief), content_type="application/json", headers=headers)
        return HttpResponse(catalogue_text(kind, brief), content_type="application/json", headers=headers)


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
