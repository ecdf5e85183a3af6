"""The preferences page: theme, single keys, name; and what else a person sets for themselves."""

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from builder.pages.access import member_required
from builder.pages.fields import Form
from builder.pages.preferring import THEMES, prefer, preferences_of
from builder.pages.rendering import page


class PreferencesForm(Form):
    first_name = forms.CharField(label="First name", max_length=150, required=False)
    last_name = forms.CharField(label="Last name", max_length=150, required=False)
    theme = forms.ChoiceField(choices=list(THEMES.items()), widget=forms.RadioSelect)
    single_keys = forms.BooleanField(required=False)
    form_left = forms.BooleanField(required=False)


@require_http_methods(["GET", "POST"])
@member_required()
def preferences(request):
    user, kept = request.user, preferences_of(request)
    names = {"first_name": user.first_name, "last_name": user.last_name}
    form = PreferencesForm(request.POST or None, initial={**names, **kept})
    if request.method == "POST" and form.is_valid():
        user.first_name, user.last_name = form.cleaned_data["first_name"], form.cleaned_data["last_name"]
        user.save(update_fields=["first_name", "last_name"])
        prefer(user, **{name: form.cleaned_data[name] for name in ("theme", "single_keys", "form_left")})
        messages.success(request, "Preferences saved.")
        return redirect("preferences")
    return page(request, "pages/preferences.html", form=form, kept=kept)


@require_POST
@member_required()
def hide_first_steps(request):
    prefer(request.user, first_steps=False)
    return redirect("flow-list")
