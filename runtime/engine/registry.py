"""All node types by name. They register themselves when their module is imported; there is no list to edit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.engine.node_type import NodeType

_TYPES: dict[str, "NodeType"] = {}


def register(node_type: "NodeType") -> None:
    """Add a type; two classes under one name are a mistake that must not wait for the first run."""
    known = _TYPES.get(node_type.type)
    if known is not None and type(known).__qualname__ != type(node_type).__qualname__:
        raise ValueError(f"Two node types are called {node_type.type!r}: {type(known)} and {type(node_type)}.")
    _TYPES[node_type.type] = node_type


def find(name: str) -> "NodeType | None":
    return _TYPES.get(name)


def all_types(kind: str | None = None) -> list["NodeType"]:
    """Every type (that may appear in flows of `kind`), in the palette's order."""
    types = sorted(_TYPES.values(), key=lambda node_type: (node_type.group_order, node_type.order, node_type.label))
    return [node_type for node_type in types if kind is None or kind in node_type.kinds]
