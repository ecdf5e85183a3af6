"""The workspace's own settings: name, time zone, how long runs are kept, constants every flow can read."""

import re
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from builder.auditing import record
from builder.models import Draft
from builder.pages.access import member_required
from builder.pages.fields import Styled
from builder.pages.rendering import page
from runtime.models import Workspace

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


class WorkspaceForm(Styled, forms.ModelForm):
    time_zone = forms.ChoiceField(
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
        help_text="For schedules, the dashboard and the date filter. Pages show times in each reader's own zone.",
    )
    retention_days = forms.IntegerField(
        label="Keep runs for, in days", min_value=1, max_value=3650, help_text="Older runs and events are deleted."
    )
    constants = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "mono"}),
        help_text="One a line, name = value. Flows read them as {{workspace.name}}. Not for secrets: use a connection.",
    )

    class Meta:
        model = Workspace
        fields = ["name", "time_zone", "retention_days", "constants"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        values = self.instance.constants
        self.initial["constants"] = "\n".join(f"{name} = {value}" for name, value in sorted(values.items()))

    def clean_constants(self):
        constants = {}
        for line in filter(None, map(str.strip, self.cleaned_data["constants"].splitlines())):
            name, equals, value = line.partition("=")
            if not equals or not NAME.match(name.strip()):
                raise forms.ValidationError(f"“{line[:60]}”: write name = value; a name has letters, digits and _.")
            constants[name.strip()] = value.strip()
        return constants


@require_http_methods(["GET", "POST"])
@member_required()
def workspace(request):
    owner = request.membership.may("owner")
    form = WorkspaceForm(request.POST if request.method == "POST" and owner else None, instance=request.workspace)
    if request.method == "POST" and form.is_valid():
        form.save()
        record(request.workspace, request.user, "workspace.changed", request.workspace, fields=form.changed_data)
        messages.success(request, "Saved.")
        return redirect("workspace")
    if not owner:
        for field in form.fields.values():
            field.disabled = True
    return page(request, "pages/workspace.html", form=form, owner=owner, used=_used(request.workspace))


def _used(workspace):
    """Where each constant is read: [(name, value, [flow, ...])]."""
    drafts = Draft.objects.for_workspace(workspace).filter(flow__deleted_at=None).select_related("flow")
    texts = [(draft.flow, str(draft.document)) for draft in drafts]
    rows = []
    for name, value in sorted(workspace.constants.items()):
        wanted = re.compile(rf"\bworkspace\.{re.escape(name)}\b")
        rows.append((name, value, [flow for flow, text in texts if wanted.search(text)]))
    return rows
