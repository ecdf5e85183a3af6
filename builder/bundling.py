"""Flows that run others travel with them: in an export a flow is `flow:<its name>`, and those that are run come beside.

Where an import meets a flow of the same name and kind as one that comes beside, it is taken; else it is made.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from builder.naming import named
from builder.ops import Document
from runtime.engine.fields import FlowRef
from runtime.models import Flow, Workspace
from runtime.models.base import time_ordered_id

PREFIX = "flow:"


def bundle_of(asked: Iterable[Flow]) -> dict[str, Flow]:
    """{id: flow} of those asked for and, behind them, of all that they run."""
    found = {str(flow.pk): flow for flow in asked}
    looked_at: set[str] = set()
    while wanted := {id for flow in found.values() for id in _runs(flow.draft.document)} - set(found) - looked_at:
        looked_at |= wanted
        rows = Flow.objects.for_workspace(next(iter(found.values())).workspace).kept().filter(pk__in=wanted)
        found |= {str(row.pk): row for row in rows.select_related("draft").order_by("name", "pk")}
    return found


def _runs(document: Document) -> set[str]:
    return {value for _, _, value in named(document, FlowRef) if _is_id(value)}


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def labels_of(bundle: Mapping[str, Flow]) -> dict[str, str]:
    """{id: what the flow is called in the export}: its name, with a number where others have the same."""
    labels: dict[str, str] = {}
    for id, flow in bundle.items():
        label, number = flow.name, 1
        while label in labels.values():
            number += 1
            label = f"{flow.name} #{number}"
        labels[id] = label
    return labels


def places_of(workspace: Workspace, entries: Iterable[Mapping[str, Any]], first: Flow | None) -> dict[str, Any]:
    """{label: id here} of an export's flows: `first` for the first of them, a new id for each that is to be made."""
    here = {(flow.name, flow.kind): flow.pk for flow in Flow.objects.for_workspace(workspace).kept()}
    places: dict[str, Any] = {}
    for position, entry in enumerate(entries):
        taken = here.get((entry["name"], entry["kind"])) if entry["beside"] else None
        places[entry["label"]] = first.pk if first is not None and position == 0 else taken or time_ordered_id()
    return places
