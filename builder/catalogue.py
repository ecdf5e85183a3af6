"""The catalogue: every node type as the editor needs it; computed once per process, for types never change in one."""

import hashlib
from functools import lru_cache
from typing import Any

from runtime.engine.registry import all_types
from runtime.engine.values import safe_dumps


@lru_cache(maxsize=16)
def catalogue(kind: str | None = None, examples: bool = True) -> list[dict[str, Any]]:
    """SETTLED section 2, in the palette's order; of one kind of flow where `kind` is given.

    `examples`: without them it is a sixth smaller, for the canvas, which shows none.
    """
    found = [node_type.describe() for node_type in all_types(kind)]
    return found if examples else [{name: part for name, part in each.items() if name != "example"} for each in found]


@lru_cache(maxsize=16)
def catalogue_tag(kind: str | None = None, examples: bool = True) -> str:
    """Changes when the catalogue does."""
    return hashlib.sha256(safe_dumps(catalogue(kind, examples)).encode()).hexdigest()[:20]
