"""Who calls the machine doors: API keys looked up by hash, remembered for two seconds, counted per second."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from runtime.fair_use import times_in_this_second
from runtime.group_commit import loader, recorder
from runtime.models import ApiKey
from runtime.models.base import token_hash

REMEMBER_SECONDS = 2.0
REMEMBER_KEYS = 2048
NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """A usable key: who it belongs to and what it may do."""

    key_id: Any
    workspace_id: Any
    scopes: frozenset[str]
    expires_at: datetime | None


class Refused(Exception):
    """Not let in: HTTP status, code, words, and seconds after which to try again."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None):
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


_remembered: OrderedDict[str, tuple[float, Caller | None]] = OrderedDict()


async def caller(authorization: str, scope: str) -> Caller:
    """The caller behind an Authorization header, if it may do what `scope` names. Raises Refused."""
    import asyncio

    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Refused(401, "not_authenticated", "Send an API key: Authorization: Bearer <key>.")
    hashed = token_hash(token.strip())
    found = _recall(hashed)
    if found is None:
        known = await asyncio.wrap_future(loader().submit(_look_up, hashed))
        _remembered[hashed] = found = (time.monotonic() + REMEMBER_SECONDS, known)
        while len(_remembered) > REMEMBER_KEYS:
            _remembered.popitem(last=False)
    who = found[1]
    if who is None or (who.expires_at is not None and who.expires_at <= timezone.now()):
        raise Refused(401, "not_authenticated", "This API key is unknown, expired or revoked.")
    if scope not in who.scopes:
        raise Refused(403, "missing_scope", f"This API key lacks the scope {scope}.")
    _count(who)
    return who


def _recall(hashed: str) -> tuple[float, Caller | None] | None:
    found = _remembered.get(hashed)
    return found if found is not None and found[0] > time.monotonic() else None


def _count(who: Caller) -> None:
    limit = settings.API_KEY_RATE
    if times_in_this_second(("door", who.key_id)) > limit:
        raise Refused(429, "throttled", f"More than {limit:,} requests a second with this key.", retry_after=1)


def _look_up(hashes: list[str]) -> list[Caller | None]:
    rows = {key.key_hash: key for key in ApiKey.objects.filter(key_hash__in=hashes, revoked_at=None)}
    now = timezone.now()
    used = [key.pk for key in rows.values() if key.last_used_at is None or now - key.last_used_at > NOTE_USE_EVERY]
    if used:
        recorder().submit(_note_use, used)
    return [_caller(rows[hashed]) if hashed in rows else None for hashed in hashes]


def _caller(key: ApiKey) -> Caller:
    return Caller(key.pk, key.workspace_id, frozenset(key.scopes), key.expires_at)


def _note_use(batches: list[list[Any]]) -> list[int]:
    return [ApiKey.objects.filter(pk__in=ids).update(last_used_at=timezone.now()) for ids in batches]
