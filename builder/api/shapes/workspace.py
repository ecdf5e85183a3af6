"""Agents, connections, the workspace, its people and keys."""

from rest_framework import serializers as s

from builder.api.shapes.describing import AnyJson
from runtime.engine.chat import DAYS
from runtime.models import ROLES, SCOPES
from runtime.models import Agent as AgentRow
from runtime.origins import MOST as MOST_ORIGINS


class AgentBody(s.Serializer):
    slug = s.RegexField(r"^[a-z0-9][a-z0-9_-]*$", max_length=63, required=False)
    name = s.CharField(max_length=120)
    platform = s.ChoiceField(AgentRow.PLATFORMS, default="generic")
    platform_id = s.CharField(required=False, allow_blank=True, max_length=120)
    data_url = s.URLField(required=False, allow_blank=True, max_length=500)
    origins = s.ListField(
        child=s.CharField(max_length=300), required=False, max_length=MOST_ORIGINS,
        help_text="Sites whose pages may talk in its conversations: https://shop.example.com.",
    )  # fmt: skip
    signing_secret = s.CharField(required=False, allow_blank=True, max_length=500, write_only=True)
    signature_required = s.BooleanField(required=False)


class Agent(s.Serializer):
    id = s.CharField()
    slug = s.CharField()
    name = s.CharField()
    platform = s.CharField()
    platform_id = s.CharField()
    receivers = s.DictField(child=s.URLField())
    data_url = s.CharField(allow_blank=True)
    origins = s.ListField(child=s.CharField())
    has_signing_secret = s.BooleanField()
    signature_required = s.BooleanField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class ConnectionBody(s.Serializer):
    name = s.CharField(max_length=120)
    type = s.CharField(max_length=40)
    config = s.DictField(child=s.CharField(allow_blank=True), required=False)
    secrets = s.DictField(child=s.CharField(allow_null=True, allow_blank=True), required=False, write_only=True)
    allowed_hosts = s.ListField(child=s.CharField(max_length=255), required=False, max_length=50)


class Connection(s.Serializer):
    """Secrets are write-only: told is only whether they have a value and since when."""

    id = s.CharField()
    name = s.CharField()
    type = s.CharField()
    config = AnyJson()
    secrets = AnyJson()
    allowed_hosts = s.ListField(child=s.CharField())
    used_by = s.IntegerField()
    uses = s.ListField(child=s.DictField())
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()
    last_used_at = s.DateTimeField(allow_null=True)
    worked_at = s.DateTimeField(allow_null=True, help_text="When a peer last took its credentials.")
    expires_at = s.DateTimeField(allow_null=True, help_text="When the credentials themselves end (certificates).")
    standing = AnyJson(help_text='{"tone": "ok" | "warn" | "bad", "words"}, null where nothing is known.')
    off = AnyJson(help_text='{"since", "because"} while it is switched off: steps that use it fail. Else null.')


class ConnectionTest(s.Serializer):
    url = s.CharField(required=False, max_length=2000)


class ConnectionTested(s.Serializer):
    ok = s.BooleanField()
    message = s.CharField()


class ConnectionType(s.Serializer):
    type = s.CharField()
    label = s.CharField()
    help = s.CharField()
    icon = s.CharField()
    asks_for_hosts = s.BooleanField(help_text="Whether a person lists the hosts; else they follow from the fields.")
    needs_sign_in = s.BooleanField(help_text="Whether a person has to sign in on its page before it can be used.")
    fields = s.ListField(child=s.DictField())


class Hours(s.Serializer):
    """When people take conversations over: online, offline, or by the hours of the workspace's time zone."""

    mode = s.ChoiceField(["online", "offline", "hours"], default="online")
    days = s.ListField(child=s.ChoiceField(DAYS), required=False)
    opens = s.RegexField(r"^([01]\d|2[0-3]):[0-5]\d$", required=False)
    closes = s.RegexField(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", required=False)


class Availability(Hours):
    queues = s.DictField(child=Hours(), required=False)


class Workspace(s.Serializer):
    id = s.CharField()
    name = s.CharField()
    time_zone = s.CharField()
    availability = Availability()
    constants = AnyJson()
    retention_days = s.IntegerField()
    role = s.CharField(allow_null=True)
    members = s.IntegerField()


class WorkspacePatch(s.Serializer):
    name = s.CharField(max_length=120, required=False)
    time_zone = s.CharField(max_length=64, required=False)
    constants = s.DictField(required=False)
    availability = Availability(required=False)
    retention_days = s.IntegerField(min_value=1, max_value=3650, required=False)


class Me(s.Serializer):
    id = s.CharField()
    email = s.EmailField()
    name = s.CharField()
    role = s.ChoiceField(ROLES)
    workspace = s.CharField()
    time_zone = s.CharField()
    preferences = AnyJson()


class Member(s.Serializer):
    id = s.CharField()
    email = s.EmailField()
    name = s.CharField()
    role = s.ChoiceField(ROLES)
    since = s.DateTimeField()


class RoleBody(s.Serializer):
    role = s.ChoiceField(ROLES)


class InvitationBody(s.Serializer):
    email = s.EmailField()
    role = s.ChoiceField(ROLES)


class Invitation(InvitationBody):
    id = s.CharField()
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField()


class NewInvitation(Invitation):
    url = s.URLField(help_text="shown once")


class ApiKeyBody(s.Serializer):
    name = s.CharField(max_length=120)
    scopes = s.ListField(child=s.ChoiceField(SCOPES), min_length=1)
    expires_in_days = s.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True)


class ApiKey(s.Serializer):
    id = s.CharField()
    name = s.CharField()
    prefix = s.CharField()
    scopes = s.ListField(child=s.CharField())
    created_at = s.DateTimeField()
    created_by = s.CharField(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True)
    last_used_at = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)


class NewApiKey(ApiKey):
    key = s.CharField(help_text="shown once")


class AuditEntry(s.Serializer):
    id = s.CharField()
    at = s.DateTimeField()
    actor = s.CharField()
    action = s.CharField()
    target = s.CharField()
    target_name = s.CharField()
    detail = AnyJson()


class Preferences(s.Serializer):
    values = AnyJson()
