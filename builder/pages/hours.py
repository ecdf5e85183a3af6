"""When people take conversations over: for all of them, and for queues that have hours of their own."""

import re

from django import forms
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from builder.auditing import record
from builder.pages.access import member_required
from builder.pages.fields import Styled
from builder.pages.rendering import page
from runtime.active import forget_workspaces
from runtime.nodes.waiting import DAYS

LAST = ("closes", "24:00")
HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")
MOST_QUEUES = 50
MODES = [("online", "Always"), ("hours", "Within hours"), ("offline", "Not now")]


class HoursForm(Styled, forms.Form):
    """One row: everybody, or a queue. Empty days are every day."""

    mode = forms.ChoiceField(label="There", choices=MODES, initial="online")
    days = forms.MultipleChoiceField(
        label="On", choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple, help_text="None: every day."
    )
    opens = forms.CharField(label="From", required=False, max_length=5, help_text="Such as 09:00.")
    closes = forms.CharField(label="To", required=False, max_length=5, help_text="Such as 17:00, or 24:00.")

    def clean(self):
        data = super().clean()
        for name in ("opens", "closes"):
            value = data.get(name) or ""
            if (value or data.get("mode") == "hours") and not (HOUR.match(value) or (name, value) == LAST):
                self.add_error(name, "Write an hour such as 09:00.")
        return data

    @property
    def rule(self):
        """The row as a workspace keeps it."""
        return {name: self.cleaned_data[name] for name in ("mode", "days", "opens", "closes")
                if self.cleaned_data[name]}  # fmt: skip


class QueueForm(HoursForm):
    name = forms.CharField(
        label="Queue", required=False, max_length=80, help_text="As flows name it when they escalate."
    )
    field_order = ("name", "mode", "days", "opens", "closes")

    def clean(self):
        data = super().clean()
        if self.has_changed() and not (data.get("name") or "").strip():
            self.add_error("name", "Give the queue a name.")
        return data


class Queues(forms.BaseFormSet):
    def clean(self):
        names = [form.cleaned_data.get("name", "").strip() for form in self.kept if form.is_valid()]
        for name in {each for each in names if names.count(each) > 1}:
            raise forms.ValidationError(f"“{name}” is there twice.")

    @property
    def kept(self):
        return [form for form in self.forms if form.has_changed() or form.initial if not self._should_delete_form(form)]


QueueForms = forms.formset_factory(
    QueueForm, formset=Queues, extra=1, can_delete=True, max_num=MOST_QUEUES, validate_max=True,
    absolute_max=MOST_QUEUES + 1,  # a page says how many rows it sends: no more are read, whatever it says
)  # fmt: skip


@require_http_methods(["GET", "POST"])
@member_required()
def hours(request):
    owner, workspace = request.membership.may("owner"), request.workspace
    data = request.POST if request.method == "POST" and owner else None
    known = workspace.availability or {}
    own = [{"name": name, **rule} for name, rule in sorted((known.get("queues") or {}).items())]
    everybody = HoursForm(data, prefix="all", initial={"mode": "online", **known})
    queues = QueueForms(data, prefix="queues", initial=own)
    if data is not None and everybody.is_valid() and queues.is_valid():
        rules = {form.cleaned_data["name"].strip(): form.rule for form in queues.kept}
        _save(request, {**everybody.rule, **({"queues": rules} if rules else {})})
        messages.success(request, "Saved.")
        return redirect("hours")
    if not owner:
        for form in (everybody, *queues):
            for field in form.fields.values():
                field.disabled = True
    return page(request, "pages/hours.html", everybody=everybody, queues=queues, owner=owner, most=MOST_QUEUES)


@transaction.atomic
def _save(request, availability):
    workspace = request.workspace
    workspace.availability = availability
    workspace.save(update_fields=["availability"])
    record(workspace, request.user, "workspace.changed", workspace, fields=["availability"])
    transaction.on_commit(forget_workspaces)
