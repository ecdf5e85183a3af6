"""Webhooks that nobody took: the runs that ended at a Send webhook step, and sending them again under the same id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.models import Connection
from runtime.active import graph_of
from runtime.models import Run, Status, StepRun, Workspace
from runtime.operating import CannotOperate, retry

TYPE, ENDPOINT = "send_webhook", "webhook_out"
MOST = 100


@dataclass(frozen=True)
class Undelivered:
    """One webhook: the run that gave up, its last try, and the connection to its endpoint (None once it is deleted)."""

    run: Run
    step: StepRun
    connection: Connection | None

    @property
    def sent(self) -> dict[str, Any]:
        return self.step.input if isinstance(self.step.input, dict) else {}

    @property
    def event(self) -> str:
        body = self.sent.get("body")
        said = body.get("type") if isinstance(body, dict) else _config(self.step).get("event")
        return str(said or "")

    @property
    def endpoint(self) -> str:
        return self.connection.name if self.connection else str(self.sent.get("connection") or self.step.label)

    @property
    def contact(self) -> str:
        event = self.run.event
        return (event.contact_number or event.interaction_id) if event else ""


def undelivered(workspace: Workspace, most: int = MOST) -> list[Undelivered]:
    """The newest first. A run that was tried again is not listed: its successor is, should that fail too."""
    steps = StepRun.objects.filter(
        type=TYPE, status="failed", run__workspace=workspace, run__status=Status.FAILED, run__retries=None
    )
    found: dict[Any, StepRun] = {}
    for step in steps.select_related("run__flow", "run__event").order_by("-run_id", "-seq", "-attempt")[: most * 10]:
        if step.run_id not in found and (step.run.error or {}).get("node") == step.node:
            found[step.run_id] = step
    named = {step.run_id: str(_config(step).get("connection") or "") for step in found.values()}
    rows = {str(row.pk): row for row in Connection.objects.for_workspace(workspace).filter(type=ENDPOINT)}
    return [Undelivered(step.run, step, rows.get(named[step.run_id])) for step in list(found.values())[:most]]


def _config(step: StepRun) -> Mapping[str, Any]:
    """The settings of the step in the version that ran."""
    node = graph_of(step.run.version_id).nodes.get(step.node) if step.run.version_id else None
    return node.config if node else {}


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
