"""What operating leaves behind: one action on many runs, and what is still known of runs that were forgotten."""

from django.db import models
from django.utils import timezone

from runtime.models.base import Record, WorkspaceQuerySet
from runtime.models.flows import Flow
from runtime.models.people import User, Workspace
from runtime.models.runs import Run


class Operation(Record):
    """One action on many runs, done in the background at a chosen pace (runtime/operations.py).

    Which runs is fixed when it is asked for: an item each. `due_at` is when the next of them may go; null when it has
    ended or was stopped.
    """

    ACTIONS = ("cancel", "retry", "skip")
    STATUSES = ("running", "stopped", "done")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    action = models.CharField(max_length=10, choices=[(action, action) for action in ACTIONS])
    options = models.JSONField(default=dict, help_text="for retry: {from, version, event}")
    per_second = models.FloatField(default=10)
    status = models.CharField(max_length=10, default="running", choices=[(status, status) for status in STATUSES])
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0, help_text="items to which it did not apply; each says why")
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    by = models.CharField(max_length=200)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], name="operation_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["workspace", "id"], name="operation_list"),
        ]

    def __str__(self):
        return f"{self.action} of {self.total:,} runs"

    @property
    def left(self) -> int:
        return self.total - self.done - self.refused


class OperationItem(models.Model):
    """One run of an operation, and what became of it: done (with the new run of a retry), or refused and why."""

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, models.CASCADE, related_name="items")
    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, blank=True, default="")
    made = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+")
    words = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operation", "run"], name="operation_item_once")]
        indexes = [models.Index(fields=["operation", "id"], name="operation_left", condition=models.Q(outcome=""))]

    def __str__(self):
        return f"{self.run_id} in {self.operation_id}"


class FlowDay(models.Model):
    """How many live runs a flow had on a day (UTC) of those that were forgotten since, and how they ended."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    flow = models.ForeignKey(Flow, models.CASCADE, related_name="days")
    day = models.DateField()
    runs = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0, help_text="from start to end, of all of them together")
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "day"], name="flow_day_once")]
        indexes = [models.Index(fields=["workspace", "day"], name="flow_day_list")]

    def __str__(self):
        return f"{self.flow_id} on {self.day}"
