"""Ops: the differences between two documents, finest unit one field; read, applied, inverted.

An op is {"path", "before", "after"}: an omitted member means absent, null is a value. A path is
`/nodes/<id>`, `/nodes/<id>/{type|key|label|disabled}`, `/nodes/<id>/{config|settings}/<name>`, `/edges/<id>`,
`/layout/<id>` or `/notes/<id>`; lists and objects inside a field are one value. Everything here is pure: documents come
in and new ones go out. `static/editor/model/diff.js` is its twin.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runtime.engine.document import SCHEMA, by_id

Document = dict[str, Any]
Op = dict[str, Any]
LISTS = ("nodes", "edges", "notes")
MEMBERS = ("type", "key", "label", "disabled")
TABLES = ("config", "settings")
MOST_OPS = 50_000
_ABSENT: Any = object()


class BadOps(ValueError):
    """What was sent are no ops. `errors`: [{"pointer", "code", "message"}]."""

    def __init__(self, errors: list[dict[str, str]]):
        super().__init__(errors[0]["message"])
        self.errors = errors


class Conflict(Exception):
    """The ops do not fit the document as it is now; `path` says where."""

    def __init__(self, path: str, message: str):
        super().__init__(message)
        self.path, self.message = path, message


# --- Reading


def read_ops(value: Any) -> list[Op]:
    """`value` as a list of well-formed ops. Raises BadOps."""
    if not isinstance(value, list) or len(value) > MOST_OPS:
        raise BadOps([_error("/ops", "type", f"ops is a list of at most {MOST_OPS:,} changes.")])
    errors = [error for position, op in enumerate(value) for error in _op_problems(f"/ops/{position}", op)]
    if errors:
        raise BadOps(errors[:100])
    return value


def _op_problems(pointer: str, op: Any) -> Iterator[dict[str, str]]:
    if not isinstance(op, dict) or not isinstance(op.get("path"), str):
        yield _error(pointer, "type", 'An op is {"path", "before", "after"}.')
    elif set(op) - {"path", "before", "after"}:
        yield _error(pointer, "unknown", 'An op has no members but "path", "before" and "after".')
    elif "before" not in op and "after" not in op:
        yield _error(pointer, "empty", "An op without before and after says nothing.")
    elif not _is_path(op["path"]):
        yield _error(f"{pointer}/path", "path", f"{op['path'][:200]!r} is no path of a flow.")
    elif not op["path"].startswith("/layout/") and op["path"].count("/") == 2:
        yield from _whole_item_problems(pointer, op)


def _whole_item_problems(pointer: str, op: Op) -> Iterator[dict[str, str]]:
    after = op.get("after", _ABSENT)
    if after is not _ABSENT and not (isinstance(after, dict) and after.get("id") == split(op["path"])[1]):
        yield _error(f"{pointer}/after", "id", "The id in the path and in the value differ.")


def _is_path(path: str) -> bool:
    if not path.startswith("/"):
        return False
    match split(path):
        case ["edges" | "layout" | "notes" | "nodes", id]:
            return bool(id)
        case ["nodes", id, member]:
            return bool(id) and member in MEMBERS
        case ["nodes", id, table, name]:
            return bool(id) and table in TABLES and bool(name)
    return False


# --- Applying


def apply(document: Document, ops: Iterable[Op]) -> Document:
    """`document` with the ops done. Raises Conflict where an op adds what is there or changes what is gone."""
    parts = _Parts(document)
    for op in ops:
        parts.write(op)
    return parts.document()


class _Parts:
    """A document taken apart by id; only what an op touches is copied."""

    def __init__(self, document: Document):
        self.lists = {name: {item["id"]: item for item in document[name]} for name in LISTS}
        self.layout = dict(document["layout"])

    def write(self, op: Op) -> None:
        match split(op["path"]):
            case ["layout", id]:
                _put(self.layout, id, op)
            case [name, id]:
                self._write_item(self.lists[name], id, op)
            case ["nodes", id, *place]:
                self._write_in_node(id, place, op)

    def _write_item(self, items: dict[str, Any], id: str, op: Op) -> None:
        if "before" not in op and id in items and not same(items[id], op["after"]):
            raise Conflict(op["path"], f"{op['path']} is there already.")
        if "before" in op and "after" in op and id not in items:
            raise Conflict(op["path"], f"{op['path']} is no longer there.")
        _put(items, id, op)

    def _write_in_node(self, id: str, place: list[str], op: Op) -> None:
        node = self.lists["nodes"].get(id)
        if node is None:
            raise Conflict(op["path"], f"The step {id!r} is no longer there.")
        copy = dict(node)
        if len(place) == 1:
            _put(copy, place[0], op)
        else:
            table = dict(copy.get(place[0]) or {})
            _put(table, place[1], op)
            copy[place[0]] = table
        self.lists["nodes"][id] = tidy_node(copy)

    def document(self) -> Document:
        lists = {name: sorted(items.values(), key=by_id) for name, items in self.lists.items()}
        return {"schema": SCHEMA, **lists, "layout": dict(sorted(self.layout.items()))}


def tidy(document: Document) -> Document:
    """Stored form: empty `settings` are left out, so that equal flows are equal values."""
    return {**document, "nodes": [tidy_node(node) for node in document["nodes"]]}


def tidy_node(node: Any) -> Any:
    if isinstance(node, dict) and node.get("settings", _ABSENT) == {}:
        return {name: value for name, value in node.items() if name != "settings"}
    return node


def _put(table: dict[str, Any], name: str, op: Op) -> None:
    if "after" in op:
        table[name] = op["after"]
    else:
        table.pop(name, None)


# --- Differing


def diff(before: Document, after: Document) -> list[Op]:
    """The ops that turn `before` into `after`, in the order nodes, edges, layout, notes."""
    return [
        *_list_ops("nodes", before, after),
        *_list_ops("edges", before, after),
        *_table_ops("/layout", before["layout"], after["layout"]),
        *_list_ops("notes", before, after),
    ]


def _list_ops(name: str, before: Document, after: Document) -> Iterator[Op]:
    old = {item["id"]: item for item in before[name]}
    for item in after[name]:
        path = f"/{name}/{escape(item['id'])}"
        past = old.pop(item["id"], None)
        if past is None:
            yield {"path": path, "after": item}
        elif past is not item:
            yield from _node_ops(path, past, item) if name == "nodes" else _value_ops(path, past, item)
    for item in old.values():
        yield {"path": f"/{name}/{escape(item['id'])}", "before": item}


def _node_ops(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Op]:
    yield from _table_ops(path, _members(before), _members(after))
    for table in TABLES:
        yield from _table_ops(f"{path}/{table}", before.get(table) or {}, after.get(table) or {})


def _members(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: node[name] for name in MEMBERS if name in node}


def _table_ops(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Op]:
    for name, value in after.items():
        at = f"{path}/{escape(name)}"
        if name not in before:
            yield {"path": at, "after": value}
        else:
            yield from _value_ops(at, before[name], value)
    for name in before:
        if name not in after:
            yield {"path": f"{path}/{escape(name)}", "before": before[name]}


def _value_ops(path: str, before: Any, after: Any) -> Iterator[Op]:
    if not same(before, after):
        yield {"path": path, "before": before, "after": after}


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: unlike `==`, true is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and left == right


# --- Paths


def split(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _error(pointer: str, code: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "message": message}
