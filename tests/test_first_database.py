"""The tables that a first start makes at once are those that the migrations make, one after the other."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = "import django; django.setup(); from builder.first_run import ensure_database; assert ensure_database()"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(made at once, made by migrations)."""
    folder = tmp_path_factory.mktemp("first")
    return [
        made(folder / "at-once.sqlite3", "-c", AT_ONCE),
        made(folder / "migrated.sqlite3", "manage.py", "migrate", "--verbosity=0", "--skip-checks"),
    ]


def made(path: Path, *argv: str) -> sqlite3.Connection:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{path}", "DJANGO_SETTINGS_MODULE": "builder.settings"}
    subprocess.run([sys.executable, *argv], cwd=ROOT, env=environment, check=True)
    return sqlite3.connect(path)


def columns(database: sqlite3.Connection) -> dict[str, set]:
    """Of each table: name, type, not null, default, part of the key."""
    return {table: {row[1:] for row in database.execute(f"PRAGMA table_info({table})")} for table in tables(database)}


def tables(database) -> list[str]:
    return [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def references(database) -> dict[str, set]:
    return {
        table: {row[2:5] for row in database.execute(f"PRAGMA foreign_key_list({table})")} for table in tables(database)
    }


def conditions(database) -> dict[str, list[str]]:
    """Of each table the checks, in any order, and whether ids are ever used again."""
    found = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    pattern = r"CHECK \([^,]*|AUTOINCREMENT|DEFERRABLE INITIALLY \w+"
    return {name: sorted(each.rstrip(" )") for each in re.findall(pattern, sql)) for name, sql in found}


def indexes(database) -> dict[str, set]:
    """Of each table: unique or not, condition or not, the columns in order."""
    found: dict[str, set] = {}
    for table in tables(database):
        for _, name, unique, origin, partial in database.execute(f"PRAGMA index_list({table})"):
            of = tuple(row[2] for row in database.execute(f"PRAGMA index_info({name})"))
            (sql,) = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()
            where = sql.partition(" WHERE ")[2] if sql else ""
            found.setdefault(table, set()).add((unique, partial, of, where, name if origin == "c" else ""))
    return found


def rows(database) -> dict[str, list]:
    return {
        "migrations": database.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall(),
        "permissions": database.execute(
            "SELECT app_label, model, codename FROM auth_permission p "
            "JOIN django_content_type t ON t.id = p.content_type_id ORDER BY 1, 2, 3"
        ).fetchall(),
    }


@pytest.mark.parametrize("what", [columns, references, conditions, indexes, rows])
def test_what_is_made_at_once_is_what_the_migrations_make(both, what):
    at_once, migrated = map(what, both)
    assert at_once == migrated
