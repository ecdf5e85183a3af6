"""Flows, drafts, versions, trying out, the catalogue."""

from rest_framework import serializers as s

from builder.api.shapes.describing import AnyJson
from runtime.models.flows import KINDS


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


class Author(s.Serializer):
    id = s.CharField()
    name = s.CharField()


class Write(s.Serializer):
    """Who made the next `count` ops of a list."""

    revision = s.IntegerField()
    kind = s.CharField(help_text="ops, put, undo, restore or import")
    count = s.IntegerField()
    by = Author(allow_null=True)


class BatchAnswer(s.Serializer):
    revision = s.IntegerField()
    changed = s.BooleanField()
    changes = s.IntegerField()
    problems = FoundProblem(many=True)
    dropped = s.ListField(child=s.CharField())
    ops = s.ListField(child=s.DictField(), help_text="what others did since base")
    writes = Write(many=True, help_text="who did it")
    batch = s.ListField(
        child=s.DictField(), allow_null=True,
        help_text="what was recorded, where that differs from what was sent: it came before, or lines were dropped",
    )  # fmt: skip
    late = s.IntegerField(help_text="how many of ops, at their end, came after this batch")


class OpsSince(s.Serializer):
    revision = s.IntegerField()
    ops = s.ListField(child=s.DictField(), allow_null=True)
    writes = Write(many=True)
    document = AnyJson(allow_null=True)
    changed = s.BooleanField()
    changes = s.IntegerField()
    problems = FoundProblem(many=True)
    build = s.CharField(help_text="names the code that runs; a page of another build should be loaded again")


class Snapshot(s.Serializer):
    id = s.CharField()
    revision = s.IntegerField()
    reason = s.CharField(help_text="count: 50 writes; time: 10 minutes; undo, restore: before these")
    at = s.DateTimeField()
    by = s.CharField(allow_null=True)
    changes = s.IntegerField(help_text="writes of the draft since")


class Note(s.Serializer):
    note = s.CharField(required=False, allow_blank=True, max_length=500)


class Publishing(Note):
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


class Chat(s.Serializer):
    """`event` has the parts of a conversation's beginning: visitor, contact, variables."""

    event = AnyJson(required=False)
    mode = s.ChoiceField(["live", "dry"], default="dry")


class Chatting(s.Serializer):
    id = s.CharField()
    token = s.CharField()
    run = s.CharField()


class Started(s.Serializer):
    """`runs` where several were started: a list's failed items."""

    run = s.CharField()
    runs = s.ListField(child=s.CharField(), required=False)


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


class HookBody(s.Serializer):
    """`secret` "" removes it. `listening` waits for one test request; it ends by itself after five minutes."""

    secret = s.CharField(required=False, allow_blank=True, min_length=8, max_length=500, trim_whitespace=True,
                         write_only=True)  # fmt: skip
    forget_previous = s.BooleanField(required=False)
    listening = s.BooleanField(required=False)
    forget_sample = s.BooleanField(required=False)


class HookSecret(s.Serializer):
    has_value = s.BooleanField()
    updated_at = s.DateTimeField(allow_null=True)
    previous_until = s.DateTimeField(allow_null=True)


class Hook(s.Serializer):
    """`refused` says why the last test request was not taken; `sample` is {body, headers, query, method}, masked."""

    address = s.URLField()
    secret = HookSecret()
    listening_until = s.DateTimeField(allow_null=True)
    refused = s.CharField()
    sample = s.DictField(allow_null=True)
    sample_at = s.DateTimeField(allow_null=True)


class MomentsBody(s.Serializer):
    config = s.DictField()
    count = s.IntegerField(default=5, min_value=1, max_value=50)


class Moment(s.Serializer):
    """`local` and `zone` are those of the schedule; `note` tells in words what a change of clocks does to it."""

    at = s.DateTimeField()
    local = s.CharField()
    zone = s.CharField()
    note = s.CharField()


class Moments(s.Serializer):
    moments = Moment(many=True)
    problem = s.CharField()


class Template(s.Serializer):
    """A flow of the gallery; `sample` is an event to try it with."""

    id = s.CharField()
    title = s.CharField()
    summary = s.CharField()
    kind = s.CharField()
    document = AnyJson()
    sample = AnyJson(allow_null=True)


class PassedOver(s.Serializer):
    """An event that was for this flow by its type, and did not start it."""

    event = s.CharField()
    type = s.CharField()
    source = s.CharField()
    at = s.DateTimeField()
    interaction = s.CharField(allow_null=True)
    reason = s.CharField()
    conditions = s.ListField(child=s.DictField(), help_text="what was compared, as in a step's `reason`")
