"""Flows as people handle them: made, from a template or a copy, thrown away and brought back."""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from builder.auditing import record
from builder.drafts import locked, make_draft, rejudge
from builder.models import Scenario
from builder.overview import is_trigger
from builder.publishing import cancel_runs, listen, stop_listening
from builder.validating import name_is_free
from integrations.models import Connection
from runtime.engine.document import empty_document, read_document
from runtime.engine.fields import ConnectionRef
from runtime.engine.registry import find
from runtime.models import OPEN, Flow, Run, Workspace

GALLERY = Path(__file__).parent / "gallery"
TRASH_DAYS = 30
SAMPLE = "Sample"  # the scenario that a flow made from a template can be tried with


class OpenRuns(Exception):
    """A flow with runs under way is not thrown away by accident."""

    def __init__(self, count: int):
        super().__init__(f"{count} run{'s are' if count != 1 else ' is'} still under way; cancel them too, or wait.")
        self.count = count


# --- Making


@lru_cache(maxsize=1)
def _gallery() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(GALLERY.glob("*.json"))}


def templates(kind: str | None = None) -> list[dict[str, Any]]:
    """What a new flow can start from: [{"id", "title", "summary", "kind"}]."""
    return [
        {"id": id, "title": item["title"], "summary": item["summary"], "kind": item["kind"]}
        for id, item in _gallery().items()
        if kind is None or item["kind"] == kind
    ]


def starts(workspace: Workspace, kind: str) -> list[dict[str, Any]]:
    """What the draft of a flow of this kind can start from: [{"id", "title", "summary", "kind", "document", "sample"}].

    Without the templates that make other flows beside: those begin with a new flow.
    """
    return [
        {**item, "document": _connected(workspace, template_document(item["id"])), "sample": whole.get("sample")}
        for item in templates(kind)
        if not (whole := _gallery()[item["id"]]).get("also")
    ]


def template_document(template: str) -> dict[str, Any]:
    return read_document(_gallery()[template]["document"])


def _from_template(workspace: Workspace, user: Any, template: str) -> dict[str, Any]:
    """The template's document for this workspace: the flows it runs are made, what is unmistakable is connected."""
    also = {
        f"also:{item['name']}": str(create_flow(
            workspace, user, name=item["name"], kind=item["kind"],
            document=_connected(workspace, read_document(item["document"])),
        ).pk)
        for item in _gallery()[template].get("also", ())
    }  # fmt: skip
    document = _connected(workspace, template_document(template))
    nodes = [
        {**node, "config": {name: also.get(value, value) if isinstance(value, str) else value
                            for name, value in node["config"].items()}}
        for node in document["nodes"]
    ]  # fmt: skip
    return {**document, "nodes": nodes}


def _connected(workspace: Workspace, document: dict[str, Any]) -> dict[str, Any]:
    """Each step that needs a connection with the one of its type, where the workspace has just one."""
    known = Connection.objects.for_workspace(workspace).values_list("pk", "type")
    nodes = []
    for node in document["nodes"]:
        config, node_type = dict(node["config"]), find(node["type"])
        for name, field in (node_type.fields if node_type else {}).items():
            if type(field) is ConnectionRef and field.required and not config.get(name):
                fitting = [str(pk) for pk, kind in known if kind in field.types]
                config |= {name: fitting[0]} if len(fitting) == 1 else {}
        nodes.append({**node, "config": config})
    return {**document, "nodes": nodes}


@transaction.atomic
def create_flow(
    workspace: Workspace, user: Any, *, name: str, kind: str, description: str = "", template: str = "",
    document: dict[str, Any] | None = None, agents: Iterable[str] = (), id: Any = None,
) -> Flow:  # fmt: skip
    """A flow with its draft: from `document`, from a template of the gallery, or with nothing but its trigger. `id`:
    the one it is to have, where others name it before it is there.
    """
    if document is None:
        document = _from_template(workspace, user, template) if template else _start_of(kind)
    document = _with_agents(document, list(agents))
    own = {"pk": id} if id else {}
    flow = Flow.objects.create(workspace=workspace, name=name, kind=kind, description=description, **own)
    make_draft(flow, document, user)
    sample = _gallery()[template].get("sample") if template else None
    if sample:
        Scenario.objects.create(workspace=workspace, flow=flow, name=SAMPLE, event=sample, by=user)
    return flow


@transaction.atomic
def duplicate(flow: Flow, user: Any) -> Flow:
    """A copy of the draft under a new name; an action's name is left for its owner to choose."""
    name = f"{flow.name[:112]} (copy)"
    document = flow.draft.document
    nodes = [_unnamed(node) for node in document["nodes"]]
    return create_flow(
        flow.workspace, user, name=name, kind=flow.kind, description=flow.description,
        document={**document, "nodes": nodes},
    )  # fmt: skip


def _unnamed(node: dict[str, Any]) -> dict[str, Any]:
    if node["type"] != "action_called" or not node["config"].get("name"):
        return node
    return {**node, "config": {**node["config"], "name": f"{node['config']['name'][:58]}_copy"}}


_FIRST = {"post_call": "call_ended", "action": "action_called", "inbound": "inbound_call",
          "conversation": "conversation_started", "automation": "webhook"}  # fmt: skip


def _start_of(kind: str) -> dict[str, Any]:
    """A new flow has its trigger, so that the canvas shows where to go on."""
    node_type = find(_FIRST.get(kind, ""))
    if node_type is None:
        return empty_document()
    start = {"id": "start", "type": node_type.type, "key": "start", "label": node_type.label, "config": {}}
    return read_document({"nodes": [start], "layout": {"start": {"x": 0, "y": 0}}})


def _with_agents(document: dict[str, Any], agents: list[str]) -> dict[str, Any]:
    if not agents:
        return document
    nodes = [
        {**node, "config": {**node["config"], "agents": agents}} if is_trigger(node) else node
        for node in document["nodes"]
    ]
    return {**document, "nodes": nodes}


# --- Throwing away


@transaction.atomic
def trash(flow: Flow, actor: Any, cancel: bool = False) -> None:
    """Put a flow in the trash: it stops listening, and is kept 30 days. Raises OpenRuns."""
    locked(flow)
    under_way = Run.objects.filter(flow=flow, status__in=OPEN).count()
    if under_way and not cancel:
        raise OpenRuns(under_way)
    cancel_runs(flow, actor, OPEN)
    flow.deleted_at, flow.enabled = timezone.now(), False
    flow.save(update_fields=["deleted_at", "enabled", "updated_at"])
    stop_listening(flow)
    record(flow.workspace, actor, "flow.deleted", flow)


@transaction.atomic
def restore_from_trash(flow: Flow, actor: Any) -> Flow:
    """Back from the trash, switched off; if its action's name was taken meanwhile, it is a draft again."""
    draft = locked(flow)
    flow.deleted_at = None
    if flow.published is not None and not name_is_free(flow, flow.published.document):
        flow.published = None
    flow.save(update_fields=["deleted_at", "published", "updated_at"])
    if flow.published is not None:
        listen(flow, flow.published)
    rejudge(draft)
    record(flow.workspace, actor, "flow.restored", flow)
    return flow
