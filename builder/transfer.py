"""Export and import: flows as one JSON value without secrets or ids of this instance; connections by name.

{"segue": "flows", "schema": 1, "flows": [{"name", "description", "kind", "document", "as", "beside"}],
 "connections": [{"name", "type", "allowed_hosts", "used_by": [labels]}]}. In the documents a connection is its name,
and a flow that is run is `flow:` and its name; those come along, marked `beside` (builder/bundling.py; `as` is there
where two have the same name). Importing asks only what the names of connections are here: one of the same name and
type is taken without asking. An import runs nothing and publishes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction

from builder.bundling import PREFIX, bundle_of, labels_of, places_of
from builder.drafts import Saved, locked, save_document
from builder.flows import create_flow
from builder.naming import named, renamed
from builder.ops import Document
from integrations.models import Connection
from runtime.engine.document import SCHEMA, DocumentError, read_document
from runtime.engine.fields import ConnectionRef, FlowRef
from runtime.engine.validation import is_plain_secret
from runtime.models import Flow, Workspace
from runtime.models.flows import KINDS

MOST_FLOWS = 100


class CannotImport(Exception):
    """What was sent is no export, or connections are not mapped yet; `errors` says which."""

    def __init__(self, message: str, errors: list[dict[str, str]]):
        super().__init__(message)
        self.errors = errors


# --- Export


def export_flows(flows: Iterable[Flow]) -> dict[str, Any]:
    """Drafts of flows of one workspace as one portable value."""
    asked = {str(flow.pk): flow for flow in flows}
    workspace = next(iter(asked.values())).workspace
    bundle = bundle_of(asked.values())
    labels, flows = labels_of(bundle), list(bundle.values())
    ids = {value for flow in flows for _, _, value in named(flow.draft.document, ConnectionRef)}
    connections = {str(row.pk): row for row in Connection.objects.for_workspace(workspace) if str(row.pk) in ids}
    return {
        "segue": "flows", "schema": SCHEMA,
        "flows": [
            {"name": flow.name, "description": flow.description, "kind": flow.kind,
             "document": export_document(flow.draft.document, connections, labels),
             **({"as": labels[id]} if labels[id] != flow.name else {}), **({} if id in asked else {"beside": True})}
            for id, flow in bundle.items()
        ],
        "connections": [
            {"name": row.name, "type": row.type, "allowed_hosts": row.allowed_hosts,
             "used_by": [label for flow in flows for label in _labels_using(flow, id)]}
            for id, row in sorted(connections.items(), key=lambda pair: pair[1].name)
        ],
    }  # fmt: skip


def export_document(document: Document, connections: Mapping[str, Connection], labels: Mapping[str, str]) -> Document:
    """`document` with names in place of ids; what is gone becomes null, a secret written down becomes empty."""
    portable = renamed(document, ConnectionRef, lambda id: connections[id].name if id in connections else None)
    portable = renamed(portable, FlowRef, lambda id: f"{PREFIX}{labels[id]}" if id in labels else None)
    return {**portable, "nodes": [{**node, "config": _without_secrets(node["config"])} for node in portable["nodes"]]}


def _without_secrets(value: Any) -> Any:
    """Rows that publishing would refuse as plain secrets keep their names only."""
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return (
        {**value, "value": ""}
        if is_plain_secret(value)
        else {key: _without_secrets(item) for key, item in value.items()}
    )


def _labels_using(flow: Flow, connection_id: str) -> Iterator[str]:
    for node, _, value in named(flow.draft.document, ConnectionRef):
        if value == connection_id:
            yield node.get("label") or node["key"]


# --- Import


@transaction.atomic
def import_flows(workspace: Workspace, value: Any, mapping: Mapping[str, Any], user: Any) -> list[Flow]:
    """New flows from an export. `mapping`: {name in the file: id here, or null for none}. Raises CannotImport."""
    entries, ids = read_export(value), _ids(workspace, value, mapping)
    places = places_of(workspace, entries, None)
    return _make(workspace, entries, ids, places, user)


@transaction.atomic
def import_into(flow: Flow, value: Any, mapping: Mapping[str, Any], user: Any) -> Saved:
    """Replace one flow's draft by the one flow of an export; what it runs is made where it is not here."""
    first, *others = read_export(value)
    if not all(entry["beside"] for entry in others) or first["kind"] != flow.kind:
        raise CannotImport("The file must hold one flow of the same kind.", [_error("/flows", "kind", "One flow.")])
    ids = _ids(flow.workspace, value, mapping)
    places = places_of(flow.workspace, [first, *others], flow)
    _make(flow.workspace, others, ids, places, user)
    return save_document(flow, _here(first["document"], ids, places), user, locked(flow).revision)


def _make(
    workspace: Workspace, entries: Iterable[Mapping[str, Any]], ids: Mapping[str, str | None],
    places: Mapping[str, Any], user: Any,
) -> list[Flow]:  # fmt: skip
    """The flows of these entries that are not here yet."""
    there = set(Flow.objects.filter(pk__in=places.values()).values_list("pk", flat=True))
    return [
        create_flow(
            workspace, user, id=places[entry["label"]], name=entry["name"], kind=entry["kind"],
            description=entry["description"], document=_here(entry["document"], ids, places),
        )
        for entry in entries if places[entry["label"]] not in there
    ]  # fmt: skip


def _here(document: Document, ids: Mapping[str, str | None], places: Mapping[str, Any]) -> Document:
    """A document of an export with what its names are here."""

    def flow(name: str) -> str | None:
        if not name.startswith(PREFIX):
            return name  # written before flows travelled by their names
        found = places.get(name.removeprefix(PREFIX))
        return str(found) if found else None

    return renamed(renamed(document, ConnectionRef, ids.get), FlowRef, flow)


def read_export(value: Any) -> list[dict[str, Any]]:
    """The flows of an export, checked. Raises CannotImport naming each wrong place."""
    flows = value.get("flows") if isinstance(value, dict) and value.get("segue") == "flows" else None
    if not isinstance(flows, list) or not 1 <= len(flows) <= MOST_FLOWS:
        raise CannotImport("This is no export of flows.", [_error("", "type", 'Expected {"segue": "flows", "flows"}.')])
    errors: list[dict[str, str]] = []
    entries = [_entry(f"/flows/{position}", flow, errors) for position, flow in enumerate(flows)]
    if errors:
        raise CannotImport(errors[0]["message"], errors)
    return entries


def _entry(pointer: str, flow: Any, errors: list[dict[str, str]]) -> dict[str, Any]:
    flow = flow if isinstance(flow, dict) else {}
    name, description, kind = flow.get("name"), flow.get("description") or "", flow.get("kind")
    if not isinstance(name, str) or not 1 <= len(name) <= 120:
        errors.append(_error(f"{pointer}/name", "invalid", "A name has 1 to 120 characters."))
    if not isinstance(description, str) or len(description) > 500:
        errors.append(_error(f"{pointer}/description", "invalid", "A description has at most 500 characters."))
    if kind not in KINDS:
        errors.append(_error(f"{pointer}/kind", "invalid", f"The kind is one of {', '.join(KINDS)}."))
    document: Any = None
    try:
        document = read_document(flow.get("document"))
    except DocumentError as error:
        errors.extend({**each, "pointer": f"{pointer}/document{each['pointer']}"} for each in error.errors)
    label = flow["as"] if isinstance(flow.get("as"), str) else name
    return {"name": name, "description": description, "kind": kind, "document": document, "label": label,
            "beside": flow.get("beside") is True}  # fmt: skip


def _ids(workspace: Workspace, value: Any, mapping: Mapping[str, Any]) -> dict[str, str | None]:
    """What each connection's name is here."""
    here = list(Connection.objects.for_workspace(workspace))
    by_id, by_name = {str(row.pk): row for row in here}, {row.name: row for row in here}
    listed = value.get("connections")
    found: dict[str, str | None] = {}
    errors = []
    for position, item in enumerate(listed if isinstance(listed, list) else []):
        name, kind = (item.get("name"), item.get("type")) if isinstance(item, dict) else (None, None)
        if not isinstance(name, str):
            errors.append(_error(f"/connections/{position}/name", "invalid", "A connection is named by a text."))
        elif name in mapping:
            if mapping[name] is not None and str(mapping[name]) not in by_id:
                errors.append(_error(f"/connections/{name}", "unknown", "There is no such connection here."))
            found[name] = str(mapping[name]) if mapping[name] is not None else None
        elif name in by_name and by_name[name].type == kind:
            found[name] = str(by_name[name].pk)
        else:
            errors.append(_error(f"/connections/{name}", "unmapped", f"Which connection is “{name}” ({kind}) here?"))
    if errors:
        raise CannotImport(errors[0]["message"], errors)
    return found


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}
