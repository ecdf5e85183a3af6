"""Drafts: every write is one revision in one log, in one transaction, whatever way it was made (SETTLED 1.2).

Ops are merged onto the present revision where they do not overlap with what came since; whole documents, undo changes
and restore are turned into ops by comparing. Revisions are compared, never clocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from builder.merging import merge
from builder.models import (
    LOG_KEPT,
    SNAPSHOT_DAYS,
    SNAPSHOT_EVERY,
    SNAPSHOT_MINUTES,
    SNAPSHOTS_KEPT,
    Draft,
    DraftOp,
    Snapshot,
)
from builder.ops import Conflict, Document, Op, diff, read_ops, tidy
from builder.review import count, review
from builder.validating import problems_of
from runtime.active import iso
from runtime.engine.document import read_document, upgrade
from runtime.engine.validation import Problem, errors
from runtime.models import Flow, FlowVersion, User


class StaleDraft(Exception):
    """The draft has moved on since the revision the caller knows."""

    def __init__(self, draft: Draft):
        super().__init__(f"The draft is at revision {draft.revision} by now.")
        self.draft = draft


class OpsConflict(Exception):
    """Ops that do not fit: others' `writes` since their base, or None where the log does not reach back."""

    def __init__(self, draft: Draft, path: str, message: str, writes: list[DraftOp] | None):
        super().__init__(message)
        self.draft, self.path, self.writes = draft, path, writes


class NeverPublished(Exception):
    """There is no published version to go back to."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A write: the draft as it is now, its problems, others' writes since the base, edges that were dropped.

    `batch` is what the log has for it where that is not simply what was sent; `late` counts the ops at the end of
    others' that came after it (it had been taken before, and was sent again).
    """

    draft: Draft
    problems: list[Problem]
    writes: list[DraftOp] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    batch: list[Op] | None = None
    late: int = 0

    @property
    def ops(self) -> list[Op]:
        return ops_of(self.writes)


def make_draft(flow: Flow, document: Document, user: User | None) -> Draft:
    """A new flow's first draft."""
    draft = Draft(flow=flow, workspace=flow.workspace, document=tidy(document), edited_by=user)
    _judge(draft)
    draft.save(force_insert=True)
    return draft


def problems(draft: Draft) -> list[Problem]:
    return problems_of(draft.flow, draft.document)


def draft_json(draft: Draft, found: list[Problem] | None = None) -> dict[str, Any]:
    """The draft as the wire shows it; `found` are its problems where they are known already."""
    found = problems(draft) if found is None else found
    return {
        "document": draft.document, "revision": draft.revision, "changed": has_changed(draft), "changes": draft.changes,
        "problems": [problem.to_json() for problem in found], "edited_at": iso(draft.edited_at),
        "edited_by": draft.edited_by.display_name if draft.edited_by else None,
    }  # fmt: skip


def has_changed(draft: Draft) -> bool:
    """Whether publishing would change what runs; a flow that was never published has changed."""
    return draft.flow.published_id is None or draft.changes > 0


# --- Writing


@transaction.atomic
def save_document(flow: Flow, value: Any, user: User | None, expected: int | None) -> Saved:
    """Replace the document. `expected` is the revision the caller knows, None for whatever it is. Raises StaleDraft."""
    document = tidy(read_document(value))
    draft = locked(flow)
    if expected is not None and expected != draft.revision:
        raise StaleDraft(draft)
    return _write(draft, document, "put", user)


@transaction.atomic
def apply_ops(flow: Flow, base: int, client: str, seq: int, ops: Any, user: User | None) -> Saved:
    """Merge a batch made on revision `base`; the same (client, seq) again changes nothing. Raises OpsConflict.

    A client knows its own earlier batches, so only others' writes since `base` can be in its way.
    """
    ops = read_ops(ops)
    draft = locked(flow)
    written = writes_since(draft, base)
    if written is None:
        raise OpsConflict(draft, "", "The draft has changed too often since; load it again.", None)
    others = [write for write in written if write.client != client]
    if repeated := draft.log.filter(client=client, seq=seq).first():
        late = sum(len(write.ops) for write in others if write.revision > repeated.revision)
        return Saved(draft, problems(draft), others, repeated.dropped, repeated.ops, late)
    try:
        document, dropped = merge(draft.document, ops, ops_of(others))
    except Conflict as conflict:
        raise OpsConflict(draft, conflict.path, conflict.message, others) from None
    saved = _write(draft, tidy(document), "ops", user, client=client, seq=seq, dropped=dropped)
    return replace(saved, writes=others, dropped=dropped, batch=saved.batch if dropped else None)


@transaction.atomic
def undo_changes(flow: Flow, user: User | None) -> Saved:
    """The draft becomes the published document exactly, layout and notes too."""
    draft = locked(flow)
    if flow.published is None:
        raise NeverPublished("This flow was never published: there is nothing to go back to.")
    return _go_back(draft, flow.published.document, "undo", user)


@transaction.atomic
def restore_version(flow: Flow, version: FlowVersion, user: User | None) -> Saved:
    """Copy a version into the draft."""
    return _go_back(locked(flow), version.document, "restore", user)


@transaction.atomic
def restore_snapshot(flow: Flow, snapshot: Snapshot, user: User | None) -> Saved:
    return _go_back(locked(flow), snapshot.document, "restore", user)


def locked(flow: Flow) -> Draft:
    """The flow's draft, held until the transaction ends."""
    draft = Draft.objects.select_for_update(of=("self",)).get(flow=flow)
    draft.flow = flow
    return draft


def writes_since(draft: Draft, base: int) -> list[DraftOp] | None:
    """The writes after revision `base`, in order; None where the log does not reach back so far."""
    if base == draft.revision:
        return []
    if not draft.revision - LOG_KEPT <= base < draft.revision:
        return None
    written = list(draft.log.filter(revision__gt=base).select_related("by"))
    return written if len(written) == draft.revision - base else None


def ops_of(writes: Iterable[DraftOp]) -> list[Op]:
    return [op for write in writes for op in write.ops]


def writes_json(writes: Iterable[DraftOp]) -> list[dict[str, Any]]:
    """Who made the ops of a list, in their order: `count` of them each."""
    return [
        {
            "revision": write.revision, "kind": write.kind, "count": len(write.ops),
            "by": {"id": str(write.by_id), "name": write.by.display_name} if write.by else None,
        }
        for write in writes
    ]  # fmt: skip


def _go_back(draft: Draft, document: Document, kind: str, user: User | None) -> Saved:
    take_snapshot(draft, kind, user)
    return _write(draft, tidy(read_document(document)), kind, user)


def _write(
    draft: Draft, document: Document, kind: str, user: User | None, *, client: str | None = None,
    seq: int | None = None, dropped: list[str] | None = None,
) -> Saved:  # fmt: skip
    ops = diff(draft.document, document)
    if _long_without_snapshot(draft):
        take_snapshot(draft, "time", user)
    draft.document, draft.revision = document, draft.revision + 1
    draft.edited_by, draft.edited_at = user, timezone.now()
    found = _judge(draft)
    draft.save()
    DraftOp.objects.create(
        draft=draft, revision=draft.revision, kind=kind, client=client, seq=seq, ops=ops, dropped=dropped or [], by=user
    )
    if draft.revision % SNAPSHOT_EVERY == 0:
        take_snapshot(draft, "count", user)
        _prune(draft)
    return Saved(draft, found, batch=ops)


def rejudge(draft: Draft) -> list[Problem]:
    """Count again, after publishing or unpublishing."""
    found = _judge(draft)
    draft.save(update_fields=["changes", "problems", "errors"])
    return found


def _judge(draft: Draft) -> list[Problem]:
    found = problems(draft)
    published = draft.flow.published
    draft.changes = count(review(upgrade(published.document) if published else None, draft.document))
    draft.problems, draft.errors = len(found), len(errors(found))
    return found


def _long_without_snapshot(draft: Draft) -> bool:
    """Whether ten minutes of editing, or a longer rest, would be without a state to come back to."""
    newest = draft.snapshots.values_list("at", flat=True).first()
    since = newest or draft.log.values_list("at", flat=True).first() or draft.edited_at
    return since < timezone.now() - timedelta(minutes=SNAPSHOT_MINUTES)


def take_snapshot(draft: Draft, reason: str, user: User | None) -> Snapshot:
    return Snapshot.objects.create(
        workspace_id=draft.workspace_id, draft=draft, revision=draft.revision, reason=reason,
        document=draft.document, by=user,
    )  # fmt: skip


def _prune(draft: Draft) -> None:
    draft.log.filter(revision__lte=draft.revision - LOG_KEPT).delete()
    draft.snapshots.filter(at__lt=timezone.now() - timedelta(days=SNAPSHOT_DAYS)).delete()
    kept = list(draft.snapshots.values_list("pk", flat=True)[:SNAPSHOTS_KEPT])
    draft.snapshots.exclude(pk__in=kept).delete()
