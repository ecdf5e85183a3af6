"""Publishing: one transaction from the draft to what runs: validate, version, pointer, trigger row.

Versions never change. What a published flow listens to is derived from its trigger node here and nowhere else.
"""

from typing import Any

from django.db import transaction

from builder.auditing import record
from builder.drafts import StaleDraft, locked, problems, rejudge, restore_version
from builder.ops import same
from runtime import operating, schedules
from runtime.engine.graph import Graph
from runtime.engine.validation import Problem, errors
from runtime.models import Flow, FlowVersion, Run, Status, Trigger


class NotPublishable(Exception):
    """The draft has errors; `problems` lists everything found."""

    def __init__(self, problems: list[Problem]):
        wrong = errors(problems)
        super().__init__(f"{len(wrong)} problem{'s' if len(wrong) != 1 else ''} must be solved before publishing.")
        self.problems = problems


class CannotEnable(Exception):
    """A flow without a published version has nothing to switch on."""


@transaction.atomic
def publish(flow: Flow, actor: Any, note: str = "", revision: int | None = None) -> tuple[FlowVersion, bool]:
    """Make the draft what runs. Gives the version and whether it is a new one (an unchanged draft is none).

    Raises StaleDraft where `revision` is not the current one, NotPublishable where the draft has errors.
    """
    draft = locked(flow)
    flow.refresh_from_db(fields=["published", "enabled"])  # somebody may have published since it was read
    if revision is not None and revision != draft.revision:
        raise StaleDraft(draft)
    found = problems(draft)
    if errors(found):
        raise NotPublishable(found)
    if flow.published is not None and same(flow.published.document, draft.document):
        return flow.published, False
    version = FlowVersion.objects.create(
        workspace=flow.workspace, flow=flow, number=_next_number(flow), document=draft.document, note=note,
        by=actor if hasattr(actor, "email") else None,
    )  # fmt: skip
    flow.enabled = flow.enabled or flow.published is None
    flow.published = version
    flow.save(update_fields=["published", "enabled", "updated_at"])
    listen(flow, version)
    rejudge(draft)
    record(flow.workspace, actor, "flow.published", flow, number=version.number, note=note)
    return version, True


@transaction.atomic
def publish_again(flow: Flow, past: FlowVersion, actor: Any, note: str = "") -> tuple[FlowVersion, bool]:
    """Roll back: `past` becomes the draft (what it held is kept as a snapshot) and is published as a new version.

    Raises NotPublishable where `past` would have errors by now (a connection is gone): then nothing has changed.
    """
    restore_version(flow, past, actor if hasattr(actor, "email") else None)
    return publish(flow, actor, note or f"Back to version {past.number}")


@transaction.atomic
def unpublish(flow: Flow, actor: Any, waiting: str = "keep") -> int:
    """Stop new runs; paused ones are kept or cancelled as `waiting` says. Gives how many were cancelled."""
    draft = locked(flow)
    flow.published, flow.enabled = None, False
    flow.save(update_fields=["published", "enabled", "updated_at"])
    stop_listening(flow)
    rejudge(draft)
    cancelled = cancel_runs(flow, actor, (Status.WAITING, Status.QUEUED)) if waiting == "cancel" else 0
    record(flow.workspace, actor, "flow.unpublished", flow, waiting=waiting, cancelled=cancelled)
    return cancelled


@transaction.atomic
def enable(flow: Flow, enabled: bool, actor: Any) -> None:
    """The Live switch: off, triggers refuse; what is published and what waits stays. Raises CannotEnable."""
    if enabled and flow.published is None:
        raise CannotEnable("Publish the flow first: there is nothing that could run.")
    if flow.enabled == enabled:
        return
    flow.enabled = enabled
    flow.save(update_fields=["enabled", "updated_at"])
    if enabled and flow.trigger.type == "schedule":  # what fell due while it was off stays undone
        Trigger.objects.filter(flow=flow).update(next_at=schedules.begin(flow.trigger.config))
    record(flow.workspace, actor, "flow.enabled" if enabled else "flow.disabled", flow)


def cancel_runs(flow: Flow, actor: Any, statuses: Any) -> int:
    """Cancel this flow's runs in `statuses`; gives how many."""
    by = str(getattr(actor, "display_name", None) or getattr(actor, "name", ""))
    open_runs = Run.objects.filter(flow=flow, status__in=statuses)
    return sum(operating.cancel(run, by) for run in open_runs)


def _next_number(flow: Flow) -> int:
    newest = flow.versions.exclude(number=None).order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1


def listen(flow: Flow, version: FlowVersion) -> None:
    """The trigger row of what is published."""
    trigger = Graph.from_document(version.document).trigger
    assert trigger.node_type is not None
    config = trigger.node_type.config_of(trigger.config)
    Trigger.objects.update_or_create(
        flow=flow,
        defaults={
            "workspace": flow.workspace, "version": version, "type": trigger.type,
            "name": config["name"] if trigger.type == "action_called" else "",
            "agents": config.get("agents") or [], "config": config,
            "next_at": schedules.begin(config) if trigger.type == "schedule" else None,
        },
    )  # fmt: skip


def stop_listening(flow: Flow) -> None:
    Trigger.objects.filter(flow=flow).delete()
