"""`manage.py lock`: pin the dependencies of pyproject.toml, with hashes, for every supported Python and platform."""

import shutil
import subprocess
import sys
import tempfile

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")
# A mirror may hold fewer files, and so fewer hashes; addresses of a machine never belong into a lock.
WITHOUT_MIRRORS = ("--no-config", "--no-emit-index-url", "--no-emit-find-links")
LOCKS = {"requirements.txt": (), "requirements-dev.txt": ("--group", "dev")}


class Command(BaseCommand):
    help = "Write requirements.txt and requirements-dev.txt from pyproject.toml (needs the package index)."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--upgrade", action="store_true", help="take the newest versions the ranges allow")

    def handle(self, *, upgrade, **options):
        with tempfile.TemporaryDirectory(prefix="segue-lock-") as folder:
            uv = shutil.which("uv") or _installed_uv(folder)
            for lock, more in LOCKS.items():
                command = [uv, "pip", "compile", "pyproject.toml", *OPTIONS, *WITHOUT_MIRRORS, *more, "-o", lock]
                if subprocess.call(command + ["--upgrade"] * upgrade, cwd=settings.BASE_DIR):
                    raise CommandError("uv could not resolve the dependencies; its message is above.")
                self.stdout.write(f"{lock} written")


def _installed_uv(folder) -> str:
    """uv, for this once; it is no dependency of ours."""
    if subprocess.call([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "uv"]):
        raise CommandError("uv could not be installed; pip's message is above.")
    return f"{folder}/bin/uv"
