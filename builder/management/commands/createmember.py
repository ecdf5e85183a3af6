"""`manage.py createmember`: a person in a workspace."""

import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from builder.auditing import record
from builder.management.commands.createapikey import workspace_named
from runtime.models import ROLES, Membership, User


class Command(BaseCommand):
    help = "Make somebody a member; an account is made where there is none, with the password read from stdin."

    def add_arguments(self, parser):
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=ROLES)
        parser.add_argument("--password-stdin", action="store_true", help="read the password from stdin")
        parser.add_argument("--workspace", help="id or name; needed where there are several")

    @transaction.atomic
    def handle(self, *, email, role, password_stdin, workspace, **options):
        workspace = workspace_named(workspace)
        user = self._user(email.strip().lower(), sys.stdin.readline().rstrip("\n") if password_stdin else None)
        member, made = Membership.objects.update_or_create(workspace=workspace, user=user, defaults={"role": role})
        record(workspace, None, "member.joined" if made else "member.role_changed", user, role=role)
        self.stdout.write(f"{member.user.email} is {role} of {workspace}.")

    def _user(self, email, password):
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
            return User.objects.create_user(email, password)
        if password is not None:
            user.set_password(password)
            user.save(update_fields=["password"])
        return user
