"""API keys: made here, shown once, revoked here."""

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from builder import issuing
from builder.pages.access import member_required
from builder.pages.fields import Form
from builder.pages.rendering import page
from runtime.models import SCOPES, ApiKey

SCOPE_WORDS = {
    "events:write": "send events",
    "actions:invoke": "call actions and inbound flows",
    "conversations:write": "hold conversations",
    "flows:read": "read flows and drafts",
    "flows:write": "change drafts",
    "flows:publish": "publish and switch flows",
    "runs:read": "read runs and calls",
    "runs:write": "cancel and retry runs",
    "data:read": "read data tables",
    "data:write": "change data tables",
}
DAYS = (("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))


class KeyForm(Form):
    name = forms.CharField(label="Name", max_length=120, help_text="Who uses it, for example “Telephony platform”.")
    scopes = forms.MultipleChoiceField(
        label="May", choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )  # fmt: skip
    days = forms.TypedChoiceField(label="Ends", choices=DAYS, coerce=int, empty_value=None, required=False)


@require_http_methods(["GET", "POST"])
@never_cache
@member_required("owner")
def api_key_list(request):
    form, issued = KeyForm(request.POST or None, initial={"scopes": ["events:write"]}), None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        key, text = issuing.issue(request.workspace, data["name"], data["scopes"], request.user, data["days"])
        issued, form = {"key": key, "text": text}, KeyForm(initial={"scopes": ["events:write"]})
    keys = ApiKey.objects.for_workspace(request.workspace).select_related("created_by")
    context = {"form": form, "issued": issued, "keys": keys, "scope_words": SCOPE_WORDS, "scopes": SCOPE_WORDS.items()}
    return page(request, "pages/api_keys.html", **context)


@require_POST
@member_required("owner")
def revoke_api_key(request, key_id):
    key = get_object_or_404(ApiKey.objects.for_workspace(request.workspace), pk=key_id)
    issuing.revoke(key, request.user)
    messages.success(request, f"{key.name} is revoked; calls with it are refused from now on.")
    return redirect("api-key-list")
