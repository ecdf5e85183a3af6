"""Drafts: every write is one revision in one log, in one transaction, whatever way it was made (SETTLED 1.2).

Ops are merged onto the present revision where they do not overlap with what came since; whole documents, undo changes
and restore are turned into ops by comparing. Revisions are compared, never clocks.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from builder.merging import merge
from builder.models import LOG_KEPT, SNAPSHOT_DAYS, SNAPSHOT_EVERY, SNAPSHOTS_KEPT, Draft, DraftOp, Snapshot
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
    """Ops that do not fit: `ops` since their base, or the whole `document` where the log does not reach back."""

    def __init__(self, draft: Draft, path: str, message: str, ops: list[Op] | None):
        super().__init__(message)
        self.draft, self.path, self.ops = draft, path, ops


class NeverPublished(Exception):
    """There is no published version to go back to."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A write: the draft as it is now, its problems, others' ops since the base, edges that were dropped."""

    draft: Draft
    problems: list[Problem]
    ops: list[Op] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


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
    """Merge a batch made on revision `base`; the same (client, seq) again changes nothing. Raises OpsConflict."""
    ops = read_ops(ops)
    draft = locked(flow)
    repeated = draft.log.filter(client=client, seq=seq).first()
    since = ops_since(draft, base, without=repeated.revision if repeated else None)
    if since is None:
        raise OpsConflict(draft, "", "The draft has changed too often since; load it again.", None)
    if repeated:
        return Saved(draft, problems(draft), since, repeated.dropped)
    try:
        document, dropped = merge(draft.document, ops, since)
    except Conflict as conflict:
        raise OpsConflict(draft, conflict.path, conflict.message, since) from None
    saved = _write(draft, tidy(document), "ops", user, client=client, seq=seq, dropped=dropped)
    return Saved(draft, saved.problems, since, dropped)


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


def ops_since(draft: Draft, base: int, without: int | None = None) -> list[Op] | None:
    """The ops of the revisions after `base`; None where the log does not reach back so far."""
    if base == draft.revision:
        return []
    if not draft.revision - LOG_KEPT <= base < draft.revision:
        return None
    rows = list(draft.log.filter(revision__gt=base).values_list("revision", "ops"))
    if len(rows) != draft.revision - base:
        return None
    return [op for revision, ops in rows if revision != without for op in ops]


def _go_back(draft: Draft, document: Document, kind: str, user: User | None) -> Saved:
    take_snapshot(draft, kind, user)
    return _write(draft, tidy(read_document(document)), kind, user)


def _write(
    draft: Draft, document: Document, kind: str, user: User | None, *, client: str | None = None,
    seq: int | None = None, dropped: list[str] | None = None,
) -> Saved:  # fmt: skip
    ops = diff(draft.document, document)
    draft.document, draft.revision = document, draft.revision + 1
    draft.edited_by, draft.edited_at = user, timezone.now()
    found = _judge(draft)
    draft.save()
    DraftOp.objects.create(
        draft=draft, revision=draft.revision, kind=kind, client=client, seq=seq, ops=ops, dropped=dropped or [], by=user
    )
    if draft.revision % SNAPSHOT_EVERY == 0:
        take_snapshot(draft, "every 50 changes", user)
        _prune(draft)
    return Saved(draft, found)


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
