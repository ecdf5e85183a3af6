"""Which variables exist where: the names a flow is given, and those its steps make, as far as a node can see them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine.graph import Dominance, Graph, Node

AFTER_THE_END = ("post_call", "automation")
# (name, type, label, sample) of the one interaction (CONTRACT, "The one interaction").
INTERACTION: tuple[tuple[str, str, str, Any], ...] = (
    ("id", "text", "Conversation id", "call_7420"),
    ("channel", "text", "Channel", "phone"),
    ("direction", "text", "Direction", "inbound"),
    ("from", "text", "Caller", "+14155550132"),
    ("to", "text", "Callee", "+18005550199"),
    ("contact_number", "text", "Contact's number", "+14155550132"),
    ("agent_number", "text", "Agent's number", "+18005550199"),
    ("started_at", "datetime", "Started", "2026-01-20T15:00:00Z"),
    ("ended_at", "datetime", "Ended", "2026-01-20T15:02:05Z"),
    ("duration_seconds", "number", "Duration in seconds", 125),
    ("status", "text", "Status", "completed"),
    ("ended_reason", "text", "Why it ended", "customer-ended-call"),
    ("disposition", "text", "Disposition", "escalated"),
    ("sentiment", "text", "Sentiment", "neutral"),
    ("summary", "text", "Summary", "Jane was charged twice and wants the second charge back."),
    ("transcript", "text", "Transcript", "Agent: How can I help?\nUser: I was charged twice."),
    ("turns", "list", "Turns", []),
    ("recording_url", "text", "Recording", "https://recordings.example.com/7420.wav"),
    ("language", "text", "Language", "en"),
    ("agent", "text", "Agent", "support"),
    ("variables", "object", "Variables of the call", {}),
    ("raw", "object", "The vendor's body", {}),
)
INTERACTION_NAMES = frozenset(name for name, *_ in INTERACTION) | {"ani", "dnis"}
CONTACT: tuple[tuple[str, str, str, Any], ...] = (
    ("id", "text", "Contact id", "c_512"),
    ("name", "text", "Name", "Jane Doe"),
    ("email", "text", "E-mail", "jane@example.com"),
    ("phone", "text", "Phone", "+14155550132"),
)
RUN: tuple[tuple[str, str, str, Any], ...] = (
    ("id", "text", "Run id", "0190f0a0"),
    ("started_at", "datetime", "Started", "2026-01-20T15:02:06Z"),
    ("attempt", "number", "Attempt", 1),
)
ROOTS = frozenset(
    ("interaction", "contact", "analysis", "secure", "args", "vars", "steps", "trigger", "run", "workspace", "now",
     "visitor", "message", "item")
)  # fmt: skip


NAME = re.compile(r"[A-Za-z_][\w-]*\Z", re.ASCII)
MOST_SEEN, DEEPEST_SEEN = 200, 6  # members of a captured sample that become variables, and how deep they lie


def variables_in_scope(
    graph: Graph,
    node_id: str,
    kind: str,
    constants: Mapping[str, Any] | None = None,
    captured: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """[{"path", "type", "label", "source", "sample", "certain"}] for the picker, what is given first.

    `captured`: what a real request brought the trigger; its values are the samples, its members variables of their own.
    """
    found = list(_given(kind, constants or {}))
    if node_id in graph.nodes and graph.triggers:
        found.extend(_made(graph, node_id))
        if captured and node_id != graph.trigger.id:
            seen = list(_seen("trigger", captured, graph.trigger))[:MOST_SEEN]
            paths = {variable["path"] for variable in seen}
            found = [*(variable for variable in found if variable["path"] not in paths), *seen]
    unique = {variable["path"]: variable for variable in reversed(found)}
    return [unique[path] for path in dict.fromkeys(variable["path"] for variable in found)]


def made_by(node: Node) -> Iterator[dict[str, Any]]:
    """What one node adds, with full paths."""
    if node.node_type is None:
        return
    for output in node.node_type.outputs_of(node.config):
        scope = output["scope"]
        prefix = f"steps.{node.key}" if scope == "steps" else scope
        yield {**output, "path": f"{prefix}.{output['name']}"}
    if node.on_error in ("branch", "continue"):
        for name in ("message", "code"):
            yield {"path": f"steps.{node.key}.error.{name}", "label": f"Error {name}", "type": "text", "sample": ""}


def _given(kind: str, constants: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, type_, label, sample in INTERACTION:
        yield _variable(f"interaction.{name}", type_, label, "Conversation", sample)
    for name, type_, label, sample in CONTACT:
        yield _variable(f"contact.{name}", type_, label, "Contact", sample)
    if kind in AFTER_THE_END:
        yield _variable("analysis", "object", "Analysis", "Analysis", {})
    for name, type_, label, sample in RUN:
        yield _variable(f"run.{name}", type_, label, "Run", sample)
    for name, value in constants.items():
        yield _variable(f"workspace.{name}", "any", name, "Workspace", value)


def _made(graph: Graph, node_id: str) -> Iterator[dict[str, Any]]:
    dominance = Dominance.of(graph, graph.trigger.id)
    upstream = graph.upstream(node_id)
    for source in graph.nodes.values():
        if source.id not in upstream or source.disabled:
            continue
        certain = dominance.certain(source.id, node_id)
        for made in made_by(source):
            label = source.label or source.key
            variable = _variable(made["path"], made["type"], made["label"], label, made.get("sample"))
            yield {**variable, "certain": certain, "node": source.id}


def _seen(prefix: str, value: Mapping[str, Any], trigger: Node, depth: int = 1) -> Iterator[dict[str, Any]]:
    """Each member of a captured sample that a template can name, what lies inside after what it lies in."""
    for name, member in value.items():
        if not NAME.match(name):
            continue
        path = f"{prefix}.{name}"
        variable = _variable(path, type_of(member), name, trigger.label or trigger.key, member)
        yield {**variable, "node": trigger.id}
        if isinstance(member, Mapping) and depth < DEEPEST_SEEN:
            yield from _seen(path, member, trigger, depth + 1)


def type_of(value: Any) -> str:
    """The type of a variable that holds `value`."""
    found = ((bool, "boolean"), (int, "number"), (float, "number"), (str, "text"), (list, "list"), (Mapping, "object"))
    return next((name for kind, name in found if isinstance(value, kind)), "any")


def _variable(path: str, type_: str, label: str, source: str, sample: Any) -> dict[str, Any]:
    return {"path": path, "type": type_, "label": label, "source": source, "sample": sample, "certain": True}
