"""Members: inviting, accepting, changing roles, leaving. A workspace always keeps an owner."""

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from builder.auditing import record
from builder.models import Invitation
from runtime.models import Membership, User, Workspace
from runtime.models.base import token_hash


class CannotChange(Exception):
    """The words say why."""


@transaction.atomic
def invite(workspace: Workspace, email: str, role: str, by: User) -> tuple[Invitation, str]:
    """An invitation and its token, which is told here and never again. A second one replaces the first."""
    email = email.strip().lower()
    if Membership.objects.for_workspace(workspace).filter(user__email=email).exists():
        raise CannotChange(f"{email} is a member already.")
    Invitation.objects.for_workspace(workspace).filter(email=email, accepted_at=None).delete()
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=workspace, email=email, role=role, invited_by=by, token_hash=token_hash(token)
    )
    record(workspace, by, "member.invited", invitation, role=role)
    return invitation, token


def withdraw(invitation: Invitation, by: User) -> None:
    record(invitation.workspace, by, "member.invitation_withdrawn", invitation)
    invitation.delete()


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Membership:
    """Make the invited person a member; an invitation serves once."""
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=timezone.now())
    if not taken:
        raise CannotChange("This invitation was used already.")
    membership, _ = Membership.objects.get_or_create(
        workspace=invitation.workspace, user=user, defaults={"role": invitation.role}
    )
    record(invitation.workspace, user, "member.joined", user, role=membership.role)
    return membership


@transaction.atomic
def join(invitation: Invitation, password: str, first_name: str, last_name: str) -> User:
    """A new person by an invitation: an account and a membership, or neither."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, first_name=first_name, last_name=last_name)
    except IntegrityError:
        raise CannotChange("This invitation was used already.") from None
    accept(invitation, user)
    return user


@transaction.atomic
def change_role(membership: Membership, role: str, by: User) -> None:
    if membership.role == role:
        return
    _keep_an_owner(membership, "the role of its last owner cannot be changed")
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    record(membership.workspace, by, "member.role_changed", membership.user, before=before, after=role)


@transaction.atomic
def remove(membership: Membership, by: User) -> None:
    """Take somebody out of the workspace. Their account and what they did stay."""
    _keep_an_owner(membership, "its last owner cannot leave")
    record(membership.workspace, by, "member.removed", membership.user, role=membership.role)
    membership.delete()


def _keep_an_owner(membership: Membership, why: str) -> Any:
    owners = Membership.objects.select_for_update().for_workspace(membership.workspace).filter(role="owner")
    if membership.role == "owner" and list(owners) == [membership]:
        raise CannotChange(f"A workspace needs an owner: {why}. Make somebody else an owner first.")
