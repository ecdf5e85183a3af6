"""Runs, steps, calls."""

from rest_framework import serializers as s

from builder.api.shapes.describing import AnyJson


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
    parked = AnyJson(allow_null=True, help_text="for a parked run: why, step, what to do, for want of which connection")
    history = AnyJson(help_text="{bytes, full}: what its steps' rows hold; full = later ones are without their data")
    pruned_at = s.DateTimeField(allow_null=True, help_text="when what it did was no longer kept")
    references = s.ListField(child=s.DictField())
    vars = AnyJson()
    steps = Step(many=True)


class Steps(s.Serializer):
    results = Step(many=True)
    next = s.URLField(allow_null=True)
    status = s.CharField()
    seq = s.IntegerField()


class RanDocument(s.Serializer):
    document = AnyJson()
    version = s.IntegerField(allow_null=True)


class Retrying(s.Serializer):
    """`from` is the failed step (its recorded visits copied), the start, or the items that failed of a list."""

    version = s.ChoiceField(["same", "published", "draft"], default="same")
    event = AnyJson(required=False, allow_null=True)

    def get_fields(self):
        return {**super().get_fields(), "from": s.ChoiceField(["failed", "start", "items"], default="failed")}


class OtherConnection(s.Serializer):
    connection = s.CharField(help_text="the id of one that the step can use")


class WentOn(s.Serializer):
    runs = s.IntegerField(help_text="how many were parked for the same connection and go on with this one")


class Wait(s.Serializer):
    """What a paused run waits for, and what was said to it."""

    id = s.CharField()
    kind = s.CharField()
    run = s.CharField()
    flow = s.CharField()
    flow_name = s.CharField()
    node = s.CharField()
    what = AnyJson()
    until = s.DateTimeField(allow_null=True)
    opened_at = s.DateTimeField()
    decision = s.CharField(allow_null=True)
    note = s.CharField()
    decided_at = s.DateTimeField(allow_null=True)
    decided_by = s.CharField(allow_null=True)


class Deciding(s.Serializer):
    decision = s.ChoiceField(["approved", "denied", "skipped"])
    note = s.CharField(max_length=500, default="", allow_blank=True)


class Call(s.Serializer):
    """One conversation: what arrived about it, the runs it started, and who was not started and why."""

    id = s.CharField()
    interaction = AnyJson()
    duplicates = s.IntegerField()
    events = s.ListField(child=s.DictField())
    runs = RunSummary(many=True)
    references = s.ListField(child=s.DictField())
    skipped = s.ListField(child=s.DictField())
    tags = s.ListField(child=s.CharField())
    conversation = s.CharField(allow_null=True, help_text="Of /conversations/, where the talk is kept here.")


class NodeTraffic(s.Serializer):
    """Visits, those that failed in the end, the 95th percentile in seconds, and how many runs stand there now."""

    count = s.IntegerField()
    failed = s.IntegerField()
    p95 = s.FloatField(allow_null=True)
    now = s.IntegerField()


class EdgeTraffic(s.Serializer):
    count = s.IntegerField()


class Traffic(s.Serializer):
    """By node and edge id. `runs` were looked at, from `since` on: the newest ones where the window holds more."""

    nodes = s.DictField(child=NodeTraffic())
    edges = s.DictField(child=EdgeTraffic())
    runs = s.IntegerField()
    since = s.DateTimeField()


class ScenarioChange(s.Serializer):
    event = AnyJson()


class NewScenario(ScenarioChange):
    name = s.CharField(max_length=120)


class Scenario(NewScenario):
    id = s.CharField()
