"""`manage.py createapikey`: a key for a machine."""

from django.core.management.base import BaseCommand, CommandError

from builder import issuing
from runtime.models import SCOPES, Workspace


class Command(BaseCommand):
    help = "Make an API key and print it, and only it. It is shown once."

    def add_arguments(self, parser):
        parser.add_argument("--name", required=True)
        parser.add_argument("--scopes", required=True, help=f"comma-separated, or all: {', '.join(SCOPES)}")
        parser.add_argument("--days", type=int, help="how long it is good for; for ever if not said")
        parser.add_argument("--workspace", help="id or name; needed where there are several")

    def handle(self, *, name, scopes, days, workspace, **options):
        wanted = list(SCOPES) if scopes.strip() == "all" else [scope.strip() for scope in scopes.split(",")]
        unknown = [scope for scope in wanted if scope not in SCOPES]
        if unknown:
            raise CommandError(f"There is no scope {unknown[0]!r}. Choose from: {', '.join(SCOPES)}, or all.")
        _, text = issuing.issue(workspace_named(workspace), name, wanted, None, days)
        self.stdout.write(text)


def workspace_named(text: str | None) -> Workspace:
    """The workspace of this id or name; the only one where none is named."""
    every = list(Workspace.objects.order_by("created_at"))
    found = [each for each in every if text is None or text in (str(each.pk), each.name)]
    if len(found) == 1:
        return found[0]
    if not every:
        raise CommandError("There is no workspace yet: make its owner first: `manage.py createmember --role owner`.")
    raise CommandError(f"Say which workspace: --workspace {' | '.join(each.name for each in every)}.")
