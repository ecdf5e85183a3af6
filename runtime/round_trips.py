"""On PostgreSQL each statement is a way to the server and back, and so are BEGIN and COMMIT: as few as can be.

A transaction that is one statement needs neither, for a statement by itself is kept whole or not at all. So what is
only written, nothing being asked of it, is held back in a lane's transaction (`saved`) for as long as nothing else is
asked: what is still there at the end goes as one statement. Whatever else comes begins a transaction first, and what
was held back goes before it, so that statements take effect in the order in which they were given. What is only looked
up needs no transaction: at READ COMMITTED each statement sees what is committed when it begins. Nor does a statement
that is all there will be (`alone`).
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction

Values = Sequence[Any]
Ring = tuple[str, Values]
_open = threading.local()


@contextlib.contextmanager
def saved(writers: int) -> Iterator[None]:
    """A transaction of so many who write, of this thread's connection to PostgreSQL; none where one statement does."""
    with transaction.atomic():
        mine = _Transaction(connection.connection, writers)
        _open.transaction = mine
        try:
            with connection.execute_wrapper(mine.before_the_orm):
                yield
            mine.end()
        finally:
            _open.transaction = None


def write(parts: Sequence[str], values: Values, ring: Ring | None = None) -> None:
    """Run `parts`, statements that write and do not depend on one another, and then `ring`, a SELECT that tells others.

    `values` are those of all parts, in order.
    """
    mine = getattr(_open, "transaction", None)
    if mine is not None:
        mine.hold(parts, values, ring)
    else:
        _run(tuple(parts), values, ring)


def before(by_itself: bool) -> None:
    """Called before another statement of psycopg's own. `by_itself`: it needs no transaction, for it only looks
    something up, or is all there will be (`alone`)."""
    mine = getattr(_open, "transaction", None)
    if mine is not None:
        mine.before(by_itself)


def alone() -> bool:
    """Whether whoever writes now is the only one in this transaction, and nothing has been asked before.

    With crash points it never is: some lie between what was written and its commit.
    """
    mine = getattr(_open, "transaction", None)
    return mine is not None and mine.writers == 1 and not mine.begun and not mine.held and not settings.CRASH_POINTS


class _Transaction:
    """What is held back, and whether the server knows of a transaction."""

    def __init__(self, session: Any, writers: int):
        self.session, self.writers = session, writers
        self.parts: list[str] = []
        self.values: list[Any] = []
        self.ring: Ring | None = None
        self.begun = False
        session.autocommit = True  # Django has said otherwise; the server has heard of neither

    def hold(self, parts: Sequence[str], values: Values, ring: Ring | None) -> None:
        again = any(part in self.parts for part in parts)  # it might meet the rows of the first
        if again or (ring is not None and self.ring is not None and self.ring != ring):
            self.before(by_itself=False)
        self.parts.extend(parts)
        self.values.extend(values)
        self.ring = ring or self.ring

    @property
    def held(self) -> bool:
        return bool(self.parts or self.ring)

    def before(self, by_itself: bool) -> None:
        if self.begun or not by_itself or self.held:
            self._begin()
            self._flush()

    def before_the_orm(self, execute: Any, sql: Any, values: Any, many: bool, context: Any) -> Any:
        self.before(by_itself=False)
        return execute(sql, values, many, context)

    def end(self) -> None:
        """Nothing comes any more: alone, what is left needs no transaction."""
        self._flush()

    def _begin(self) -> None:
        if not self.begun:
            self.session.autocommit = False
            self.begun = True

    def _flush(self) -> None:
        if not self.held:
            return
        parts, values, ring = tuple(self.parts), self.values, self.ring
        self.parts, self.values, self.ring = [], [], None
        _run(parts, values, ring)


def _run(parts: tuple[str, ...], values: Values, ring: Ring | None) -> None:
    from psycopg import Cursor

    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor: Any = Cursor(connection.connection)
        cursor.execute(_as_one(parts, ring[0] if ring else ""), [*values, *(ring[1] if ring else ())])


@lru_cache(maxsize=256)
def _as_one(parts: tuple[str, ...], ring: str) -> str:
    """References from one part to another are looked at when the transaction ends; a ring would not run unless last."""
    others, last = (parts, ring) if ring else (parts[:-1], parts[-1])
    named = ", ".join(f"part_{place} AS ({part})" for place, part in enumerate(others))
    return f"WITH {named} {last}" if others else last
