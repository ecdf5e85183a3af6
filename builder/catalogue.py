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
QUALITY = 10  # of brotli: 25 ms, once a process


@lru_cache(maxsize=16)
def catalogue(kind: str | None = None, brief: bool = False) -> list[dict[str, Any]]:
    """SETTLED section 2, in the palette's order; of one kind of flow where `kind` is given.

    `brief` is for a canvas that has just opened: no examples, no help of fields, of a type's help the first sentence,
    and no members that are as usual. It is a third of the whole on the line.
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
    kept = {name: part for name, part in each.items() if name != "example"}
    first = each["help"].split("\n\n")[0].split(". ")[0]
    return {**kept, "help": first, "fields": [_brief_field(field) for field in each["fields"]]}


def _brief_field(field: dict[str, Any]) -> dict[str, Any]:
    kept = {name: part for name, part in field.items() if name not in USUAL or part is not USUAL[name]}
    kept.pop("help", None)
    kept["limits"] = {name: bound for name, bound in field["limits"].items() if bound is not None}
    if not kept["limits"]:
        del kept["limits"]
    if field["fields"]:
        kept["fields"] = [_brief_field(each) for each in field["fields"]]
    if field["item"]:
        kept["item"] = _brief_field(field["item"])
    return kept
