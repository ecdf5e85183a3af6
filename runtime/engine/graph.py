"""Graph: a document made ready to run. Built once per version, shared by all its runs, never changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from runtime.engine import registry
from runtime.engine.node_type import NodeType, Port

BEYOND_MEASURE = 1e18  # no setting is near; a number of hundreds of digits is no float


@dataclass(frozen=True)  # without slots: what is asked at every step is reckoned once
class Node:
    """One step of a flow. `config` and `settings` are as stored: an absent key means its default."""

    id: str
    type: str
    key: str
    label: str
    config: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    disabled: bool = False
    node_type: NodeType | None = None

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The config with every default, as a run reads it."""
        return MappingProxyType(self.node_type.config_of(self.config)) if self.node_type else {}

    @cached_property
    def effect(self) -> str:
        """none | repeatable | keyed | once (ARCHITECTURE section 6)."""
        return self.node_type.effect_of(self.config) if self.node_type else "none"

    @property
    def on_error(self) -> str:
        return str(self.settings.get("on_error", "stop"))

    @property
    def max_attempts(self) -> int:
        return int(_number(self._retry.get("max_attempts"), self.node_type.attempts if self.node_type else 1))

    @property
    def longest_pause(self) -> float:
        return self.node_type.longest_pause if self.node_type else NodeType.longest_pause

    @property
    def backoff_seconds(self) -> float:
        return _number(self._retry.get("backoff_seconds"), 1)

    @property
    def backoff_factor(self) -> float:
        return _number(self._retry.get("factor"), 2)

    @cached_property
    def timeout_seconds(self) -> float:
        """How long one try may take; at most 60 s, below the queue's own limit."""
        default = self.node_type.timeout_seconds if self.node_type else 10
        return min(_number(self.settings.get("timeout_seconds"), default), 60.0)

    @cached_property
    def ports(self) -> list[Port]:
        return self.node_type.ports_of(self.config, self.settings) if self.node_type else []

    @property
    def first_port(self) -> str:
        """Where a run leaves that passes this node by: the first port, a Decision's `else`."""
        ports = [port.id for port in self.ports]
        return "else" if "else" in ports else (ports[0] if ports else "next")

    @property
    def _retry(self) -> Mapping[str, Any]:
        retry = self.settings.get("retry")
        return retry if isinstance(retry, Mapping) else {}


def _number(value: Any, default: float) -> float:
    """A setting as a number; what is none, or beyond all measure, is a problem (validation) and counts as not set."""
    known = not isinstance(value, bool) and isinstance(value, int | float) and abs(value) < BEYOND_MEASURE
    return float(value) if known else default


@dataclass(frozen=True)
class Graph:
    """Nodes by id and, per (node, port), the one target."""

    nodes: Mapping[str, Node]
    targets: Mapping[tuple[str, str], str]
    triggers: tuple[Node, ...]
    edges: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Graph":
        nodes = {item["id"]: _node(item) for item in document["nodes"]}
        targets = {
            (edge["source"], edge["port"]): edge["target"]
            for edge in document["edges"]
            if edge["source"] in nodes and edge["target"] in nodes
        }
        triggers = tuple(node for node in nodes.values() if node.node_type is not None and node.node_type.trigger)
        return cls(nodes, targets, triggers, tuple(document["edges"]))

    @property
    def trigger(self) -> Node:
        return self.triggers[0]

    def target(self, node_id: str, port: str) -> str | None:
        return self.targets.get((node_id, port))

    def next_of(self, node_id: str) -> list[str]:
        """Where a node's connected ports lead, in port order, each target once."""
        return self._ways[node_id]

    @cached_property
    def _ways(self) -> dict[str, list[str]]:
        return {node_id: self._connected(node) for node_id, node in self.nodes.items()}

    def _connected(self, node: Node) -> list[str]:
        found = (self.targets.get((node.id, port.id)) for port in node.ports)
        return list(dict.fromkeys(target for target in found if target is not None))

    def sources(self) -> dict[str, list[str]]:
        """For every node, the nodes whose live ports lead to it."""
        into: dict[str, list[str]] = {node_id: [] for node_id in self.nodes}
        for node_id in self.nodes:
            for target in self.next_of(node_id):
                into[target].append(node_id)
        return into

    def reachable(self, start: str) -> set[str]:
        """`start` and everything a run can come to from it."""
        return set(_walk([start], self.next_of))

    def reachable_from(self, starts: Iterable[str]) -> set[str]:
        """`starts` and everything a run can come to from any of them."""
        return set(_walk(starts, self.next_of))

    def upstream(self, node_id: str) -> set[str]:
        """Every node that may have run before this one (itself only on a cycle)."""
        sources = self.sources()
        return set(_walk(sources[node_id], sources.__getitem__))

    def before(self, targets: Iterable[str]) -> set[str]:
        """Every node from which a run may come to one of `targets`, and these themselves."""
        sources = self.sources()
        return set(_walk(targets, sources.__getitem__))

    def dominance(self, start: str) -> "Dominance":
        """Who lies on every way to whom, from `start`."""
        return Dominance.of(self, start)


@dataclass(frozen=True, slots=True)
class Dominance:
    """Answers "does every run that reaches b pass a first?" in constant time, whatever the size of the flow.

    Immediate dominators by iteration to the fixed point (Cooper, Harvey, Kennedy: "A Simple, Fast Dominance
    Algorithm"), then an interval for each node of the dominator tree: a dominates b when b's interval lies in a's.
    """

    intervals: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, graph: Graph, start: str) -> "Dominance":
        order = _post_order(start, graph.next_of)
        immediate = _immediate_dominators(graph, start, order)
        children: dict[str, list[str]] = {node_id: [] for node_id in order}
        for node_id in order[:-1]:
            children[immediate[node_id]].append(node_id)
        visits = _post_order(start, children.__getitem__)
        size = dict.fromkeys(visits, 1)
        for node_id in visits[:-1]:
            size[immediate[node_id]] += size[node_id]
        return cls({node_id: (at - size[node_id] + 1, at) for at, node_id in enumerate(visits)})

    def certain(self, before: str, node_id: str) -> bool:
        """Whether `before` has surely run when `node_id` starts (a node is not before itself)."""
        if before == node_id or before not in self.intervals or node_id not in self.intervals:
            return False
        low, high = self.intervals[before]
        return low <= self.intervals[node_id][1] <= high


def _immediate_dominators(graph: Graph, start: str, order: list[str]) -> dict[str, str]:
    number = {node_id: position for position, node_id in enumerate(order)}
    sources = graph.sources()
    immediate = {start: start}
    changed = True
    while changed:
        changed = False
        for node_id in reversed(order[:-1]):
            known = [source for source in sources[node_id] if source in immediate]
            common = known[0]
            for source in known[1:]:
                common = _meet(common, source, immediate, number)
            if immediate.get(node_id) != common:
                immediate[node_id], changed = common, True
    return immediate


def _node(item: Mapping[str, Any]) -> Node:
    return Node(
        id=item["id"], type=item["type"], key=item["key"], label=item.get("label") or "",
        config=item.get("config") or {}, settings=item.get("settings") or {},
        disabled=bool(item.get("disabled")), node_type=registry.find(item["type"]),
    )  # fmt: skip


def _walk(start: Iterable[str], next_of: Any) -> Iterator[str]:
    pending = list(dict.fromkeys(start))
    seen = set(pending)
    while pending:
        node_id = pending.pop()
        yield node_id
        for target in next_of(node_id):
            if target not in seen:
                seen.add(target)
                pending.append(target)


def _post_order(start: str, next_of: Any) -> list[str]:
    order: list[str] = []
    seen = {start}
    stack = [(start, iter(next_of(start)))]
    while stack:
        node_id, targets = stack[-1]
        for target in targets:
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(next_of(target))))
                break
        else:
            order.append(node_id)
            stack.pop()
    return order


def _meet(left: str, right: str, immediate: Mapping[str, str], number: Mapping[str, int]) -> str:
    while left != right:
        while number[left] < number[right]:
            left = immediate[left]
        while number[right] < number[left]:
            right = immediate[right]
    return left
