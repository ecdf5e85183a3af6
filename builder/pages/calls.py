"""Finding a conversation by phone number, id or reference: one page with all its events, runs and references."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.views.decorators.http import require_GET

from builder.pages.access import member_required
from builder.pages.rendering import page
from runtime.engine.starting import MESSAGE
from runtime.history import events_about, matching, runs_of
from runtime.models import Conversation, Event, Flow, Reference, Run

AT_MOST = 100
NEWEST = 30  # conversations listed where nothing is looked for
TAGS_FROM = 500  # the newest conversations whose tags can be chosen
TAGGED_AMONG = 20_000  # the newest conversations among which a tag is looked for


@dataclass
class Call:
    """One conversation: what arrived about it, and the runs it started."""

    key: str
    events: list[Event] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    skipped: list[dict] = field(default_factory=list)
    conversation: Conversation | None = None  # what is kept of it here: a chat, or a call that a flow tagged

    @property
    def who(self):
        """Whom it was with, where no number says so."""
        contact = self.conversation.contact if self.conversation else None
        return str(contact) if contact and (contact.name or contact.email) else self.key

    @property
    def tags(self):
        return self.conversation.tags if self.conversation else []

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
    text, tag = request.GET.get("q", "").strip()[:200], request.GET.get("tag", "").strip()[:200]
    found = find_calls(request.workspace, text, tag) if text or tag else _newest(request.workspace)
    tags = sorted({*_tags(request.workspace), *([tag] if tag else [])}, key=str.casefold)
    return page(request, "pages/calls.html", call_query=text, tag=tag, tags=tags, calls=found)


def find_calls(workspace: Any, text: str, tag: str = "") -> list[Call]:
    """Conversations with this id, number, reference, event key or run, newest first; with this tag, if one is named."""
    if not text:
        ids = list(tagged(workspace, tag).values_list("interaction_id", flat=True)[:NEWEST])
        return _gather(workspace, list(_reports_about(workspace, ids)[:AT_MOST]), [])
    runs = list(Run.objects.for_workspace(workspace).filter(matching(workspace, text)).order_by("-id")[:AT_MOST])
    ids = {*events_about(workspace, text), *(run.event_id for run in runs if run.event_id)}
    found = list(Event.objects.filter(pk__in=ids).order_by("-id")[:AT_MOST])  # the workspace's, as who named them
    return [call for call in _gather(workspace, found, runs) if not tag or tag in call.tags]


def tagged(workspace: Any, tag: str) -> QuerySet[Conversation]:
    """The newest conversations that carry this tag, written as it is."""
    rows = Conversation.objects.for_workspace(workspace).order_by("-id")
    oldest = rows.values_list("id", flat=True)[TAGGED_AMONG - 1 : TAGGED_AMONG].first()
    rows = rows.filter(pk__gte=oldest) if oldest else rows
    if connection.vendor == "postgresql":
        return rows.filter(tags__contains=[tag])
    has = "EXISTS (SELECT 1 FROM json_each(runtime_conversation.tags) AS one WHERE one.value = %s)"
    return rows.alias(has_tag=RawSQL(has, [tag])).filter(has_tag=True)


def _tags(workspace):
    rows = Conversation.objects.for_workspace(workspace).exclude(tags=[]).order_by("-id")
    return {tag for tags in rows.values_list("tags", flat=True)[:TAGS_FROM] for tag in tags}


def _newest(workspace):
    return _gather(workspace, list(_reports(workspace).exclude(interaction_id="")[:NEWEST]), [])


def _reports(workspace):
    """Events but for the single messages of chats, which are on the conversation's own page; newest first."""
    return Event.objects.for_workspace(workspace).exclude(type=MESSAGE).order_by("-id")


def _reports_about(workspace, ids):
    """Not in the order of ids, which has an index of its own: SQLite would walk through that."""
    return _reports(workspace).filter(interaction_id__in=ids).order_by("-received_at")


def distinct(references) -> list[Reference]:
    """Each label and value once: a step leaves its own at every try."""
    return list({(each.label, each.value): each for each in references}.values())


def _gather(workspace, events, runs):
    """Everything about the conversations of these events and runs, one Call each."""
    ids = {event.interaction_id for event in events if event.interaction_id}
    every = {event.pk: event for event in events}
    for event in _of_conversations(workspace, ids):
        every[event.pk] = event
    of_runs = runs_of(every).select_related("flow", "version").prefetch_related("references")
    found: dict[str, Call] = {}
    for event in sorted(every.values(), key=lambda event: event.pk, reverse=True):
        found.setdefault(_key(event), Call(_key(event))).events.append(event)
    for run in of_runs.order_by("-id")[: 3 * AT_MOST]:
        call = found[_key(every[run.event_id])]
        call.runs.append(run)
        call.references += distinct(run.references.all())
    for run in runs:
        if run.event_id is None:
            found[str(run.pk)] = Call(str(run.pk), runs=[run], references=distinct(run.references.all()))
    rows = Conversation.objects.for_workspace(workspace).filter(interaction_id__in=ids)
    for kept in rows.select_related("contact"):
        found[kept.interaction_id].conversation = kept
    _add_skipped(workspace, found)
    return list(found.values())


def _of_conversations(workspace, ids):
    """The newest reports about these conversations, and the messages that started something."""
    yield from _reports_about(workspace, ids)[:AT_MOST]
    messages = Event.objects.for_workspace(workspace).filter(interaction_id__in=ids, type=MESSAGE, runs__isnull=False)
    yield from messages.order_by("-received_at")[:AT_MOST]


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
