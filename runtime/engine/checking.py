"""What a validation finds, and what its rules share while it is under way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.engine.graph import Dominance, Graph, Node


@dataclass(frozen=True, slots=True)
class Problem:
    """`field` is a JSON Pointer from the node; `fix` is {"label", "ops"} where one key press can mend it."""

    code: str
    message: str
    node: str | None = None
    field: str | None = None
    fix: Mapping[str, Any] | None = None

    @property
    def severity(self) -> str:
        return "error" if self.code.startswith("F") else "warning"

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "severity": self.severity, "message": self.message,
                "node": self.node, "field": self.field, "fix": self.fix}  # fmt: skip


@dataclass(slots=True)
class Check:
    """One validation under way: what the rules share, computed once."""

    graph: Graph
    kind: str
    known: Mapping[str, Any]
    reachable: set[str] = field(default_factory=set)
    dominance: Dominance | None = None
    made: dict[str, set[str]] = field(default_factory=dict)  # variable path -> nodes that make it
    by_key: dict[str, list[Node]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    edges_at: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)  # by the id of either end
    after: dict[str, set[str]] = field(default_factory=dict)  # variable path -> nodes a maker of it may lead to

    def may_have(self, path: str, makers: set[str]) -> set[str]:
        """Every node that some maker of `path` leads to; walked once per variable, whatever the number of readers."""
        if path not in self.after:
            starts = [next_ for maker in makers & self.reachable for next_ in self.graph.next_of(maker)]
            self.after[path] = self.graph.reachable_from(starts)
        return self.after[path]


def name_of(node: Node) -> str:
    """What people call a node."""
    return node.label or (node.node_type.label if node.node_type else node.key)
