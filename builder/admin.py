"""The audit log in the admin: who did what that others may have to know."""

from django.contrib import admin

from builder.models import AuditEntry
from runtime.admin import ReadOnly


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("at", "actor", "action", "target_name")
    list_filter = ("action", ("at", admin.DateFieldListFilter))
    search_fields = ("actor", "target_name")
