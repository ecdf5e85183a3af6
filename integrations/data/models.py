"""Tables and files of a workspace. Rows live in the database, so that every host that runs flows sees the same ones."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from integrations.data.columns import NAME
from runtime.models import Workspace
from runtime.models.base import Record, WorkspaceQuerySet


class DataTable(Record):
    """Rows of declared columns: [{"name", "type", "required"}].

    `key_column` names the column whose value no two rows share; looking up by it is fast at any size.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="tables")
    name = models.CharField(max_length=63, validators=[RegexValidator(NAME)])
    description = models.CharField(max_length=300, blank=True, default="")
    columns = models.JSONField(default=list)
    key_column = models.CharField(max_length=63, blank=True, default="")
    row_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="table_name_once")]

    def __str__(self):
        return self.name

    @property
    def names(self) -> list[str]:
        return [column["name"] for column in self.columns]


class DataRow(models.Model):
    """One row. `lookup` is its value of the key column as text; `written_as` the step whose append made it, so that
    a step that is repeated after a crash finds its row instead of making a second one."""

    id = models.BigAutoField(primary_key=True)
    table = models.ForeignKey(DataTable, models.CASCADE, related_name="rows")
    values = models.JSONField(default=dict)
    lookup = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  unique only where it is set
    written_as = models.CharField(max_length=80, null=True, editable=False)  # noqa: DJ001  likewise
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["table", "lookup"], name="row_key_once"),
            models.UniqueConstraint(fields=["table", "written_as"], name="row_written_once"),
        ]

    def __str__(self):
        return f"row {self.id}"

    def value(self, name: str) -> Any:
        return self.values.get(name)


class DataFile(Record):
    """A file that flows add lines to: `csv` or `json_lines`. `names` are the members of its lines, in the order met."""

    FORMATS = (("csv", "CSV"), ("json_lines", "JSON lines"))

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="files")
    name = models.CharField(max_length=80)
    format = models.CharField(max_length=12, choices=FORMATS)
    names = models.JSONField(default=list)
    line_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="file_name_once")]

    def __str__(self):
        return self.name


class FileLine(models.Model):
    """One line of a file; `written_as` as for rows."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(DataFile, models.CASCADE, related_name="lines")
    values = models.JSONField(default=dict)
    written_as = models.CharField(max_length=80, null=True, editable=False)  # noqa: DJ001  likewise
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["file", "written_as"], name="line_written_once")]

    def __str__(self):
        return f"line {self.id}"
