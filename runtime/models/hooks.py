"""What belongs to a flow's own address and to no document: signing secrets, and the sample of a real request."""

from datetime import datetime, timedelta

from django.db import models

from runtime import present, vault
from runtime.models.base import Record, WorkspaceQuerySet
from runtime.models.flows import Flow
from runtime.models.people import Workspace

ROTATION = timedelta(days=1)  # how long the secret before stays good


class Hook(Record):
    """A webhook trigger's secrets and sample. `listening` is the trigger's config that a test request is judged by."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    flow = models.OneToOneField(Flow, models.CASCADE, related_name="own_hook")
    secret_sealed = models.TextField(blank=True, default="", editable=False)
    secret_at = models.DateTimeField(null=True, blank=True)
    previous_sealed = models.TextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True)
    listening = models.JSONField(null=True, blank=True)
    listening_until = models.DateTimeField(null=True, blank=True)
    sample = models.JSONField(null=True, blank=True, help_text="{body, headers, query, method}, masked")
    sample_at = models.DateTimeField(null=True, blank=True)
    refused = models.CharField(max_length=300, blank=True, default="", help_text="why the last test request was not")
    objects = WorkspaceQuerySet.as_manager()

    def __str__(self):
        return f"hook of {self.flow}"

    def set_secret(self, secret: str):
        """The one before stays good for a day, so that the sender can follow; empty removes both."""
        now = present.now()
        before = self._open("secret")
        keep = bool(secret and before and before != secret)
        if keep or not secret:
            self.previous_sealed = self._seal("previous", before) if keep else ""
            self.previous_until = now + ROTATION if keep else None
        self.secret_sealed = self._seal("secret", secret) if secret else ""
        self.secret_at = now if secret else None

    def forget_previous(self):
        self.previous_sealed, self.previous_until = "", None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Those that sign now: the secret, and while it rotates the one before."""
        rotating = self.previous_until is not None and self.previous_until > now
        found = (self._open("secret"), self._open("previous") if rotating else "")
        return tuple(secret for secret in found if secret)

    def listens(self, now: datetime) -> bool:
        """Whether somebody at the editor waits for a test request."""
        return self.listening_until is not None and self.listening_until > now

    def _seal(self, name: str, text: str) -> str:
        return vault.seal(text, self.workspace_id, self.pk, name)

    def _open(self, name: str) -> str:
        sealed = getattr(self, f"{name}_sealed")
        return vault.open_sealed(sealed, self.workspace_id, self.pk, name) if sealed else ""
