"""Bodies as vendors send them and what each must be read as: our own in `<vendor>.json`, and all of the corpus that may
lie beside the checkout (`../shared/payloads`).

Ours: `what` is end (of a call or a conversation), look-alike (of an ended call, but starts nothing), tool or other;
`body` is JSON or `form` a form; `key` is the pattern that finds repetitions; `interaction` holds members it must have,
`calls` the tool calls. Names, numbers and hosts are invented; numbers are of the range kept for that.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.conf import settings

from integrations.receivers import all_receivers

OURS = Path(__file__).parent
CORPUS = Path(settings.BASE_DIR).parent / "shared" / "payloads"
CATEGORIES = {"a": "end", "b": "tool", "c": "other"}
# Members of an interaction by the corpus' names for them.
EXTRA = {"customer_number": "contact_number", "agent_number": "agent_number", "ended_reason": "ended_reason",
         "sentiment": "sentiment"}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One request of a vendor."""

    vendor: str
    name: str
    what: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    key: str = ""
    interaction: dict[str, Any] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)

    @property
    def value(self) -> dict[str, Any]:
        """The body as a JSON value or a form's fields."""
        return json.loads(self.body) if self.body.startswith(b"{") else dict(parse_qsl(self.body.decode()))


def samples(*whats: str) -> list[Any]:
    """pytest's parameters: all samples, or those that are one of `whats`."""
    found = [*_ours(), *_corpus()]
    return [pytest.param(each, id=f"{each.vendor}: {each.name}") for each in found if not whats or each.what in whats]


def sample(vendor: str, name: str) -> Sample:
    return next(each for each in _ours() if (each.vendor, each.name) == (vendor, name))


def _ours() -> Iterator[Sample]:
    for path in sorted(OURS.glob("*.json")):
        for told in json.loads(path.read_text()):
            body, form = told.pop("body", None), told.pop("form", None)
            yield Sample(path.stem, body=(json.dumps(body) if form is None else urlencode(form)).encode(), **told)


def _corpus() -> Iterator[Sample]:
    known = {receiver.name for receiver in all_receivers()}
    for path in sorted(CORPUS.glob("*/*.meta.json")):
        told = json.loads(path.read_text())
        if path.parent.name in known and told["category"] in CATEGORIES and told["kind"] == "webhook-in":
            yield _of_the_corpus(path.parent.name, told)


def _of_the_corpus(vendor: str, told: dict[str, Any]) -> Sample:
    expected, extra = dict(told.get("expected_normalised") or {}), told.get("expected_extra") or {}
    if "transcript_turns" in expected:
        expected["turns"] = expected.pop("transcript_turns")
    expected |= {EXTRA[name]: value for name, value in extra.items() if name in EXTRA}
    what = CATEGORIES[told["category"]]
    if what == "end" and extra.get("starts_call_ended_flow") is False:
        what = "look-alike"
    return Sample(vendor, told["file"], what, (CORPUS / told["file"]).read_bytes(), told.get("headers", {}),
                  told.get("dedupe_key", ""), expected, told.get("expected_action", []))  # fmt: skip
