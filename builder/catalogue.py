"""The catalogue: every node type as the editor needs it; computed once per process, for types never change in one."""

import hashlib
from functools import lru_cache
from typing import Any

from runtime.engine.registry import all_types
from runtime.engine.values import safe_dumps


@lru_cache(maxsize=16)
def catalogue(kind: str | None = None) -> list[dict[str, Any]]:
    """SETTLED section 2, in the palette's order; of one kind of flow where `kind` is given."""
    return [node_type.describe() for node_type in all_types(kind)]


@lru_cache(maxsize=16)
def catalogue_tag(kind: str | None = None) -> str:
    """Changes when the catalogue does."""
    return hashlib.sha256(safe_dumps(catalogue(kind)).encode()).hexdigest()[:20]
