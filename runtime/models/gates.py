"""Gates: what stands before a connection, or a host without one. Theory of operation in runtime/gates.py."""

from django.db import models
from django.utils import timezone

from runtime.models.base import WorkspaceQuerySet
from runtime.models.people import Workspace
from runtime.models.runs import Run


class Gate(models.Model):
    """The limits and the circuit breaker of one connection (`key` "connection:<id>") or host ("host:<host>:<port>").

    `at_once` and `rate` per `per` seconds are what people chose, null = no limit. `free_at` is when the next request
    may go by the rate. `held_until`: the peer asked for a pause. The breaker is open while `opened_at` is set; from
    `probe_at` on one request may try, until `probing_until` nobody else.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    key = models.CharField(max_length=300)
    name = models.CharField(max_length=255)
    at_once = models.PositiveIntegerField(null=True, blank=True)
    rate = models.PositiveIntegerField(null=True, blank=True)
    per = models.PositiveIntegerField(default=1, choices=[(1, "second"), (60, "minute")])
    opens_after = models.PositiveIntegerField(default=10, help_text="failures in a row; 0 = never")
    free_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="in a row")
    last_error = models.CharField(max_length=500, blank=True, default="")
    opened_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)
    probing_until = models.DateTimeField(null=True, blank=True)
    cool_down = models.FloatField(default=0, help_text="seconds, the last one; grows with each probe that fails")
    queued = models.BooleanField(default=False, help_text="somebody may be waiting for a turn")
    changed_at = models.DateTimeField(default=timezone.now)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="gate_once")]
        indexes = [models.Index(fields=["id"], name="gate_queued", condition=models.Q(queued=True))]

    def __str__(self):
        return self.name

    @property
    def limited(self) -> bool:
        return self.at_once is not None or self.rate is not None

    @property
    def state(self) -> str:
        """closed (all is well), held (the peer asked for a pause), open, or probing."""
        now = timezone.now()
        if self.opened_at is not None:
            return "probing" if self.probing_until is not None and self.probing_until > now else "open"
        return "held" if self.held_until is not None and self.held_until > now else "closed"


class Turn(models.Model):
    """A place among the requests that are under way at once: given to a run from `from_at`, until it is given back.

    `until` ends the turn of a process that died with it.
    """

    id = models.BigAutoField(primary_key=True)
    gate = models.ForeignKey(Gate, models.CASCADE, related_name="turns")
    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    from_at = models.DateTimeField()
    until = models.DateTimeField()
    taken = models.BooleanField(default=False, help_text="the request is under way; not only allowed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gate", "run"], name="turn_once")]

    def __str__(self):
        return f"{self.run_id} at {self.gate_id}"
