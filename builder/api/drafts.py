"""/flows/<id>/draft/: the document, batches of ops, snapshots, problems, variables in scope, undo changes."""

from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder import drafts
from builder.access import EDIT, VIEW, user_of
from builder.api import shapes
from builder.api.base import ApiView, expected_revision, or_404, with_etag
from builder.api.shapes import described
from builder.build import build_id
from builder.models import Draft, Snapshot
from builder.problems import Refused
from builder.review import review
from builder.validating import problems_of
from runtime.active import iso
from runtime.engine.document import read_document
from runtime.engine.graph import Graph
from runtime.engine.scope import variables_in_scope
from runtime.engine.validation import Problem
from runtime.hook_samples import captured_sample


def answer(saved: drafts.Saved) -> Response:
    """The draft after a write."""
    return with_etag(Response(drafts.draft_json(saved.draft, saved.problems)), saved.draft.revision)


class DraftDetail(ApiView):
    rights = {"GET": VIEW, "PUT": EDIT}

    @described(shapes.Draft)
    def get(self, request: Request, flow_id: Any) -> Response:
        draft = self.flow().draft
        return with_etag(Response(drafts.draft_json(draft)), draft.revision)

    @described(shapes.Draft, shapes.ANYTHING, headers={"If-Match": 'the revision known, as "7"; required'})
    def put(self, request: Request, flow_id: Any) -> Response:
        """The body is the bare document."""
        flow = self.flow()
        expected = expected_revision(request, required=True)
        return answer(drafts.save_document(flow, request.data, user_of(request), expected))


class DraftOps(ApiView):
    rights = {"GET": VIEW, "POST": EDIT}

    @described(shapes.OpsSince, query={"since": "a revision"})
    def get(self, request: Request, flow_id: Any) -> Response:
        """What changed since a revision; the whole document where the log does not reach back so far."""
        draft = self.flow().draft
        since = request.query_params.get("since", "")
        if not since.isdecimal() or len(since) > 10:
            raise Refused(422, "invalid", "since is a revision, a number.")
        writes = drafts.writes_since(draft, int(since))
        return Response(
            {
                "revision": draft.revision, "ops": None if writes is None else drafts.ops_of(writes),
                "writes": drafts.writes_json(writes or []), "document": draft.document if writes is None else None,
                **_judged(draft, drafts.problems(draft)), "build": build_id(),
            }
        )  # fmt: skip

    @described(shapes.BatchAnswer, shapes.Batch)
    def post(self, request: Request, flow_id: Any) -> Response:
        """A conflict is a 409 that carries `path`, `revision` and the `ops` since base (or the `document`)."""
        given = self.read(shapes.Batch)
        saved = drafts.apply_ops(
            self.flow(), given["base"], given["client"], given["seq"], given["ops"], user_of(request)
        )
        return with_etag(Response(_saved_json(saved)), saved.draft.revision)


def _saved_json(saved: drafts.Saved) -> dict[str, Any]:
    return {
        "revision": saved.draft.revision, **_judged(saved.draft, saved.problems), "dropped": saved.dropped,
        "ops": saved.ops, "writes": drafts.writes_json(saved.writes), "batch": saved.batch, "late": saved.late,
    }  # fmt: skip


def _judged(draft: Draft, found: list[Problem]) -> dict[str, Any]:
    problems = [problem.to_json() for problem in found]
    return {"changed": drafts.has_changed(draft), "changes": draft.changes, "problems": problems}


class SnapshotList(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.listing(shapes.Snapshot), query=shapes.PAGE_QUERY, id="snapshots_list")
    def get(self, request: Request, flow_id: Any) -> Response:
        draft = self.flow().draft
        rows = Snapshot.objects.for_workspace(request.workspace).filter(draft=draft)
        shown = partial(_snapshots, draft.revision)
        return self.page(rows.select_related("by").defer("document"), ("-id",), shown)


def _snapshots(revision: int, rows: list[Snapshot]) -> list[dict[str, Any]]:
    """`revision`: the draft's own, from which `changes` counts back."""
    return [
        {"id": str(row.pk), "revision": row.revision, "reason": row.reason, "at": iso(row.at),
         "by": row.by.display_name if row.by else None, "changes": revision - row.revision}
        for row in rows
    ]  # fmt: skip


class SnapshotDiff(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.Changes)
    def get(self, request: Request, flow_id: Any, snapshot_id: Any) -> Response:
        """What has changed in the draft since, in plain words."""
        draft = self.flow().draft
        rows = Snapshot.objects.for_workspace(request.workspace).filter(draft=draft)
        before = read_document(or_404(rows, pk=snapshot_id).document)
        return Response({"changes": review(before, draft.document)})


class SnapshotRestore(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Draft)
    def post(self, request: Request, flow_id: Any, snapshot_id: Any) -> Response:
        flow = self.flow()
        rows = Snapshot.objects.for_workspace(request.workspace).filter(draft=flow.draft)
        return answer(drafts.restore_snapshot(flow, or_404(rows, pk=snapshot_id), user_of(request)))


class UndoChanges(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Draft)
    def post(self, request: Request, flow_id: Any) -> Response:
        """The draft becomes the published document exactly; 409 where nothing was ever published."""
        return answer(drafts.undo_changes(self.flow(), user_of(request)))


class Validate(ApiView):
    rights = {"POST": VIEW}

    @described(shapes.Problems, shapes.ANYTHING)
    def post(self, request: Request, flow_id: Any) -> Response:
        """The draft's problems; those of a document, where the body is one ({"document": ...} or bare)."""
        flow = self.flow()
        data = request.data if isinstance(request.data, dict) else {"document": request.data}
        given = data.get("document", data if "nodes" in data else None)
        document = flow.draft.document if given is None else read_document(given)
        return Response({"problems": [problem.to_json() for problem in problems_of(flow, document)]})


class Variables(ApiView):
    rights = {"GET": VIEW}

    @described(shapes.Variable(many=True), query={"node": "the step that wants to use them"})
    def get(self, request: Request, flow_id: Any) -> Response:
        flow = self.flow()
        draft: Draft = flow.draft
        node = request.query_params.get("node", "")
        if node and node not in {item["id"] for item in draft.document["nodes"]}:
            raise Refused(404, "not_found", f"The draft has no step {node!r}.")
        graph = Graph.from_document(draft.document)
        constants, captured = request.workspace.constants, captured_sample(flow, draft.document)
        return Response(variables_in_scope(graph, node, flow.kind, constants, captured))
