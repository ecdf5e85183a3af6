"""Conversations that flows drive: who talks, what was said, what is remembered of a contact."""

from django.db import models
from django.utils import timezone

from runtime.models.base import Record, WorkspaceQuerySet
from runtime.models.people import Workspace
from runtime.models.runs import Run

STATUSES = ("open", "waiting", "with_ai", "with_human", "ended")


class Contact(Record):
    """Somebody we talk with, and what flows remember of them: tags, and attributes of any name.

    Found again by the id, e-mail or number that the caller of the API vouches for; what a visitor claims is remembered
    of this contact, and never makes them another.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=200, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    email = models.CharField(max_length=320, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    known_email = models.CharField(max_length=320, blank=True, default="", help_text="as the API's caller gave it")
    known_phone = models.CharField(max_length=40, blank=True, default="", help_text="as the API's caller gave it")
    attributes = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", name], name=f"contact_by_{short}", condition=~models.Q(**{name: ""}))
            for name, short in (("external_id", "id"), ("known_email", "email"), ("known_phone", "phone"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "external_id"], name="contact_id_once", condition=~models.Q(external_id="")
            )
        ]

    def __str__(self):
        return self.name or self.email or self.phone or f"contact {self.pk}"


class Conversation(Record):
    """One talk with a contact. `run` drives it; with none, or after a hand-over, what the visitor says is kept.

    A call that a platform reported has a row here once a flow tags it: `interaction_id` is then the platform's name for
    it; a chat's is its own id. `expects` is what the visitor is asked for; `handoff` is {queue, reason, at}.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="conversations")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+")
    interaction_id = models.CharField(max_length=255)
    agent = models.CharField(max_length=63, blank=True, default="")
    channel = models.CharField(max_length=20, default="chat")
    mode = models.CharField(max_length=4, default="live", choices=[("live", "Live"), ("test", "Test"), ("dry", "Dry")])
    status = models.CharField(max_length=10, default="open", choices=[(each, each) for each in STATUSES])
    token_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    visitor = models.JSONField(default=dict)
    variables = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    expects = models.JSONField(null=True, blank=True)
    handoff = models.JSONField(null=True, blank=True)
    said = models.PositiveIntegerField(default=0, help_text="messages so far")
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    last_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=60, blank=True, default="")
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "interaction_id"], name="conversation_once")]

    def __str__(self):
        return f"conversation {self.interaction_id}"


class Message(Record):
    """One message. `client_id` is the visitor's own name for it, so that a repetition is known; `answer` is what it was
    answered, whole. `body` holds buttons, quick_replies, image, form, or a visitor's choice and filled-in form.
    """

    ROLES = ("user", "agent", "human", "system")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField(help_text="gapless per conversation, from 1")
    role = models.CharField(max_length=6, choices=[(role, role) for role in ROLES])
    client_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  null = none, unique otherwise
    text = models.TextField(blank=True, default="")
    body = models.JSONField(default=dict)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    answer = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_once"),
            models.UniqueConstraint(fields=["conversation", "client_id"], name="message_client_once"),
        ]

    def __str__(self):
        return f"{self.role}: {self.text[:40]}"
