"""Everyone who waits: the list of open waits, and a person's word on one of them."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from builder.auditing import record
from runtime import awaiting
from runtime.models import Status, Wait

# What a person may say to each kind of wait. Started flows are cancelled, not skipped.
POSSIBLE = {"time": ("skipped",), "event": ("skipped",), "approval": ("approved", "denied"), "children": (), "turn": ()}


class CannotDecide(Exception):
    """The words say why; `status` is the answer's."""

    def __init__(self, message: str, status: int = 409):
        super().__init__(message)
        self.status = status


def open_waits(workspace: Any, kind: str = "", flow: Any = None) -> QuerySet[Wait]:
    """Waits of runs that wait now, the next to end first."""
    found = Wait.objects.for_workspace(workspace).filter(closed_at=None, run__status=Status.WAITING)
    found = found.filter(kind=kind) if kind else found
    found = found.filter(run__flow=flow) if flow else found
    return found.select_related("run__flow", "run__version", "run__event", "event", "decided_by")


@transaction.atomic
def decide(wait: Wait, decision: str, actor: Any, user: Any, note: str = "") -> Wait:
    """Approve, deny or skip; who was faster (a person, an event, the clock) stands."""
    possible = POSSIBLE[wait.kind]
    if decision not in possible:
        words = " or ".join(possible) or "nothing; cancel the run instead"
        raise CannotDecide(f"To this wait one can say {words}.", status=422)
    if not awaiting.decide(wait, decision, user, note):
        wait.refresh_from_db()
        said = wait.get_decision_display() if wait.decision else "over"
        raise CannotDecide(f"Somebody was faster: it is {said} already.")
    wait.refresh_from_db()
    what = {"decision": decision, "message": (wait.what or {}).get("message", ""), "run": str(wait.run_id)}
    record(wait.workspace, actor, "wait.decided", wait.run.flow, **what, **({"note": note} if note else {}))
    return wait
