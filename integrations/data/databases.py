"""Somebody's PostgreSQL, MySQL or SQLite, asked one statement with bound values under a deadline.

A server is dialled at an address the guard has judged, like every other peer (integrations/egress.py). SQLite files
are those in the folder `databases` of the data directory and no others; ATTACH and PRAGMA are refused, so a query
cannot reach another file, Segue's own database least of all. A reading query runs where writing is impossible: in a
read-only transaction, in a file opened for reading.
"""

import contextlib
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from integrations.data.query_text import for_postgresql
from integrations.egress import guard_for
from integrations.failures import failure_of
from runtime.engine.errors import StepError
from runtime.engine.values import safe_dumps

if TYPE_CHECKING:
    import psycopg

MOST_ROWS = 1_000
LARGEST_RESULT = 1024 * 1024
PORTS = frozenset({5432, 5433, 6432})  # PostgreSQL's, and its poolers'
_FORBIDDEN = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA}
STEPS_BETWEEN_LOOKS = 10_000

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave: rows by column, how many rows it changed, and whether there were more."""

    rows: list[dict[str, Any]]
    changed: int
    cut: bool = False


def ask(values: Values, query: str, bound: Values, *, write: bool, timeout: float) -> Result:
    """One statement on the database that a connection's `values` describe. Raises StepError."""
    asks = {"sqlite": _ask_sqlite, "mysql": _ask_mysql}.get(str(values.get("engine")), _ask_postgresql)
    return asks(values, query, bound, write, time.monotonic() + timeout)


def file_of(values: Values) -> Path:
    """The SQLite file that is meant. Raises StepError where there is none."""
    folder = Path(settings.DATA_DIR) / "databases"
    path = folder / str(values.get("database") or "")
    if path.parent != folder or not path.is_file() or path.is_symlink():
        raise StepError(f"There is no file {path.name!r} in {folder.name}/ of the data directory.", "no_database")
    return path


def _ask_sqlite(values: Values, query: str, bound: Values, write: bool, until: float) -> Result:
    address = f"{file_of(values).as_uri()}?mode={'rw' if write else 'ro'}"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=left(until))) as database:
            database.set_authorizer(_allowed)
            database.set_progress_handler(lambda: time.monotonic() > until, STEPS_BETWEEN_LOOKS)
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 8 * LARGEST_RESULT)
            with database:
                cursor = database.execute(query, {name: _for_sqlite(value) for name, value in bound.items()})
                names = [column[0] for column in cursor.description or ()]
                return result_of(names, cursor, max(cursor.rowcount, 0))
    except sqlite3.Error as error:
        if time.monotonic() > until:
            raise too_slow() from None
        raise StepError(f"The database says: {error}.", "database", "locked" in str(error)) from None


def _ask_mysql(values: Values, query: str, bound: Values, write: bool, until: float) -> Result:
    from integrations.data import mysql  # its driver too is loaded where somebody asks one

    return mysql.ask(values, query, bound, write, until)


def _ask_postgresql(values: Values, query: str, bound: Values, write: bool, until: float) -> Result:
    import psycopg  # 9 MB and a tenth of a second, in processes of which few ever ask a PostgreSQL

    host = str(values.get("host") or "")
    try:
        with contextlib.closing(_connected(values, host, until)) as database:
            database.read_only = not write
            with database.transaction(), database.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {int(left(until) * 1000)}")
                # Prepared, which only one statement can be: a second one could leave the read-only transaction.
                cursor.execute(for_postgresql(query), dict(bound), prepare=True)  # type: ignore[arg-type]
                names = [column.name for column in cursor.description or ()]
                return result_of(names, iter(cursor) if names else iter(()), max(cursor.rowcount, 0))
    except psycopg.errors.QueryCanceled:
        raise too_slow() from None
    except psycopg.Error as error:
        said = (error.diag.message_primary or str(error)).strip().splitlines()[0][:500]
        passing = isinstance(error, psycopg.OperationalError)
        raise StepError(f"{host} says: {said}.", "database", retryable=passing) from None


def _connected(values: Values, host: str, until: float) -> "psycopg.Connection[Any]":
    import psycopg

    port = int(values.get("port") or 5432)
    guard = replace(guard_for(settings.EGRESS_ALLOW), ports=PORTS)
    try:
        found = guard.addresses(host, port, left(until))
    except OSError as error:
        raise failure_of(error, host, left(until)) from None
    return psycopg.connect(
        host=host, hostaddr=found[0][4][0], port=port, dbname=str(values.get("database") or ""),
        user=str(values.get("username") or ""), password=str(values.get("password") or ""),
        sslmode=str(values.get("tls") or "require"), connect_timeout=max(2, int(left(until))),
        application_name="segue", autocommit=False,
    )  # fmt: skip


def result_of(names: list[str], rows: Iterator[Any], changed: int) -> Result:
    """As many of the rows as are kept, as JSON can say them."""
    found: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        if len(found) == MOST_ROWS or size > LARGEST_RESULT:
            return Result(found, changed, cut=True)
        plain = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        size += len(safe_dumps(plain))
        found.append(plain)
    return Result(found, changed)


def _plain(value: Any) -> Any:
    """A value as JSON can say it, and as history can keep it."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, datetime | date | time_of_day):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"{len(bytes(value)):,} bytes"
    if isinstance(value, UUID | timedelta):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name).replace("\0", ""): _plain(item) for name, item in value.items()}
    return value if value is None or isinstance(value, int | float | bool) else str(value)


def _for_sqlite(value: Any) -> Any:
    return safe_dumps(value) if isinstance(value, dict | list) else value


def _allowed(action: int, *about: Any) -> int:
    return sqlite3.SQLITE_DENY if action in _FORBIDDEN else sqlite3.SQLITE_OK


def left(until: float) -> float:
    """Seconds until then, in monotonic time, and always some."""
    return max(0.05, until - time.monotonic())


def too_slow() -> StepError:
    return StepError("The database did not answer in the step's time.", "timeout", retryable=True)
