"""How long the steps that a caller waits for may take: the longest way from the trigger to an answer."""

from collections.abc import Callable, Container

from runtime.engine.graph import Graph, Node


def longest_way(graph: Graph, answers: Container[str], seconds_of: Callable[[Node], float]) -> float:
    """Seconds that the steps on one way take at most, up to a node of a type in `answers`; who goes round is counted
    once. `seconds_of` says how long one step takes.
    """
    start = graph.trigger.id
    longest: dict[str, float] = {}
    under_way = {start}
    stack = [(start, iter(_onward(graph, start, answers)))]
    while stack:
        at, ways = stack[-1]
        following = next((each for each in ways if each not in longest and each not in under_way), None)
        if following is not None:
            under_way.add(following)
            stack.append((following, iter(_onward(graph, following, answers))))
            continue
        stack.pop()
        under_way.discard(at)
        after = (longest.get(each, 0.0) for each in _onward(graph, at, answers))
        longest[at] = seconds_of(graph.nodes[at]) + max(after, default=0.0)
    return longest[start]


def _onward(graph: Graph, node_id: str, answers: Container[str]) -> list[str]:
    return [] if graph.nodes[node_id].type in answers else graph.next_of(node_id)


def limit_of(node: Node) -> float:
    """Seconds that a step may take: its time-out, if it calls anybody."""
    return 0.0 if node.disabled or node.node_type is None or node.effect == "none" else node.timeout_seconds
