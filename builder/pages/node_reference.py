"""The reference of node types, generated from the registry: nothing here is written twice."""

from itertools import groupby

from django.views.decorators.http import require_GET

from builder.pages.access import member_required
from builder.pages.rendering import page
from builder.templatetags.ui import KINDS
from runtime.engine import filters, registry
from runtime.engine.node_type import GROUPS

EFFECTS = {
    "none": "changes nothing outside; may be repeated at any time",
    "repeatable": "may run again after a crash; its result is kept before anything follows",
    "keyed": "sent with an Idempotency-Key, the same one when it is tried again",
    "once": "never repeated by itself; after a crash it is shown as unknown",
}
KIND_WORDS = {
    "text": "text", "long_text": "long text", "number": "number", "toggle": "on or off", "choice": "choice",
    "multi_choice": "choices", "duration": "duration", "date_time": "date and time", "time": "time of day",
    "time_zone": "time zone", "cron": "schedule", "key_values": "names and values", "conditions": "conditions",
    "mapping": "response mapping", "variable_name": "variable name", "json_body": "JSON with variables",
    "json_value": "JSON value", "schema": "JSON Schema", "code": "code", "list": "list", "object": "group",
    "connection_ref": "connection", "flow_ref": "flow", "agent_refs": "agents",
}  # fmt: skip

FILTER_WORDS = {
    "default": "stands in for a missing or empty value",
    "upper": "in capital letters",
    "lower": "in small letters",
    "trim": "without space at both ends",
    "date": "a time written by a pattern such as %d.%m.%Y, in the workspace's zone or a named one",
    "number": "with so many decimals, a decimal point and a mark between thousands",
    "json": "as JSON",
    "truncate": "cut to so many characters",
    "join": "a list as one text",
    "first": "the first of a list or text",
    "last": "the last of a list or text",
    "size": "how many items or characters",
    "e164": "a phone number as +14155551234; the region is for national numbers",
    "url": "encoded for an address",
}


@require_GET
@member_required()
def node_reference(request):
    types = [_entry(node_type) for node_type in registry.all_types()]
    groups = [
        {"group": GROUPS[name], "types": list(rows)}
        for name, rows in groupby(types, key=lambda entry: entry["group"]["id"])
    ]
    return page(request, "pages/node_reference.html", groups=groups, filters=_filters(), total=len(types))


def _entry(node_type):
    entry = node_type.describe()
    config = (entry["example"] or {}).get("config") or {}
    return {
        **entry,
        "paragraphs": [" ".join(part.split()) for part in entry["help"].split("\n\n")],
        "kind_names": [KINDS[kind][0] for kind in entry["kinds"] if kind in KINDS],
        "effect_words": EFFECTS.get(entry["effect"], entry["effect"]),
        "rows": list(_rows(entry["fields"])),
        "port_rows": [_port(port) for port in entry["ports"]],
        "output_rows": [_output(output) for output in entry["outputs"]],
        "example_config": config,
    }


def _rows(fields, depth=0):
    """A field and, below it, the fields inside it."""
    for field in fields:
        inside = field["fields"] or (field["item"] or {}).get("fields") or []
        inside = list(inside.values()) if isinstance(inside, dict) else inside
        yield {**field, "words": KIND_WORDS.get(field["kind"], field["kind"]), "depth": depth, "has_inside": inside}
        if depth < 2:
            yield from _rows(inside, depth + 1)


def _port(port):
    if "each" in port:
        return {"label": f"one for each of “{port['each']}”", "required": True, "when": ""}
    condition = f"when {_condition(port['when'])}" if port.get("when") else ""
    return {"label": port["label"], "id": port["id"], "required": port.get("required"), "when": condition}


def _condition(when):
    """When a port is there, in words (runtime/engine/node_type.py: all, any, a field or a setting)."""
    for joint, word in (("all", " and "), ("any", " or ")):
        if joint in when:
            return word.join(_condition(part) for part in when[joint])
    return f"“{when.get('setting') or when.get('field')}” is {' or '.join(map(str, when['in']))}"


def _output(output):
    scope = output.get("scope", "steps")
    if "each" in output:
        return {"path": f"{scope}.…", "label": f"one for each of “{output['each']}”", "type": "", "sample": None}
    path = f"steps.<key>.{output['name']}" if scope == "steps" else f"{scope}.{output['name']}"
    return {"path": path, **output}


def _filters():
    """Every filter of templates with its arguments, the optional ones in brackets."""
    rows = []
    for name, known in sorted(filters.FILTERS.items()):
        first_optional = len(known.arguments) - known.optional
        words = [f"[{kind}]" if place >= first_optional else kind for place, kind in enumerate(known.arguments)]
        rows.append({"name": name, "arguments": " ".join(words), "words": FILTER_WORDS.get(name, "")})
    return rows
