"""What `manage.py up` sees to before it starts anything: keys, database, static files, a first workspace, its owner.

All of it may be repeated: what is there already stays as it is.
"""

import base64
import hashlib
import json
import os
import secrets

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from runtime.models import Membership, User, Workspace

OWNER_EMAIL = "owner@example.com"
WORKSPACE = "My workspace"


def ensure_keys():
    """Write the key file of an embedded instance (mode 0600), once; an instance with SECRET_KEY brings its own."""
    if not settings.EMBEDDED:
        if not settings.SECRET_KEKS:
            raise CommandError("SECRET_KEY is set, so SECRET_KEKS must be too (see .env.example).")
        return
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.KEY_FILE.exists():
        return
    if (settings.DATA_DIR / "segue.sqlite3").exists():
        raise CommandError(
            f"{settings.DATA_DIR} has a database but no {settings.KEY_FILE.name}: the secrets in it cannot be opened "
            "without that file. Put it back from your backup, or name an empty DATA_DIR."
        )
    keys = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SECRET_KEKS": f"{secrets.token_hex(3)}:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }
    descriptor = os.open(settings.KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        json.dump(keys, file)
    settings.SECRET_KEY, settings.SECRET_KEKS = keys["SECRET_KEY"], keys["SECRET_KEKS"]


def ensure_database() -> bool:
    """Bring the tables up to date; whether anything had to be done."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    if connection.vendor == "sqlite" and not connection.introspection.table_names():
        create_tables(executor.loader.graph.nodes)
    else:
        call_command("migrate", verbosity=0, interactive=False)
    return True


def create_tables(migrations) -> None:
    """The tables of an empty SQLite database as the models declare them, and each of the migrations noted as done.

    A tenth of the work of fifty migrations, which build every model again after each of their steps: it is most of what
    a first start takes. None of them has data to move where there is none. All of it is one transaction.
    """
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        editor.create_model(MigrationRecorder.Migration)
        done = [MigrationRecorder.Migration(app=app, name=name) for app, name in sorted(migrations)]
        MigrationRecorder.Migration.objects.bulk_create(done)
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def ensure_static_files():
    """Collect static files when any of them, or a package that brings some, is not what was collected."""
    if settings.DEBUG:
        return
    stamp, wanted = settings.STATIC_ROOT / ".collected", _state_of_static_files()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(wanted)


def _state_of_static_files() -> str:
    state = hashlib.sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
    for path in sorted((settings.BASE_DIR / "static").rglob("*")):
        if path.is_file():
            found = path.stat()
            state.update(f"{path}|{found.st_size}|{found.st_mtime_ns}\n".encode())
    return state.hexdigest()


@transaction.atomic
def ensure_owner() -> tuple[Workspace, User, str | None]:
    """The first workspace and its owner; the third is the owner's password if the account was made now."""
    workspace = Workspace.objects.order_by("created_at").first() or Workspace.objects.create(name=WORKSPACE)
    membership = workspace.memberships.filter(role="owner").select_related("user").first()
    if membership:
        return workspace, membership.user, None
    password = secrets.token_urlsafe(9)
    owner = User.objects.create_superuser(OWNER_EMAIL, password)
    Membership.objects.create(workspace=workspace, user=owner, role="owner")
    return workspace, owner, password
