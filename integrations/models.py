"""Connections: named credentials of a workspace, encrypted, bound to hosts."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from integrations.connection_types import TYPES, ConnectionType
from integrations.data import models as data_models  # noqa: F401  tables and files are models of this app too
from integrations.grants import Held
from integrations.hosts import check_host
from runtime import vault
from runtime.models import Workspace
from runtime.models.base import Record, WorkspaceQuerySet


class Connection(Record):
    """How to authenticate to somebody else's API.

    `config` holds the type's public values, `sealed` its secrets, each encrypted for this row and field
    ({name: sealed text}); `set_at` says when each secret was last written. `allowed_hosts` is where they may go.
    `last_used_at` is when a run took it up, `worked_at` when a peer last took its credentials; both written seldom.
    `off_at` is when it was switched off and `off_because` why; nothing is sent with it until a person switches it on.
    `failing_since`: an endpoint has taken nothing since then. `owners_told_at`: that it is off was mailed to them.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="connections")
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=40)
    config = models.JSONField(default=dict, blank=True)
    sealed = models.JSONField(default=dict, blank=True, editable=False)
    set_at = models.JSONField(default=dict, blank=True, editable=False)
    allowed_hosts = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    worked_at = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    off_at = models.DateTimeField(null=True, blank=True, editable=False)
    off_because = models.TextField(default="", blank=True, editable=False)
    owners_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="connection_name_once")]

    def __str__(self):
        return self.name

    @property
    def kind(self) -> ConnectionType:
        """What is known of its type; a type whose package was taken away has no fields."""
        return TYPES.get(self.type) or ConnectionType(self.type, self.type, "This type is not installed here.", ())

    def secrets(self) -> dict[str, str]:
        """The secrets in the clear, for the outgoing edge only."""
        return {name: vault.open_sealed(sealed, self.workspace_id, self.pk, name)
                for name, sealed in self.sealed.items()}  # fmt: skip

    def set_secrets(self, given: Mapping[str, str | None]) -> None:
        """Encrypt new secrets; names not given stay, null takes one away."""
        for name, value in given.items():
            if name not in self.kind.secret_names:
                raise ValidationError({name: f"{self.kind.label} has no secret {name!r}."})
            self.sealed.pop(name, None)
            self.set_at.pop(name, None)
            if value:
                self.sealed[name] = vault.seal(value, self.workspace_id, self.pk, name)
                self.set_at[name] = timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")

    def shown_secrets(self) -> dict[str, dict]:
        """{name: {"has_value", "updated_at"}}: all that is ever told of a secret."""
        return {name: {"has_value": name in self.sealed, "updated_at": self.set_at.get(name)}
                for name in self.kind.secret_names}  # fmt: skip

    def clean(self):
        """Raise ValidationError naming each wrong field."""
        if self.type not in TYPES:
            raise ValidationError({"type": f"There is no type {self.type!r}: choose {', '.join(TYPES)}."})
        values = {**self.config, **self.secrets()}
        problems = dict(self.kind.check(values))
        if not problems or self.kind.asks_for_hosts:
            problems |= self._bind(values)
        if problems:
            raise ValidationError(problems)

    def _bind(self, values: Mapping[str, str]) -> dict[str, str]:
        """Fill in the hosts that follow from the values; what is wrong with those that a person listed."""
        if not isinstance(self.allowed_hosts, list):
            return {"allowed_hosts": "Allowed hosts must be a list."}
        listed = self.allowed_hosts if self.kind.asks_for_hosts else []
        self.allowed_hosts = list(dict.fromkeys([*listed, *self.kind.hosts(values)]))
        if wrong := next(filter(None, map(check_host, self.allowed_hosts)), None):
            return {"allowed_hosts": wrong}
        if not self.allowed_hosts and self.kind.asks_for_hosts and self.type != "none":
            text = "Name the hosts these credentials may be sent to, such as api.example.com."
            return {"allowed_hosts": text}
        return {}


class Token(Record):
    """The access token of a connection (OAuth 2): one row, renewed by one winner at a time.

    Whoever sets `renewing_until` by compare-and-swap on `version` may ask for the next token, and writes it with
    `version` + 1. `sealed` holds the access and the refresh token, `trouble` why the last renewal did not work.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    connection = models.OneToOneField(Connection, models.CASCADE, related_name="token")
    version = models.PositiveIntegerField(default=0)
    sealed = models.JSONField(default=dict, editable=False)
    expires_at = models.DateTimeField(null=True)
    renew_at = models.DateTimeField(null=True)
    renewing_by = models.CharField(max_length=64, default="")
    renewing_until = models.DateTimeField(null=True)
    trouble = models.TextField(default="")
    trouble_at = models.DateTimeField(null=True)
    objects = WorkspaceQuerySet.as_manager()

    def held(self) -> Held:
        """The token in the clear, for the outgoing edge only. Raises vault.CannotOpen."""
        opened = {name: vault.open_sealed(text, self.workspace_id, self.pk, name) for name, text in self.sealed.items()}
        return Held(
            self.version, opened.get("access", ""), opened.get("refresh", ""), self.expires_at, self.renew_at,
            self.trouble,
        )  # fmt: skip

    def seal(self, held: Held) -> dict:
        """The columns of a token that was just got."""
        secrets = {"access": held.access, "refresh": held.refresh}
        return {
            "version": held.version, "expires_at": held.expires_at, "renew_at": held.renew_at, "trouble": "",
            "trouble_at": None, "renewing_by": "", "renewing_until": None,
            "sealed": {name: vault.seal(text, self.workspace_id, self.pk, name)
                       for name, text in secrets.items() if text},
        }  # fmt: skip
