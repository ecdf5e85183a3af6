"""What a document names outside of itself, by the type of the field that names it: connections, other flows."""

from collections.abc import Callable, Iterator
from typing import Any

from builder.ops import Document
from runtime.engine.fields import ConnectionRef
from runtime.engine.registry import find


def named(document: Document, kind: type[ConnectionRef]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """(node, field, what is named) of every field of exactly this kind."""
    for node in document["nodes"]:
        node_type = find(node["type"])
        for name, declared in (node_type.fields if node_type else {}).items():
            if type(declared) is kind and isinstance(node["config"].get(name), str):
                yield node, name, node["config"][name]


def renamed(document: Document, kind: type[ConnectionRef], replace: Callable[[str], str | None]) -> Document:
    """`document` with each of these names replaced."""
    changed = {(node["id"], name): replace(value) for node, name, value in named(document, kind)}
    nodes = [
        {**node, "config": {name: changed.get((node["id"], name), value) for name, value in node["config"].items()}}
        for node in document["nodes"]
    ]
    return {**document, "nodes": nodes}
