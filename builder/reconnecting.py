"""Another connection for runs that are parked for want of one: which would do, and using it."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from builder.auditing import record
from builder.models import AuditEntry
from integrations.connections import find
from integrations.models import Connection
from runtime import parking
from runtime.active import graph_of
from runtime.engine.fields import ConnectionRef
from runtime.models import Run, Status
from runtime.operating import CannotOperate


@dataclass(frozen=True)
class Choice:
    """What a person is asked of a parked run. `lacking` is its connection, None once it was deleted; `name` is what it
    is or was called, `suggested` what the published flow's step uses by now."""

    lacking: Connection | None
    name: str
    fitting: list[Connection]
    suggested: str


def choice(run: Run) -> Choice | None:
    """None for a run that is not parked for want of a connection."""
    missing = _missing(run)
    if not missing:
        return None
    lacking = find(run.workspace_id, missing)
    name = lacking.name if lacking else _name_before(run, missing)
    return Choice(lacking, name, _fitting(run, missing), _suggested(run))


def use_instead(run: Run, connection_id: str, by: Any) -> int:
    """This run, and all that are parked for the same connection, go on with another; how many. Raises CannotOperate."""
    missing = _missing(run)
    if not missing:
        raise CannotOperate("This run is not parked for want of a connection.")
    chosen = next((each for each in _fitting(run, missing) if str(each.pk) == connection_id), None)
    if chosen is None:
        raise CannotOperate("Choose a connection of this workspace that the step can use and that is not off.")
    with transaction.atomic():
        went_on = parking.use_instead(run.workspace_id, missing, str(chosen.pk))
        record(run.workspace, by, "run.reconnected", run, connection=chosen.name, runs=went_on)
    return went_on


def _missing(run: Run) -> str:
    wait = run.state.get("wait") if run.state else None
    if run.status != Status.PARKED or not parking.without_connection(wait):
        return ""
    return str(wait["for"]["connection"])


def _fitting(run: Run, missing: str) -> list[Connection]:
    """Connections that are on and of a type that the step takes."""
    node = graph_of(run.version_id).nodes[run.state["node"]]
    declared = [field for field in node.node_type.fields.values() if type(field) is ConnectionRef]
    types = [name for field in declared for name in field.types]
    rows = Connection.objects.for_workspace(run.workspace).filter(off_at=None).order_by("name")
    return [row for row in (rows.filter(type__in=types) if types else rows) if str(row.pk) != missing]


def _suggested(run: Run) -> str:
    """What the same step of the published version uses."""
    live = run.flow.published.document if run.flow.published else {}
    node = next((each for each in live.get("nodes", []) if each["id"] == run.state["node"]), {})
    return str((node.get("config") or {}).get("connection") or "")


def _name_before(run: Run, missing: str) -> str:
    log = AuditEntry.objects.filter(workspace=run.workspace, action="connection.deleted", target=missing)
    return log.values_list("target_name", flat=True).first() or ""
