"""Runs and what they leave behind. The run table is the truth; everything else only speeds it up."""

from django.db import models
from django.utils import timezone

from runtime.models.base import Record, WorkspaceQuerySet
from runtime.models.events import Event
from runtime.models.flows import KINDS, Flow, FlowVersion
from runtime.models.people import User, Workspace


class Status(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    TIMED_OUT = "timed_out", "Timed out"
    PARKED = "parked", "Parked"


OPEN = (Status.QUEUED, Status.RUNNING, Status.WAITING, Status.PARKED)
FINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT)


class Run(Record):
    """One execution of one version.

    `due_at` is the moment somebody has to look at this run: at once while queued, the wake-up time while waiting, the
    end of the lease while running, null when there is nothing to do. Claiming = moving it ahead and raising `fence`;
    every later write names the fence, so a worker that lost its lease writes nothing.
    """

    # Every index costs each run a write: db_index=False where one that is there begins with the same column.
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    flow = models.ForeignKey(Flow, models.CASCADE, related_name="runs", db_index=False)
    version = models.ForeignKey(FlowVersion, models.PROTECT, related_name="runs")
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="runs")
    origin = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="retries", db_index=False)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children", db_index=False)
    parent_index = models.PositiveIntegerField(null=True, blank=True, help_text="the visit of its parent")
    parent_item = models.PositiveIntegerField(null=True, blank=True, help_text="the item of that visit's list")
    kind = models.CharField(max_length=12, choices=[(kind, kind) for kind in KINDS])
    mode = models.CharField(max_length=4, default="live", choices=[("live", "Live"), ("test", "Test"), ("dry", "Dry")])
    status = models.CharField(max_length=10, default=Status.QUEUED, choices=Status.choices)
    state = models.JSONField(default=dict, help_text="runtime.engine.state.RunState")
    options = models.JSONField(default=dict, help_text="{until, deadline, call_key, replay, ...}")
    call_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null = none, unique otherwise
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    claimed_by = models.CharField(max_length=80, blank=True, default="")
    fence = models.PositiveIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0, help_text="claims since the last recorded step")
    seq = models.PositiveIntegerField(default=0, help_text="step rows written so far")
    changes = models.PositiveIntegerField(default=0, help_text="raised by every write, so that watchers see it")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    response = models.JSONField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True, help_text="what a waiting caller was answered, whole")
    outcome = models.CharField(max_length=200, blank=True, default="")
    error = models.JSONField(null=True, blank=True, help_text="{message, code, node}")
    history_bytes = models.PositiveIntegerField(default=0, db_default=0, help_text="what its steps' rows hold")
    pruned_at = models.DateTimeField(null=True, blank=True, help_text="when what it did went; its key stays")
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = "execution"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["flow", "call_key"], name="run_call_once")]
        indexes = [
            models.Index(fields=["due_at"], name="run_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["workspace", "id"], name="run_list"),
            models.Index(fields=["flow", "id"], name="run_of_flow"),
            models.Index(fields=["workspace", "status", "id"], name="run_by_status"),
            models.Index(fields=["parent", "parent_index"], name="run_of_parent",
                         condition=models.Q(parent__isnull=False)),
            models.Index(fields=["origin", "id"], name="run_retries", condition=models.Q(origin__isnull=False)),
            models.Index(fields=["workspace", "id"], name="run_tried_out", condition=~models.Q(mode="live")),
        ]  # fmt: skip

    def __str__(self):
        return f"run {self.id}"

    @property
    def seconds(self) -> float | None:
        """From start to end (or to now while open)."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()


class StepRun(models.Model):
    """One try of one visit to one node: what went in, what came out, and why the run went on as it did."""

    STATUSES = ("running", "succeeded", "failed", "waiting", "skipped", "unknown")
    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, models.CASCADE, related_name="steps", db_index=False)
    index = models.PositiveIntegerField(help_text="the n-th node visit of the run, from 0")
    attempt = models.PositiveSmallIntegerField(default=1)
    seq = models.PositiveIntegerField(help_text="gapless per run")
    node = models.CharField(max_length=64)
    type = models.CharField(max_length=60)
    label = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=10, choices=[(status, status) for status in STATUSES])
    port = models.CharField(max_length=64, blank=True, default="")
    input = models.JSONField(null=True, blank=True)
    output = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True, help_text="{message, code, detail}")
    warnings = models.JSONField(default=list)
    reason = models.JSONField(null=True, blank=True, help_text="SETTLED section 3")
    started_at = models.DateTimeField()
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "index", "attempt"], name="step_once"),
            models.UniqueConstraint(fields=["run", "seq"], name="step_seq_once"),
        ]

    def __str__(self):
        return f"step {self.index} of {self.run_id}"


class Wait(models.Model):
    """What a paused run waits for; closed when it goes on.

    `kind` is time | event | approval | children | turn | reply. An event's `key` is what must be the same
    ("contact:+4930..."), a turn's is its gate's; `what` is what the node asked to wait for. `event` and `decision` are
    what came; the first that comes stands. Of a reply, `note` is its message.
    """

    KINDS = ("time", "event", "approval", "children", "turn", "reply")
    DECISIONS = ("approved", "denied", "skipped", "replied")
    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, models.CASCADE, related_name="waits", db_index=False)
    index = models.PositiveIntegerField()
    node = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, default="time", choices=[(kind, kind) for kind in KINDS])
    key = models.CharField(max_length=300, blank=True, default="")
    what = models.JSONField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="+")
    decision = models.CharField(max_length=10, blank=True, default="", choices=[(each, each) for each in DECISIONS])
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True, default="")
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "index"], name="wait_once")]
        indexes = [
            models.Index(fields=["workspace", "key"], name="wait_by_key",
                         condition=models.Q(closed_at=None) & ~models.Q(key="")),
            models.Index(fields=["workspace", "kind", "until"], name="wait_open", condition=models.Q(closed_at=None)),
        ]  # fmt: skip

    def __str__(self):
        return f"wait of {self.run_id} until {self.until}"


class Reference(models.Model):
    """A number in somebody else's system (ticket, contact, message), kept so that runs are found by it."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, models.CASCADE, related_name="references")
    label = models.CharField(max_length=80)
    value = models.CharField(max_length=255)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "value"], name="reference_by_value")]

    def __str__(self):
        return f"{self.label} {self.value}"


class WorkerBeat(models.Model):
    """A sign of life of one worker host, for the watchdog and the health page."""

    host = models.CharField(max_length=120, primary_key=True)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    task_at = models.DateTimeField(null=True, blank=True, help_text="when a task last started")

    def __str__(self):
        return self.host


class Tally(models.Model):
    """How many steps of a type ended in one way, and took at most so long, since there is this database.

    `outcome` is "succeeded", "skipped" or why they failed, as the error's code says it. Whole runs and timers are
    counted beside them, under types of their own. runtime/tallies.py counts.
    """

    id = models.BigAutoField(primary_key=True)
    type = models.CharField(max_length=60)
    outcome = models.CharField(max_length=60)
    bucket = models.PositiveSmallIntegerField(help_text="index into runtime.tallies.BUCKETS")
    count = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0, help_text="that they took together")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["type", "outcome", "bucket"], name="tally_once")]

    def __str__(self):
        return f"{self.type} {self.outcome}: {self.count}"
