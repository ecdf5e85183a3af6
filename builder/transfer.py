"""Export and import: flows as one JSON value without secrets or ids of this instance; connections by name.

{"segue": "flows", "schema": 1, "flows": [{"name", "description", "kind", "document"}],
 "connections": [{"name", "type", "allowed_hosts", "used_by": [labels]}]}. In the documents a connection is its name.
Importing asks only what these names are here: a connection of the same name and type is taken without asking.
An import runs nothing and publishes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction

from builder.drafts import Saved, locked, save_document
from builder.flows import create_flow
from builder.ops import Document
from integrations.models import Connection
from runtime.engine.document import SCHEMA, DocumentError, read_document
from runtime.engine.fields import ConnectionRef
from runtime.engine.registry import find
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
    flows = list(flows)
    ids = {value for flow in flows for _, _, value in _references(flow.draft.document)}
    workspace = flows[0].workspace
    connections = {str(row.pk): row for row in Connection.objects.for_workspace(workspace) if str(row.pk) in ids}
    return {
        "segue": "flows", "schema": SCHEMA,
        "flows": [
            {"name": flow.name, "description": flow.description, "kind": flow.kind,
             "document": export_document(flow.draft.document, connections)}
            for flow in flows
        ],
        "connections": [
            {"name": row.name, "type": row.type, "allowed_hosts": row.allowed_hosts,
             "used_by": [label for flow in flows for label in _labels_using(flow, id)]}
            for id, row in sorted(connections.items(), key=lambda pair: pair[1].name)
        ],
    }  # fmt: skip


def export_document(document: Document, connections: Mapping[str, Connection]) -> Document:
    """`document` with names in place of ids; what is gone becomes null, a secret written down becomes empty."""
    named = _rewritten(document, lambda id: connections[id].name if id in connections else None)
    return {**named, "nodes": [{**node, "config": _without_secrets(node["config"])} for node in named["nodes"]]}


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
    for node, _, value in _references(flow.draft.document):
        if value == connection_id:
            yield node.get("label") or node["key"]


# --- Import


@transaction.atomic
def import_flows(workspace: Workspace, value: Any, mapping: Mapping[str, Any], user: Any) -> list[Flow]:
    """New flows from an export. `mapping`: {name in the file: id here, or null for none}. Raises CannotImport."""
    entries = read_export(value)
    ids = _ids(workspace, value, mapping)
    flows = []
    for entry in entries:
        document = _rewritten(entry["document"], ids.get)
        flows.append(create_flow(
            workspace, user, name=entry["name"], kind=entry["kind"], description=entry["description"], document=document
        ))  # fmt: skip
    return flows


@transaction.atomic
def import_into(flow: Flow, value: Any, mapping: Mapping[str, Any], user: Any) -> Saved:
    """Replace one flow's draft by the single flow of an export."""
    entries = read_export(value)
    if len(entries) != 1 or entries[0]["kind"] != flow.kind:
        raise CannotImport("The file must hold one flow of the same kind.", [_error("/flows", "kind", "One flow.")])
    ids = _ids(flow.workspace, value, mapping)
    return save_document(flow, _rewritten(entries[0]["document"], ids.get), user, locked(flow).revision)


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
    return {"name": name, "description": description, "kind": kind, "document": document}


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


# --- References


def _references(document: Document) -> Iterator[tuple[dict[str, Any], str, str]]:
    """(node, field, connection) of every connection a document names."""
    for node in document["nodes"]:
        node_type = find(node["type"])
        for name, declared in (node_type.fields if node_type else {}).items():
            if type(declared) is ConnectionRef and isinstance(node["config"].get(name), str):
                yield node, name, node["config"][name]


def _rewritten(document: Document, replace: Callable[[str], str | None]) -> Document:
    changed = {(node["id"], name): replace(value) for node, name, value in _references(document)}
    nodes = [
        {**node, "config": {name: changed.get((node["id"], name), value) for name, value in node["config"].items()}}
        for node in document["nodes"]
    ]
    return {**document, "nodes": nodes}


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}
