"""API keys: issuing one, revoking it."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from builder.auditing import record
from runtime.models import ApiKey, Workspace


@transaction.atomic
def issue(workspace: Workspace, name: str, scopes: list[str], by: Any, days: int | None = None) -> tuple[ApiKey, str]:
    """A key and its text, which is told here and never again. `days` is how long it is good for, None for ever."""
    expires_at = timezone.now() + timedelta(days=days) if days else None
    key, text = ApiKey.issue(workspace, name, scopes, by=by, expires_at=expires_at)
    record(workspace, by, "api_key.created", key, scopes=list(scopes), expires_in_days=days)
    return key, text


@transaction.atomic
def revoke(key: ApiKey, by: Any) -> None:
    """From now on calls with this key are refused."""
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record(key.workspace, by, "api_key.revoked", key)
