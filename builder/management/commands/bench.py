"""`manage.py bench`: how fast this machine runs flows, against the budgets of SPEED.md."""

import subprocess
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Measure runs/s, latencies and memory on SQLite and on PostgreSQL with Redis (from a checkout, minutes)."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("databases", nargs="*", choices=["sqlite", "postgresql", []], default=[])
        parser.add_argument("--check", action="store_true", help="exit 1 when a figure of this stage is missed")

    def handle(self, *, databases, check, **options):
        if not (settings.BASE_DIR / "tests" / "load").exists():
            raise CommandError("The load generator lives in tests/load of a checkout; this installation has none.")
        command = [sys.executable, "-m", "tests.load.runtime", *databases, *(["--check"] if check else [])]
        sys.exit(subprocess.call(command, cwd=settings.BASE_DIR))
