"""The audit log: one line for each thing others may have to know about later."""

from typing import Any

from django.db.models import Model

from builder.models import AuditEntry


def record(workspace: Any, actor: Any, action: str, target: Model | None = None, **detail: Any) -> AuditEntry:
    """Write an entry in the transaction of what it tells of. `actor` is a User, an ApiKey, or None for a command."""
    return AuditEntry.objects.create(
        workspace=workspace, user=actor if hasattr(actor, "email") else None, actor=_name(actor), action=action,
        target=str(target.pk) if target is not None else "", target_name=str(target)[:200] if target else "",
        detail=detail,
    )  # fmt: skip


def _name(actor: Any) -> str:
    if actor is None:
        return "a command"
    return str(getattr(actor, "display_name", None) or getattr(actor, "name", actor))[:200]
