"""Data tables and their rows."""

from rest_framework import serializers as s

from builder.api.shapes.describing import AnyJson


class TableBody(s.Serializer):
    name = s.CharField(max_length=63)
    columns = s.ListField(child=s.DictField(child=AnyJson()), allow_empty=False)
    key_column = s.CharField(max_length=63, required=False, allow_blank=True, default="")
    description = s.CharField(max_length=300, required=False, allow_blank=True, default="")


class Column(s.Serializer):
    name = s.CharField()
    type = s.ChoiceField(["text", "number", "boolean", "datetime", "json"])
    required = s.BooleanField()


class Table(s.Serializer):
    id = s.CharField()
    name = s.CharField()
    description = s.CharField()
    columns = Column(many=True)
    key_column = s.CharField()
    row_count = s.IntegerField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class RowBody(s.Serializer):
    values = s.DictField(child=AnyJson(allow_null=True))


class Row(s.Serializer):
    id = s.IntegerField()
    values = s.DictField(child=AnyJson(allow_null=True))
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()
