"""Data: the workspace's tables, with their rows to look at, change, import and export, and the files flows write."""

from itertools import islice

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder import data_tables
from builder.pages.access import member_required
from builder.pages.rendering import page
from integrations.data import files, tables
from integrations.data.columns import TYPES, BadValue
from integrations.data.models import DataFile, DataTable
from runtime.engine.values import to_text

PAGE_ROWS = 50
SPARE_COLUMNS = 3
ONE_LINE = 80
CHUNK_LINES = 500


@require_GET
@member_required()
def data_list(request):
    context = {
        "tables": DataTable.objects.for_workspace(request.workspace),
        "files": DataFile.objects.for_workspace(request.workspace),
        "may_edit": request.membership.may("editor"),
    }
    return page(request, "pages/data_list.html", **context)


@require_http_methods(["GET", "POST"])
@member_required("editor")
def new_table(request):
    return _edit_table(request, None)


@require_http_methods(["GET", "POST"])
@member_required("editor")
def edit_table(request, table):
    return _edit_table(request, table_or_404(request, table))


@require_GET
@member_required()
def table_rows(request, table):
    """Newest first; `column` and `value` show only rows with that value."""
    found = table_or_404(request, table)
    column, value, wrong = request.GET.get("column", ""), request.GET.get("value", ""), ""
    rows = found.rows.all()
    if column and value:
        try:
            rows = tables.matching(found, {column: value})
        except BadValue as error:
            rows, wrong = found.rows.none(), str(error)
    before = request.GET.get("before", "")
    rows = rows.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 19 else rows
    shown = list(rows.order_by("-pk")[: PAGE_ROWS + 1])
    context = {
        "table": found, "rows": [_cells(found, row) for row in shown[:PAGE_ROWS]], "wrong": wrong, "column": column,
        "value": value, "older": shown[PAGE_ROWS - 1].pk if len(shown) > PAGE_ROWS else None,
        "may_edit": request.membership.may("editor"), "uses": data_tables.uses(found),
    }  # fmt: skip
    return page(request, "pages/data_table.html", **context)


@require_http_methods(["GET", "POST"])
@member_required("editor")
def edit_row(request, table, row_id=None):
    """One row: a new one, or one that is there."""
    found = table_or_404(request, table)
    row = get_object_or_404(found.rows, pk=row_id) if row_id is not None else None
    problems = {}
    if request.method == "GET":
        given = {name: to_text(row.values.get(name)) if row else "" for name in found.names}
    else:
        given = {name: request.POST.get(f"value_{name}", "") for name in found.names}
        try:
            data_tables.write_row(found, row, given)
        except data_tables.CannotChange as error:
            problems = error.problems
        else:
            messages.success(request, "The row is saved.")
            return redirect("data-table", found.name)
    fields = [_field(column, given[column["name"]]) for column in found.columns]
    status = 422 if problems else 200
    return page(request, "pages/data_row.html", status, table=found, row=row, fields=fields, problems=problems.values())


@require_POST
@member_required("editor")
def delete_row(request, table, row_id):
    found = table_or_404(request, table)
    if tables.remove(found, row_id):
        messages.success(request, "The row is deleted.")
    return redirect("data-table", found.name)


@require_POST
@member_required("editor")
def import_rows(request, table):
    found = table_or_404(request, table)
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise data_tables.CannotChange({"": "Choose a CSV file first."})
        if upload.size > data_tables.LARGEST_IMPORT:
            raise data_tables.CannotChange({"": "The file is larger than 4 MiB."})
        added, changed = data_tables.import_csv(found, request.user, upload.read())
        messages.success(request, f"{added:,} rows added, {changed:,} changed.")
    except data_tables.CannotChange as error:
        messages.error(request, str(error))
    return redirect("data-table", found.name)


@require_GET
@member_required()
def export_rows(request, table):
    found = table_or_404(request, table)
    rows = (row.values for row in found.rows.order_by("id").iterator(chunk_size=1000))
    return _download(request, files.csv_lines(found.names, rows), f"{found.name}.csv", "text/csv")


@require_POST
@member_required("editor")
def delete_table(request, table):
    found = table_or_404(request, table)
    try:
        data_tables.delete_table(found, request.user)
    except data_tables.CannotChange as error:
        messages.error(request, str(error))
        return redirect("data-table", found.name)
    messages.success(request, f"{found.name} is deleted with its rows.")
    return redirect("data-list")


@require_GET
@member_required()
def download_file(request, file_id):
    file = get_object_or_404(DataFile.objects.for_workspace(request.workspace), pk=file_id)
    kind = "text/csv" if file.format == "csv" else "application/x-ndjson"
    return _download(request, files.content(file), file.name, kind)


@require_POST
@member_required("editor")
def delete_file(request, file_id):
    file = get_object_or_404(DataFile.objects.for_workspace(request.workspace), pk=file_id)
    data_tables.delete_file(file, request.user)
    messages.success(request, f"{file.name} is deleted.")
    return redirect("data-list")


def _field(column, value):
    """A column as the form of a row shows it; `long` texts get several lines."""
    long = column["type"] == "text" and (len(value) > ONE_LINE or "\n" in value)
    return {**column, "words": TYPES[column["type"]], "value": value, "long": long}


def table_or_404(request, name):
    return get_object_or_404(DataTable.objects.for_workspace(request.workspace), name=name)


def _edit_table(request, table):
    given = _given(request) if request.method == "POST" else None
    problems = {}
    if given is not None:
        try:
            saved = data_tables.save_table(request.workspace, request.user, table, **given)
        except data_tables.CannotChange as error:
            problems = error.problems
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("data-table", saved.name)
    shown = given or {
        "name": table.name if table else "", "description": table.description if table else "",
        "columns": table.columns if table else [], "key_column": table.key_column if table else "",
    }  # fmt: skip
    columns = [*shown["columns"], *({"name": "", "type": "text", "required": False} for _ in range(SPARE_COLUMNS))]
    context = {"table": table, "given": shown, "columns": columns, "types": TYPES.items(), "problems": problems}
    return page(request, "pages/data_columns.html", 422 if problems else 200, **context)


def _given(request):
    names, types = request.POST.getlist("column_name"), request.POST.getlist("column_type")
    required = request.POST.getlist("column_required")
    rows = zip(names, types, required, strict=False)
    columns = [{"name": name.strip(), "type": type, "required": need == "yes"} for name, type, need in rows]
    return {
        "name": request.POST.get("name", "").strip(), "description": request.POST.get("description", "")[:300],
        "columns": [column for column in columns if column["name"]],
        "key_column": request.POST.get("key_column", "").strip(),
    }  # fmt: skip


def _download(request, lines, name, kind):
    """A file that is never whole in memory, however the request came."""
    content = _later(lines) if isinstance(request, ASGIRequest) else lines
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=f"{kind}; charset=utf-8", headers=headers)


async def _later(lines):
    lines = iter(lines)
    while chunk := await sync_to_async(lambda: "".join(islice(lines, CHUNK_LINES)))():
        yield chunk


def _cells(table, row):
    cells = [{"text": to_text(row.values.get(column["name"])), "type": column["type"]} for column in table.columns]
    return {"id": row.pk, "cells": cells, "at": row.updated_at}
