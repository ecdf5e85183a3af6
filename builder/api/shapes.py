"""The shapes of answers and bodies, as CONTRACT has them: read by the OpenAPI document, bodies also checked by them."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers as s

from runtime.models import ROLES, SCOPES
from runtime.models.flows import KINDS


class AnyJson(s.JSONField):
    """Any JSON value."""


ANYTHING = {"application/json": OpenApiTypes.ANY}


class Problem(s.Serializer):
    """RFC 9457. Some problems carry more members, named with their call."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    detail = s.CharField()
    errors = s.ListField(child=s.DictField(child=s.CharField()))


def described(answer: Any = None, body: Any = None, *, status: int = 200, query: dict[str, str] | None = None,
              headers: dict[str, str] | None = None, id: str | None = None, **more: Any) -> Any:  # fmt: skip
    """Declare a method for the OpenAPI document: answer, body, {query parameter: what it is for}, headers."""
    parameters = [OpenApiParameter(name, str, description=text) for name, text in (query or {}).items()]
    parameters += [
        OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text) for name, text in (headers or {}).items()
    ]
    responses = {status: answer, ("4XX", "application/problem+json"): Problem}
    return extend_schema(request=body, responses=responses, parameters=parameters, operation_id=id, **more)


def listing(child: type[s.Serializer]) -> s.Serializer:
    """A page of a list."""
    return inline_serializer(
        f"{child.__name__}List", {"results": child(many=True), "next": s.URLField(allow_null=True)}
    )


KEY_HEADER = {"Idempotency-Key": "The same key and body again give the first answer."}
PAGE_QUERY = {"limit": "1 to 200, 50 by default", "cursor": "from `next`"}


# --- Flows


class DraftState(s.Serializer):
    revision = s.IntegerField()
    changed = s.BooleanField()
    changes = s.IntegerField()
    problems = s.IntegerField()
    errors = s.IntegerField()


class Version(s.Serializer):
    number = s.IntegerField()
    at = s.DateTimeField()
    by = s.CharField(allow_null=True)
    note = s.CharField()


class VersionWithDocument(Version):
    document = AnyJson()


class Day(s.Serializer):
    day = s.DateField()
    runs = s.IntegerField()
    failed = s.IntegerField()


class Stats(s.Serializer):
    """Live runs of the last 7 days."""

    runs = s.IntegerField()
    succeeded = s.IntegerField()
    failed = s.IntegerField()
    success_rate = s.FloatField(allow_null=True)
    last_run_at = s.DateTimeField(allow_null=True)
    last_status = s.CharField(allow_null=True)
    days = Day(many=True)


class Flow(s.Serializer):
    id = s.CharField()
    name = s.CharField()
    description = s.CharField()
    kind = s.ChoiceField(KINDS)
    agents = s.ListField(child=s.CharField())
    enabled = s.BooleanField()
    draft = DraftState()
    published = Version(allow_null=True)
    stats = Stats()
    edited_at = s.DateTimeField()
    edited_by = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    deleted_at = s.DateTimeField(allow_null=True)
    hook = s.URLField(allow_null=True)


class NewFlow(s.Serializer):
    name = s.CharField(max_length=120)
    description = s.CharField(max_length=500, required=False, allow_blank=True)
    kind = s.ChoiceField(KINDS)
    agents = s.ListField(child=s.SlugField(max_length=63), required=False, max_length=100)
    template = s.CharField(required=False, allow_blank=True, max_length=80)
    document = AnyJson(required=False)


class FlowPatch(s.Serializer):
    name = s.CharField(max_length=120, required=False)
    description = s.CharField(max_length=500, required=False, allow_blank=True)
    enabled = s.BooleanField(required=False)


class FoundProblem(s.Serializer):
    code = s.CharField()
    severity = s.ChoiceField(["error", "warning"])
    message = s.CharField()
    node = s.CharField(allow_null=True)
    field = s.CharField(allow_null=True)
    fix = AnyJson(allow_null=True)


class Problems(s.Serializer):
    problems = FoundProblem(many=True)


class Draft(s.Serializer):
    document = AnyJson()
    revision = s.IntegerField()
    changed = s.BooleanField()
    changes = s.IntegerField()
    problems = FoundProblem(many=True)
    edited_at = s.DateTimeField()
    edited_by = s.CharField(allow_null=True)


class Batch(s.Serializer):
    """A batch of ops made on revision `base`; (client, seq) makes sending it twice harmless."""

    base = s.IntegerField(min_value=0)
    client = s.CharField(max_length=64)
    seq = s.IntegerField(min_value=0, max_value=2**53)
    ops = AnyJson()


class BatchAnswer(s.Serializer):
    revision = s.IntegerField()
    changed = s.BooleanField()
    changes = s.IntegerField()
    problems = FoundProblem(many=True)
    dropped = s.ListField(child=s.CharField())
    ops = s.ListField(child=s.DictField(), help_text="what others did since base")


class OpsSince(s.Serializer):
    revision = s.IntegerField()
    ops = s.ListField(child=s.DictField(), allow_null=True)
    document = AnyJson(allow_null=True)


class Snapshot(s.Serializer):
    id = s.CharField()
    revision = s.IntegerField()
    reason = s.CharField()
    at = s.DateTimeField()
    by = s.CharField(allow_null=True)


class Publishing(s.Serializer):
    note = s.CharField(required=False, allow_blank=True, max_length=500)
    revision = s.IntegerField(required=False, min_value=1)


class Unpublishing(s.Serializer):
    waiting = s.ChoiceField(["keep", "cancel"], default="keep")


class Unpublished(s.Serializer):
    cancelled = s.IntegerField()


class Change(s.Serializer):
    kind = s.CharField()
    node = s.CharField(allow_null=True)
    field = s.CharField(allow_null=True)
    before = AnyJson(allow_null=True)
    after = AnyJson(allow_null=True)
    text = s.CharField()


class Changes(s.Serializer):
    changes = Change(many=True)


class Trying(s.Serializer):
    event = AnyJson(required=False)
    mode = s.ChoiceField(["live", "dry"], default="dry")
    until = s.CharField(required=False, allow_null=True, max_length=64)


class Started(s.Serializer):
    run = s.CharField()


class Sending(s.Serializer):
    node = AnyJson()
    variables = AnyJson(required=False)


class Sent(s.Serializer):
    data = AnyJson(allow_null=True)
    meta = AnyJson()
    variables = AnyJson()
    error = AnyJson(allow_null=True)
    warnings = AnyJson()


class Export(s.Serializer):
    segue = s.CharField()
    schema = s.IntegerField()
    flows = s.ListField(child=s.DictField())
    connections = s.ListField(child=s.DictField())


class Import(s.Serializer):
    export = AnyJson()
    connections = s.DictField(child=s.CharField(allow_null=True), required=False)


class Imported(s.Serializer):
    flows = Flow(many=True)


class Variable(s.Serializer):
    path = s.CharField()
    type = s.CharField()
    label = s.CharField()
    source = s.CharField()
    sample = AnyJson(allow_null=True)
    certain = s.BooleanField()
    node = s.CharField(required=False)


class NodeType(s.Serializer):
    """SETTLED section 2."""

    type = s.CharField()
    version = s.IntegerField()
    label = s.CharField()
    app = AnyJson()
    group = AnyJson()
    icon = s.CharField()
    help = s.CharField()
    keywords = s.ListField(child=s.CharField())
    trigger = s.BooleanField()
    kinds = s.ListField(child=s.CharField())
    effect = s.CharField()
    waits = s.BooleanField()
    can_disable = s.BooleanField()
    summary = AnyJson()
    fields = s.ListField(child=s.DictField())
    ports = s.ListField(child=s.DictField())
    outputs = s.ListField(child=s.DictField())
    example = AnyJson()


class ToolList(s.Serializer):
    tools = s.ListField(child=s.DictField())


# --- Runs


class Step(s.Serializer):
    index = s.IntegerField()
    attempt = s.IntegerField()
    seq = s.IntegerField()
    node = s.CharField()
    type = s.CharField()
    label = s.CharField()
    status = s.CharField()
    port = s.CharField(allow_null=True)
    input = AnyJson(allow_null=True)
    output = AnyJson(allow_null=True)
    error = AnyJson(allow_null=True)
    warnings = AnyJson()
    reason = AnyJson(allow_null=True)
    started_at = s.DateTimeField()
    seconds = s.FloatField()


class RunSummary(s.Serializer):
    id = s.CharField()
    flow = s.CharField()
    flow_name = s.CharField()
    version = s.IntegerField(allow_null=True)
    mode = s.CharField()
    kind = s.CharField()
    status = s.CharField()
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)
    seconds = s.FloatField(allow_null=True)
    outcome = s.CharField()
    error = AnyJson(allow_null=True)
    response = AnyJson(allow_null=True)
    origin = s.CharField(allow_null=True)
    seq = s.IntegerField()
    interaction = AnyJson()


class Run(RunSummary):
    event = AnyJson(allow_null=True)
    path = s.ListField(child=s.CharField())
    wait = AnyJson(allow_null=True)
    references = s.ListField(child=s.DictField())
    vars = AnyJson()
    steps = Step(many=True)


class Steps(s.Serializer):
    results = Step(many=True)
    status = s.CharField()
    seq = s.IntegerField()


class RanDocument(s.Serializer):
    document = AnyJson()
    version = s.IntegerField(allow_null=True)


class Retrying(s.Serializer):
    """`from` is the failed step (its recorded visits copied) or the start."""

    version = s.ChoiceField(["same", "published", "draft"], default="same")
    event = AnyJson(required=False, allow_null=True)

    def get_fields(self):
        return {**super().get_fields(), "from": s.ChoiceField(["failed", "start"], default="failed")}


class Call(s.Serializer):
    """One conversation: what arrived about it, the runs it started, and who was not started and why."""

    id = s.CharField()
    interaction = AnyJson()
    duplicates = s.IntegerField()
    events = s.ListField(child=s.DictField())
    runs = RunSummary(many=True)
    references = s.ListField(child=s.DictField())
    skipped = s.ListField(child=s.DictField())


# --- Agents, connections


class AgentBody(s.Serializer):
    slug = s.RegexField(r"^[a-z0-9][a-z0-9_-]*$", max_length=63, required=False)
    name = s.CharField(max_length=120)
    platform = s.ChoiceField(["vapi", "retell", "elevenlabs", "famulor", "generic"], default="generic")
    signing_secret = s.CharField(required=False, allow_blank=True, max_length=500, write_only=True)
    signature_required = s.BooleanField(required=False)


class Agent(s.Serializer):
    id = s.CharField()
    slug = s.CharField()
    name = s.CharField()
    platform = s.CharField()
    receivers = s.DictField(child=s.URLField())
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


class ConnectionTest(s.Serializer):
    url = s.CharField(required=False, max_length=2000)


class ConnectionTested(s.Serializer):
    ok = s.BooleanField()
    message = s.CharField()


class ConnectionType(s.Serializer):
    type = s.CharField()
    label = s.CharField()
    help = s.CharField()
    fields = s.ListField(child=s.DictField())


# --- Workspace, people, keys


class Workspace(s.Serializer):
    id = s.CharField()
    name = s.CharField()
    time_zone = s.CharField()
    constants = AnyJson()
    retention_days = s.IntegerField()
    role = s.CharField(allow_null=True)
    members = s.IntegerField()


class WorkspacePatch(s.Serializer):
    name = s.CharField(max_length=120, required=False)
    time_zone = s.CharField(max_length=64, required=False)
    constants = s.DictField(required=False)
    retention_days = s.IntegerField(min_value=1, max_value=3650, required=False)


class Me(s.Serializer):
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
