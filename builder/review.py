"""Review: what changed between two documents, in plain words, node by node.

Each change is {"kind", "node", "field", "before", "after", "text"}; `field` is a JSON Pointer from the node. Layout and
notes are one line of kind "layout", last; it does not count as a change of the flow (SETTLED 1.5).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from builder import review_words
from builder.ops import Document, diff, same, split
from runtime.engine import registry

Change = dict[str, Any]
_SETTINGS = {"retry": "Retry", "timeout_seconds": "Time-out", "on_error": "On error"}


def review(before: Document | None, after: Document) -> list[Change]:
    """Every difference in words; `before` is None for a flow that was never published."""
    before = before or {"schema": 1, "nodes": [], "edges": [], "layout": {}, "notes": []}
    changes = [*_node_changes(before, after), *_edge_changes(before, after)]
    return [*changes, *_layout_change(before, after)]


def count(changes: list[Change]) -> int:
    """How many of them change what the flow does."""
    return sum(change["kind"] != "layout" for change in changes)


# --- Nodes


def _node_changes(before: Document, after: Document) -> Iterator[Change]:
    old, new = _by_id(before), _by_id(after)
    for node in after["nodes"]:
        past = old.get(node["id"])
        if past is None:
            yield _change("node_added", node["id"], text=f"Added {_name(node)} ({_type(node)}).", after=node)
        elif past is not node:
            yield from _changes_of(past, node)
    for node in before["nodes"]:
        if node["id"] not in new:
            yield _change("node_removed", node["id"], text=f"Removed {_name(node)} ({_type(node)}).", before=node)


def _changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    alone = {"layout": {}, "edges": [], "notes": []}
    for op in diff({**alone, "nodes": [before]}, {**alone, "nodes": [after]}):
        place = split(op["path"])[2:]
        text = _WORDS.get(place[0], _member)(before, after, place)
        field = "/" + "/".join(place)
        yield _change("node_changed", after["id"], field, op.get("before"), op.get("after"), text)


def _label(before: Mapping[str, Any], after: Mapping[str, Any], place: list[str]) -> str:
    return f"Renamed {_name(before)} to {_name(after)}."


def _key(before: Mapping[str, Any], after: Mapping[str, Any], place: list[str]) -> str:
    return f"{_name(after)}: its outputs are now steps.{after['key']} (were steps.{before['key']})."


def _type_changed(before: Mapping[str, Any], after: Mapping[str, Any], place: list[str]) -> str:
    return f"{_name(after)}: became {_type(after)} (was {_type(before)})."


def _disabled(before: Mapping[str, Any], after: Mapping[str, Any], place: list[str]) -> str:
    return f"Turned {_name(after)} {'off' if after.get('disabled') else 'on'}."


def _member(before: Mapping[str, Any], after: Mapping[str, Any], place: list[str]) -> str:
    table, name = place[0], place[-1]
    field = _field(after, table, name)
    old, new = (before.get(table) or {}), (after.get(table) or {})
    was, now = review_words.value(field, old.get(name)), review_words.value(field, new.get(name))
    what = f"{_name(after)}: {_field_label(field, table, name)}"
    if name not in old or old[name] in (None, ""):
        return f"{what} set to {now}."
    if name not in new or new[name] in (None, ""):
        return f"{what} cleared (was {was})."
    if told := review_words.difference(field, old[name], new[name]):
        return f"{what}: {told}."
    return f"{what} changed." if was == now else f"{what} changed from {was} to {now}."


_WORDS = {"label": _label, "key": _key, "type": _type_changed, "disabled": _disabled}


# --- Edges


def _edge_changes(before: Document, after: Document) -> Iterator[Change]:
    """By exit, not by id: drawing the same line again is no change; lines that went with a removed node say nothing."""
    old, new = _exits(before), _exits(after)
    was, now = _Names(before), _Names(after)
    for exit_, edge in new.items():
        past = old.get(exit_)
        if past is None:
            text = f"{now.exit(exit_)} now leads to {now.node(edge['target'])}."
            yield _change("edge_added", exit_[0], f"/ports/{exit_[1]}", None, edge["target"], text)
        elif past["target"] != edge["target"]:
            text = f"{now.exit(exit_)} now leads to {now.node(edge['target'])} (before: {was.node(past['target'])})."
            yield _change("edge_moved", exit_[0], f"/ports/{exit_[1]}", past["target"], edge["target"], text)
    for exit_, edge in old.items():
        if exit_ not in new and exit_[0] in now and edge["target"] in now:
            text = f"{was.exit(exit_)} no longer leads to {was.node(edge['target'])}."
            yield _change("edge_removed", exit_[0], f"/ports/{exit_[1]}", edge["target"], None, text)


class _Names:
    """What nodes and their exits are called in one document."""

    def __init__(self, document: Document):
        self.nodes = _by_id(document)

    def __contains__(self, node_id: str) -> bool:
        return node_id in self.nodes

    def node(self, node_id: str) -> str:
        node = self.nodes.get(node_id)
        return _name(node) if node else f"a step that is not there ({node_id})"

    def exit(self, exit_: tuple[str, str]) -> str:
        node_id, port = exit_
        ports = _port_labels(self.nodes[node_id]) if node_id in self else {}
        name = self.node(node_id)
        return name if len(ports) == 1 and port in ports else f"{name} · {ports.get(port, port)}"


def _port_labels(node: Mapping[str, Any]) -> dict[str, str]:
    node_type = registry.find(node["type"])
    ports = node_type.ports_of(node.get("config") or {}, node.get("settings") or {}) if node_type else []
    return {port.id: port.label for port in ports}


def _exits(document: Document) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(edge["source"], edge["port"]): edge for edge in document["edges"]}


# --- Layout and notes


def _layout_change(before: Document, after: Document) -> Iterator[Change]:
    kept = _by_id(before).keys() & _by_id(after).keys()
    moved = sum(not same(before["layout"].get(id), after["layout"].get(id)) for id in kept)
    notes = sum(op["path"].startswith("/notes/") for op in diff({**before, "nodes": []}, {**after, "nodes": []}))
    parts = [_counted(moved, "step moved", "steps moved"), _counted(notes, "note changed", "notes changed")]
    text = ", ".join(part for part in parts if part)
    if text:
        yield _change("layout", None, text=text[0].upper() + text[1:] + ".")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""


# --- Words


def _change(
    kind: str, node: str | None, field: str | None = None, before: Any = None, after: Any = None, text: str = ""
) -> Change:
    return {"kind": kind, "node": node, "field": field, "before": before, "after": after, "text": text}


def _by_id(document: Document) -> dict[str, Mapping[str, Any]]:
    return {node["id"]: node for node in document["nodes"]}


def _name(node: Mapping[str, Any]) -> str:
    return str(node.get("label") or node["key"])


def _type(node: Mapping[str, Any]) -> str:
    node_type = registry.find(node["type"])
    return node_type.label if node_type else str(node["type"])


def _field(node: Mapping[str, Any], table: str, name: str) -> Any:
    node_type = registry.find(node["type"])
    return node_type.fields.get(name) if node_type and table == "config" else None


def _field_label(field: Any, table: str, name: str) -> str:
    if field is not None:
        return str(field.label)
    return _SETTINGS.get(name, name) if table == "settings" else name
