"""Connections in the admin: which there are and when they were used; never what is in them."""

from django.contrib import admin

from integrations.models import Connection
from runtime.admin import ReadOnly


@admin.register(Connection)
class ConnectionAdmin(ReadOnly):
    list_display = ("name", "type", "allowed_hosts", "updated_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("name",)
    fields = ("workspace", "name", "type", "allowed_hosts", "created_at", "updated_at", "last_used_at")
