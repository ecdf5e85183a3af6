"""Webhooks that nobody took: the runs that ended at a Send webhook step, and sending them again under the same id."""

from dataclasses import dataclass
from typing import Any

from runtime.models import Run, Status, StepRun, Workspace
from runtime.operating import CannotOperate, retry

TYPE = "send_webhook"
MOST = 100


@dataclass(frozen=True)
class Undelivered:
    """One webhook: the run that gave up, and its last try."""

    run: Run
    step: StepRun

    @property
    def sent(self) -> dict[str, Any]:
        return self.step.input if isinstance(self.step.input, dict) else {}

    @property
    def event(self) -> str:
        body = self.sent.get("body")
        return str(body.get("type") or "") if isinstance(body, dict) else ""

    @property
    def endpoint(self) -> str:
        return str(self.sent.get("connection") or self.step.label)

    @property
    def contact(self) -> str:
        event = self.run.event
        return (event.contact_number or event.interaction_id) if event else ""


def undelivered(workspace: Workspace, most: int = MOST) -> list[Undelivered]:
    """The newest first. A run that was tried again is not listed: its successor is, should that fail too."""
    steps = StepRun.objects.filter(
        type=TYPE, status="failed", run__workspace=workspace, run__status=Status.FAILED, run__retries=None
    )
    found: dict[Any, Undelivered] = {}
    for step in steps.select_related("run__flow", "run__event").order_by("-run_id", "-seq", "-attempt")[: most * 10]:
        if step.run_id not in found and (step.run.error or {}).get("node") == step.node:
            found[step.run_id] = Undelivered(step.run, step)
    return list(found.values())[:most]


def replay(workspace: Workspace, ids: list[str]) -> tuple[list[Run], int]:
    """(the new runs, how many could not be sent again). Each goes on from its failed step, with the id it had."""
    listed = {str(each.run.pk): each.run for each in undelivered(workspace)}
    again, left = [], 0
    for run_id in dict.fromkeys(ids):
        try:
            again.append(retry(listed[run_id]))
        except (KeyError, CannotOperate):
            left += 1
    return again, left
