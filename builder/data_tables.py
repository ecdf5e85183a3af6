"""Making, changing and filling a workspace's tables: what pages and the API share. Each writes its audit entry."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from builder.auditing import record
from integrations.data.columns import NAME, BadValue, Column, column_problems, lookup_of, row_values
from integrations.data.files import FORMULA
from integrations.data.models import DataFile, DataRow, DataTable
from integrations.data.tables import MOST_ROWS, MOST_TABLES, TableError, append, change
from runtime.engine.fields import TableRef
from runtime.engine.graph import Graph
from runtime.models import Flow, Workspace

LARGEST_IMPORT = 4 * 1024 * 1024
MOST_COMPLAINTS = 20
BATCH = 1000


class CannotChange(Exception):
    """What cannot be done with a table; `problems`: {pointer: words}."""

    def __init__(self, problems: Mapping[str, str]):
        super().__init__(next(iter(problems.values())))
        self.problems = dict(problems)


def save_table(
    workspace: Workspace, actor: Any, table: DataTable | None, *, name: str, columns: list[Column],
    key_column: str = "", description: str = "",
) -> DataTable:  # fmt: skip
    """Make a table, or change one. Raises CannotChange."""
    made = table is None
    table = table or DataTable(workspace=workspace)
    with transaction.atomic():
        problems = dict(_problems(workspace, table, name, columns, key_column))
        if problems:
            raise CannotChange(problems)
        other_key = table.key_column != key_column
        table.name, table.columns, table.key_column = name, [_plain(column) for column in columns], key_column
        table.description = description
        table.save()
        if other_key and not made:
            _look_up_by(table)
        record(workspace, actor, "table.created" if made else "table.changed", table)
    return table


@transaction.atomic
def delete_table(table: DataTable, actor: Any) -> None:
    """With its rows. Not while a published flow uses it."""
    live = [flow.name for flow, published in uses(table) if published]
    if live:
        raise CannotChange({"": f"{table.name} is used by {', '.join(live[:5])}. Publish without it first."})
    record(table.workspace, actor, "table.deleted", table, rows=table.row_count)
    table.delete()


@transaction.atomic
def delete_file(file: DataFile, actor: Any) -> None:
    record(file.workspace, actor, "file.deleted", file, lines=file.line_count)
    file.delete()


def uses(table: DataTable) -> list[tuple[Flow, bool]]:
    """The flows that name this table; True for those that do so in what is published."""
    found = []
    flows = Flow.objects.for_workspace(table.workspace).kept().select_related("draft", "published")
    for flow in flows:
        live = flow.published is not None and _names(flow.published.document, table.name)
        if live or _names(flow.draft.document, table.name):
            found.append((flow, live))
    return found


@transaction.atomic
def write_row(table: DataTable, row: DataRow | None, given: Mapping[str, Any]) -> DataRow:
    """A row by a person's or a machine's hand. Raises CannotChange."""
    try:
        if row is None:
            return append(table, given)[0]
        return change(DataRow.objects.select_for_update().get(pk=row.pk), table, given)
    except (BadValue, TableError) as error:
        raise CannotChange({"/values": str(error)}) from error


def import_csv(table: DataTable, actor: Any, content: bytes) -> tuple[int, int]:
    """Rows of a CSV file whose first line names columns: (added, changed). All of them or none; a row whose key is
    there already changes that row. Raises CannotChange naming the first lines that do not fit."""
    if len(content) > LARGEST_IMPORT:
        raise CannotChange({"": f"The file is larger than {LARGEST_IMPORT // 1024 // 1024} MiB."})
    names, lines = _read_csv(content)
    if unknown := sorted(set(names) - set(table.names)):
        raise CannotChange({"": f"The table has no column {unknown[0]!r}; it has {', '.join(table.names)}."})
    with transaction.atomic():
        return _bring_in(table, actor, [dict(zip(names, line, strict=False)) for line in lines])


def _bring_in(table: DataTable, actor: Any, rows: list[dict[str, Any]]) -> tuple[int, int]:
    complaints, new = [], []
    there = dict(table.rows.exclude(lookup=None).values_list("lookup", "pk")) if table.key_column else {}
    changed, seen = 0, set()
    for number, given in enumerate(rows, start=2):
        try:
            values = row_values(table.columns, given)
            lookup = lookup_of(values.get(table.key_column)) if table.key_column else None
            if lookup is not None and lookup in seen:
                raise BadValue(f"{table.key_column} {lookup!r} is in the file twice.")
        except BadValue as error:
            complaints.append(f"Line {number}: {error}")
            continue
        seen.add(lookup)
        if lookup in there:
            changed += DataRow.objects.filter(pk=there[lookup]).update(values=values)
        else:
            new.append(DataRow(table=table, values=values, lookup=lookup))
    if table.row_count + len(new) > MOST_ROWS:
        complaints.append(f"With this file the table would hold more than {MOST_ROWS:,} rows.")
    if complaints:
        more = [f"… and {len(complaints) - MOST_COMPLAINTS} more."] if len(complaints) > MOST_COMPLAINTS else []
        raise CannotChange({"": "\n".join(["Nothing was imported.", *complaints[:MOST_COMPLAINTS], *more])})
    DataRow.objects.bulk_create(new, batch_size=BATCH)
    DataTable.objects.filter(pk=table.pk).update(row_count=F("row_count") + len(new))
    record(table.workspace, actor, "table.imported", table, added=len(new), changed=changed)
    return len(new), changed


def _read_csv(content: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotChange({"": "The file is not UTF-8 text. Save it as CSV in UTF-8."}) from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except csv.Error as error:
        raise CannotChange({"": f"The file cannot be read as CSV: {error}."}) from error
    if not lines:
        raise CannotChange({"": "The file is empty; its first line names the columns."})
    return [name.strip() for name in lines[0]], [[_uncovered(cell) for cell in line] for line in lines[1:]]


def _uncovered(cell: str) -> str:
    """A cell as it was before our export covered it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def _problems(
    workspace: Workspace, table: DataTable, name: str, columns: list[Column], key_column: str
) -> Iterable[tuple[str, str]]:
    others = DataTable.objects.for_workspace(workspace).exclude(pk=table.pk)
    if not re.match(NAME, name):
        yield "/name", "A name is small letters, digits and _, begins with a letter and has at most 63."
    elif others.filter(name=name).exists():
        yield "/name", f"There is a table {name!r} already."
    elif table._state.adding and others.count() >= MOST_TABLES:
        yield "/name", f"There are {MOST_TABLES} tables already; delete one first."
    yield from column_problems(columns, key_column)
    before = {column["name"]: column["type"] for column in table.columns}
    for position, column in enumerate(columns if table.row_count else ()):
        if before.get(column.get("name"), column.get("type")) != column.get("type"):
            text = "A column with rows keeps its type; add another column instead."
            yield f"/columns/{position}/type", text


def _plain(column: Column) -> dict[str, Any]:
    return {"name": column["name"], "type": column["type"], "required": bool(column.get("required"))}


def _look_up_by(table: DataTable) -> None:
    """Fill in what rows are found by, after another column became the key."""
    seen: set[str] = set()
    rows = []
    table.rows.update(lookup=None)
    for row in table.rows.iterator(chunk_size=BATCH) if table.key_column else ():
        row.lookup = lookup_of(row.values.get(table.key_column))
        if row.lookup is not None and row.lookup in seen:
            text = f"Two rows have the {table.key_column} {row.lookup!r}; a key is there once."
            raise CannotChange({"/key_column": text})
        seen.add(row.lookup or "")
        rows.append(row)
    DataRow.objects.bulk_update(rows, ["lookup"], batch_size=BATCH)


def _names(document: Mapping[str, Any], table: str) -> bool:
    for node in Graph.from_document(document).nodes.values():
        fields = node.node_type.fields if node.node_type else {}
        if any(isinstance(field, TableRef) and node.config.get(name) == table for name, field in fields.items()):
            return True
    return False
