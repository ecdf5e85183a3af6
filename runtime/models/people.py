"""Who owns things and who may call: users, workspaces, members, agents, API keys."""

import secrets

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from runtime import vault
from runtime.models.base import Addressed, Record, WorkspaceQuerySet, token_hash

ROLES = ("viewer", "editor", "publisher", "owner")  # each may do what those before it may
SCOPES = (
    "events:write",
    "actions:invoke",
    "conversations:write",
    "flows:read",
    "flows:write",
    "flows:publish",
    "runs:read",
    "runs:write",
    "data:read",
    "data:write",
)


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, email):
        return self.get(email=email.lower())


class User(AbstractUser):
    """A person; signs in by e-mail."""

    username = None
    email = models.EmailField("e-mail", unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()

    @property
    def display_name(self):
        return self.get_full_name() or self.email.split("@")[0]


class Workspace(Record):
    """Who owns things. Single teams have one and never see it."""

    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    constants = models.JSONField(default=dict, blank=True, help_text="{{workspace.<name>}} in every flow")
    retention_days = models.PositiveIntegerField(default=90)
    availability = models.JSONField(
        default=dict, blank=True, help_text="when people take conversations: {mode, days, opens, closes, queues}"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self):
        return self.name


class Membership(models.Model):
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=[(role, role.capitalize()) for role in ROLES])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="member_once")]

    def __str__(self):
        return f"{self.user} ({self.role})"

    def may(self, role: str) -> bool:
        """Whether this member's role is at least `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Agent(Record, Addressed):
    """An AI agent whose conversations we serve; its receivers' addresses carry its token."""

    PLATFORMS = (
        "vapi", "retell", "elevenlabs", "famulor", "synthflow", "strada", "bland", "sigmamind", "goldilocks", "twilio",
        "generic",
    )  # fmt: skip
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="agents")
    slug = models.CharField(max_length=63, validators=[RegexValidator(r"^[a-z0-9][a-z0-9_-]*$")])
    name = models.CharField(max_length=120)
    platform = models.CharField(max_length=20, default="generic", choices=[(p, p) for p in PLATFORMS])
    platform_id = models.CharField(max_length=120, blank=True, default="", help_text="what the platform calls it")
    data_url = models.URLField(
        max_length=500,
        blank=True,
        default="",
        help_text="where a flow's data updates go unless the step says otherwise",
    )
    origins = models.JSONField(
        default=list, blank=True, help_text="sites whose pages may talk in its conversations; empty = none but our own"
    )
    signing_secret_sealed = models.TextField(blank=True, default="", editable=False)
    signature_required = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="agent_slug_once")]

    def __str__(self):
        return self.name

    @property
    def signing_secret(self) -> str:
        if not self.signing_secret_sealed:
            return ""
        return vault.open_sealed(self.signing_secret_sealed, self.workspace_id, self.pk, "signing_secret")

    def set_signing_secret(self, secret: str):
        """Empty removes it; with one, unsigned bodies are refused."""
        self.signing_secret_sealed = vault.seal(secret, self.workspace_id, self.pk, "signing_secret") if secret else ""
        self.signature_required = bool(secret)


class ApiKey(Record):
    """A machine's key: shown once, stored hashed, with scopes and an expiry."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def issue(cls, workspace, name, scopes, *, by=None, expires_at=None) -> tuple["ApiKey", str]:
        """Make a key; the text is returned here and never again."""
        text = "sk_" + secrets.token_urlsafe(32)
        key = cls.objects.create(
            workspace=workspace, name=name, scopes=list(scopes), created_by=by, expires_at=expires_at,
            prefix=text[:9], key_hash=token_hash(text),
        )  # fmt: skip
        return key, text

    @property
    def usable(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())
