"""The machine doors in the OpenAPI document: plain async views, so declared here by hand (SETTLED 7.12)."""

from typing import Any

PROBLEM = {
    "description": "What is wrong, in words.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
OBJECT = {"type": "object", "additionalProperties": True}
TEXT = {"type": "string"}
RUNS = {
    "type": "array",
    "items": {"type": "object", "properties": {"id": TEXT, "flow": TEXT, "status": TEXT}},
}
EVENT = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "example": "call.ended"},
        "id": {"type": "string", "description": "Your key: the same again starts nothing twice."},
        "agent": {"type": "string", "description": "An agent's slug."},
        "occurred_at": {"type": "string", "format": "date-time"},
        **dict.fromkeys(("interaction", "contact", "analysis", "variables", "secure", "data"), OBJECT),
    },
}
ACCEPTED = {"type": "object", "properties": {"event": TEXT, "duplicate": {"type": "boolean"}, "runs": RUNS}}
CALL = {
    "type": "object",
    "properties": {
        "tool_call_id": {"type": "string", "description": "The same again: the same answer, no second effect."},
        **dict.fromkeys(("arguments", "interaction", "contact", "variables", "secure"), OBJECT),
    },
}
ANSWERED = {
    "type": "object",
    "properties": {
        "run": TEXT,
        "status": {"type": "string", "enum": ["succeeded", "fallback", "timed_out"]},
        "response": OBJECT,
        "continues": {"type": "boolean"},
    },
}
RINGING = {
    "type": "object",
    "properties": {**dict.fromkeys(("agent", "from", "to", "id"), TEXT), "sip_headers": OBJECT},
}
INBOUND = {"type": "object", "properties": {"run": TEXT, "status": TEXT, "variables": OBJECT}}
KEY = {"name": "Idempotency-Key", "in": "header", "schema": TEXT}
ACTION = {
    "name": "action", "in": "query", "schema": TEXT,
    "description": "The action of a tool that posts nothing but its arguments.",
}  # fmt: skip
BY_KEY: list[dict[str, list[str]]] = [{"apiKey": []}]


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _call(
    id: str, summary: str, answers: dict[str, Any], *, body: Any = None, query: Any = (), open: bool = False
) -> Any:
    """One operation; `open` ones authenticate by what is in the address or the body's signature."""
    call: dict[str, Any] = {
        "operationId": id, "summary": summary, "tags": ["machines"], "parameters": list(query),
        "security": [] if open else BY_KEY, "responses": {**answers, "4XX": PROBLEM},
    }  # fmt: skip
    return call if body is None else {**call, "requestBody": {"content": body}}


def _answer(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"description": text, "content": _json(schema)}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _paths() -> dict[str, Any]:
    many = {"oneOf": [EVENT, {"type": "array", "items": EVENT, "maxItems": 1000}]}
    events = {"application/json": {"schema": many}, "application/x-ndjson": {"schema": TEXT}}
    asked = [{"name": name, "in": "query", "schema": TEXT} for name in ("format", "agent")]
    body_in = {"*/*": {"schema": {}}}
    return {
        "/api/v1/events/": {"post": _call(
            "events_create", "Report an event; up to 1,000 as an array or as lines.",
            {"202": _answer(ACCEPTED, "Stored; what it starts runs now."), "200": _answer(ACCEPTED, "It came before.")},
            body=events, query=[KEY],
        )},
        "/api/v1/actions/": {"get": _call(
            "actions_list", "The published actions as tool definitions (openai, anthropic, mcp, jsonschema).",
            {"200": _answer(OBJECT, "The tools.")}, query=asked,
        )},
        "/api/v1/actions/{name}/": {"post": _call(
            "actions_invoke", "Ask an action; the answer comes within its deadline.",
            {"200": _answer(ANSWERED, "Its answer, or the fallback.")}, body=_json(CALL), query=[_in_path("name"), KEY],
        )},
        "/api/v1/inbound/": {"post": _call(
            "inbound_create", "A call comes in: the variables for the agent, always and in time.",
            {"200": _answer(INBOUND, "What the flow gave, or the declared defaults.")}, body=_json(RINGING),
        )},
        "/hooks/{token}/": {"post": _call(
            "hooks_receive", "A flow's own address; other methods as its trigger says.",
            {"202": _answer(OBJECT, "Started."), "200": _answer(OBJECT, "The flow's response.")},
            body=body_in, query=[_in_path("token"), KEY], open=True,
        )},
        "/in/{vendor}/{token}/": {"post": _call(
            "vendors_receive", "A vendor reports about a call or asks for a tool.",
            {"200": _answer(OBJECT, "As the vendor wants it.")}, body=body_in,
            query=[_in_path("vendor"), _in_path("token"), ACTION], open=True,
        )},
    }  # fmt: skip


def add_doors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: the document with the doors in it."""
    result["paths"] = dict(sorted({**result["paths"], **_paths()}.items()))
    return result
