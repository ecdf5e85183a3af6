"""/tables/: the data tables of the workspace and their rows, by the table's name."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder import data_tables
from builder.access import CHANGE_DATA, READ_DATA, actor_of
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.problems import Refused
from integrations.data.columns import BadValue
from integrations.data.models import DataRow, DataTable
from integrations.data.tables import matching, remove
from runtime.active import iso


class _Tables(ApiView):
    def table(self) -> DataTable:
        return or_404(DataTable.objects.for_workspace(self.request.workspace), name=self.kwargs["table"])

    def row(self) -> DataRow:
        return or_404(self.table().rows.all(), pk=self.kwargs["row_id"])


class TableList(_Tables):
    rights = {"GET": READ_DATA, "POST": CHANGE_DATA}

    @described(listing(shapes.Table), query=PAGE_QUERY, id="tables_list")
    def get(self, request: Request) -> Response:
        rows = DataTable.objects.for_workspace(request.workspace)
        return self.page(rows, ("name", "id"), lambda found: [_table(row) for row in found])

    @described(shapes.Table, shapes.TableBody, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request) -> Response:
        return Response(_table(_saved(request, None, self.read(shapes.TableBody))), 201)


class TableDetail(_Tables):
    rights = {"GET": READ_DATA, "PATCH": CHANGE_DATA, "DELETE": CHANGE_DATA}

    @described(shapes.Table)
    def get(self, request: Request, table: str) -> Response:
        return Response(_table(self.table()))

    @described(shapes.Table, shapes.TableBody)
    def patch(self, request: Request, table: str) -> Response:
        """`columns` replaces them all; values of one that is left out are kept, and shown again if it comes back."""
        found, given = self.table(), self.read(shapes.TableBody, partial=True)
        whole = {name: getattr(found, name) for name in ("name", "columns", "key_column", "description")}
        return Response(_table(_saved(request, found, {**whole, **given})))

    @described(status=204)
    def delete(self, request: Request, table: str) -> Response:
        try:
            data_tables.delete_table(self.table(), actor_of(request))
        except data_tables.CannotChange as error:
            raise Refused(409, "in_use", str(error)) from error
        return Response(status=204)


class RowList(_Tables):
    rights = {"GET": READ_DATA, "POST": CHANGE_DATA}

    @described(listing(shapes.Row), query={"where.<column>": "only rows with this value", **PAGE_QUERY}, id="rows_list")
    def get(self, request: Request, table: str) -> Response:
        """Newest first."""
        found = self.table()
        match = {name[6:]: value for name, value in request.query_params.items() if name.startswith("where.")}
        try:
            rows = matching(found, match)
        except BadValue as error:
            raise Refused(422, "invalid", str(error)) from error
        return self.page(rows, ("-id",), lambda rows: [_row(row, found) for row in rows])

    @described(shapes.Row, shapes.RowBody, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, table: str) -> Response:
        found = self.table()
        return Response(_row(_written(found, None, self.read(shapes.RowBody)["values"]), found), 201)


class RowDetail(_Tables):
    rights = {"GET": READ_DATA, "PATCH": CHANGE_DATA, "DELETE": CHANGE_DATA}

    @described(shapes.Row)
    def get(self, request: Request, table: str, row_id: int) -> Response:
        return Response(_row(self.row(), self.table()))

    @described(shapes.Row, shapes.RowBody)
    def patch(self, request: Request, table: str, row_id: int) -> Response:
        """Columns not named keep their values."""
        return Response(_row(_written(self.table(), self.row(), self.read(shapes.RowBody)["values"]), self.table()))

    @described(status=204)
    def delete(self, request: Request, table: str, row_id: int) -> Response:
        remove(self.table(), self.row().pk)
        return Response(status=204)


def _saved(request: Request, table: DataTable | None, given: dict[str, Any]) -> DataTable:
    try:
        return data_tables.save_table(request.workspace, actor_of(request), table, **given)
    except data_tables.CannotChange as error:
        raise _refused(error) from error


def _written(table: DataTable, row: DataRow | None, values: Any) -> DataRow:
    try:
        return data_tables.write_row(table, row, values)
    except data_tables.CannotChange as error:
        raise _refused(error) from error


def _refused(error: data_tables.CannotChange) -> Refused:
    errors = [{"pointer": at, "code": "invalid", "message": text} for at, text in error.problems.items()]
    return Refused(422, "invalid", str(error), errors)


def _table(table: DataTable) -> dict[str, Any]:
    return {"id": str(table.pk), "name": table.name, "description": table.description, "columns": table.columns,
            "key_column": table.key_column, "row_count": table.row_count, "created_at": iso(table.created_at),
            "updated_at": iso(table.updated_at)}  # fmt: skip


def _row(row: DataRow, table: DataTable) -> dict[str, Any]:
    return {"id": row.pk, "values": {name: row.values.get(name) for name in table.names},
            "created_at": iso(row.created_at), "updated_at": iso(row.updated_at)}  # fmt: skip
