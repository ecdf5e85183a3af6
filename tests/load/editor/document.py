"""The flow that every canvas is given: `count` steps in rows, every fifth a decision with two exits."""

import math

WIDE, HIGH = 304, 120


def columns(count):
    """So many side by side that the whole is as wide as a screen."""
    return max(5, round(math.sqrt(count * 0.64)))


def place(position, count):
    return {"x": position % columns(count) * WIDE, "y": position // columns(count) * HIGH}


def segue(count):
    """As Segue stores it."""
    wide, nodes, edges, layout = columns(count), [], [], {}
    for position in range(count):
        node_id = f"n{position:05d}"
        nodes.append(_node(node_id, position))
        layout[node_id] = place(position, count)
        if position >= wide:
            source = position - wide
            port = "b1" if source % 5 == 3 else "next"
            edges.append({"id": f"e{position:05d}", "source": f"n{source:05d}", "port": port, "target": node_id})
    return {"schema": 1, "nodes": nodes, "edges": edges, "layout": layout, "notes": []}


def plain(count):
    """The same for the others: nodes with label, summary, ports and place."""
    flow = segue(count)
    nodes = [
        {
            "id": node["id"],
            "label": node["label"],
            "summary": f"name_{position}",
            "ports": ["b1", "else"] if node["type"] == "decision" else ["next"],
            **flow["layout"][node["id"]],
        }
        for position, node in enumerate(flow["nodes"])
    ]
    return {"nodes": nodes, "edges": flow["edges"]}


def _node(node_id, position):
    if position == 0:
        return {"id": node_id, "type": "call_ended", "key": node_id, "label": "Call ended", "config": {}}
    if position % 5 == 3:
        condition = {"left": "{{interaction.disposition}}", "operator": "equals", "right": "escalated"}
        branches = [{"id": "b1", "label": "Escalated", "conditions": {"any": [condition]}}]
        config = {"branches": branches}
        return {"id": node_id, "type": "decision", "key": node_id, "label": f"Decide {position}", "config": config}
    rows = [{"name": f"name_{position}", "type": "text", "value": "Call {{interaction.id}}"}]
    config = {"assignments": rows}
    return {"id": node_id, "type": "set_variable", "key": node_id, "label": f"Step {position}", "config": config}
