"""A backup of an instance on SQLite: one consistent copy of the database while it is in use, and the keys beside it.

The copy is SQLite's online backup: writers go on, and what was committed when it ends is in it. The key file opens what
is encrypted in that database; without it the connections' secrets are lost, with it the copy is as secret as they are.
"""

import os
import shutil
import sqlite3
from pathlib import Path

from django.conf import settings
from django.db import connection

PAGES_AT_ONCE = 1000  # so that writers have their turn in between


class CannotBackUp(Exception):
    """The words say what to do instead."""


def back_up(folder: Path) -> list[Path]:
    """Write the copies into `folder`, readable by nobody else; the files written."""
    if connection.vendor != "sqlite":
        raise CannotBackUp("The database is PostgreSQL: use pg_dump, and keep SECRET_KEKS with your other secrets.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CannotBackUp(f"{folder} is not empty; give each backup a folder of its own.")
    written = [_database(folder / "segue.sqlite3")]
    if settings.KEY_FILE.exists():
        written.append(Path(shutil.copy(settings.KEY_FILE, folder / "keys.json")))
    for path in written:
        path.chmod(0o600)
    return written


def _database(to: Path) -> Path:
    os.close(os.open(to, os.O_CREAT | os.O_WRONLY, 0o600))
    source, target = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=20), sqlite3.connect(to)
    try:
        source.backup(target, pages=PAGES_AT_ONCE)
        (verdict,) = target.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise CannotBackUp(f"The copy is damaged: {verdict}. Check the disk.")
    finally:
        target.close()
        source.close()
    return to
