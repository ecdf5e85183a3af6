"""Rows on the hot path: plain SQL, prepared once, any number of rows a statement.

The ORM costs five times as much for the same rows (SPEED.md section 2), and the runtime writes the same four tables for
every run there is. What is written here is what the models declare; everywhere else the ORM is used. JSON columns are
given and returned as JSON texts. All of it runs on a lane that owns a connection (runtime/group_commit.py).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from runtime import round_trips

Values = Sequence[Any]
PORTIONS = (64, 16, 4, 1)  # rows a statement


class Table:
    """Some columns of one model, in order; `insert` takes rows of their values."""

    def __init__(self, model: type[models.Model], names: Iterable[str], conflict: str = ""):
        self.fields = [model._meta.get_field(name) for name in names]
        self.table = model._meta.db_table
        self.columns = [f'"{field.column}"' for field in self.fields]
        self.json = [isinstance(field, models.JSONField) for field in self.fields]
        self.conflict = conflict
        self._written: dict[int, str] = {}  # the statement on SQLite, by how many rows it takes
        self._from_records: dict[str, str] = {}  # the statement on PostgreSQL, by its condition

    def insert(self, rows: Sequence[Values]) -> None:
        """All of them in one statement, or few; constraint errors are Django's."""
        insert((self, rows))

    def values(self, count: int) -> str:
        """The statement on SQLite that takes so many rows, value by value."""
        if count not in self._written:
            given = ", ".join([f"({marks(len(self.columns))})"] * count)
            names = ", ".join(self.columns)
            self._written[count] = f"INSERT INTO {self.table} ({names}) VALUES {given} {self.conflict}"
        return self._written[count]

    @property
    def from_records(self) -> str:
        """The statement on PostgreSQL that takes any number of rows, as one value: see `records`."""
        return self.from_records_where("")

    def from_records_where(self, condition: str) -> str:
        """The same for those of the rows that are `given` and meet a condition: WHERE and what follows."""
        if condition not in self._from_records:
            names = ", ".join(self.columns)
            types = ", ".join(
                f"{column} {field.rel_db_type(connection) if field.is_relation else field.cast_db_type(connection)}"
                for column, field in zip(self.columns, self.fields, strict=True)
            )
            self._from_records[condition] = (
                f"INSERT INTO {self.table} ({names}) "
                f"SELECT {names} FROM jsonb_to_recordset(%s::jsonb) AS given({types}) {condition} {self.conflict}"
            )
        return self._from_records[condition]


def insert(*tables: tuple[Table, Sequence[Values]]) -> None:
    """The rows of several tables, on PostgreSQL by one statement for all; constraint errors are Django's.

    Not by psycopg's pipeline: until its end has come, none of the server's time-outs ends the transaction. A process
    that is stopped in between (SIGSTOP, a machine that sleeps) would keep others from its runs until it wakes.
    """
    filled = [(table, rows) for table, rows in tables if rows]
    if connection.vendor != "postgresql":
        for table, rows in filled:
            for some in portions(rows):
                change(table.values(len(some)), [value for row in some for value in row])
    elif filled:
        values = [records(table.columns, table.json, rows) for table, rows in filled]
        round_trips.write([table.from_records for table, _ in filled], values)


def execute(sql: str, values: Values, by_itself: bool = False) -> list[tuple[Any, ...]]:
    """Run one statement with `%s` for each value; its rows, if it gives any. `by_itself`: runtime/round_trips.py."""
    if connection.vendor == "postgresql":
        round_trips.before(by_itself)
        with connection.wrap_database_errors, _prepared(sql, values) as cursor:
            return cursor.fetchall() if cursor.description else []
    connection.ensure_connection()
    with connection.wrap_database_errors:
        found: list[tuple[Any, ...]] = connection.connection.execute(_marked(sql), [*map(plain, values)]).fetchall()
    return found


def look_up(sql: str, by: Mapping[str, str], keys: Iterable[Values]) -> list[tuple[Any, ...]]:
    """The rows of `sql`, a SELECT with conditions, whose columns `by` have the values of one of `keys`; in any order.

    `by`: {column: its type}. On PostgreSQL key by key: with a list in a condition it may go by the other columns alone,
    and a plan that it keeps from the time when a table was small then reads all there is of a workspace. On SQLite all
    at once, which may give rows of no key: each column has the value of some key.
    """
    wanted = list(zip(*keys, strict=True))
    if not wanted:
        return []
    if connection.vendor == "postgresql":
        return execute(_key_by_key(sql, tuple(by.items())), [list(values) for values in wanted], by_itself=True)
    lists = [list(dict.fromkeys(values)) for values in wanted]
    conditions = [f"{column} IN ({marks(len(values))})" for column, values in zip(by, lists, strict=True)]
    return execute(" AND ".join([sql, *conditions]), [value for values in lists for value in values])


@lru_cache(maxsize=32)
def _key_by_key(sql: str, by: tuple[tuple[str, str], ...]) -> str:
    """OFFSET 0: so it stays a lookup of each key by itself."""
    arrays = ", ".join(f"%s::{type}[]" for _, type in by)
    names = ", ".join(f"key_{place}" for place, _ in enumerate(by))
    conditions = " AND ".join([sql, *(f"{column} = wanted.key_{place}" for place, (column, _) in enumerate(by))])
    return (
        f"SELECT found.* FROM unnest({arrays}) AS wanted({names}) CROSS JOIN LATERAL ({conditions} OFFSET 0) AS found"
    )


def change(sql: str, values: Values) -> int:
    """Run one statement that writes; how many rows it changed."""
    if connection.vendor == "postgresql":
        round_trips.before(by_itself=False)
        with connection.wrap_database_errors, _prepared(sql, values) as cursor:
            return int(cursor.rowcount)
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return int(connection.connection.execute(_marked(sql), [*map(plain, values)]).rowcount)


def _prepared(sql: str, values: Values) -> Any:
    """A cursor of psycopg's own with the answer: values travel apart, so the server keeps what is asked often.

    Django's puts them into the statement, which the server then reads and plans anew each time.
    """
    from psycopg import Cursor

    connection.ensure_connection()
    cursor: Any = Cursor(connection.connection)
    return cursor.execute(sql, values)


def portions(rows: Sequence[Values]) -> Iterator[Sequence[Values]]:
    """The rows in as few portions as can be had of few sizes, so that their statements stay prepared.

    For SQLite: at each row that a statement by itself writes, Python's lock goes to another thread, and who writes
    comes back to it late, with everybody else waiting for SQLite's lock.
    """
    at = 0
    for size in PORTIONS:
        while len(rows) - at >= size:
            yield rows[at : at + size]
            at += size


def marks(count: int) -> str:
    """`%s` so many times, for an IN list."""
    return ", ".join(["%s"] * count)


def among(values: Values) -> tuple[str, Values]:
    """(the condition that a column has one of these values, what to give for it)."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)", [values]  # one statement for however many
    return f"IN ({marks(len(values))})", values


def records(columns: Sequence[str], are_json: Sequence[bool], rows: Sequence[Values]) -> str:
    """Rows as the one JSON array that PostgreSQL's jsonb_to_recordset takes; `columns` are quoted names."""
    return "[" + ",".join(_record(columns, are_json, row) for row in rows) + "]"


def _record(columns: Sequence[str], are_json: Sequence[bool], row: Values) -> str:
    """What has no value is left out: it is NULL then."""
    pairs = [
        f"{name}:{value if is_json else _WRITERS[type(value)](value)}"
        for name, is_json, value in zip(columns, are_json, row, strict=True)
        if value is not None
    ]
    return "{" + ",".join(pairs) + "}"


class _Writers(dict[type, Callable[[Any], str]]):
    """How a value of each kind is written as JSON; of other kinds of text as the text that they are."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        if not issubclass(kind, str):
            raise TypeError(f"No column takes a {kind.__name__}.")
        self[kind] = _quote
        return _quote


_quote: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode
_WRITERS = _Writers(
    {
        str: _quote,
        int: repr,
        float: repr,
        bool: lambda value: "true" if value else "false",
        UUID: lambda value: f'"{value.hex}"',
        datetime: lambda value: f'"{value.isoformat()}"',
    }
)


def plain(value: Any) -> Any:
    """A value as SQLite stores it: ids as 32 hex digits, moments as naive UTC text."""
    kind = type(value)
    if kind in _STORED_AS_IT_IS:
        return value
    if kind is UUID:
        return value.hex
    if kind is datetime:
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return str(utc.replace(tzinfo=None))
    return str(value) if isinstance(value, str) else value  # a status is a text of its own class


_STORED_AS_IT_IS = frozenset((str, int, float, bool, type(None)))


def id_of(value: Any) -> Any:
    """An id as it was read."""
    return UUID(hex=value) if type(value) is str else value


def moment_of(value: Any) -> Any:
    """A moment as it was read: SQLite's have no zone, and are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


@lru_cache(maxsize=512)
def _marked(sql: str) -> str:
    return sql.replace("%s", "?")
