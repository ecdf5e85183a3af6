"""The Django admin: executions as a read-only timeline with filters, search and two actions; flows, agents, keys.

No secrets, no way to create queue rows (whoever can write those can run code), nothing to edit that a verb owns.
"""

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.utils.html import format_html
from django_q.models import Failure, OrmQ, Schedule, Success

from runtime.history import matching
from runtime.models import (
    Agent,
    ApiKey,
    Event,
    Flow,
    FlowVersion,
    Membership,
    Run,
    StepRun,
    Trigger,
    User,
    WorkerBeat,
    Workspace,
)
from runtime.operating import CannotOperate, cancel, retry

admin.site.site_url = None  # every page of it has a way to the app already
for queue_model in (Failure, OrmQ, Schedule, Success, Group):
    if admin.site.is_registered(queue_model):
        admin.site.unregister(queue_model)


class ReadOnly(admin.ModelAdmin):
    """Looked at, never edited here."""

    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Run)
class RunAdmin(ReadOnly):
    """Executions."""

    list_display = ("started", "flow", "status_text", "mode", "contact", "number", "seconds_text", "outcome")
    list_filter = ("status", "mode", "kind", ("created_at", admin.DateFieldListFilter), "flow")
    search_fields = ("id",)
    search_help_text = "A conversation id, a phone number, a reference (ticket, order), or a run id"
    list_select_related = ("flow", "event", "version")
    list_per_page = 50
    actions = ("retry_runs", "cancel_runs")
    change_form_template = "admin/runtime/run/change_form.html"

    def get_search_results(self, request, queryset, search_term):
        """Indexed look-ups instead of scans: the terms are ids, numbers and references."""
        term = search_term.strip()
        if not term:
            return queryset, False
        workspaces = Workspace.objects.all()
        return queryset.filter(*[_any(matching(workspace, term) for workspace in workspaces)]), False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        run = self.get_object(request, object_id)
        context = {"timeline": run.steps.all() if run else [], "run": run, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description="started", ordering="id")
    def started(self, run):
        return run.started_at or run.created_at

    @admin.display(description="version", ordering="version__number")
    def number(self, run):
        return run.version.number or "draft"

    @admin.display(description="status", ordering="status")
    def status_text(self, run):
        return format_html('<span class="status status-{}">{}</span>', run.status, run.get_status_display())

    @admin.display(description="contact")
    def contact(self, run):
        return (run.event.contact_number or run.event.interaction_id) if run.event else "–"

    @admin.display(description="seconds")
    def seconds_text(self, run):
        return f"{run.seconds:.2f}" if run.seconds is not None else "–"

    @admin.action(description="Retry from the failed step")
    def retry_runs(self, request, queryset):
        if not request.user.has_perm("runtime.change_run"):
            self.message_user(request, "You may look at executions, not retry them.", messages.ERROR)
            return
        for run in queryset[:100]:
            try:
                again = retry(run, "failed" if run.status in ("failed", "parked", "timed_out") else "start")
            except CannotOperate as error:
                self.message_user(request, f"{run.pk}: {error}", messages.WARNING)
            else:
                self.message_user(request, f"{run.pk} runs again as {again.pk}.", messages.SUCCESS)

    @admin.action(description="Cancel")
    def cancel_runs(self, request, queryset):
        if not request.user.has_perm("runtime.change_run"):
            self.message_user(request, "You may look at executions, not cancel them.", messages.ERROR)
            return
        done = sum(cancel(run, request.user.display_name) for run in queryset[:100])
        self.message_user(request, f"{done} cancelled.", messages.SUCCESS)


@admin.register(StepRun)
class StepRunAdmin(ReadOnly):
    list_display = ("run", "index", "attempt", "label", "type", "status", "started_at", "seconds")
    list_filter = ("status", "type", ("started_at", admin.DateFieldListFilter))
    search_fields = ("run__id", "node")
    list_per_page = 50


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("received_at", "type", "source", "agent", "contact_number", "interaction_id", "duplicates")
    list_filter = ("type", "source", ("received_at", admin.DateFieldListFilter))
    search_fields = ("=interaction_id", "=contact_number", "=key")
    exclude = ("secure_sealed",)


@admin.register(Flow)
class FlowAdmin(ReadOnly):
    list_display = ("name", "kind", "enabled", "published", "updated_at", "deleted_at")
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    exclude = ("token_sealed", "token_hash")


@admin.register(FlowVersion)
class FlowVersionAdmin(ReadOnly):
    list_display = ("flow", "number", "at", "by", "note")
    list_filter = (("at", admin.DateFieldListFilter),)


@admin.register(Trigger)
class TriggerAdmin(ReadOnly):
    list_display = ("flow", "type", "name", "agents")


@admin.register(Agent)
class AgentAdmin(ReadOnly):
    list_display = ("name", "slug", "platform", "signature_required")
    exclude = ("token_sealed", "token_hash", "signing_secret_sealed")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    list_display = ("name", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    exclude = ("key_hash",)


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnly):
    list_display = ("name", "time_zone", "retention_days", "created_at")


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "workspace", "role")


@admin.register(WorkerBeat)
class WorkerBeatAdmin(ReadOnly):
    list_display = ("host", "pid", "started_at", "beat_at", "task_at")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Name", {"fields": ("first_name", "last_name")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)
    filter_horizontal = ("user_permissions",)


def _any(conditions):
    combined = None
    for condition in conditions:
        combined = condition if combined is None else combined | condition
    return combined
