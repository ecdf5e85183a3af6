"""Signing in and out, changing one's password."""

from django.contrib import messages
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import views as auth_views
from django.urls import reverse_lazy

from builder.pages.access import member_required
from builder.pages.fields import Styled
from builder.pages.preferring import preferences_of


def tried_as(request, credentials=None):
    """Whose door somebody tries, for counting: e-mail addresses are the same in any case."""
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    return given.strip().lower()[:255]


class SignInForm(Styled, auth_forms.AuthenticationForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.input_type = "email"


class PasswordForm(Styled, auth_forms.PasswordChangeForm):
    pass


class SignIn(auth_views.LoginView):
    """Sessions are renewed on sign-in; django-axes closes the door after too many tries."""

    template_name = "pages/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(auth_views.LogoutView):
    template_name = "pages/signed_out.html"
    next_page = None

    def get_success_url(self):
        """Its own address stands for the page that says so; Django would redirect to nowhere."""
        return self.get_redirect_url() or self.request.get_full_path()


class ChangePassword(auth_views.PasswordChangeView):
    """Other sessions of this person end with the old password."""

    template_name = "pages/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("preferences")

    def form_valid(self, form):
        messages.success(self.request, "Your password is changed. Other browsers were signed out.")
        return super().form_valid(form)

    def get_context_data(self, **kwargs):
        preferences = preferences_of(self.request)
        return super().get_context_data(**kwargs, theme=preferences["theme"], single_keys=preferences["single_keys"])


sign_in = SignIn.as_view()
sign_out = SignOut.as_view()
change_password = member_required()(ChangePassword.as_view())
