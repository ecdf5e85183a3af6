"""What one key press can mend: ops on the document, in the words of a button. Ends are placed by who draws them."""

from collections.abc import Mapping
from itertools import chain, count
from typing import Any

from runtime.engine.checking import Check, name_of
from runtime.engine.graph import Node
from runtime.engine.node_type import Port

Fix = dict[str, Any]
RETRY = {"max_attempts": 3, "backoff_seconds": 5, "factor": 2}


def lead_to_end(check: Check, node: Node, port: Port) -> Fix | None:
    """A new End at an open port; None where its id cannot be made from theirs."""
    id = f"end_{node.id}_{port.id}"
    if id in check.graph.nodes or len(id) > 60:
        return None
    end = {"id": id, "type": "end", "key": _free_key(check, "end"), "label": "End", "config": {}}
    edge = {"id": f"to_{id}", "source": node.id, "port": port.id, "target": id}
    ops = [{"path": f"/nodes/{id}", "after": end}, {"path": f"/edges/{edge['id']}", "after": edge}]
    return {"label": f"Lead {port.label} of {name_of(node)} to a new End", "ops": ops}


def delete_node(check: Check, node: Node) -> Fix:
    """The node goes with its connections."""
    ops = [*_without(_edges_at(check, node)), {"path": f"/nodes/{node.id}", "before": _stored(node)}]
    return {"label": f"Delete {name_of(node)}", "ops": ops}


def drop_edge(edge: Mapping[str, Any]) -> Fix:
    return {"label": "Remove that connection", "ops": _without([edge])}


def other_key(check: Check, node: Node) -> Fix:
    """References keep to the first node of that key."""
    key = _free_key(check, node.key)
    return {"label": f"Call it {key}", "ops": [{"path": f"/nodes/{node.id}/key", "before": node.key, "after": key}]}


def retry(node: Node) -> Fix:
    before = {"before": node.settings["retry"]} if "retry" in node.settings else {}
    return {
        "label": "Try it up to 3 times",
        "ops": [{"path": f"/nodes/{node.id}/settings/retry", **before, "after": RETRY}],
    }


def _without(edges: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"path": f"/edges/{edge['id']}", "before": dict(edge)} for edge in edges]


def _stored(node: Node) -> dict[str, Any]:
    more = {"settings": dict(node.settings)} if node.settings else {}
    off = {"disabled": True} if node.disabled else {}
    config = dict(node.config)
    return {"id": node.id, "type": node.type, "key": node.key, "label": node.label, "config": config, **more, **off}


def _free_key(check: Check, wish: str) -> str:
    keys = chain([wish], (f"{wish}_{n}" for n in count(2)))
    return next(key for key in keys if key not in check.by_key)


def _edges_at(check: Check, node: Node) -> list[Mapping[str, Any]]:
    """Of thousands of nodes each is asked for, so all are looked up at once."""
    if not check.edges_at:
        for edge in check.graph.edges:
            for end in {edge["source"], edge["target"]}:
                check.edges_at.setdefault(end, []).append(edge)
    return check.edges_at.get(node.id, [])
