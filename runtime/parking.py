"""Parked for want of a connection: a step whose connection is gone or switched off sends nothing, so its run asks.

Theory of operation. Such a run is parked with an open wait of kind "connection", under the connection's key. It costs
nothing while it is parked, and nothing fails. It goes on by itself, at the step it stands at, once the connection is
on again, or once a person chose another (`use_instead`), which every run that was parked for the same one takes over.
Whoever switches a connection on releases its runs in the same transaction; the clock looks as well, for a run that was
being parked at that moment.

A run that somebody waits for, a test, and a step that says itself what a failure does (branch, continue) do not park.
"""

import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from runtime import broker, present, reaching_out
from runtime.active import ActiveRun
from runtime.engine.errors import NoConnection
from runtime.engine.outcomes import Wait as Pause
from runtime.engine.state import RunState
from runtime.models import Run, Status, Wait

LOOK_EVERY = 15.0  # seconds
MOST_AT_A_TIME = 500


def may_park(run: ActiveRun) -> bool:
    """Whether nobody waits for this run, and its step leaves failures to whoever operates it."""
    awaited = run.deadline is not None and run.answer is None and not run.state.responded
    lasting = run.mode == "live" and run.version_id is not None and not run.options.get("conversation")
    return lasting and not awaited and run.node.on_error == "stop"


def until_connected(error: NoConnection) -> Pause:
    """What such a step reports."""
    asked = {"kind": "connection", "key": key_of(error.connection_id), "connection": error.connection_id,
             "why": error.message, "code": error.code}  # fmt: skip
    return Pause(for_=asked)


def without_connection(wait: Mapping[str, Any] | None) -> bool:
    """Whether what a run waits for is a connection."""
    return wait is not None and wait["kind"] == "connection"


def why_parked(state: RunState) -> dict[str, Any]:
    """The `error` of a run that is parked for a connection."""
    what = (state.wait or {}).get("for") or {}
    return {"message": what.get("why", ""), "code": what.get("code", ""), "node": state.node}


def key_of(connection_id: Any) -> str:
    """Of the waits for this connection."""
    return f"connection:{connection_id}"


def parked_for(workspace_id: Any, connection_id: Any) -> Any:
    """The runs of a workspace that are parked for want of this connection."""
    waits = Wait.objects.filter(workspace_id=workspace_id, key=key_of(connection_id), kind="connection", closed_at=None)
    return Run.objects.filter(pk__in=waits.values("run_id"), status=Status.PARKED)


@transaction.atomic
def release(workspace_id: Any, connection_id: Any) -> int:
    """The connection can be used again: the runs that were parked for it go on. How many."""
    released: int = parked_for(workspace_id, connection_id).update(
        status=Status.WAITING, due_at=present.now(), claims=0, error=None, changes=F("changes") + 1
    )
    if released:
        broker.hint()
    return released


@transaction.atomic
def use_instead(workspace_id: Any, missing_id: str, chosen_id: str) -> int:
    """All runs that are parked for one connection go on with another; how many. Whether it fits is the caller's."""
    runs = list(parked_for(workspace_id, missing_id).select_for_update(of=("self",)).only("id", "options"))
    for run in runs:
        before = run.options.get("connections") or {}
        after = {named: chosen_id if used == missing_id else used for named, used in before.items()}
        run.options = {**run.options, "connections": {**after, missing_id: chosen_id}}
    Run.objects.bulk_update(runs, ["options"], batch_size=MOST_AT_A_TIME)
    return release(workspace_id, missing_id)


_looked = 0.0


def look_again() -> int:
    """Release the runs of connections that are usable, should somebody have missed them. With the clock's ticks."""
    global _looked
    if time.monotonic() - _looked < LOOK_EVERY:
        return 0
    _looked = time.monotonic()
    waits = Wait.objects.filter(kind="connection", closed_at=None, run__status=Status.PARKED).order_by()
    wanted = [(workspace_id, key.removeprefix("connection:"))
              for workspace_id, key in waits.values_list("workspace_id", "key").distinct()]  # fmt: skip
    return sum(release(*each) for each in wanted if reaching_out.usable(*each))
