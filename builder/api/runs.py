"""/runs/ and /calls/: reading what happened, cancelling, running again."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response

from builder import operations, reconnecting
from builder.access import OPERATE_RUNS, VIEW_RUNS, actor_of, user_of
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.auditing import record
from builder.pages.calls import find_calls
from builder.problems import Refused
from runtime import operating
from runtime.history import document_of, event_json, find_runs, run_json, run_summary, steps_json
from runtime.models import Run, Status, StepRun

FILTERS = {
    "flow": "a flow's id", "status": "one status", "mode": "live, test or dry", "since": "started at or after",
    "until": "started before", "q": "a phone number, conversation id, reference or run id",
    "interaction": "a conversation's id", "version": "a version's number",
    "node": "a step that was visited",
}  # fmt: skip


class RunList(ApiView):
    rights = {"GET": VIEW_RUNS}

    @described(listing(shapes.RunSummary), query={**FILTERS, **PAGE_QUERY}, id="runs_list")
    def get(self, request: Request) -> Response:
        runs = filtered(request.workspace, request.query_params.dict())
        return self.page(runs, ("-id",), lambda rows: [run_summary(row) for row in rows])


def filtered(workspace: Any, given: dict[str, str]) -> Any:
    """Runs that match the filters of GET /runs/ as they stand in its query."""
    filters = _filters(given)
    runs = find_runs(workspace, filters)
    if node := filters.get("node"):
        runs = runs.filter(Exists(StepRun.objects.filter(run=OuterRef("pk"), node=node)))
    return runs


def _filters(given: dict[str, str]) -> dict[str, Any]:
    """The query as typed values; what has no possible value is refused with its name."""
    found: dict[str, Any] = {name: given[name] for name in FILTERS if given.get(name)}
    readers = {"flow": UUID, "version": int, "since": _moment, "until": _moment, "status": Status,
               "mode": _mode}  # fmt: skip
    for name, read in readers.items():
        if name in found:
            try:
                found[name] = read(found[name])
            except (ValueError, OverflowError):
                error = {"pointer": f"/{name}", "code": "invalid", "message": f"This is no {FILTERS[name]}."}
                raise Refused(422, "invalid", f"{name}: {given[name]!r} is not possible.", [error])
    return found


def _mode(text: str) -> str:
    if text not in ("live", "test", "dry"):
        raise ValueError(text)
    return text


def _moment(text: str) -> datetime:
    found = parse_datetime(text.replace(" ", "+"))
    if found is None or not 1900 < found.year < 9000:  # at the ends of time there is no other zone's hour
        raise ValueError(text)
    return found if timezone.is_aware(found) else timezone.make_aware(found)


class _OneRun(ApiView):
    def run(self) -> Run:
        runs = Run.objects.for_workspace(self.request.workspace)
        return or_404(runs.select_related("flow", "version", "event"), pk=self.kwargs["run_id"])


class RunDetail(_OneRun):
    rights = {"GET": VIEW_RUNS}

    @described(shapes.Run)
    def get(self, request: Request, run_id: Any) -> Response:
        return Response(run_json(self.run()))


class RunSteps(_OneRun):
    rights = {"GET": VIEW_RUNS}

    @described(shapes.Steps, query={"after": "the last seq that is known", "limit": "1 to 200; all without"})
    def get(self, request: Request, run_id: Any) -> Response:
        """Steps after a seq; a waiting step is written again when it goes on, so ask from before it."""
        run = self.run()
        after = request.query_params.get("after", "0")
        if not after.isdecimal() or len(after) > 9:
            raise Refused(422, "invalid", "after is a number.")
        steps = list(self._wanted(run.steps.filter(seq__gt=int(after)).order_by("seq")))
        most = self._limit() if "limit" in request.query_params else len(steps)
        following = self._from(steps[most - 1].seq) if len(steps) > most else None
        shown = {"results": steps_json(steps[:most]), "next": following}
        return Response({**shown, "status": run.status, "seq": run.seq})

    def _wanted(self, steps: Any) -> Any:
        return steps[: self._limit() + 1] if "limit" in self.request.query_params else steps

    def _from(self, seq: int) -> str:
        query = {**self.request.query_params.dict(), "after": seq}
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(query)}")


class RunDocument(_OneRun):
    rights = {"GET": VIEW_RUNS}

    @described(shapes.RanDocument)
    def get(self, request: Request, run_id: Any) -> Response:
        """What ran; `version` is null for a test run."""
        run = self.run()
        return Response({"document": document_of(run), "version": run.version.number})


class RunCancel(_OneRun):
    rights = {"POST": OPERATE_RUNS}

    @described(shapes.Run)
    def post(self, request: Request, run_id: Any) -> Response:
        run = self.run()
        actor = actor_of(request)
        if not operating.cancel(run, getattr(actor, "display_name", None) or actor.name):
            raise operating.CannotOperate(f"This run has ended already ({run.get_status_display().lower()}).")
        record(request.workspace, actor, "run.cancelled", run)
        return Response(run_json(run))


class RunRetry(_OneRun):
    rights = {"POST": OPERATE_RUNS}

    @described(shapes.Started, shapes.Retrying, status=202, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, run_id: Any) -> Response:
        """From the failed step or the start, as it was or with another event; the draft is tried as a test run."""
        given, run = self.read(shapes.Retrying), self.run()
        event = given.get("event")
        if event is not None and not isinstance(event, dict):
            raise Refused(422, "invalid", "event is an object or null.")
        if given["from"] == "items":
            made = operating.retry_items(run)
            record(request.workspace, actor_of(request), "run.retried", run, items=len(made))
            return Response({"run": str(run.pk), "runs": [str(child.pk) for child in made]}, 202)
        again = operations.retry_one(run, given["from"], given["version"], event, user_of(request))
        record(request.workspace, actor_of(request), "run.retried", run, as_run=str(again.pk))
        return Response({"run": str(again.pk)}, 202)


class RunConnection(_OneRun):
    rights = {"POST": OPERATE_RUNS}

    @described(shapes.WentOn, shapes.OtherConnection, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, run_id: Any) -> Response:
        """Another connection for a run that is parked for want of one, and for all that are parked for the same."""
        given, run = self.read(shapes.OtherConnection), self.run()
        went_on = reconnecting.use_instead(run, given["connection"], actor_of(request))
        return Response({"runs": went_on})


class CallList(ApiView):
    rights = {"GET": VIEW_RUNS}

    @described(
        listing(shapes.Call),
        query={
            "q": "a phone number, conversation id or reference",
            "tag": "a conversation's tag, as it is written",
        },
    )
    def get(self, request: Request) -> Response:
        """One entry per conversation."""
        text, tag = (request.query_params.get(name, "").strip()[:200] for name in ("q", "tag"))
        if not text and not tag:
            words = "q is what to look for: a phone number, a conversation id, a reference; tag, a conversation's tag."
            raise Refused(422, "invalid", words)
        return Response({"results": [_call(call) for call in find_calls(request.workspace, text, tag)], "next": None})


def _call(call: Any) -> dict[str, Any]:
    return {
        "id": call.key, "interaction": call.interaction, "duplicates": call.duplicates,
        "events": [event_json(event) for event in call.events],
        "runs": [run_summary(run) for run in call.runs],
        "references": [{"label": row.label, "value": row.value, "run": str(row.run_id)} for row in call.references],
        "skipped": call.skipped, "tags": call.tags,
        "conversation": str(call.conversation.pk) if call.conversation else None,
    }  # fmt: skip
