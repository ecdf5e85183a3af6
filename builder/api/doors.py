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
        "say": {"type": "array", "items": TEXT, "description": "What the flow's Send message steps said before."},
    },
}
RINGING = {
    "type": "object",
    "properties": {**dict.fromkeys(("agent", "from", "to", "id"), TEXT), "sip_headers": OBJECT},
}
INBOUND = {"type": "object", "properties": {"run": TEXT, "status": TEXT, "variables": OBJECT}}
BEGINNING = {
    "type": "object",
    "properties": {
        "agent": {"type": "string", "description": "An agent's slug."},
        "channel": {"type": "string", "enum": ["phone", "web_call", "chat", "whatsapp", "sms", "email"]},
        **dict.fromkeys(("contact", "visitor", "variables"), OBJECT),
    },
}
EXPECTED = {
    "type": "object", "nullable": True,
    "properties": {
        "kind": {"type": "string", "enum": ["text", "choice", "form", "number", "email", "phone", "date"]},
        "choices": {"type": "array", "items": OBJECT}, "fields": {"type": "array", "items": OBJECT},
    },
}  # fmt: skip
SAID = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("id", "text"), TEXT),
        "role": {"type": "string", "enum": ["user", "agent", "human", "system"]},
        "buttons": {"type": "array", "items": OBJECT},
        "image": {"type": "string", "nullable": True},
        "form": {**OBJECT, "nullable": True},
        "at": {"type": "string", "format": "date-time"},
    },
}
TALK = {
    "messages": {"type": "array", "items": SAID},
    "expects": EXPECTED,
    "status": {"type": "string", "enum": ["open", "waiting", "with_ai", "with_human", "ended"]},
}
BEGUN = {"type": "object", "properties": {"id": TEXT, "token": TEXT, **TALK}}
REPLY = {
    "type": "object", "required": ["id"],
    "properties": {
        "id": {"type": "string", "maxLength": 100, "description": "Your own: the same again has the same answer."},
        "text": {"type": "string", "maxLength": 4000}, "choice": TEXT, "form": OBJECT,
        "role": {"type": "string", "enum": ["user", "human"], "description": "human: for a colleague, by API key."},
    },
}  # fmt: skip
THREAD = {
    "type": "object",
    "properties": {"id": TEXT, **TALK, "more": {"type": "boolean"}, "tags": {"type": "array", "items": TEXT},
                   "contact": {**OBJECT, "nullable": True}, "handoff": {**OBJECT, "nullable": True}},
}  # fmt: skip
KEY = {"name": "Idempotency-Key", "in": "header", "schema": TEXT}
ACTION = {
    "name": "action", "in": "query", "schema": TEXT,
    "description": "The action of a tool that posts nothing but its arguments.",
}  # fmt: skip
BY_KEY: list[dict[str, list[str]]] = [{"apiKey": []}]
AFTER = {"name": "after", "in": "query", "schema": TEXT, "description": "Messages after the one with this id."}


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
        **_conversations(),
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


def _conversations() -> dict[str, Any]:
    """An API key, or the conversation's own token, both as Bearer."""
    one, which = "/api/v1/conversations/{id}/", [_in_path("id")]
    thread = {"200": _answer(THREAD, "The conversation.")}
    return {
        "/api/v1/conversations/": {"post": _call(
            "conversations_create", "A chat begins: what the flow says first, and the token to go on with.",
            {"201": _answer(BEGUN, "Begun.")}, body=_json(BEGINNING), query=[KEY],
        )},
        one: {"get": _call("conversations_retrieve", "The whole thread.", thread, query=[*which, AFTER])},
        f"{one}messages/": {"post": _call(
            "conversations_say", "A visitor says something: what the flow says to it, and what it expects next.",
            {"200": _answer({"type": "object", "properties": TALK}, "What was said.")}, body=_json(REPLY), query=which,
        )},
        f"{one}end/": {"post": _call("conversations_end", "The conversation is over.", thread, query=which)},
        f"{one}resolve/": {"post": _call(
            "conversations_resolve", "A person is done with it: flows may speak again.", thread, query=which,
        )},
    }  # fmt: skip


def add_doors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: the document with the doors in it."""
    result["paths"] = dict(sorted({**result["paths"], **_paths()}.items()))
    return result
