"""Graphs: where ports lead, what lies on every way, at any size."""

import time

from runtime.engine.graph import Graph
from tests.flows import call_ended, chain, decision, document, end, node, set_variable


def diamond() -> Graph:
    nodes = [call_ended(), decision("check", "{{interaction.status}}", "equals", "completed"), set_variable("a", x="1"),
             set_variable("b", y="2"), end("join")]  # fmt: skip
    edges = [("start", "next", "check"), ("check", "yes", "a"), ("check", "else", "b"), ("a", "next", "join"),
             ("b", "next", "join")]  # fmt: skip
    return Graph.from_document(document(nodes, edges))


def test_a_port_leads_to_its_target_or_nowhere():
    graph = diamond()
    assert graph.target("check", "yes") == "a"
    assert graph.target("join", "next") is None


def test_upstream_is_everything_that_may_have_run_before():
    assert diamond().upstream("join") == {"start", "check", "a", "b"}
    assert diamond().upstream("start") == set()


def test_only_what_lies_on_every_way_is_certain():
    certain = diamond().dominance("start").certain
    assert certain("check", "join")
    assert not certain("a", "join")
    assert not certain("join", "join")
    assert certain("start", "a")


def test_a_cycle_does_not_make_a_node_come_before_itself():
    graph = Graph.from_document(
        document(
            [call_ended(), node("w", "wait", {"seconds": 1}), decision("again", "a", "equals", "a"), end()],
            [("start", "next", "w"), ("w", "next", "again"), ("again", "yes", "w"), ("again", "else", "end")],
        )
    )
    certain = graph.dominance("start").certain
    assert certain("w", "again")
    assert not certain("again", "w")
    assert "w" in graph.upstream("w")


def test_ten_thousand_nodes_in_a_row_take_less_than_a_second():
    graph = Graph.from_document(chain(call_ended(), *[set_variable(f"n{n:05}", x="1") for n in range(9_998)], end()))
    started = time.perf_counter()
    certain = graph.dominance("start").certain
    assert certain("n00000", "n09000")
    assert not certain("n09000", "n00000")
    assert len(graph.reachable("start")) == 10_000
    assert time.perf_counter() - started < 1


def test_a_ladder_with_two_to_the_sixty_fourth_ways_is_no_trouble():
    nodes, edges = [call_ended()], [("start", "next", "d0")]
    for rung in range(64):
        nodes += [
            decision(f"d{rung}", "a", "equals", "a"),
            set_variable(f"l{rung}", x="1"),
            set_variable(f"r{rung}", x="2"),
        ]
        edges += [(f"d{rung}", "yes", f"l{rung}"), (f"d{rung}", "else", f"r{rung}")]
        edges += [(f"l{rung}", "next", f"d{rung + 1}"), (f"r{rung}", "next", f"d{rung + 1}")]
    nodes.append(end("d64"))
    graph = Graph.from_document(document(nodes, edges))
    started = time.perf_counter()
    assert graph.dominance("start").certain("d0", "d64")
    assert not graph.dominance("start").certain("l3", "d64")
    assert time.perf_counter() - started < 1
