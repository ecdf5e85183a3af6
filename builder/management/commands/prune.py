"""`manage.py prune`: forget what has been kept long enough; meant for a nightly timer."""

from django.core.management.base import BaseCommand

from builder.pruning import prune


class Command(BaseCommand):
    help = "Delete ended runs older than the workspace's retention, flows 30 days in the trash, old test versions."

    def handle(self, **options):
        for what, count in prune().items():
            self.stdout.write(f"{count} {what}")
