"""The published actions as tool definitions, in the shapes that agents' platforms read."""

import asyncio
from collections.abc import Callable
from typing import Any

from runtime.group_commit import loader
from runtime.models import Trigger


async def definitions(workspace_id: Any, shape: str, agent: str) -> Any:
    """The list in `shape`, only those `agent` (a slug, empty = all) may call; None for an unknown shape."""
    if shape not in _SHAPES:
        return None
    triggers = await asyncio.wrap_future(loader().submit(_actions, workspace_id))
    mine = [trigger for trigger in triggers if not agent or not trigger.agents or agent in trigger.agents]
    tools = [
        _SHAPES[shape](trigger.name, trigger.config.get("description") or "", _schema(trigger)) for trigger in mine
    ]
    return {"tools": tools}


def _actions(workspace_ids: list[Any]) -> list[list[Trigger]]:
    found = Trigger.objects.filter(type="action_called", flow__enabled=True, flow__deleted_at=None).order_by("name")
    return [list(found.filter(workspace_id=workspace_id)) for workspace_id in workspace_ids]


def _schema(trigger: Trigger) -> dict[str, Any]:
    inputs = trigger.config.get("inputs") or []
    return {
        "type": "object",
        "properties": {declared["name"]: _property(declared) for declared in inputs},
        "required": [declared["name"] for declared in inputs if declared.get("required")],
        "additionalProperties": False,
    }


def _property(declared: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": declared.get("type") or "string"}
    if declared.get("description"):
        schema["description"] = declared["description"]
    if declared.get("enum"):
        schema["enum"] = declared["enum"]
    return schema


_SHAPES: dict[str, Callable[[str, str, dict[str, Any]], dict[str, Any]]] = {
    "openai": lambda name, text, schema: {
        "type": "function",
        "function": {"name": name, "description": text, "parameters": schema},
    },
    "anthropic": lambda name, text, schema: {"name": name, "description": text, "input_schema": schema},
    "mcp": lambda name, text, schema: {"name": name, "description": text, "inputSchema": schema},
    "jsonschema": lambda name, text, schema: {"name": name, "description": text, "schema": schema},
}
