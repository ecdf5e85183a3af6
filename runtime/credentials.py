"""What carries credentials by its name, and how it is shown instead: the same everywhere."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "•••"
_HEADER = re.compile(r"auth|cookie|token|secret|password|api[-_]?key|signature|session", re.IGNORECASE)
_MEMBER = re.compile(r"authorization|api[-_]?key|secret|token|passw|credential|signature|\bpin\b|cvc", re.IGNORECASE)


def carries_credentials(name: str) -> bool:
    """Whether a header is one that credentials travel in, by its name: Authorization, Cookie, X-Api-Key..."""
    return bool(_HEADER.search(name))


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by lower-case name; those that carry credentials or signatures without their value."""
    return {name.lower(): HIDDEN if carries_credentials(name) else value for name, value in headers.items()}


def masked_members(value: Any) -> Any:
    """A JSON value whose members named like credentials have lost their values; for samples, which people look at."""
    if isinstance(value, Mapping):
        return {name: HIDDEN if _MEMBER.search(str(name)) and item not in (None, "") else masked_members(item)
                for name, item in value.items()}  # fmt: skip
    return [masked_members(item) for item in value] if isinstance(value, list) else value
