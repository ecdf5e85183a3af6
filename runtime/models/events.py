"""What arrived."""

from django.db import models
from django.utils import timezone

from runtime.models.base import Record, WorkspaceQuerySet
from runtime.models.people import Workspace


class Event(Record):
    """Something that happened outside: a call that ended, a hook that was called, an action an agent asked for.

    `payload` is {"interaction", "contact", "analysis", "variables", "data", "args", "trigger", "visitor", "message"},
    absent parts left out; `skipped` is [{"flow", "reason", "conditions"}] of flows that listened and were not started;
    `secure_sealed` holds the encrypted `secure` values. `key` makes a repetition find the first event again.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=20)
    type = models.CharField(max_length=80)
    key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null = no key, unique otherwise
    agent = models.CharField(max_length=63, blank=True, default="")
    interaction_id = models.CharField(max_length=255, blank=True, default="")
    contact_number = models.CharField(max_length=40, blank=True, default="")
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    duplicates = models.PositiveIntegerField(default=0)
    payload = models.JSONField(default=dict)
    skipped = models.JSONField(default=list, help_text="[{flow, reason}]: who listened and was not started")
    secure_sealed = models.TextField(blank=True, default="", editable=False)
    pruned_at = models.DateTimeField(null=True, blank=True, help_text="when what it brought went; its key stays")
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "key", "source", "type"], name="event_key_once")]
        indexes = [
            models.Index(fields=["workspace", "id"], name="event_list"),
            models.Index(fields=["workspace", "interaction_id"], name="event_by_interaction"),
            models.Index(fields=["workspace", "contact_number"], name="event_by_number"),
        ]

    def __str__(self):
        return f"{self.type} {self.key or self.id}"


class IdempotentAnswer(models.Model):
    """The first answer to a write that carried an Idempotency-Key; kept 7 days."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    route = models.CharField(max_length=160)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "route", "key"], name="idempotency_key_once")]
