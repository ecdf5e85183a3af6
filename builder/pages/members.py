"""Members of the workspace and invitations to it; joining by an invitation's link."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from builder import inviting
from builder.models import Invitation
from builder.pages.access import member_required
from builder.pages.fields import Form
from builder.pages.rendering import page
from runtime.models import ROLES, Membership, User

ROLE_WORDS = {
    "viewer": "sees flows and runs",
    "editor": "and changes drafts, tests, retries runs, manages connections and agents",
    "publisher": "and publishes, switches flows on and off, reads the audit log",
    "owner": "and manages members, API keys and the workspace",
}
BACKEND = "django.contrib.auth.backends.ModelBackend"


class InviteForm(Form):
    email = forms.EmailField(label="E-mail")
    role = forms.ChoiceField(label="Role", choices=[(role, role.capitalize()) for role in ROLES], initial="editor")


class JoinForm(Form):
    """What a new person fills in; who has an account already signs in instead."""

    first_name = forms.CharField(label="First name", max_length=150, required=False)
    last_name = forms.CharField(label="Last name", max_length=150, required=False)
    password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )  # fmt: skip

    def clean_password(self):
        password_validation.validate_password(self.cleaned_data["password"])
        return self.cleaned_data["password"]


@require_http_methods(["GET", "POST"])
@never_cache
@member_required()
def member_list(request):
    """Everybody sees who is a member; owners invite, and see the new link once."""
    owner = request.membership.may("owner")
    form, link = InviteForm(request.POST or None), None
    if request.method == "POST" and not owner:
        raise PermissionDenied("Only owners invite.")
    if request.method == "POST" and form.is_valid():
        try:
            invitation, token = inviting.invite(
                request.workspace, form.cleaned_data["email"], form.cleaned_data["role"], request.user
            )
        except inviting.CannotChange as error:
            form.add_error("email", str(error))
        else:
            link = {"invitation": invitation, "url": settings.PUBLIC_URL + reverse("join", args=[token])}
            form = InviteForm()
    members = Membership.objects.for_workspace(request.workspace).select_related("user")
    return page(
        request,
        "pages/members.html",
        members=sorted(members, key=lambda m: (-ROLES.index(m.role), m.user.display_name.lower())),
        invitations=[row for row in Invitation.objects.for_workspace(request.workspace) if row.open] if owner else [],
        form=form,
        link=link,
        owner=owner,
        roles=[(role, role.capitalize()) for role in ROLES],
        role_words=ROLE_WORDS,
    )  # fmt: skip


@require_POST
@member_required("owner")
def change_role(request, member_id):
    membership = _member_or_404(request, member_id)
    role = request.POST.get("role")
    if role not in ROLES:
        raise Http404
    _try(
        request,
        lambda: inviting.change_role(membership, role, request.user),
        f"{membership.user.display_name} is {role} now.",
    )
    return redirect("member-list")


@require_POST
@member_required("owner")
def remove_member(request, member_id):
    membership = _member_or_404(request, member_id)
    name = membership.user.display_name
    _try(request, lambda: inviting.remove(membership, request.user), f"{name} is no longer a member.")
    return redirect("member-list")


@require_POST
@member_required("owner")
def withdraw(request, invitation_id):
    invitation = get_object_or_404(Invitation.objects.for_workspace(request.workspace), pk=invitation_id)
    inviting.withdraw(invitation, request.user)
    messages.success(request, f"The invitation of {invitation.email} is withdrawn; its link is dead.")
    return redirect("member-list")


@require_http_methods(["GET", "POST"])
@never_cache
def join(request, token):
    """An invitation's link: make an account, or sign in with the one that is there."""
    invitation = Invitation.find(token)
    if invitation is None:
        return render(request, "pages/join_closed.html", status=404)
    known = User.objects.filter(email=invitation.email).first()
    if known:
        return _join_known(request, invitation, known)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = inviting.join(invitation, data["password"], data["first_name"], data["last_name"])
        except inviting.CannotChange:  # the same link was used in another window just now
            return render(request, "pages/join_closed.html", status=404)
        login(request, user, backend=BACKEND)
        return redirect("flow-list")
    return render(request, "pages/join.html", {"invitation": invitation, "form": form})


def _join_known(request, invitation, known):
    if request.user == known and request.method == "POST":
        try:
            inviting.accept(invitation, known)
        except inviting.CannotChange:
            return render(request, "pages/join_closed.html", status=404)
        request.session["workspace"] = str(invitation.workspace_id)
        return redirect("flow-list")
    context = {"invitation": invitation, "known": True, "signed_in": request.user == known}
    return render(request, "pages/join.html", context)


def _try(request, change, done):
    try:
        change()
    except inviting.CannotChange as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)


def _member_or_404(request, member_id):
    members = Membership.objects.for_workspace(request.workspace).select_related("user", "workspace")
    return get_object_or_404(members, pk=member_id)
