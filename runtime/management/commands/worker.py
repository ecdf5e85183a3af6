from django.core.management.base import BaseCommand

from runtime.worker import Worker


class Command(BaseCommand):
    """`manage.py worker`: drives runs. Start it once per host; more hosts share the work."""

    requires_system_checks = ["queue"]  # not the pages: loading them would double the memory of every process
    help = "Drive runs: the django-q2 cluster, the clock and the watchdog, until stopped."

    def handle(self, *args, **options):
        Worker().run()
