"""/flows/<id>/publish/, unpublish/, versions/: what is live and what was."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder import drafts, publishing
from builder.access import EDIT, PUBLISH, VIEW, actor_of, user_of
from builder.api import shapes
from builder.api.base import ApiView, expected_revision, or_404, repeatable, with_etag
from builder.api.drafts import answer
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.overview import version_json
from builder.problems import Refused
from builder.review import review
from runtime.engine.document import read_document, upgrade
from runtime.models import Flow, FlowVersion


def version_or_404(flow: Flow, number: int) -> FlowVersion:
    return or_404(flow.versions.select_related("by"), number=number)


class Publish(ApiView):
    rights = {"POST": PUBLISH}

    @described(shapes.Version, shapes.Publishing, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, flow_id: Any) -> Response:
        """201 with the new version; 200 with the current one for an unchanged draft; 412 stale; 422 with problems."""
        given = self.read(shapes.Publishing)
        revision = given.get("revision") or expected_revision(request, required=False)
        version, is_new = publishing.publish(self.flow(), actor_of(request), given.get("note", ""), revision)
        return Response(version_json(version), 201 if is_new else 200)


class Unpublish(ApiView):
    rights = {"POST": PUBLISH}

    @described(shapes.Unpublished, shapes.Unpublishing)
    def post(self, request: Request, flow_id: Any) -> Response:
        given = self.read(shapes.Unpublishing)
        return Response({"cancelled": publishing.unpublish(self.flow(), actor_of(request), given["waiting"])})


class VersionList(ApiView):
    rights = {"GET": VIEW}

    @described(listing(shapes.Version), query=PAGE_QUERY, id="versions_list")
    def get(self, request: Request, flow_id: Any) -> Response:
        rows = self.flow().versions.exclude(number=None).select_related("by").defer("document")
        return self.page(rows, ("-number",), lambda found: [version_json(version) for version in found])


class VersionDetail(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.VersionWithDocument)
    def get(self, request: Request, flow_id: Any, number: int) -> Response:
        version = version_or_404(self.flow(), number)
        return Response({**version_json(version), "document": upgrade(version.document)})


class VersionRestore(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Draft)
    def post(self, request: Request, flow_id: Any, number: int) -> Response:
        flow = self.flow()
        return answer(drafts.restore_version(flow, version_or_404(flow, number), user_of(request)))


class VersionPublish(ApiView):
    rights = {"POST": PUBLISH}

    @described(shapes.Version, shapes.Note, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, flow_id: Any, number: int) -> Response:
        """Roll back in one go: the version becomes the draft and is published as a new one; 422 with problems."""
        flow, note = self.flow(), self.read(shapes.Note).get("note", "")
        version, is_new = publishing.publish_again(flow, version_or_404(flow, number), actor_of(request), note)
        return Response(version_json(version), 201 if is_new else 200)


class VersionDiff(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.Changes, query={"against": "draft (default) or the number of a version"})
    def get(self, request: Request, flow_id: Any, number: int) -> Response:
        """What changed from version `number` to `against`, in plain words."""
        flow = self.flow()
        before = read_document(version_or_404(flow, number).document)
        return _difference(flow, before, request.query_params.get("against", "draft"))


class DraftDiff(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.Changes, query={"against": "the number of a version, or draft (default)"})
    def get(self, request: Request, flow_id: Any) -> Response:
        """What would change in the draft if it became `against`, in plain words."""
        flow = self.flow()
        return _difference(flow, flow.draft.document, request.query_params.get("against", "draft"))


def _difference(flow: Flow, before: dict[str, Any], against: str) -> Response:
    if against == "draft":
        after = flow.draft.document
    elif against.isdecimal() and len(against) <= 9:
        after = read_document(version_or_404(flow, int(against)).document)
    else:
        raise Refused(422, "invalid", "against is `draft` or the number of a version.")
    return with_etag(Response({"changes": review(before, after)}), flow.draft.revision)
