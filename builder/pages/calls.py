"""Finding a conversation by phone number, id or reference: one page with all its events, runs and references."""

from dataclasses import dataclass, field

from django.views.decorators.http import require_GET

from builder.pages.access import member_required
from builder.pages.rendering import page
from runtime.history import events_about, matching, runs_of
from runtime.models import Event, Flow, Reference, Run

AT_MOST = 100


@dataclass
class Call:
    """One conversation: what arrived about it, and the runs it started."""

    key: str
    events: list[Event] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    skipped: list[dict] = field(default_factory=list)

    @property
    def interaction(self):
        """The fullest report of it."""
        reports = [event.payload.get("interaction") or {} for event in self.events]
        return max(reports, key=len, default={})

    @property
    def at(self):
        return self.events[0].received_at if self.events else self.runs[0].created_at

    @property
    def duplicates(self):
        return sum(event.duplicates for event in self.events)


@require_GET
@member_required()
def calls(request):
    text = request.GET.get("q", "").strip()[:200]
    if text:
        return page(request, "pages/calls.html", call_query=text, calls=find_calls(request.workspace, text))
    newest = Event.objects.for_workspace(request.workspace).exclude(interaction_id="").order_by("-id")[:30]
    return page(request, "pages/calls.html", call_query="", calls=_gather(request.workspace, list(newest), []))


def find_calls(workspace, text) -> list[Call]:
    """Conversations with this id, number, reference, event key or run, newest first."""
    runs = list(Run.objects.for_workspace(workspace).filter(matching(workspace, text)).order_by("-id")[:AT_MOST])
    ids = {*events_about(workspace, text), *(run.event_id for run in runs if run.event_id)}
    found = list(Event.objects.filter(pk__in=ids)[:AT_MOST])  # the workspace's, as those who named them
    return _gather(workspace, found, runs)


def _gather(workspace, events, runs):
    """Everything about the conversations of these events and runs, one Call each."""
    ids = {event.interaction_id for event in events if event.interaction_id}
    every = {event.pk: event for event in events}
    for event in Event.objects.for_workspace(workspace).filter(interaction_id__in=ids).order_by("-id")[:AT_MOST]:
        every[event.pk] = event
    of_runs = runs_of(every).select_related("flow", "version").prefetch_related("references")
    found: dict[str, Call] = {}
    for event in sorted(every.values(), key=lambda event: event.pk, reverse=True):
        found.setdefault(_key(event), Call(_key(event))).events.append(event)
    for run in of_runs.order_by("-id")[: 3 * AT_MOST]:
        call = found[_key(every[run.event_id])]
        call.runs.append(run)
        call.references += run.references.all()
    for run in runs:
        if run.event_id is None:
            found[str(run.pk)] = Call(str(run.pk), runs=[run], references=list(run.references.all()))
    _add_skipped(workspace, found)
    return list(found.values())


def _key(event):
    return event.interaction_id or str(event.pk)


def _add_skipped(workspace, found):
    """Who listened and was not started, by name."""
    names = {str(pk): name for pk, name in Flow.objects.for_workspace(workspace).values_list("pk", "name")}
    for call in found.values():
        for event in call.events:
            for row in event.skipped or []:
                flow = str(row.get("flow", ""))
                call.skipped.append({
                    "name": names.get(flow, "a deleted flow"), "flow": flow, "reason": row.get("reason"),
                    "conditions": row.get("conditions") or [],
                })  # fmt: skip
