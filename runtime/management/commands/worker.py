import sys

from django.core.management.base import BaseCommand

from runtime.worker import Worker, beats_here


class Command(BaseCommand):
    """`manage.py worker`: drives runs. Start it once per host; more hosts share the work."""

    requires_system_checks = ["queue"]  # not the pages: loading them would double the memory of every process
    help = "Drive runs: the django-q2 cluster, the clock and the watchdog, until stopped."

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="only say whether this host's worker is alive")

    def handle(self, *args, check, **options):
        if check:
            sys.exit(0 if beats_here() else 1)
        Worker().run()
