"""/flows/: list, make, show, rename, switch, delete, copy, export, import."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder import flows, transfer
from builder.access import EDIT, PUBLISH, VIEW, actor_of, may, user_of
from builder.api import shapes
from builder.api.base import ApiView, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.auditing import record
from builder.overview import find_flows, flow_json, stats_of
from builder.problems import Refused
from builder.publishing import enable
from runtime.engine.document import read_document
from runtime.models import Flow
from runtime.models.flows import KINDS

SORTS = ("name", "-name", "updated_at", "-updated_at", "created_at", "-created_at")
STATES = ("live", "off", "draft", "changed", "trash")
FILTERS = {
    "q": "in name and description", "kind": "one kind", "agent": "an agent's slug",
    "state": "live, off, draft, changed or trash", "sort": ", ".join(SORTS),
}  # fmt: skip


class FlowList(ApiView):
    rights = {"GET": VIEW, "POST": EDIT}

    @described(listing(shapes.Flow), query={**FILTERS, **PAGE_QUERY}, id="flows_list")
    def get(self, request: Request) -> Response:
        sort = request.query_params.get("sort", "name")
        if sort not in SORTS:
            raise Refused(422, "invalid", f"sort is one of {', '.join(SORTS)}.")
        for name, possible in (("kind", KINDS), ("state", STATES)):
            if request.query_params.get(name) not in (None, "", *possible):
                raise Refused(422, "invalid", f"{name} is one of {', '.join(possible)}.")
        order = (sort, "-id" if sort.startswith("-") else "id")
        return self.page(find_flows(request.workspace, request.query_params.dict()), order, self._shown)

    def _shown(self, rows: list[Flow]) -> list[dict[str, Any]]:
        stats = stats_of(rows)
        return [flow_json(row, stats[row.pk]) for row in rows]

    @described(shapes.Flow, shapes.NewFlow, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request) -> Response:
        given = self.read(shapes.NewFlow)
        template = given.get("template", "")
        if template and template not in {item["id"] for item in flows.templates(given["kind"])}:
            raise Refused(422, "invalid", f"There is no template {template!r} of this kind.")
        document = read_document(given["document"]) if "document" in given else None
        flow = flows.create_flow(
            request.workspace, user_of(request), name=given["name"], kind=given["kind"], template=template,
            description=given.get("description", ""), agents=given.get("agents", ()), document=document,
        )  # fmt: skip
        record(request.workspace, actor_of(request), "flow.created", flow, template=template)
        return Response(flow_json(flow, hook=True), 201)


class FlowDetail(ApiView):
    rights = {"GET": VIEW, "PATCH": EDIT, "DELETE": EDIT}

    @described(shapes.Flow)
    def get(self, request: Request, flow_id: Any) -> Response:
        return Response(flow_json(self.flow(), hook=may(request, EDIT)))

    @described(shapes.Flow, shapes.FlowPatch)
    def patch(self, request: Request, flow_id: Any) -> Response:
        given = self.read(shapes.FlowPatch, partial=True)
        flow = self.flow()
        if "enabled" in given:
            if not may(request, PUBLISH):
                raise Refused(403, "permission_denied", "Switching flows on and off needs the role publisher.")
            enable(flow, given["enabled"], actor_of(request))
        changed = {name: given[name] for name in ("name", "description") if name in given}
        if changed:
            for name, value in changed.items():
                setattr(flow, name, value)
            flow.save(update_fields=[*changed, "updated_at"])
            record(request.workspace, actor_of(request), "flow.changed", flow, **changed)
        return Response(flow_json(flow, hook=True))

    @described(None, status=204, query={"cancel": "1 cancels the runs that are under way"})
    def delete(self, request: Request, flow_id: Any) -> Response:
        flows.trash(self.flow(), actor_of(request), cancel=request.query_params.get("cancel") == "1")
        return Response(status=204)


class FlowRestore(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Flow)
    def post(self, request: Request, flow_id: Any) -> Response:
        return Response(flow_json(flows.restore_from_trash(self.flow(trash=True), actor_of(request)), hook=True))


class FlowDuplicate(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Flow, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, flow_id: Any) -> Response:
        copy = flows.duplicate(self.flow(), user_of(request))
        record(request.workspace, actor_of(request), "flow.duplicated", copy, of=str(flow_id))
        return Response(flow_json(copy, hook=True), 201)


class FlowExport(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.Export)
    def get(self, request: Request, flow_id: Any) -> Response:
        return Response(transfer.export_flows([self.flow()]))


class TemplateList(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.Template(many=True), query={"kind": "of flows; required"}, id="templates_list")
    def get(self, request: Request) -> Response:
        """What a draft of this kind can start from, with this workspace's connections where they are unmistakable."""
        kind = request.query_params.get("kind", "")
        if kind not in KINDS:
            raise Refused(422, "invalid", f"kind is one of {', '.join(KINDS)}.")
        return Response(flows.starts(request.workspace, kind))


class FlowImport(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Imported, shapes.Import, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request) -> Response:
        """The body is {"export", "connections": {"<name>": "<id>" or null}}, or an export alone."""
        value = {"export": request.data} if _is_export(request.data) else self.read(shapes.Import)
        made = transfer.import_flows(
            request.workspace, value["export"], value.get("connections") or {}, user_of(request)
        )
        for flow in made:
            record(request.workspace, actor_of(request), "flow.imported", flow)
        stats = stats_of(made)
        return Response({"flows": [flow_json(flow, stats[flow.pk], hook=True) for flow in made]}, 201)


def _is_export(data: Any) -> bool:
    return isinstance(data, dict) and "segue" in data
