"""Reading and writing rows of a workspace's tables, for steps, pages and the API alike.

Theory of operation. Steps write through the process's recorder (runtime/group_commit.py), so their rows share its
transactions; pages and the API open one of their own. What two do at once is decided by the database: an append is
known by the step that made it and a key belongs to one row, both by unique constraints, and a row is locked while it
is changed, so neither a repeated step nor a second host can make two of one or lose a change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from integrations.data.columns import BadValue, lookup_of, row_values, value_of
from integrations.data.models import DataRow, DataTable

MOST_TABLES = 200
MOST_ROWS = 100_000
MOST_FOUND = 100
MOST_CHANGED = 1_000


class TableError(Exception):
    """What cannot be done with a table, in words; `code` for branches."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.message, self.code = message, code


@dataclass(frozen=True, slots=True)
class Finding:
    """Which rows are meant: those whose columns have these values; `newest` or oldest first, so many at most."""

    workspace_id: Any
    table: str
    match: Mapping[str, Any]
    newest: bool = True
    limit: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """One write of a step: `append` a row, or `update` those that match and, if there is none, perhaps add it."""

    workspace_id: Any
    table: str
    operation: str
    values: Mapping[str, Any]
    match: Mapping[str, Any] = field(default_factory=dict)
    add_missing: bool = False
    every: bool = False
    written_as: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """What came of it: the rows, as {"id", columns...}, and whether one was added."""

    rows: list[dict[str, Any]]
    added: bool = False


def find_rows(findings: Iterable[Finding]) -> list[Rows | TableError]:
    """For the loader's lane: one result, or the reason there is none, for each."""
    return [_told(_find, each) for each in findings]


def change_rows(changes: Iterable[Change]) -> list[Rows | TableError]:
    """For the recorder's lane, whose transaction is open: one result, or the reason there is none, for each."""
    return [_told(_change, each) for each in changes]


def table_named(workspace_id: Any, name: str) -> DataTable:
    table = DataTable.objects.filter(workspace_id=workspace_id, name=name).first()
    if table is None:
        raise TableError(f"There is no table {name!r} here. Make it under Data, or choose another.", "no_table")
    return table


def matching(table: DataTable, match: Mapping[str, Any]) -> QuerySet[DataRow]:
    """Rows whose columns have these values. Raises BadValue for a column the table does not have."""
    declared = {column["name"]: column for column in table.columns}
    rows = table.rows.all()
    for name, given in match.items():
        if name not in declared:
            raise BadValue(f"The table {table.name} has no column {name!r}; it has {', '.join(declared)}.")
        value = value_of(declared[name], given)
        if value is None:
            raise BadValue(f"The value to find in {name} is empty; every row would be meant.")
        is_key = name == table.key_column
        rows = rows.filter(lookup=lookup_of(value)) if is_key else rows.filter(**{f"values__{name}": value})
    return rows


def append(table: DataTable, given: Mapping[str, Any], written_as: str | None = None) -> tuple[DataRow, bool]:
    """(the row, whether it is new). A transaction is open. Raises BadValue, TableError."""
    if written_as and (there := table.rows.filter(written_as=written_as).first()):
        return there, False
    values = row_values(table.columns, given)
    lookup = lookup_of(values.get(table.key_column)) if table.key_column else None
    if lookup is not None and table.rows.filter(lookup=lookup).exists():
        raise _taken(table, lookup)
    room = DataTable.objects.filter(pk=table.pk, row_count__lt=MOST_ROWS).update(row_count=F("row_count") + 1)
    if not room:
        raise TableError(f"The table {table.name} is full: it holds {MOST_ROWS:,} rows at most.", "table_full")
    return DataRow.objects.create(table=table, values=values, lookup=lookup, written_as=written_as), True


def change(row: DataRow, table: DataTable, given: Mapping[str, Any]) -> DataRow:
    """`row`, locked by the caller, with new values of some columns. Raises BadValue, TableError."""
    values = {**row.values, **row_values(table.columns, given, whole=False)}
    if table.key_column in given:
        lookup = lookup_of(values.get(table.key_column))
        if lookup is not None and table.rows.filter(lookup=lookup).exclude(pk=row.pk).exists():
            raise _taken(table, lookup)
        row.lookup = lookup
    row.values, row.updated_at = values, timezone.now()
    row.save(update_fields=["values", "lookup", "updated_at"])
    return row


def remove(table: DataTable, row_id: int) -> bool:
    with transaction.atomic():
        gone, _ = table.rows.filter(pk=row_id).delete()
        DataTable.objects.filter(pk=table.pk).update(row_count=F("row_count") - gone)
    return bool(gone)


def shown(row: DataRow, table: DataTable) -> dict[str, Any]:
    """A row as steps and the API see it: every column, and the row's id."""
    return {"id": row.pk, **{name: row.values.get(name) for name in table.names}}


def _find(finding: Finding) -> Rows:
    table = table_named(finding.workspace_id, finding.table)
    rows = matching(table, finding.match).order_by("-id" if finding.newest else "id")
    return Rows([shown(row, table) for row in rows[: min(finding.limit, MOST_FOUND)]])


def _change(asked: Change) -> Rows:
    table = table_named(asked.workspace_id, asked.table)
    if asked.operation == "append":
        row, _ = append(table, asked.values, asked.written_as)
        return Rows([shown(row, table)], added=True)
    if asked.written_as and (made := table.rows.filter(written_as=asked.written_as).first()):
        return Rows([shown(made, table)], added=True)  # the update before this one found nothing, and added
    rows = matching(table, asked.match).select_for_update().order_by("-id")
    found = list(rows[: MOST_CHANGED + 1 if asked.every else 1])
    if len(found) > MOST_CHANGED:
        raise TableError(f"More than {MOST_CHANGED:,} rows match; name them more closely.", "too_many_rows")
    if not found and asked.add_missing:
        row, added = append(table, {**asked.match, **asked.values}, asked.written_as)
        return Rows([shown(row, table)], added)
    return Rows([shown(change(row, table, asked.values), table) for row in found])


def _told(work: Any, item: Any) -> Rows | TableError:
    """A refusal is a result: raised, it would take the others of its transaction along."""
    try:
        found: Rows = work(item)
        return found
    except TableError as error:
        return error
    except BadValue as error:
        return TableError(str(error), "bad_value")


def _taken(table: DataTable, lookup: str) -> TableError:
    text = f"There is a row with {table.key_column} {lookup[:60]!r} in {table.name} already; update it instead."
    return TableError(text, "key_taken")
