"""Secrets stay out of what is kept and shown: by structure first (headers that carry them), then by value.

A peer that sends a token back, an error text that quotes a URL, a body with the key in base64: whatever form a known
secret takes, `Mask` finds it. Values shorter than six characters are not looked for, they would hit by chance.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from runtime.credentials import HIDDEN as HIDDEN
from runtime.credentials import carries_credentials
from runtime.engine.values import to_text

SHORTEST = 6


class Mask:
    """Hides the given values in texts and JSON values. Without values it hands everything back as it is."""

    def __init__(self, secrets: Iterable[str] = (), learned: set[str] | None = None):
        self.secrets = frozenset(secret for secret in secrets if len(secret) >= SHORTEST)
        self._learned = set() if learned is None else learned  # shared with the masks made from this one
        self._pattern: re.Pattern[str] | None = None
        self._known = -1  # how many had been learned when the pattern was made

    def __bool__(self) -> bool:
        return self._find is not None

    @property
    def _find(self) -> re.Pattern[str] | None:
        if self._known != len(self._learned):
            self._known = len(self._learned)
            forms = {form for secret in self.secrets.union(self._learned) for form in forms_of(secret)}
            longest_first = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if forms else None
        return self._pattern

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these too from now on, here and in every mask made from this one: a token renewed meanwhile."""
        self._learned.update(secret for secret in secrets if len(secret) >= SHORTEST)

    def and_also(self, secrets: Iterable[str]) -> "Mask":
        """A mask that hides more values too."""
        more = self.secrets.union(secret for secret in secrets if len(secret) >= SHORTEST)
        return Mask(more, self._learned) if more != self.secrets else self

    def text(self, text: str) -> str:
        return self._find.sub(HIDDEN, text) if self._find else text

    def value(self, value: Any) -> Any:
        """A JSON value with every text in it masked, names too."""
        if self._find is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(name) if isinstance(name, str) else name: self.value(item)
                    for name, item in value.items()}  # fmt: skip
        if isinstance(value, int | float) and not isinstance(value, bool):
            return HIDDEN if self._find.search(to_text(value)) else value
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers as they are shown: those that carry credentials by their nature without a value."""
        return {name: HIDDEN if carries_credentials(name) else self.text(value) for name, value in headers.items()}


NO_MASK = Mask()


def forms_of(secret: str) -> set[str]:
    """The ways a secret can stand in a text: raw, URL-, JSON-, HTML-escaped, hex, and base64 wherever it began."""
    raw = secret.encode()
    forms = {
        secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret), html.escape(secret, quote=False), raw.hex(),
        html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),  # as Go and others write it
        json.dumps(secret)[1:-1].replace("/", "\\/"), quote(quote(secret, safe=""), safe=""),
        re.sub("[<>&']", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(secret)[1:-1]),
    }  # fmt: skip
    for offset in range(3):
        forms |= _base64_at(raw, offset)
    return {form for form in forms if len(form) >= SHORTEST}


def _base64_at(raw: bytes, offset: int) -> set[str]:
    """The characters of base64 that depend on `raw` alone when it begins `offset` bytes into a group of three."""
    first = (0, 2, 3)[offset]
    last = (offset + len(raw)) * 8 // 6
    inside = base64.b64encode(b"\0" * offset + raw).decode()[first:last]
    return {inside, inside.replace("+", "-").replace("/", "_")}


def texts_of(value: Any) -> list[str]:
    """Every text and number in a JSON value, as it would stand in a text."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [to_text(value)]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [text for item in value for text in texts_of(item)] if isinstance(value, list) else []
