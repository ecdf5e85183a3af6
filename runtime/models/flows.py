"""Flows, their immutable versions, and what a published flow listens to."""

from django.db import models
from django.utils import timezone

from runtime.models.base import Addressed, Record, WorkspaceQuerySet
from runtime.models.people import User, Workspace

KINDS = ("post_call", "action", "inbound", "conversation", "automation")


class FlowQuerySet(WorkspaceQuerySet):
    def kept(self):
        """Those not in the trash."""
        return self.filter(deleted_at=None)


class Flow(Record, Addressed):
    """What people draw: a name, a kind, an on/off switch, what is live. Its token addresses its hook."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="flows")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True, default="")
    kind = models.CharField(max_length=12, choices=[(kind, kind.replace("_", "-").capitalize()) for kind in KINDS])
    enabled = models.BooleanField(default=False)
    published = models.ForeignKey("FlowVersion", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    objects = FlowQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["workspace", "deleted_at", "name"], name="flow_list")]

    def __str__(self):
        return self.name


class FlowVersion(Record):
    """What ran: a document that never changes. Test runs pin an unnumbered one."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    flow = models.ForeignKey(Flow, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(null=True, blank=True)
    document = models.JSONField()
    note = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["flow", "number"], name="version_number_once")]

    def __str__(self):
        return f"{self.flow} version {self.number}" if self.number else f"{self.flow} test"

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise TypeError("A version never changes; publish a new one.")
        super().save(*args, **kwargs)


class Trigger(Record):
    """What a published flow listens to; written by publishing, read by matching."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    flow = models.OneToOneField(Flow, models.CASCADE, related_name="trigger")
    version = models.ForeignKey(FlowVersion, models.CASCADE, related_name="+")
    type = models.CharField(max_length=40)
    name = models.CharField(max_length=63, blank=True, default="", help_text="an action's name")
    agents = models.JSONField(default=list, help_text="slugs; empty = any agent and none")
    config = models.JSONField(default=dict)
    next_at = models.DateTimeField(null=True, blank=True, help_text="a schedule's next moment")
    passed_over = models.PositiveIntegerField(default=0, help_text="how often a schedule's last run still ran")
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "type"], name="trigger_by_type"),
            models.Index(fields=["next_at"], name="trigger_next", condition=models.Q(next_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], condition=~models.Q(name=""), name="action_name_once")
        ]

    def __str__(self):
        return f"{self.type} of {self.flow}"
