"""Checks before publishing: `validate(graph, kind, known)` lists every problem, in words, with a code and a place.

Codes F001-F014 and W101-W108 are NODES' list in its order; F015 and W109 on were added since. Errors stop publishing,
warnings are listed. `known` holds plain sets, so that this module needs no database:
{"connections": {id: type}, "flows": {ids}, "agents": {slugs}, "constants": {names}}.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from runtime.engine import template
from runtime.engine.budget import limit_of, longest_way
from runtime.engine.checking import Check, Problem, name_of
from runtime.engine.fields import AgentRefs, ConnectionRef, FlowRef, KeyValues, TableRef, is_visible
from runtime.engine.fixes import delete_node, drop_edge, lead_to_end, other_key, retry
from runtime.engine.graph import Graph, Node
from runtime.engine.node_settings import wrong_settings
from runtime.engine.scope import AFTER_THE_END, INTERACTION_NAMES, ROOTS, made_by

SYNC_KINDS = ("action", "inbound")
SECRET_NAME = re.compile(r"authorization|api[-_]?key|secret|token|password", re.IGNORECASE)
RESPONDS = ("respond", "transfer_call")  # what answers an agent
ASKS = ("ask_question", "send_form", "assign_ai")


def validate(graph: Graph, kind: str, known: Mapping[str, Any] | None = None) -> list[Problem]:
    """Every problem of a flow of `kind`, errors first, in the order of the nodes."""
    check = Check(graph, kind, known or {})
    if graph.triggers:
        check.reachable = graph.reachable(graph.trigger.id)
        check.dominance = graph.dominance(graph.trigger.id)
    for node in graph.nodes.values():
        check.by_key.setdefault(node.key, []).append(node)
        for made in made_by(node):
            check.made.setdefault(made["path"], set()).add(node.id)
    found = [problem for rule in _RULES for problem in rule(check)]
    return sorted(found, key=lambda problem: problem.severity)


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity == "error"]


def _triggers(check: Check) -> Iterator[Problem]:
    if not check.graph.triggers:
        yield Problem("F001", "The flow has no trigger: add what starts it.")
    for node in check.graph.triggers[1:]:
        text = "A flow has exactly one trigger; remove this one or the other."
        yield Problem("F002", text, node.id, fix=delete_node(check, node))


def _edges(check: Check) -> Iterator[Problem]:
    left: set[tuple[str, str]] = set()
    for edge in check.graph.edges:
        source, target = check.graph.nodes.get(edge["source"]), check.graph.nodes.get(edge["target"])
        if source is None or target is None:
            missing = edge["source"] if source is None else edge["target"]
            at = (source or target).id if source or target else None  # type: ignore[union-attr]
            text = f"A connection leads to a step that does not exist ({missing})."
            yield Problem("F003", text, at, fix=drop_edge(edge))
            continue
        if source.node_type is not None and edge["port"] not in {port.id for port in source.ports}:
            text = f"{name_of(source)} has no exit {edge['port']!r}; reconnect it."
            yield Problem("F003", text, source.id, fix=drop_edge(edge))
        if (source.id, edge["port"]) in left:
            text = f"Two connections leave {name_of(source)} by the same exit."
            yield Problem("F003", text, source.id, fix=drop_edge(edge))
        if target.node_type is not None and target.node_type.trigger:
            text = "Nothing can lead to a trigger; remove that connection."
            yield Problem("F003", text, source.id, fix=drop_edge(edge))
        left.add((source.id, edge["port"]))


def _open_ports(check: Check) -> Iterator[Problem]:
    for node in _live(check):
        for port in node.ports:
            if port.required and check.graph.target(node.id, port.id) is None:
                what = f"The exit {port.label!r} of {name_of(node)}" if len(node.ports) > 1 else name_of(node)
                text = f"{what} leads nowhere: connect it to the next step or to an End."
                yield Problem("F003", text, node.id, fix=lead_to_end(check, node, port))


def _unreachable(check: Check) -> Iterator[Problem]:
    if not check.graph.triggers:
        return
    for node in check.graph.nodes.values():
        if node.id not in check.reachable and not (node.node_type and node.node_type.trigger):
            text = f"Nothing leads to {name_of(node)}: connect it or delete it."
            yield Problem("F004", text, node.id, fix=delete_node(check, node))


def _types(check: Check) -> Iterator[Problem]:
    for node in check.graph.nodes.values():
        if node.node_type is None:
            yield Problem("F005", f"This instance does not know the node type {node.type!r}.", node.id)
        elif check.kind not in node.node_type.kinds:
            why = _NOT_HERE.get((check.kind, node.node_type.group), "")
            flow = check.kind.replace("_", "-")
            yield Problem("F008", f"{node.node_type.label} cannot be used in a {flow} flow{why}.", node.id)


_NOT_HERE = {("post_call", "conversation"): ": the conversation has already ended"}


def _configs(check: Check) -> Iterator[Problem]:
    for node in _live(check):
        for pointer, message in node.node_type.check_fields(node.config):  # type: ignore[union-attr]
            yield Problem("F006", message, node.id, "/config" + pointer)
        yield from (
            Problem("F006", message, node.id, "/settings" + at) for at, message in wrong_settings(node.settings)
        )
        for code, pointer, message in node.node_type.check(node, check.graph):  # type: ignore[union-attr]
            yield Problem(code, message, node.id, pointer)
        for pointer, message in node.node_type.check_kind(node.config, check.kind):  # type: ignore[union-attr]
            yield Problem("F006", message, node.id, pointer)


def _references(check: Check) -> Iterator[Problem]:
    for node in _live(check):
        secure = {name for name, field in node.node_type.fields.items() if field.secure}  # type: ignore[union-attr]
        for pointer, text in node.node_type.texts_of(node.config):  # type: ignore[union-attr]
            for reference in _references_in(text):
                check.used.add(".".join(map(str, reference.path)))
                yield from _reference(check, node, "/config" + pointer, reference, pointer.split("/")[1] in secure)


def _references_in(text: str) -> list[Any]:
    if "{{" not in text:
        return []
    try:
        return list(template.compile_template(text).references())
    except template.TemplateError:
        return []  # reported with the field


def _reference(check: Check, node: Node, at: str, reference: Any, secure: bool) -> Iterator[Problem]:
    path = reference.path
    written = f"{{{{{reference.text.strip()}}}}}" if not reference.text.startswith("{{") else reference.text
    root, rest = str(path[0]).lower() if str(path[0]).lower() == "interaction" else str(path[0]), path[1:]
    if root not in ROOTS:
        yield Problem("F007", f"{written}: there is no variable {path[0]!r}.", node.id, at)
    elif root == "secure":
        if not secure:
            yield Problem(
                "F012", f"{written}: secure values may only go into headers and bodies of a request.", node.id, at
            )
    elif root == "interaction":
        if rest and str(rest[0]).lower() not in INTERACTION_NAMES:
            yield Problem("F007", f"{written}: a conversation has no {rest[0]!r}.", node.id, at)
    elif root == "analysis":
        if check.kind not in AFTER_THE_END and not reference.has_default:
            yield Problem("F007", f"{written}: the analysis exists only after the conversation.", node.id, at)
    elif root == "workspace":
        if rest and str(rest[0]) not in {*check.known.get("constants", ()), "time_zone", "name"}:
            yield Problem("F007", f"{written}: the workspace has no constant {rest[0]!r}.", node.id, at)
    elif root == "steps":
        yield from _step_reference(check, node, at, written, reference)
    elif root in ("vars", "args") and rest and isinstance(rest[0], str):
        yield from _made_reference(check, node, at, written, reference, f"{root}.{rest[0]}")


def _step_reference(check: Check, node: Node, at: str, written: str, reference: Any) -> Iterator[Problem]:
    if len(reference.path) < 2:
        return
    key = reference.path[1]
    sources = check.by_key.get(str(key), [])
    if not sources:
        yield Problem("F007", f"{written}: there is no step {key!r}.", node.id, at)
        return
    if len(reference.path) > 2:
        path = f"steps.{key}.{reference.path[2]}"
        named = {_member(output["path"]) for source in sources for output in made_by(source)}
        if named and str(reference.path[2]) not in named and sources[0].type != "code":
            yield Problem("F007", f"{written}: {name_of(sources[0])} gives no {reference.path[2]!r}.", node.id, at)
            return
        check.used.add(path)
    makers = {source.id for source in sources}
    yield from _comes_before(check, node, at, written, reference, f"steps.{key}", makers)


def _member(path: str) -> str:
    """The first name a step's output has under `steps.<key>`; what it keeps as a variable stands there too."""
    parts = path.split(".")
    return parts[2] if parts[0] == "steps" else parts[1]


def _made_reference(check: Check, node: Node, at: str, written: str, reference: Any, path: str) -> Iterator[Problem]:
    makers = check.made.get(path, set())
    check.used.add(path)
    if makers:
        yield from _comes_before(check, node, at, written, reference, path, makers)
    elif not reference.has_default:
        name = path.split(".")[1]
        hint = (
            f"Nothing before this step sets it. What comes with the call is {{{{interaction.variables.{name}}}}}; "
            f'or give it a default: {{{{{path} | default: ""}}}}.'
            if path.startswith("vars.")
            else "The action has no such input."
        )
        yield Problem("F007", f"{written}: unknown variable. {hint}", node.id, at)


def _comes_before(
    check: Check, node: Node, at: str, written: str, reference: Any, path: str, makers: set[str]
) -> Iterator[Problem]:
    if check.dominance is None or node.id not in check.reachable or reference.has_default:
        return
    if node.id not in check.may_have(path, makers):
        yield Problem("F007", f"{written}: it is only set later than this step, or on another branch.", node.id, at)
    elif not any(check.dominance.certain(m, node.id) and not check.graph.nodes[m].disabled for m in makers):
        yield Problem("W109", f"{written} may be missing on some ways to this step; give it a default.", node.id, at)


def _answers(check: Check) -> Iterator[Problem]:
    if not check.graph.triggers:
        return
    trigger = check.graph.trigger
    asked = trigger.type == "webhook" and trigger.config.get("respond") == "when_done"
    if not _is_waited_for(check) and not asked:
        return
    responds = [n for n in check.graph.nodes.values() if n.type in RESPONDS and n.id in check.reachable]
    if not responds and asked:
        yield Problem("W110", "The caller waits until the flow ends and gets an empty object: add Respond.", trigger.id)
    elif not responds:
        yield Problem("F009", "The agent waits for an answer: add a Respond step.", trigger.id)
    for node in filter(_waits, _live(check)):
        if not any(check.dominance.certain(r.id, node.id) for r in responds):  # type: ignore[union-attr]
            yield Problem("F015", f"{name_of(node)} would keep the caller waiting: put it after Respond.", node.id)


def _is_waited_for(check: Check) -> bool:
    """Whether somebody waits for the flow's answer; who says something in a conversation waits for no action."""
    return check.kind in SYNC_KINDS and check.graph.trigger.type != "message_received"


def _known_things(check: Check) -> Iterator[Problem]:
    connections = check.known.get("connections")
    for node in _live(check):
        for name, declared in node.node_type.fields.items():  # type: ignore[union-attr]
            value = node.config.get(name, declared.default)
            if isinstance(declared, AgentRefs):
                yield from _agents(check, node, name, value)
            if (
                isinstance(declared, TableRef)
                and value
                and isinstance(value, str)
                and value not in check.known.get("tables", (value,))
            ):
                text = f"There is no table {value!r} here: make it under Data, or choose another."
                yield Problem("F011", text, node.id, f"/config/{name}")
            if not value or not isinstance(value, str) or not isinstance(declared, ConnectionRef):
                continue
            if isinstance(declared, FlowRef):
                if value not in check.known.get("flows", ()):
                    yield Problem("F011", "That flow does not exist here.", node.id, f"/config/{name}")
            elif connections is not None and value not in connections:
                yield Problem("F011", "That connection does not exist here; choose one.", node.id, f"/config/{name}")
            elif connections is not None and declared.types and connections[value] not in declared.types:
                yield Problem("F011", "That connection is of another type.", node.id, f"/config/{name}")


def _agents(check: Check, node: Node, name: str, value: Any) -> Iterator[Problem]:
    here = check.known.get("agents")
    if here is None or not isinstance(value, list):
        return
    for position, slug in enumerate(value):
        if isinstance(slug, str) and slug not in here:
            yield Problem("F006", f"There is no agent {slug!r} here.", node.id, f"/config/{name}/{position}")


def _plain_secrets(check: Check) -> Iterator[Problem]:
    for node in _live(check):
        fields = node.node_type.fields  # type: ignore[union-attr]
        for name, declared in fields.items():
            if not isinstance(declared, KeyValues) or not is_visible(declared, fields, node.config):
                continue
            rows = node.config.get(name)
            for position, row in enumerate(rows if isinstance(rows, list) else []):
                if isinstance(row, Mapping) and is_plain_secret(row):
                    at = f"/config/{name}/{position}/value"
                    yield Problem("F012", f"{row['name']} looks like a secret: keep it in a connection.", node.id, at)


def is_plain_secret(row: Mapping[str, Any]) -> bool:
    """Whether a row of a name and a value looks like a credential written down."""
    name, value = row.get("name"), row.get("value")
    if not isinstance(name, str) or not isinstance(value, str) or "{{" in value or len(value) < 8:
        return False
    return bool(SECRET_NAME.search(name)) and name.lower() != "idempotency-key"


def _cycles(check: Check) -> Iterator[Problem]:
    """A cycle is legal only where a node on it waits: without the waiting nodes nothing may come round."""
    state: dict[str, int] = {}
    for start in check.graph.nodes:
        if start in state or _waits(check.graph.nodes[start]):
            continue
        state[start] = 1
        stack = [(start, iter(check.graph.next_of(start)))]
        while stack:
            node_id, targets = stack[-1]
            for target in targets:
                if state.get(target) == 1:
                    node = check.graph.nodes[target]
                    yield Problem("F013", f"The flow goes round at {name_of(node)} without ever waiting.", node.id)
                elif target not in state and not _waits(check.graph.nodes[target]):
                    state[target] = 1
                    stack.append((target, iter(check.graph.next_of(target))))
                    break
            else:
                state[node_id] = 2
                stack.pop()


def _waits(node: Node) -> bool:
    return node.node_type is not None and node.node_type.waits and not node.disabled


def _keys(check: Check) -> Iterator[Problem]:
    seen: dict[str, Node] = {}
    for node in check.graph.nodes.values():
        if node.key in seen:
            text = f"Two steps have the key {node.key!r}; give one another."
            yield Problem("F014", text, node.id, "/key", other_key(check, node))
        seen[node.key] = node


def _effects(check: Check) -> Iterator[Problem]:
    for node in _live(check):
        effect = node.effect
        if effect in ("keyed", "once") and node.on_error == "stop" and node.max_attempts == 1:
            text = f"If {name_of(node)} fails, the run stops: retry it or add an error path."
            yield Problem("W101", text, node.id, fix=retry(node) if effect == "keyed" else None)


def _budget(check: Check) -> Iterator[Problem]:
    if not check.graph.triggers or not _is_waited_for(check):
        return
    deadline = check.graph.trigger.config.get("deadline_seconds", 30)
    total = longest_way(check.graph, RESPONDS, limit_of)
    if isinstance(deadline, int | float) and total > deadline:
        text = f"Until the answer the steps may take {total:g} s together, the agent waits {deadline:g} s."
        if usual := check.known.get("usual"):
            took = longest_way(check.graph, RESPONDS, lambda node: usual.get(node.id, 0.0))
            text += f" In the last 7 days they took up to {took:.2g} s (of each step, the longest of 19 in 20 times)."
        yield Problem("W105", text, check.graph.trigger.id)


def _otherwise(check: Check) -> Iterator[Problem]:
    for node in _live(check):
        if node.type == "decision" and check.graph.target(node.id, "else") is None:
            text = f"{name_of(node)} has no Otherwise: the run ends there when no branch fits."
            otherwise = next((port for port in node.ports if port.id == "else"), None)
            yield Problem("W106", text, node.id, fix=lead_to_end(check, node, otherwise) if otherwise else None)


def _ways_to_people(check: Check) -> Iterator[Problem]:
    """A visitor who is not understood must be able to get to somebody."""
    asking = [node for node in _live(check) if node.type in ASKS]
    people = [node.id for node in _live(check) if node.type == "escalate"]
    before = check.graph.before(people) if asking else set()
    after = check.graph.reachable_from(people) if asking else set()  # nobody was there: it was tried
    for node in asking:
        if node.id not in before | after:
            text = f"From {name_of(node)} no way leads to a person: add Escalate for who is not helped otherwise."
            yield Problem("W103", text, node.id)


def _unused(check: Check) -> Iterator[Problem]:
    used = {".".join(path.split(".")[:2]) for path in check.used}
    for path, makers in check.made.items():
        if path.startswith("vars.") and path not in used:
            yield Problem("W108", f"{path} is set but never used.", min(makers))


def _live(check: Check) -> Iterator[Node]:
    return (node for node in check.graph.nodes.values() if node.node_type is not None and not node.disabled)


_RULES: tuple[Callable[[Check], Iterator[Problem]], ...] = (
    _triggers, _edges, _open_ports, _unreachable, _types, _configs, _references, _answers, _known_things,
    _plain_secrets, _cycles, _keys, _effects, _ways_to_people, _budget, _otherwise, _unused,
)  # fmt: skip
