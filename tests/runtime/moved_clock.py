"""A clock that tests move: on SQLite it is Python's, on PostgreSQL the database's, which everybody follows there.

PostgreSQL's functions are found by name, so a schema in front of its own has them give another time. This host's clock
stays, and is then wrong by as much as the database's was moved: `present` finds that out, as it does in production.
"""

from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from runtime import present
from runtime.group_commit import loader, recorder

NAMES = ("statement_timestamp", "clock_timestamp")


@contextmanager
def moved_clock(monkeypatch):
    """`with moved_clock(monkeypatch) as move:`, then `move(moment)`: it is that time now."""
    if connection.vendor == "sqlite":
        yield lambda moment: _python_says(monkeypatch, moment)
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA moved")
        cursor.execute("CREATE TABLE moved.ahead AS SELECT interval '0' AS by")
        for name in NAMES:
            cursor.execute(
                f"CREATE FUNCTION moved.{name}() RETURNS timestamptz LANGUAGE sql STABLE AS "
                f"'SELECT pg_catalog.{name}() + (SELECT by FROM moved.ahead)'"
            )
    try:
        _everybody("SET search_path = moved, pg_catalog, public")
        yield lambda moment: _database_says(monkeypatch, moment)
    finally:
        _everybody("RESET search_path")
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA moved CASCADE")
        present._last = None


def _python_says(monkeypatch, moment):
    monkeypatch.setattr(timezone, "now", lambda: moment)
    monkeypatch.setattr("runtime.claiming.database_now", lambda: moment)
    monkeypatch.setattr("runtime.tasks.database_now", lambda: moment)


def _database_says(monkeypatch, moment):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE moved.ahead SET by = %s::timestamptz - pg_catalog.clock_timestamp()", [moment])
    monkeypatch.setattr(present, "_last", None)
    present.look()
    assert abs(present.now() - moment) < timedelta(minutes=1), "nobody noticed that the clock was moved"


def _everybody(statement):
    """On this thread's connection and on those of the lanes, which read and write for everybody."""
    for lane in (recorder(), loader()):
        lane.submit(_execute, statement).result(30)
    _execute([statement])


def _execute(statements):
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    return statements
