"""`manage.py createmember`: a person in a workspace; in an empty database the first workspace and its owner."""

import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from builder import first_run
from builder.auditing import record
from builder.management.commands.createapikey import workspace_named
from runtime.models import ROLES, Membership, User, Workspace


class Command(BaseCommand):
    help = (
        "Make somebody a member; an account is made where there is none, with the password read from stdin. In an "
        "empty database make the owner first: the first workspace is made along, and the owner may use the admin, too."
    )

    def add_arguments(self, parser):
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=ROLES)
        parser.add_argument("--password-stdin", action="store_true", help="read the password from stdin")
        parser.add_argument("--workspace", help="id or name; needed where there are several; the first one's name")

    @transaction.atomic
    def handle(self, *, email, role, password_stdin, workspace, **options):
        first = not Workspace.objects.exists()
        if first and role != "owner":
            raise CommandError("There is no workspace yet. The first person has to be its owner: --role owner.")
        user = self._user(email.strip().lower(), sys.stdin.readline().rstrip("\n") if password_stdin else None, first)
        workspace = self._first_workspace(workspace) if first else workspace_named(workspace)
        member, made = Membership.objects.update_or_create(workspace=workspace, user=user, defaults={"role": role})
        record(workspace, None, "member.joined" if made else "member.role_changed", user, role=role)
        self.stdout.write(f"{member.user.email} is {role} of {workspace}.")

    def _first_workspace(self, name):
        workspace = Workspace(name=first_run.WORKSPACE if name is None else name.strip())
        try:
            workspace.full_clean()
        except ValidationError as error:
            raise CommandError(f"--workspace: {' '.join(error.messages)}")
        workspace.save()
        return workspace

    def _user(self, email, password, first):
        user = User.objects.filter(email=email).first()
        try:
            validate_email(email)
            if password is not None:
                validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages))
        if user is None and password is None:
            raise CommandError(f"{email} has no account yet: pipe a password in and add --password-stdin.")
        if user is None:
            make = User.objects.create_superuser if first else User.objects.create_user
            return make(email, password)
        if password is not None:
            user.set_password(password)
            user.save(update_fields=["password"])
        return user
