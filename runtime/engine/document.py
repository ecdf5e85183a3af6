"""The document: one JSON value {"schema", "nodes", "edges", "layout", "notes"}; reading, cleaning up, upgrading.

Saving refuses only what is no document at all (SETTLED 1.7): the envelope, ids, size, depth, counts. What a node's
config means is judged later, by `validation`. Stored order is by id, so that equal flows are equal values.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

SCHEMA = 1
MAX_BYTES = 2 * 1024 * 1024
MAX_NODES = 10_000
MAX_DEPTH = 60
ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
NODE_MEMBERS = frozenset(("id", "type", "key", "label", "config", "settings", "disabled"))
EDGE_MEMBERS = frozenset(("id", "source", "port", "target"))
NOTE_MEMBERS = frozenset(("id", "x", "y", "width", "height", "text", "color"))

# One pure function per schema step: UPGRADES[n] turns schema n into n + 1.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


class DocumentError(ValueError):
    """What was sent is no document. `errors`: [{"pointer", "code", "message"}]."""

    def __init__(self, errors: list[dict[str, str]]):
        super().__init__(errors[0]["message"])
        self.errors = errors


def empty_document() -> dict[str, Any]:
    return {"schema": SCHEMA, "nodes": [], "edges": [], "layout": {}, "notes": []}


def read_document(value: Any) -> dict[str, Any]:
    """`value` as a document in stored order, upgraded to the present schema. Raises DocumentError."""
    if not isinstance(value, dict):
        raise DocumentError([_error("", "type", "A document is a JSON object.")])
    if deeper_than(value, MAX_DEPTH):
        raise DocumentError([_error("", "depth", f"The document nests deeper than {MAX_DEPTH} levels.")])
    value = upgrade(value)
    errors = list(_problems(value))
    if errors:
        raise DocumentError(errors[:100])
    document = {
        "schema": SCHEMA,
        "nodes": sorted(({"config": {}, **node} for node in value.get("nodes", [])), key=by_id),
        "edges": sorted(value.get("edges", []), key=by_id),
        "layout": dict(sorted(value.get("layout", {}).items())),
        "notes": sorted(value.get("notes", []), key=by_id),
    }
    if len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")) > MAX_BYTES:
        raise DocumentError([_error("", "size", "The document is larger than 2 MiB.")])
    return document


def upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """Old documents are upgraded on reading; the stored version stays as it was published."""
    schema = document.get("schema", SCHEMA)
    if not isinstance(schema, int) or isinstance(schema, bool) or not 1 <= schema <= SCHEMA:
        raise DocumentError([_error("/schema", "schema", f"This instance reads documents of schema 1 to {SCHEMA}.")])
    for step in range(schema, SCHEMA):
        document = UPGRADES[step](document)
    return document


def by_id(item: dict[str, Any]) -> str:
    return str(item["id"])


def deeper_than(value: Any, limit: int) -> bool:
    """Whether lists and objects nest deeper than `limit`; walks without recursion, so hostile depth is harmless."""
    layer = [value]
    for _ in range(limit):
        layer = [child for item in layer for child in _children(item)]
        if not layer:
            return False
    return True


def _children(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}


def _problems(value: dict[str, Any]) -> Iterator[dict[str, str]]:
    for name in sorted(set(value) - {"schema", "nodes", "edges", "layout", "notes"}):
        yield _error(f"/{name}", "unknown", f"A document has no member {name!r}.")
    for name, kind in (("nodes", list), ("edges", list), ("layout", dict), ("notes", list)):
        if not isinstance(value.get(name, kind()), kind):
            yield _error(f"/{name}", "type", f"{name!r} must be {'a list' if kind is list else 'an object'}.")
            return
    if len(value.get("nodes", [])) > MAX_NODES:
        yield _error("/nodes", "limit", f"A flow has at most {MAX_NODES:,} nodes.")
        return
    yield from _items(value, "nodes", NODE_MEMBERS, _node)
    yield from _items(value, "edges", EDGE_MEMBERS, _edge)
    yield from _items(value, "notes", NOTE_MEMBERS, _note)
    for name, place in value.get("layout", {}).items():
        if not (isinstance(place, dict) and set(place) == {"x", "y"} and all(map(_is_number, place.values()))):
            yield _error(f"/layout/{name}", "type", 'A place is {"x": number, "y": number}.')


def _items(
    value: dict[str, Any], name: str, members: frozenset[str], check: Callable[[str, Any], Iterator[dict[str, str]]]
) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    for position, item in enumerate(value.get(name, [])):
        pointer = f"/{name}/{position}"
        if not isinstance(item, dict):
            yield _error(pointer, "type", f"Each of {name!r} must be an object.")
            continue
        if not isinstance(item.get("id"), str) or not ID.match(item["id"]):
            yield _error(f"{pointer}/id", "id", "An id is 1 to 64 letters, digits, - or _.")
            continue
        if item["id"] in seen:
            yield _error(f"{pointer}/id", "duplicate", f"The id {item['id']!r} stands twice in {name!r}.")
        seen.add(item["id"])
        for member in sorted(set(item) - members):
            yield _error(f"{pointer}/{member}", "unknown", f"There is no member {member!r} here.")
        yield from check(pointer, item)


def _node(pointer: str, node: dict[str, Any]) -> Iterator[dict[str, str]]:
    if not isinstance(node.get("type"), str) or not 1 <= len(node["type"]) <= 60:
        yield _error(f"{pointer}/type", "type", "A node needs a type.")
    if not isinstance(node.get("key"), str) or not KEY.match(node["key"]):
        yield _error(f"{pointer}/key", "key", "A key starts with a letter; letters, digits and _ follow, 64 at most.")
    if not isinstance(node.get("label", ""), str) or len(node.get("label", "")) > 200:
        yield _error(f"{pointer}/label", "type", "A label is a text of at most 200 characters.")
    for member in ("config", "settings"):
        if not isinstance(node.get(member, {}), dict):
            yield _error(f"{pointer}/{member}", "type", f"{member!r} must be an object.")
    if not isinstance(node.get("disabled", False), bool):
        yield _error(f"{pointer}/disabled", "type", "'disabled' is true or false.")


def _edge(pointer: str, edge: dict[str, Any]) -> Iterator[dict[str, str]]:
    for member in ("source", "port", "target"):
        if not isinstance(edge.get(member), str) or not ID.match(edge[member]):
            yield _error(f"{pointer}/{member}", "type", f"An edge's {member!r} is an id.")


def _note(pointer: str, note: dict[str, Any]) -> Iterator[dict[str, str]]:
    if any(not _is_number(note.get(member, 0)) for member in ("x", "y", "width", "height")):
        yield _error(pointer, "type", "A note's place and size are numbers.")
    if any(not isinstance(note.get(member, ""), str) for member in ("text", "color")):
        yield _error(pointer, "type", "A note's text and colour are texts.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
