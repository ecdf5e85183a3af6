from django.core.management.base import BaseCommand

from runtime.worker import Worker


class Command(BaseCommand):
    """`manage.py worker`: drives runs. Start it once per host; more hosts share the work."""

    help = "Drive runs: the django-q2 cluster, the clock and the watchdog, until stopped."

    def handle(self, *args, **options):
        Worker().run()
