"""The row of a connection's access token: read, lent to one who renews it, written (see integrations/tokens.py)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Q
from django.utils import timezone

from integrations.grants import Held
from integrations.models import Connection, Token
from runtime.engine.errors import NoConnection
from runtime.vault import CannotOpen

LEASE = timedelta(seconds=30)


def read(connection_id: UUID) -> Held:
    """The token as it stands; one that no key opens counts as none."""
    try:
        return _row(connection_id).held()
    except CannotOpen:
        return Held(version=_row(connection_id).version)


def _row(connection_id: UUID) -> Token:
    found = Token.objects.filter(connection_id=connection_id).first()
    if found is None:
        owner = Connection.objects.filter(pk=connection_id).values_list("workspace_id", flat=True).first()
        if owner is None:
            text = "The connection of this step was deleted; choose another."
            raise NoConnection(text, "no_connection", str(connection_id))
        found, _ = Token.objects.get_or_create(connection_id=connection_id, defaults={"workspace_id": owner})
    return found


def take_lease(connection_id: UUID, version: int, owner: str) -> bool:
    """Whether `owner` is the one who renews this version now."""
    now = _clock()
    free = Q(renewing_until=None) | Q(renewing_until__lt=now)
    rows = Token.objects.filter(free, connection_id=connection_id, version=version)
    return rows.update(renewing_by=owner, renewing_until=now + LEASE) == 1


def release(connection_id: UUID, owner: str | None, trouble: str) -> None:
    """Give the lease back; `trouble` says why there is no new token, in words."""
    if owner is None:  # a sign-in that did not work leaves what was there
        return
    rows = Token.objects.filter(connection_id=connection_id, renewing_by=owner)
    rows.update(renewing_by="", renewing_until=None, trouble=trouble, trouble_at=_clock() if trouble else None)


def keep(connection_id: UUID, held: Held, owner: str | None) -> Held:
    """Write the token; who lost its lease meanwhile takes what the winner wrote. A sign-in (no owner) always wins."""
    row = _row(connection_id)
    mine = {} if owner is None else {"version": held.version - 1, "renewing_by": owner}
    if Token.objects.filter(pk=row.pk, **mine).update(**row.seal(held)):
        Connection.objects.filter(pk=connection_id).update(worked_at=timezone.now())
        return held
    return read(connection_id)


def _clock() -> Any:
    """The lease is judged by one clock: the database's where it has one of its own."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            return cursor.fetchone()[0]
    return timezone.now()
