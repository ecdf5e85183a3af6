"""A database of its own for each test, on the server that DATABASE_URL names; which tests belong to which server."""

import os

import pytest

POSTGRESQL = os.environ.get("DATABASE_URL", "").startswith("postgres")
# What is about a server of its own, about a second host, or about both: once is enough.
NEED_A_SERVER = ("database_gone", "frozen", "redis_gone", "wrong_clocks", "hosts", "upgrade", "guards")
collect_ignore = ["test_backup.py"] if POSTGRESQL else [f"test_{name}.py" for name in NEED_A_SERVER]


@pytest.fixture
def database(tmp_path):
    """A database of its own: a SQLite file, or one on the PostgreSQL that DATABASE_URL names."""
    url = os.environ.get("DATABASE_URL", "")
    if not POSTGRESQL:
        yield f"sqlite:///{tmp_path}/crash.sqlite3"
        return
    import psycopg

    name = f"crash_{os.urandom(4).hex()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield url.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
