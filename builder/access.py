"""Who may call the builder's API: people by session and CSRF, machines by API key; rights declared per method.

A view names its `rights`: {"GET": VIEW, ...}. A method without a right cannot be called. `request.workspace` is the one
workspace a caller works in; look-ups start at `for_workspace(request.workspace)`, so foreign ids are not found.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from builder.pages.access import membership_of
from runtime.models import ApiKey
from runtime.models.base import token_hash

NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Right:
    """The least role of a person and the scope of a key; without a scope no machine may."""

    role: str
    scope: str | None = None


VIEW = Right("viewer", "flows:read")
EDIT = Right("editor", "flows:write")
PUBLISH = Right("publisher", "flows:publish")
VIEW_RUNS = Right("viewer", "runs:read")
OPERATE_RUNS = Right("editor", "runs:write")
READ_DATA = Right("viewer", "data:read")
CHANGE_DATA = Right("editor", "data:write")
OWN = Right("owner")
SELF = Right("viewer")
MEMBERS_ONLY = Right("viewer")


class Machine:
    """The `request.user` of an API key: signed in, but nobody."""

    is_authenticated, is_active, is_anonymous, pk = True, True, False, None

    def __init__(self, key: ApiKey):
        self.key = key

    def __str__(self):
        return self.key.name


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <key>`; the key is looked up by its hash."""

    def authenticate(self, request: Request):
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        key = ApiKey.objects.select_related("workspace").filter(key_hash=token_hash(token.strip())).first()
        if key is None or not key.usable:
            raise exceptions.AuthenticationFailed("This API key is unknown, expired or revoked.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > NOTE_USE_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return Machine(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BrowserAuthentication(authentication.SessionAuthentication):
    """The session cookie; writes need the CSRF token."""


class MayCall(permissions.BasePermission):
    """The caller's role or scope allows the method; sets `request.workspace` and `request.membership`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        right = getattr(view, "rights", {}).get("GET" if request.method == "HEAD" else request.method)
        if not request.user.is_authenticated:
            return False
        if right is None:
            return request.method not in view.allowed_methods  # then 405 is said, not 403
        key = request.auth
        return self._machine(request, key, right) if isinstance(key, ApiKey) else self._person(request, right)

    def _machine(self, request: Request, key: ApiKey, right: Right) -> bool:
        request.workspace, request.membership = key.workspace, None
        if right.scope is None:
            raise exceptions.PermissionDenied("This is for people who are signed in, not for API keys.")
        if right.scope not in key.scopes:
            raise exceptions.PermissionDenied(f"This API key lacks the scope {right.scope}.")
        return True

    def _person(self, request: Request, right: Right) -> bool:
        membership = membership_of(request)
        if membership is None:
            raise exceptions.PermissionDenied("You are not a member of any workspace here.")
        if not membership.may(right.role):
            raise exceptions.PermissionDenied(f"This needs the role {right.role}; yours is {membership.role}.")
        request.workspace, request.membership = membership.workspace, membership
        return True


def actor_of(request: Request) -> Any:
    """Who acts, for the log: the User or the ApiKey."""
    return request.auth if isinstance(request.auth, ApiKey) else request.user


def user_of(request: Request) -> Any:
    """The person, or None for a machine."""
    return None if isinstance(request.auth, ApiKey) else request.user


def may(request: Request, right: Right) -> bool:
    """Whether the caller of this request has a further right."""
    if isinstance(request.auth, ApiKey):
        return right.scope in request.auth.scopes
    return bool(request.membership.may(right.role))
