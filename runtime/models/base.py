"""What every model of the runtime shares: ids, the workspace wall, addresses that are secrets."""

import hashlib
import os
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta

from django.db import models

from runtime import vault

CLOCKS_DIFFER = timedelta(days=1)  # an id's time is its host's


def time_ordered_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): sorts by creation time, so lists page by it and index pages fill in order."""
    value = int.from_bytes(os.urandom(10), "big") | (time.time_ns() // 1_000_000) << 80
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def first_id(at: datetime) -> uuid.UUID:
    """The lowest id that a row made at or after `at` can have."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80)


def made_at(row_id: uuid.UUID) -> datetime:
    """When a row with this id was made, by the clock of the host that made it."""
    return datetime.fromtimestamp((row_id.int >> 80) / 1000, UTC)


def token_hash(token: str) -> str:
    """How bearer tokens and address tokens are stored and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


class WorkspaceQuerySet(models.QuerySet):
    """Every look-up starts here: an id without its owner is never enough (SAFETY section 1)."""

    def for_workspace(self, workspace):
        return self.filter(workspace=workspace)


class Record(models.Model):
    """A row with an opaque, time-ordered id."""

    id = models.UUIDField(primary_key=True, default=time_ordered_id, editable=False)

    class Meta:
        abstract = True


class Addressed(models.Model):
    """A row reached from outside by a secret address: the token is sealed for showing and hashed for looking up."""

    token_sealed = models.TextField(editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self.token_hash:
            self.set_token()
        super().save(*args, **kwargs)

    def set_token(self):
        token = secrets.token_urlsafe(24)
        self.token_sealed = vault.seal(token, self.workspace_id, self.pk, "token")
        self.token_hash = token_hash(token)

    @property
    def token(self) -> str:
        return vault.open_sealed(self.token_sealed, self.workspace_id, self.pk, "token")
