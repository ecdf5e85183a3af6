"""Zero-downtime upgrades: the schema of the next release must carry the code of this one.

The order is migrate, web, worker (README, "Deployment"); while it lasts, old processes work on the new schema. So a
migration after the first only adds: what old code does not name must not be demanded of it, what it names must stay.
Removing takes two releases: the code first, the column a release later, named in RETIRED with the release that let go.
"""

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Now

OURS = ("runtime", "integrations", "builder")
#: (app, model, field) whose last reader is gone since a release; only these may be removed.
RETIRED: set[tuple[str, str, str]] = set()


def additive(app: str, operation) -> bool:
    """Whether code that knows nothing of this operation goes on working after it."""
    if isinstance(operation, migrations.CreateModel | migrations.AddIndex | migrations.RemoveIndex):
        return True
    if isinstance(operation, migrations.AddField):
        return bool(operation.field.null or operation.field.has_db_default() or operation.field.many_to_many)
    if isinstance(operation, migrations.RemoveField):
        return (app, operation.model_name_lower, operation.name_lower) in RETIRED
    if isinstance(operation, migrations.AlterModelOptions | migrations.AlterModelManagers):
        return True
    return isinstance(operation, migrations.RunPython) and operation.elidable


def test_no_migration_after_the_first_takes_away_what_running_code_needs():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    later = [(app, name) for app, name in loader.disk_migrations if app in OURS and not name.startswith("0001")]
    refused = [
        f"{app}.{name}: {operation.describe()}"
        for app, name in later
        for operation in loader.disk_migrations[app, name].operations
        if not additive(app, operation)
    ]
    assert not refused, refused


@pytest.mark.parametrize(
    ("operation", "fits"),
    [
        (migrations.AddField("run", "colour", models.TextField(null=True)), True),
        (migrations.AddField("run", "colour", models.DateTimeField(db_default=Now())), True),
        (migrations.AddField("run", "colour", models.TextField(default="")), False),  # Django's default, not SQL's
        (migrations.RemoveField("run", "seq"), False),
        (migrations.RenameField("run", "seq", "sequence"), False),
        (migrations.RenameModel("run", "execution"), False),
        (migrations.DeleteModel("run"), False),
        (migrations.AlterField("run", "claimed_by", models.CharField(max_length=10)), False),
        (migrations.AddConstraint("run", models.UniqueConstraint(fields=["seq"], name="x")), False),
        (migrations.RunSQL("UPDATE runtime_run SET seq = 0"), False),
        (migrations.AddIndex("run", models.Index(fields=["seq"], name="x")), True),
    ],
)
def test_what_an_old_process_survives(operation, fits):
    assert additive("runtime", operation) is fits
