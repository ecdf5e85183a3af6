"""The settings tests run with, loaded by pytest before Django's settings are (`-p tests.environment`).

Each pytest process has a data directory of its own, removed at its end. DATABASE_URL and REDIS_URL of the caller
decide where the tests run; a developer's `.env` never does.
"""

import atexit
import os
import shutil
import tempfile

DATA_DIR = tempfile.mkdtemp(prefix="segue-tests-")
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)

os.environ.update(
    DATA_DIR=DATA_DIR,
    DEBUG="off",
    SECRET_KEY="a key for tests only, long enough for every check that looks at its length",
    SECRET_KEKS="test:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    ALLOWED_HOSTS="*",
    PUBLIC_URL="http://127.0.0.1:8000",
    EGRESS_ALLOW="",
    EGRESS_PROXY="",
    EMAIL_URL="memorymail://",
    SENTRY_DSN="",
    LOG_FORMAT="text",
    SEGUE_CRASH_POINTS="off",
    # Sync Playwright leaves an event loop in the main thread; the ORM would refuse to work there.
    DJANGO_ALLOW_ASYNC_UNSAFE="true",
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{DATA_DIR}/segue.sqlite3")
os.environ.setdefault("REDIS_URL", "")
os.environ.setdefault("WORKERS", "2")
