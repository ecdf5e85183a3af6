"""How a person likes the app; kept on the server, so that it follows them to other machines."""

from builder.models import Preference

DEFAULTS = {"theme": "system", "single_keys": True, "first_steps": True, "form_left": True}
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}


def preferences_of(request) -> dict:
    """This request's person's preferences, every one of them; read once per request."""
    if not hasattr(request, "_preferences"):
        stored = None
        if request.user.is_authenticated:
            stored = Preference.objects.filter(user=request.user).values_list("values", flat=True).first()
        request._preferences = {**DEFAULTS, **(stored or {})}
    return request._preferences


def prefer(user, **values):
    """Keep some preferences; the others stay."""
    preference, _ = Preference.objects.get_or_create(user=user)
    preference.values = {**preference.values, **values}
    preference.save()
