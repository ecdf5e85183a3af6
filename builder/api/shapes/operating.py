"""Operations on many runs, and the gates before peers."""

from rest_framework import serializers as s

from builder import gating
from builder.api.shapes.describing import AnyJson
from runtime.models import Operation as _Row


class NewOperation(s.Serializer):
    """`runs` (ids) or `filter` (the query of GET /runs/ as an object); the rest is for retry, but the pace."""

    action = s.ChoiceField(_Row.ACTIONS)
    runs = s.ListField(child=s.CharField(max_length=40), required=False, allow_null=True, max_length=1000)
    filter = AnyJson(required=False, allow_null=True)
    per_second = s.FloatField(min_value=0.1, max_value=100, default=10.0)
    version = s.ChoiceField(["same", "published", "draft"], default="same")
    event = AnyJson(required=False, allow_null=True)

    def get_fields(self):
        return {**super().get_fields(), "from": s.ChoiceField(["failed", "start"], default="failed")}


class Operation(s.Serializer):
    id = s.CharField()
    action = s.CharField()
    status = s.CharField()
    total = s.IntegerField()
    done = s.IntegerField()
    refused = s.IntegerField()
    left = s.IntegerField()
    per_second = s.FloatField()
    by = s.CharField()
    version = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)

    def get_fields(self):
        return {**super().get_fields(), "from": s.CharField(allow_null=True)}


class Refusal(s.Serializer):
    run = s.CharField()
    reason = s.CharField()


class OperationWithItems(Operation):
    refusals = Refusal(many=True)


class GateBody(s.Serializer):
    """null is no limit; a rate is so many a second (`per` 1) or a minute (60); `opens_after` failures, 0 = never."""

    at_once = s.IntegerField(min_value=1, max_value=gating.MOST_AT_ONCE, allow_null=True, required=False)
    rate = s.IntegerField(min_value=1, max_value=gating.HIGHEST_RATE, allow_null=True, required=False)
    per = s.ChoiceField([1, 60], required=False)
    opens_after = s.IntegerField(min_value=0, max_value=gating.MOST_FAILURES, required=False)


class Gate(s.Serializer):
    """`state`: closed (all is well), held (the peer asked for a pause), open, probing."""

    at_once = s.IntegerField(allow_null=True)
    rate = s.IntegerField(allow_null=True)
    per = s.IntegerField()
    opens_after = s.IntegerField()
    state = s.CharField()
    failures = s.IntegerField()
    last_error = s.CharField()
    waiting = s.IntegerField()
    held_until = s.DateTimeField(allow_null=True)
    opened_at = s.DateTimeField(allow_null=True)
    probe_at = s.DateTimeField(allow_null=True)
