"""What is only about editing: drafts and the log of their changes, snapshots, preferences, invitations, the audit log.

The runtime cannot import this module, so it cannot run a draft.
"""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from runtime.engine.document import empty_document
from runtime.models import ROLES, Flow, Workspace
from runtime.models.base import Record, WorkspaceQuerySet, token_hash

LOG_KEPT = 2_000  # revisions
SNAPSHOTS_KEPT = 100
SNAPSHOT_DAYS = 30
SNAPSHOT_EVERY = 50  # revisions
SNAPSHOT_MINUTES = 10  # while somebody edits, so that "10 minutes ago" exists however few the changes were
INVITATION_DAYS = 7


class Draft(models.Model):
    """The document being edited; one to a flow. `revision` counts its writes.

    `changes` (differences to what is published), `problems` and `errors` are as of the last write, for lists.
    """

    flow = models.OneToOneField(Flow, models.CASCADE, primary_key=True, related_name="draft")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    document = models.JSONField(default=empty_document)
    revision = models.PositiveIntegerField(default=1)
    changes = models.PositiveIntegerField(default=0)
    problems = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(default=timezone.now)
    objects = WorkspaceQuerySet.as_manager()

    def __str__(self):
        return f"draft of {self.flow}"


class DraftOp(models.Model):
    """One write of a draft: the ops from the revision before to `revision`, whatever way it was made."""

    KINDS = ("ops", "put", "undo", "restore", "import")
    id = models.BigAutoField(primary_key=True)
    draft = models.ForeignKey(Draft, models.CASCADE, related_name="log")
    revision = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, default="ops", choices=[(kind, kind) for kind in KINDS])
    client = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  null = none, unique otherwise
    seq = models.PositiveBigIntegerField(null=True, blank=True)
    ops = models.JSONField(default=list)
    dropped = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["revision"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "revision"], name="draft_revision_once"),
            models.UniqueConstraint(fields=["draft", "client", "seq"], name="draft_batch_once"),
        ]

    def __str__(self):
        return f"revision {self.revision} of {self.draft_id}"


class Snapshot(Record):
    """A draft as it was, to come back to: every 50 revisions, before the first write after 10 minutes without one, and
    before undo changes and restore."""

    REASONS = ("count", "time", "undo", "restore")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    draft = models.ForeignKey(Draft, models.CASCADE, related_name="snapshots")
    revision = models.PositiveIntegerField()
    reason = models.CharField(max_length=20, choices=[(reason, reason) for reason in REASONS])
    document = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return f"snapshot of {self.draft_id} at {self.revision}"


class Scenario(Record):
    """An event to try a flow with, by name; kept beside the flow, not in its document.

    `event` as `POST try/` takes it, never with `secure`: it is stored as it is written.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    flow = models.ForeignKey(Flow, models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=120)
    event = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["flow", "name"], name="scenario_name_once")]

    def __str__(self):
        return self.name


class Preference(models.Model):
    """How one person likes the app: {"theme", "single_keys", ...}."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preference", primary_key=True)
    values = models.JSONField(default=dict)

    def __str__(self):
        return f"preferences of {self.user}"


class AuditEntry(Record):
    """Who did what that others may have to know: published, enabled, changed a connection, a member, a key."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    actor = models.CharField(max_length=200, help_text="the person's name or the API key's, as it was then")
    action = models.CharField(max_length=60, db_index=True, help_text="for example flow.published")
    target = models.CharField(max_length=64, blank=True, default="", help_text="id of what it was done to")
    target_name = models.CharField(max_length=200, blank=True, default="")
    detail = models.JSONField(default=dict)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.actor} {self.action} {self.target_name}"


class SlotCount(models.Model):
    """How the live runs of a day or an hour that is over ended (builder/counting.py).

    `flows`: {flow id: [good, bad, cancelled, last bad]} of those that had ended; `open`: how many runs had not.
    `times`: percentiles of the seconds they took, each of which stands for `weight` runs.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    start = models.DateTimeField()
    end = models.DateTimeField()
    whole_day = models.BooleanField()
    open = models.PositiveIntegerField()
    flows = models.JSONField(default=dict)
    times = models.JSONField(default=list)
    weight = models.FloatField(default=0)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "start", "end"], name="slot_counted_once")]

    def __str__(self):
        return f"{self.workspace_id} from {self.start}"


def _in_a_week():
    return timezone.now() + timedelta(days=INVITATION_DAYS)


class Invitation(Record):
    """Somebody asked to join; the link's token is shown once and kept as a hash."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=[(role, role.capitalize()) for role in ROLES])
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=_in_a_week)
    accepted_at = models.DateTimeField(null=True, blank=True)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"], condition=models.Q(accepted_at=None), name="invited_once"
            )
        ]

    def __str__(self):
        return f"{self.email} to {self.workspace}"

    @property
    def open(self) -> bool:
        return self.accepted_at is None and self.expires_at > timezone.now()

    @classmethod
    def find(cls, token: str) -> "Invitation | None":
        """The open invitation behind a link, or None."""
        found = cls.objects.filter(token_hash=token_hash(token)).select_related("workspace").first()
        return found if found is not None and found.open else None
