"""Builders that make tests read as before -> after: documents in a line or two, and a cast of workspaces."""

from itertools import pairwise
from typing import Any


def node(id: str, type: str, config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One node; its key and label are its id unless said otherwise."""
    return {
        "id": id,
        "type": type,
        "key": more.pop("key", id),
        "label": more.pop("label", id),
        "config": config or {},
        **more,
    }


def chain(
    *nodes: dict[str, Any], edges: tuple[tuple[str, str, str], ...] = (), beside: tuple[dict[str, Any], ...] = (),
    ports: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A document in which each node leads to the next by its plain port, or the one named for its id in `ports`.

    Further `edges` are (source, port, target), also to nodes `beside` the chain.
    """
    plain = {"api_request": "success", "decision": "else", "run_flow": "success", "code": "success",
             "ask_question": "answered", "send_form": "submitted", "send_data_update": "success",
             "assign_ai": "done"}  # fmt: skip
    named = ports or {}
    pairs = [(a["id"], named.get(a["id"]) or plain.get(a["type"], "next"), b["id"]) for a, b in pairwise(nodes)]
    return document((*nodes, *beside), (*pairs, *edges))


def document(nodes: Any, edges: Any = ()) -> dict[str, Any]:
    rows = [{"id": f"e{n}", "source": a, "port": port, "target": b} for n, (a, port, b) in enumerate(edges, start=1)]
    ordered = sorted(nodes, key=lambda item: item["id"])
    return {
        "schema": 1,
        "nodes": ordered,
        "edges": sorted(rows, key=lambda edge: edge["id"]),
        "layout": {},
        "notes": [],
    }


def call_ended(**config: Any) -> dict[str, Any]:
    return node("start", "call_ended", config)


def action_called(name: str = "look_up", **config: Any) -> dict[str, Any]:
    return node("start", "action_called", {"name": name, **config})


def set_variable(id: str, **values: str) -> dict[str, Any]:
    rows = [{"name": name, "type": "text", "value": value} for name, value in values.items()]
    return node(id, "set_variable", {"assignments": rows})


def decision(id: str, left: str, operator: str, right: str = "", branch: str = "yes") -> dict[str, Any]:
    conditions = {"all": [{"left": left, "operator": operator, "right": right}]}
    return node(id, "decision", {"branches": [{"id": branch, "label": branch, "conditions": conditions}]})


def wait_for(id: str, seconds: float) -> dict[str, Any]:
    return node(id, "wait", {"mode": "for", "seconds": seconds})


def respond(id: str = "answer", response: str = "{}") -> dict[str, Any]:
    return node(id, "respond", {"response": response})


def end(id: str = "end", outcome: str = "") -> dict[str, Any]:
    return node(id, "end", {"outcome": outcome} if outcome else {})


def post_json(id: str, url: str, content: str = "{}", **more: Any) -> dict[str, Any]:
    """An API request with a JSON body; settings and further config by keyword."""
    settings = more.pop("settings", None)
    config = {"method": "POST", "url": url, "body": {"type": "json", "content": content}, **more}
    return node(id, "api_request", config, **({"settings": settings} if settings else {}))
