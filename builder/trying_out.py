"""Trying out: a draft as an unnumbered version and a test run, on the path of everything that runs; one node alone."""

import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from builder.drafts import problems
from runtime import intake, reaching_out
from runtime.active import ActiveRun, iso
from runtime.arrivals import written_event
from runtime.conversing import Opening, begin_test, token_of
from runtime.engine.document import read_document
from runtime.engine.fields import ConnectionRef
from runtime.engine.graph import Graph, Node
from runtime.engine.outcomes import Done
from runtime.engine.scope import ROOTS
from runtime.engine.state import RunState
from runtime.hook_samples import captured_sample
from runtime.models import Flow, FlowVersion, Run
from runtime.models.base import time_ordered_id
from runtime.stepping import perform
from runtime.visitors import wrong_in

MODES = {"live": "test", "dry": "dry"}
_FATAL = ("F001", "F002", "F005")  # what cannot even start


class CannotTry(Exception):
    """What was asked cannot be tried; `errors` as in a problem."""

    def __init__(self, message: str, errors: list[dict[str, str]] | None = None):
        super().__init__(message)
        self.errors = errors or []


@transaction.atomic
def try_out(flow: Flow, event: Mapping[str, Any], mode: str = "dry", until: str | None = None, user: Any = None) -> Run:
    """Start the draft on `event`; `dry` sends nothing, `until` stops after that node.

    Raises CannotTry, and BadEvent for what is no event.
    """
    draft = flow.draft
    fatal = [problem for problem in problems(draft) if problem.code in _FATAL]
    if fatal:
        errors = [{"pointer": "", "code": problem.code, "message": problem.message} for problem in fatal]
        raise CannotTry(fatal[0].message, errors)
    if until is not None and until not in {node["id"] for node in draft.document["nodes"]}:
        raise CannotTry("There is no such step to stop at.", [_error("/until", f"There is no step {until!r}.")])
    event = written_event(event)
    version = FlowVersion.objects.create(workspace=flow.workspace, flow=flow, document=draft.document, by=user)
    return intake.start_test_run(flow.workspace, flow, version, event, MODES[mode], until)


@transaction.atomic
def talk(flow: Flow, event: Mapping[str, Any], mode: str = "dry", user: Any = None) -> dict[str, Any]:
    """Begin a conversation with the draft, {"id", "token", "run"}; the worker says what it says first.

    Raises CannotTry, and BadEvent for what is no event.
    """
    if flow.kind != "conversation":
        raise CannotTry("Only a conversation flow can be talked with.", [_error("", "Not a conversation flow.")])
    fatal = [problem for problem in problems(flow.draft) if problem.code in _FATAL]
    if fatal:
        raise CannotTry(fatal[0].message, [_error("", problem.message) for problem in fatal])
    given = written_event(event)
    visitor = given.get("visitor") or {}
    wrong = wrong_in(visitor)
    if wrong:
        errors = [_error(f"/event/visitor/{name}", words) for name, words in wrong]
        raise CannotTry(wrong[0][1], errors)
    version = FlowVersion.objects.create(workspace=flow.workspace, flow=flow, document=flow.draft.document, by=user)
    opening = Opening(
        flow.workspace_id, contact=given.get("contact") or {}, visitor=visitor, variables=given.get("variables") or {},
        mode=MODES[mode], version=version,
    )  # fmt: skip
    conversation_id, run_id = begin_test(opening)
    return {"id": str(conversation_id), "token": token_of(conversation_id), "run": str(run_id)}


def send(flow: Flow, node: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Perform one node, live, against given variables: {"data", "meta", "variables", "error"} ("Send").

    `variables` is a scope: {"interaction", "contact", "analysis", "args", "vars", "steps", "trigger"}; without
    "trigger", it is what a real request brought, where one was captured.
    """
    run = _alone(flow, node, variables)
    started = time.monotonic()
    outcome = perform(run)
    seconds = time.monotonic() - started
    row = run.steps[-1]
    shown, error, output = (kept and kept.value for kept in (row["input"], row["error"], row["output"]))
    output = outcome.output if isinstance(outcome, Done) else (output or {})
    detail = (error or {}).get("detail") or {}
    source = {**(detail if isinstance(detail, dict) else {}), **output}
    return {
        "data": source.get("body", output or None),
        "meta": {
            "status": source.get("status"), "headers": source.get("headers") or {}, "seconds": round(seconds, 4),
            "request": shown,
        },
        "variables": dict(outcome.variables) if isinstance(outcome, Done) else {},
        "error": error,
        "warnings": row["warnings"],
    }  # fmt: skip


def _alone(flow: Flow, node: Any, variables: Mapping[str, Any]) -> ActiveRun:
    """A run of this node only, which no row knows."""
    document = read_document({"nodes": [{"key": "step", **node} if isinstance(node, dict) else node]})
    graph = Graph.from_document(document)
    found = next(iter(graph.nodes.values()))
    if found.node_type is None or found.node_type.trigger:
        raise CannotTry("Only a step that does something can be sent.", [_error("/node/type", "Not a step to send.")])
    given = {name: value for name, value in variables.items() if name in ROOTS and isinstance(value, dict)}
    given.setdefault("trigger", captured_sample(flow, flow.draft.document) or {})
    now = timezone.now()
    state = RunState(found.id, vars=given.get("vars", {}), steps=given.get("steps", {}), as_of=iso(now))
    workspace = flow.workspace
    return ActiveRun(
        id=time_ordered_id(), workspace_id=workspace.pk, flow_id=flow.pk, version_id=None, kind=flow.kind, mode="test",
        graph=graph, state=state, fence=0, seq=0, event=given, created_at=now, started_at=now,
        workspace={**workspace.constants, "name": workspace.name, "time_zone": workspace.time_zone},
        connections=reaching_out.connections(workspace.pk, _connection_ids(found)),
    )  # fmt: skip


def _connection_ids(node: Node) -> list[str]:
    fields = node.node_type.fields if node.node_type else {}
    values = [node.config.get(name) for name, field in fields.items() if type(field) is ConnectionRef]
    return [value for value in values if isinstance(value, str)]


def _error(pointer: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "invalid", "message": message}
