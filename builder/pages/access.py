"""Who may open a page: people who are signed in and members of the workspace, with at least the role a page needs."""

from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied

from runtime.models import Membership

MAY = {
    "viewer": "look at flows and runs",
    "editor": "change flows, connections and agents",
    "publisher": "publish and switch flows on and off",
    "owner": "manage members, keys and the workspace",
}


def member_required(role="viewer"):
    """Decorate a view: `request.membership` and `request.workspace` are set, or the person signs in, or gets a 403."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            membership = membership_of(request)
            if membership is None:
                raise PermissionDenied("You are not a member of any workspace here. Ask an owner to invite you.")
            if not membership.may(role):
                raise PermissionDenied(
                    f"To {MAY[role]} you need the role {role}; yours is {membership.role}. Ask an owner to change it."
                )
            request.membership, request.workspace = membership, membership.workspace
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def membership_of(request):
    """The membership this session works in: the one chosen last, else the oldest. None for strangers."""
    memberships = Membership.objects.filter(user=request.user).select_related("workspace").order_by("created_at", "id")
    chosen = request.session.get("workspace")
    found = [m for m in memberships if str(m.workspace_id) == chosen] if chosen else []
    return (found or list(memberships[:1]) or [None])[0]
