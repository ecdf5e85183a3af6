"""What is wrong with a document in its workspace: the engine's rules with what the workspace knows, and taken names."""

from typing import Any

from builder.ops import Document
from builder.traffic import usual_seconds
from runtime.engine.graph import Graph
from runtime.engine.validation import SYNC_KINDS, Problem, validate
from runtime.models import Agent, Flow, Hook, Trigger, Workspace


def known(workspace: Workspace) -> dict[str, Any]:
    """What a flow of this workspace may name: {"connections": {id: type}, "flows", "agents", "tables", "constants"}."""
    from integrations.data.models import DataTable
    from integrations.models import Connection

    connections = Connection.objects.for_workspace(workspace).values_list("pk", "type")
    return {
        "connections": {str(id): type for id, type in connections},
        "flows": {str(id) for id in Flow.objects.for_workspace(workspace).kept().values_list("pk", flat=True)},
        "agents": set(Agent.objects.for_workspace(workspace).values_list("slug", flat=True)),
        "tables": set(DataTable.objects.for_workspace(workspace).values_list("name", flat=True)),
        "constants": set(workspace.constants),
    }


def problems_of(flow: Flow, document: Document) -> list[Problem]:
    """Every problem of `document` as this flow's, errors first."""
    graph = Graph.from_document(document)
    all_known = known(flow.workspace)
    if flow.kind in SYNC_KINDS:
        all_known["usual"] = usual_seconds(flow)
    found = [*_taken_name(flow, graph), *_unsigned(flow, graph), *validate(graph, flow.kind, all_known)]
    return sorted(found, key=lambda problem: problem.severity)


def name_is_free(flow: Flow, document: Document) -> bool:
    """Whether no other flow listens to this document's action name."""
    return not _taken_name(flow, Graph.from_document(document))


def _taken_name(flow: Flow, graph: Graph) -> list[Problem]:
    trigger = graph.triggers[0] if graph.triggers else None
    name = trigger.config.get("name") if trigger and trigger.type == "action_called" else None
    if not isinstance(name, str) or not name:
        return []
    others = Trigger.objects.for_workspace(flow.workspace).filter(name=name).exclude(flow=flow).select_related("flow")
    return [
        Problem("F016", f"The action name {name!r} is taken by “{other.flow.name}”.", trigger.id, "/config/name")
        for other in others
    ]


def _unsigned(flow: Flow, graph: Graph) -> list[Problem]:
    """A trigger that asks for signed calls, and no secret to check them with: it would refuse every one."""
    trigger = graph.triggers[0] if graph.triggers else None
    if trigger is None or trigger.type != "webhook" or (trigger.config.get("signature") or "none") == "none":
        return []
    if Hook.objects.filter(flow=flow).exclude(secret_sealed="").exists():
        return []
    text = "Calls are to be signed, but no secret is set: give it in the trigger's settings, below Signature."
    return [Problem("F017", text, trigger.id, "/config/signature")]
