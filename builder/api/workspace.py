"""/workspace/, /members/, /invitations/, /api-keys/, /audit/, /me/, /preferences/: the people and what is theirs."""

from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from builder import inviting, issuing
from builder.access import MEMBERS_ONLY, OWN, SELF, VIEW, Right, actor_of
from builder.api import shapes
from builder.api.base import ApiView, or_404
from builder.api.shapes import PAGE_QUERY, described, listing
from builder.auditing import record
from builder.models import AuditEntry, Invitation, Preference
from builder.problems import Refused
from runtime.active import iso
from runtime.engine.fields import VARIABLE_NAME
from runtime.models import ApiKey, Membership

READ_AUDIT = Right("publisher")
LARGEST_PREFERENCES = 16_384


class WorkspaceDetail(ApiView):
    rights = {"GET": VIEW, "PATCH": OWN}

    @described(shapes.Workspace)
    def get(self, request: Request) -> Response:
        return Response(_workspace(request))

    @described(shapes.Workspace, shapes.WorkspacePatch)
    @transaction.atomic
    def patch(self, request: Request) -> Response:
        given = self.read(shapes.WorkspacePatch, partial=True)
        if given.get("time_zone", "UTC") not in available_timezones():
            raise Refused(422, "invalid", f"There is no time zone {given['time_zone']!r}.")
        wrong = [name for name in given.get("constants", {}) if not VARIABLE_NAME.match(name)]
        if wrong:
            raise Refused(422, "invalid", f"{wrong[0]!r} is no name for a constant: letters, digits and _.")
        workspace = request.workspace
        for name, value in given.items():
            setattr(workspace, name, value)
        workspace.save(update_fields=list(given))
        record(workspace, actor_of(request), "workspace.changed", workspace, fields=sorted(given))
        return Response(_workspace(request))


def _workspace(request: Request) -> dict[str, Any]:
    workspace = request.workspace
    return {
        "id": str(workspace.pk), "name": workspace.name, "time_zone": workspace.time_zone,
        "constants": workspace.constants, "availability": {"mode": "online", **workspace.availability},
        "retention_days": workspace.retention_days,
        "role": request.membership.role if request.membership else None, "members": workspace.memberships.count(),
    }  # fmt: skip


class Me(ApiView):
    rights = {"GET": SELF}

    @described(shapes.Me)
    def get(self, request: Request) -> Response:
        user, workspace = request.user, request.workspace
        return Response({
            "id": str(user.pk), "email": user.email, "name": user.display_name, "role": request.membership.role,
            "workspace": str(workspace.pk), "time_zone": workspace.time_zone, "preferences": _preferences(user),
        })  # fmt: skip


class Preferences(ApiView):
    rights = {"GET": SELF, "PATCH": SELF}

    @described(OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response(_preferences(request.user))

    @described(OpenApiTypes.OBJECT, shapes.ANYTHING)
    @transaction.atomic
    def patch(self, request: Request) -> Response:
        """Members given are kept, null takes one away, the others stay."""
        if not isinstance(request.data, dict):
            raise Refused(422, "invalid", "Preferences are an object.")
        values = {**_preferences(request.user), **request.data}
        values = {name: value for name, value in values.items() if value is not None}
        if len(str(values)) > LARGEST_PREFERENCES:
            raise Refused(422, "invalid", "These are too many preferences.")
        Preference.objects.update_or_create(user=request.user, defaults={"values": values})
        return Response(values)


def _preferences(user: Any) -> dict[str, Any]:
    return Preference.objects.filter(user=user).values_list("values", flat=True).first() or {}


class MemberList(ApiView):
    rights = {"GET": MEMBERS_ONLY}

    @described(listing(shapes.Member), query=PAGE_QUERY, id="members_list")
    def get(self, request: Request) -> Response:
        rows = Membership.objects.for_workspace(request.workspace).select_related("user")
        return self.page(rows, ("id",), lambda found: [_member(row) for row in found])


class MemberDetail(ApiView):
    rights = {"PATCH": OWN, "DELETE": OWN}

    def member(self) -> Membership:
        rows = Membership.objects.for_workspace(self.request.workspace).select_related("user")
        return or_404(rows, pk=self.kwargs["member_id"])

    @described(shapes.Member, shapes.RoleBody)
    def patch(self, request: Request, member_id: Any) -> Response:
        given, member = self.read(shapes.RoleBody), self.member()
        inviting.change_role(member, given["role"], request.user)
        return Response(_member(member))

    @described(None, status=204)
    def delete(self, request: Request, member_id: Any) -> Response:
        inviting.remove(self.member(), request.user)
        return Response(status=204)


def _member(row: Membership) -> dict[str, Any]:
    return {"id": str(row.pk), "email": row.user.email, "name": row.user.display_name, "role": row.role,
            "since": iso(row.created_at)}  # fmt: skip


class InvitationList(ApiView):
    rights = {"GET": OWN, "POST": OWN}

    @described(listing(shapes.Invitation), query=PAGE_QUERY, id="invitations_list")
    def get(self, request: Request) -> Response:
        rows = Invitation.objects.for_workspace(request.workspace).filter(accepted_at=None)
        return self.page(rows, ("-id",), lambda found: [_invitation(row) for row in found])

    @described(shapes.NewInvitation, shapes.InvitationBody, status=201)
    def post(self, request: Request) -> Response:
        given = self.read(shapes.InvitationBody)
        invitation, token = inviting.invite(request.workspace, given["email"], given["role"], request.user)
        return Response({**_invitation(invitation), "url": f"{settings.PUBLIC_URL}/join/{token}/"}, 201)


class InvitationDetail(ApiView):
    rights = {"DELETE": OWN}

    @described(None, status=204)
    def delete(self, request: Request, invitation_id: Any) -> Response:
        rows = Invitation.objects.for_workspace(request.workspace).filter(accepted_at=None)
        inviting.withdraw(or_404(rows, pk=invitation_id), request.user)
        return Response(status=204)


def _invitation(row: Invitation) -> dict[str, Any]:
    return {"id": str(row.pk), "email": row.email, "role": row.role, "created_at": iso(row.created_at),
            "expires_at": iso(row.expires_at)}  # fmt: skip


class ApiKeyList(ApiView):
    rights = {"GET": OWN, "POST": OWN}

    @described(listing(shapes.ApiKey), query=PAGE_QUERY, id="api_keys_list")
    def get(self, request: Request) -> Response:
        rows = ApiKey.objects.for_workspace(request.workspace).select_related("created_by")
        return self.page(rows, ("-id",), lambda found: [_key(row) for row in found])

    @described(shapes.NewApiKey, shapes.ApiKeyBody, status=201)
    def post(self, request: Request) -> Response:
        """The key is in this answer and nowhere else, so the answer is not kept for repetitions."""
        given = self.read(shapes.ApiKeyBody)
        key, text = issuing.issue(
            request.workspace, given["name"], given["scopes"], request.user, given.get("expires_in_days")
        )
        return Response({**_key(key), "key": text}, 201)


class ApiKeyDetail(ApiView):
    rights = {"DELETE": OWN}

    @described(None, status=204)
    def delete(self, request: Request, key_id: Any) -> Response:
        issuing.revoke(or_404(ApiKey.objects.for_workspace(request.workspace), pk=key_id), request.user)
        return Response(status=204)


def _key(row: ApiKey) -> dict[str, Any]:
    def moment(value: Any) -> str | None:
        return iso(value) if value else None

    return {
        "id": str(row.pk), "name": row.name, "prefix": row.prefix, "scopes": row.scopes,
        "created_at": iso(row.created_at), "created_by": row.created_by.display_name if row.created_by else None,
        "expires_at": moment(row.expires_at), "last_used_at": moment(row.last_used_at),
        "revoked_at": moment(row.revoked_at),
    }  # fmt: skip


class Audit(ApiView):
    rights = {"GET": READ_AUDIT}

    @described(listing(shapes.AuditEntry), query={"action": "one action", "target": "an id", **PAGE_QUERY}, id="audit")
    def get(self, request: Request) -> Response:
        rows = AuditEntry.objects.for_workspace(request.workspace)
        wanted = {name: request.query_params[name] for name in ("action", "target") if request.query_params.get(name)}
        return self.page(rows.filter(**wanted), ("-id",), lambda found: [_entry(row) for row in found])


def _entry(row: AuditEntry) -> dict[str, Any]:
    return {"id": str(row.pk), "at": iso(row.at), "actor": row.actor, "action": row.action, "target": row.target,
            "target_name": row.target_name, "detail": row.detail}  # fmt: skip
