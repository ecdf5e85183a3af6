"""The catalogue: every node type as the editor needs it; computed once per process, for types never change in one."""

import hashlib
from functools import lru_cache
from typing import Any

import brotli

from runtime.engine.registry import all_types
from runtime.engine.values import safe_dumps

#: What a field's member is unless it says otherwise; a brief catalogue leaves it out, and the editor puts it back.
USUAL = {
    "help": "", "required": False, "default": None, "template": False, "secure": False, "section": "",
    "advanced": False, "options": None, "options_from": None, "visible_if": None, "fields": None, "item": None,
}  # fmt: skip
#: What only forms read, or nothing on a page.
LATER = ("example", "outputs", "version")
#: What a type is unless it says otherwise.
USUALLY = {"can_disable": True, "waits": False}
REFERENCES = ("connection_ref", "flow_ref", "agent_refs", "table_ref")
QUALITY = 11  # of brotli: 50 ms, once a process


@lru_cache(maxsize=16)
def catalogue(kind: str | None = None, brief: bool = False) -> list[dict[str, Any]]:
    """SETTLED section 2, in the palette's order; of one kind of flow where `kind` is given.

    `brief` is for a canvas that has just opened: what is drawn, without help, examples, what only forms need and
    members that are as usual. It is a third of the whole on the line; the whole comes with the first sign of somebody.
    """
    found = [node_type.describe() for node_type in all_types(kind)]
    return [_brief(each) for each in found] if brief else found


@lru_cache(maxsize=16)
def catalogue_text(kind: str | None = None, brief: bool = False) -> bytes:
    """The catalogue as JSON."""
    return safe_dumps(catalogue(kind, brief)).encode()


@lru_cache(maxsize=16)
def catalogue_packed(kind: str | None = None, brief: bool = False) -> bytes:
    """The same in brotli."""
    packed: bytes = brotli.compress(catalogue_text(kind, brief), quality=QUALITY)
    return packed


@lru_cache(maxsize=16)
def catalogue_tag(kind: str | None = None, brief: bool = False) -> str:
    """Changes when the catalogue does."""
    return hashlib.sha256(catalogue_text(kind, brief)).hexdigest()[:20]


def _brief(each: dict[str, Any]) -> dict[str, Any]:
    kept = {name: part for name, part in each.items() if name not in LATER and part != USUALLY.get(name)}
    first, end, _ = each["help"].split("\n\n")[0].partition(". ")
    drawn = _drawn(each)
    return {
        **kept,
        "help": first + end.rstrip(),
        "fields": [_brief_field(field) for field in each["fields"] if field["name"] in drawn],
    }


def _drawn(each: dict[str, Any]) -> set[str]:
    """The fields a card, its ports and a paste need: named by ports, outputs and summary, and what they hang on."""
    rules = [*each["ports"], *each["outputs"], *(part for part in each["summary"] if isinstance(part, dict))]
    names = {str(rule.get("each") or rule.get("field") or rule.get("named_by")) for rule in rules}
    hangs_on = [rule["when"] for rule in rules if rule.get("when")]
    names |= {field["name"] for field in each["fields"] if field["kind"] in REFERENCES}
    hangs_on += [field["visible_if"] for field in each["fields"] if field["name"] in names and field["visible_if"]]
    while hangs_on:
        rule = hangs_on.pop()
        names.add(str(rule.get("field")))
        hangs_on += [*rule.get("all", ()), *rule.get("any", ())]
    return names


def _brief_field(field: dict[str, Any]) -> dict[str, Any]:
    kept = {name: part for name, part in field.items() if name not in USUAL or part is not USUAL[name]}
    kept.pop("help", None)
    if field["options"]:
        kept["options"] = [{name: part for name, part in each.items() if part != ""} for each in field["options"]]
    kept["limits"] = {name: bound for name, bound in field["limits"].items() if bound is not None}
    if not kept["limits"]:
        del kept["limits"]
    if field["fields"]:
        kept["fields"] = [_brief_field(each) for each in field["fields"]]
    if field["item"]:
        kept["item"] = _brief_field(field["item"])
    return kept
