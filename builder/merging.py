"""Merging: ops made on an older revision onto the document as it is now (SETTLED 1.2).

They fit when no path of theirs overlaps with what others changed since, and when no rule of the structure that held
before is broken after: connections have both ends, an exit leads to one step, keys differ, one trigger at most.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from builder.ops import Conflict, Document, Op, apply, same, split
from runtime.engine import registry
from runtime.engine.document import read_document


def overlaps(path: str, other: str) -> bool:
    """Whether one path is the other or leads to it."""
    return path == other or path.startswith(other + "/") or other.startswith(path + "/")


def first_overlap(ops: Iterable[Op], others: Iterable[Op]) -> str | None:
    """A path of `ops` that overlaps with one of `others`, or None; linear in both. Wanting the same is no clash."""
    touched = {op["path"]: op for op in others}
    above = {prefix for path in touched for prefix in _prefixes(path)}
    for op in ops:
        path = op["path"]
        if path in touched and _same_result(op, touched[path]):
            continue
        if path in touched or path in above or any(prefix in touched for prefix in _prefixes(path)):
            return path
    return None


def _same_result(op: Op, other: Op) -> bool:
    return ("after" in op) == ("after" in other) and same(op.get("after"), other.get("after"))


def merge(document: Document, ops: list[Op], since: list[Op]) -> tuple[Document, list[str]]:
    """Apply `ops` to `document`, which `since` changed after their author looked.

    Gives the new document and the edges dropped because a node they touch was deleted meanwhile. Raises Conflict for
    a path that both touched and for a rule of the structure that held before and does not now; DocumentError for
    a result that is no document.
    """
    clash = first_overlap(ops, since)
    if clash is not None:
        raise Conflict(clash, f"{clash} was changed by somebody else meanwhile.")
    after = read_document(apply(document, ops))
    dropped = _dangling(after, deleted=_deleted_nodes([*ops, *since]) if since else set())
    if dropped:
        after = {**after, "edges": [edge for edge in after["edges"] if edge["id"] not in dropped]}
    held = broken_rules(document)
    for rule, (path, message) in broken_rules(after).items():
        if rule not in held:
            raise Conflict(path, message)
    return after, sorted(dropped)


def broken_rules(document: Document) -> dict[tuple[str, ...], tuple[str, str]]:
    """Rules of the structure that do not hold: {what: (path, message)}."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    nodes = {node["id"] for node in document["nodes"]}
    ports: set[tuple[str, str]] = set()
    for edge in document["edges"]:
        path = f"/edges/{edge['id']}"
        for end in ("source", "target"):
            if edge[end] not in nodes:
                found["end", edge["id"], end] = (path, f"A connection leads to a step that is not there: {edge[end]}.")
        if (edge["source"], edge["port"]) in ports:
            found["port", edge["source"], edge["port"]] = (path, "An exit of a step leads to one step only.")
        ports.add((edge["source"], edge["port"]))
    found.update(_broken_node_rules(document["nodes"]))
    return found


def _broken_node_rules(nodes: list[Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, str]]]:
    keys: set[str] = set()
    triggers = 0
    for node in nodes:
        if node["key"] in keys:
            yield ("key", node["key"]), (f"/nodes/{node['id']}/key", f"Two steps have the key {node['key']!r}.")
        keys.add(node["key"])
        node_type = registry.find(node["type"])
        triggers += node_type is not None and node_type.trigger
        if triggers > 1 and node_type is not None and node_type.trigger:
            yield ("trigger", str(triggers)), (f"/nodes/{node['id']}", "A flow has one trigger.")


def _dangling(document: Document, deleted: set[str]) -> set[str]:
    nodes = {node["id"] for node in document["nodes"]}
    gone = deleted - nodes
    return {edge["id"] for edge in document["edges"] if edge["source"] in gone or edge["target"] in gone}


def _deleted_nodes(ops: Iterable[Op]) -> set[str]:
    return {split(op["path"])[1] for op in ops if "after" not in op and op["path"].startswith("/nodes/")
            and op["path"].count("/") == 2}  # fmt: skip


def _prefixes(path: str) -> Iterator[str]:
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)
