"""The page of one conversation: who said what when, which run said it, who was passed over, and what became of it."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from builder.auditing import record
from builder.pages.access import member_required
from builder.pages.rendering import page
from runtime.chatting import words_of
from runtime.conversing import Ending, ending, resolve
from runtime.engine.starting import MESSAGE
from runtime.history import events_about, runs_of
from runtime.models import Conversation, Event, Flow, Message

SHOWN = 200  # messages of a page
MOST_RUNS = 50
SPEAKERS = {"user": "Visitor", "agent": "Flow", "human": "Colleague", "system": "System"}
STATES = {  # words, tone, icon
    "open": ("Open", "info", "message"), "waiting": ("Waits for the visitor", "info", "clock"),
    "with_ai": ("With the AI", "info", "robot"), "with_human": ("With a person", "warn", "users"),
    "ended": ("Ended", "", "check"),
}  # fmt: skip
VISITOR = {
    "page": "Page", "referrer": "Came from", "country": "Country", "language": "Language", "device": "Device",
    "browser": "Browser", "os": "System", "ip": "Address", "visits": "Visits",
}  # fmt: skip


@dataclass
class Said:
    """One message as the page shows it; `passed_over` are flows that heard it and were not started."""

    message: Message
    who: str
    text: str
    passed_over: list[dict] = field(default_factory=list)

    @property
    def buttons(self):
        return self.message.body.get("buttons") or []

    @property
    def fields(self):
        """Those of a form that was shown."""
        return (self.message.body.get("form") or {}).get("fields") or []


@require_GET
@member_required()
def conversation_page(request, conversation_id):
    conversation = conversation_or_404(request, conversation_id)
    try:
        after = max(0, int(request.GET.get("after") or 0))
    except ValueError:
        after = 0
    rows = list(_messages(conversation).filter(seq__gt=after).order_by("seq")[: SHOWN + 1])
    context = {
        "conversation": conversation,
        "state": STATES[conversation.status],
        "said": _said(conversation, rows[:SHOWN]),
        "before": max(0, after - SHOWN) if after else None,
        "after": rows[SHOWN - 1].seq if len(rows) > SHOWN else None,
        "from_start": after == 0,
        "runs": _runs(conversation),
        "visitor": [(words, conversation.visitor[name]) for name, words in VISITOR.items()
                    if conversation.visitor.get(name) not in (None, "")],
        "may_edit": request.membership.may("editor"),
        "moving": conversation.status != "ended",
    }  # fmt: skip
    return page(request, "pages/conversation.html", **context)


def _messages(conversation):
    return Message.objects.filter(conversation=conversation).select_related("run__flow")


def _said(conversation, rows):
    names = {str(pk): name for pk, name in Flow.objects.for_workspace(conversation.workspace).values_list("pk", "name")}
    events = Event.objects.for_workspace(conversation.workspace).filter(
        source="chat", type=MESSAGE, key__in=[str(row.pk) for row in rows if row.role == "user"]
    )
    skipped = {key: rows or [] for key, rows in events.values_list("key", "skipped")}
    return [
        Said(row, SPEAKERS[row.role], words_of(row), [
            {"name": names.get(str(each.get("flow")), "a deleted flow"), "reason": each.get("reason"),
             "conditions": each.get("conditions") or []}
            for each in skipped.get(str(row.pk), [])
        ])
        for row in rows
    ]  # fmt: skip


def _runs(conversation):
    """All that it started, also afterwards and beside the one that led it; newest first."""
    about = events_about(conversation.workspace, conversation.interaction_id)
    return runs_of(about).select_related("flow", "version", "event").order_by("-id")[:MOST_RUNS]


@require_POST
@member_required("editor")
@transaction.atomic
def resolve_conversation(request, conversation_id):
    """A person is done with it: flows may speak again."""
    conversation = conversation_or_404(request, conversation_id)
    if conversation.status == "with_human":
        resolve([conversation.pk])
        record(request.workspace, request.user, "conversation.resolved", conversation)
        messages.success(request, "Flows may speak in this conversation again.")
    return redirect("conversation-page", conversation.pk)


@require_POST
@member_required("editor")
@transaction.atomic
def end_conversation(request, conversation_id):
    conversation = conversation_or_404(request, conversation_id)
    if conversation.status != "ended":
        ending([Ending(conversation.pk, "a member")])
        record(request.workspace, request.user, "conversation.ended", conversation)
        messages.success(request, "The conversation has ended. Flows that start after conversations start now.")
    return redirect("conversation-page", conversation.pk)


def conversation_or_404(request, conversation_id):
    rows = Conversation.objects.for_workspace(request.workspace).select_related("contact", "workspace", "run__flow")
    return get_object_or_404(rows, pk=conversation_id)
