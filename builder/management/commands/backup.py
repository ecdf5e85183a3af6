"""`manage.py backup <folder>`: SQLite and its keys, while Segue runs. To restore: put the files into DATA_DIR."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from builder.backing_up import CannotBackUp, back_up


class Command(BaseCommand):
    help = "Copy the SQLite database and the key file into a new folder, while Segue runs."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="where to; it is made, or is empty")

    def handle(self, *, folder, **options):
        try:
            written = back_up(folder)
        except (CannotBackUp, OSError) as error:
            raise CommandError(str(error)) from error
        for path in written:
            self.stdout.write(f"{path} ({path.stat().st_size:,} bytes)")
        if not any(path.name == "keys.json" for path in written):
            self.stdout.write("The keys come from the environment here: keep SECRET_KEY and SECRET_KEKS elsewhere.")
