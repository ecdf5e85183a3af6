"""Lines of a workspace's files, and the files as they are downloaded."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from integrations.data.models import DataFile, FileLine
from integrations.data.tables import TableError
from runtime.engine.values import safe_dumps, to_text

MOST_LINES = 200_000
MOST_FILES = 200
LARGEST_LINE = 64 * 1024
#: What spreadsheets take for the beginning of a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that a step adds."""

    workspace_id: Any
    file: str
    format: str
    values: Mapping[str, Any]
    written_as: str


def add_lines(lines: Iterable[Line]) -> list[int | TableError]:
    """For the recorder's lane, whose transaction is open: the number of each line, from 1, or why there is none."""
    return [_add(line) for line in lines]


def cell(value: Any) -> str:
    """A value as a CSV cell that no spreadsheet runs: what looks like a formula begins with an apostrophe."""
    text = to_text(value)
    return f"'{text}" if text.startswith(FORMULA) and not _NUMBER.match(text) else text


def csv_lines(names: list[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A CSV file (RFC 4180), line by line, names first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for cells in _cells(names, rows):
        writer.writerow(cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def content(file: DataFile) -> Iterator[str]:
    """The file as it is downloaded."""
    rows = (line.values for line in file.lines.order_by("id").iterator(chunk_size=1000))
    if file.format == "csv":
        return csv_lines(file.names, rows)
    return (safe_dumps(row) + "\n" for row in rows)


def _cells(names: list[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    yield [cell(name) for name in names]
    for row in rows:
        yield [cell(row.get(name)) for name in names]


def _add(line: Line) -> int | TableError:
    files = DataFile.objects.filter(workspace_id=line.workspace_id)
    if not files.filter(name=line.file).exists() and files.count() >= MOST_FILES:
        return TableError(f"There are {MOST_FILES} files already; delete one under Data.", "too_many_files")
    file, _ = files.select_for_update().get_or_create(
        name=line.file, defaults={"workspace_id": line.workspace_id, "format": line.format}
    )
    if file.lines.filter(written_as=line.written_as).exists():
        return file.lines.filter(id__lte=file.lines.get(written_as=line.written_as).pk).count()
    if file.format != line.format:
        return TableError(f"The file {file.name} holds {file.get_format_display()}; give it another name.", "format")
    if file.line_count >= MOST_LINES:
        return TableError(f"The file {file.name} is full: it holds {MOST_LINES:,} lines at most.", "file_full")
    if len(safe_dumps(line.values)) > LARGEST_LINE:
        return TableError(f"The line is larger than {LARGEST_LINE // 1024} KiB.", "too_large")
    FileLine.objects.create(file=file, values=dict(line.values), written_as=line.written_as)
    new = [name for name in line.values if name not in file.names]
    DataFile.objects.filter(pk=file.pk).update(line_count=F("line_count") + 1, names=[*file.names, *new])
    return file.line_count + 1
