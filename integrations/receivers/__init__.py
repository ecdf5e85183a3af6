"""Vendor receivers: what a platform posts to `/in/<vendor>/<token>/`, checked and read into the one interaction.

A receiver is one module with one class, found by being in this folder. It says
  verify(headers, body, secrets, now) -> None if the body is genuine, else why not (over the raw bytes);
  read(body, headers) -> [Received], raising ValueError where the body is none of this vendor's;
  answer(received, results) -> (status, body | None) as the vendor wants it; None = the runtime's own answer;
  greet(variables, platform_id) -> the body that answers a ringing call, in the vendor's shape.
Header names arrive in lower case, with the address that was called as ":url"; `now` is in seconds since 1970. The rules
for statuses, speakers and times are one table for all vendors (`normalising.py`); signatures: `runtime/signatures.py`.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from runtime.engine.values import safe_loads, to_text
from runtime.interactions import complete
from runtime.signatures import bearer

CALL_ENDED = "call.ended"
CONVERSATION_ENDED = "conversation.ended"
CONVERSATION_STARTED = "conversation.started"
MESSAGE = "conversation.message"
HANDOFF = "handoff.requested"
TOOL_CALLED = "tool.called"
Headers = Mapping[str, str]


@dataclass(slots=True)
class Received:
    """One thing that a vendor reported.

    `dedupe_key` finds a repetition; `moment` is ended | analysed where the vendor reports a call twice, else "".
    `tool_calls`: [{"tool_call_id", "name", "arguments"}], each asking for an action's answer; no name = "".
    `ringing`: a call comes in, and the vendor waits for what its agent should know.
    """

    type: str
    dedupe_key: str | None = None
    interaction: dict[str, Any] = field(default_factory=dict)
    contact: dict[str, Any] = field(default_factory=dict)
    analysis: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    moment: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    ringing: bool = False
    sip_headers: dict[str, Any] = field(default_factory=dict)

    @property
    def starts_call_ended(self) -> bool:
        """Look-alikes (a status update, a read receipt) have types of their own and start nothing of that kind."""
        return self.type in (CALL_ENDED, CONVERSATION_ENDED)


class Receiver:
    """The base of all; a bearer token in `Authorization` is understood everywhere."""

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    answers_within: ClassVar[float] = 7.0  # seconds that a ringing call may wait: the vendor's limit less the way there
    calls_lack_ids: ClassVar[bool] = False  # a repeated tool call is known by its conversation, name and arguments

    def verify(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        """None, or in words why the body is not taken. Every secret is tried: two are valid during a rotation."""
        if not secrets:
            return "This address asks for signed bodies, but no signing secret is set for the agent."
        if bearer(headers, secrets):
            return None
        return self.refusal(headers, body, secrets, now)

    def refusal(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> str | None:
        """The vendor's own scheme."""
        raise NotImplementedError

    def read(self, body: bytes, headers: Headers) -> list[Received]:
        value = safe_loads(body) if body.strip() else {}
        if not isinstance(value, dict):
            raise ValueError(f"A body from {self.label} is a JSON object.")
        return self.understand(value, headers)

    def understand(self, value: dict[str, Any], headers: Headers) -> list[Received]:
        """The parsed body as what it reports; an empty list = nothing anybody could listen to."""
        raise NotImplementedError

    def answer(self, received: Sequence[Received], results: Sequence[Mapping[str, Any]]) -> tuple[int, Any]:
        """`results`: one {"tool_call_id", "name", "response", "status"} per tool call, in order."""
        return 200, results[0]["response"] if results else None

    def greet(self, variables: Mapping[str, Any], platform_id: str) -> Any:
        """The answer to a ringing call; `platform_id` is what the platform calls the agent, "" where nobody said."""
        return dict(variables)


def interaction(raw: Any, **members: Any) -> dict[str, Any]:
    """The one interaction with every member; a payload that carries no turns keeps null, one without any has []."""
    turns = members.get("turns")
    made = complete({**members, "raw": raw})
    if turns is None and not members.get("transcript"):
        made["turns"] = None
    return made


def tool_called(vendor: str, raw: Any, calls: list[dict[str, Any]], **members: Any) -> Received:
    """A tool call in the middle of a conversation."""
    conversation = interaction(raw, **{"status": "in_progress", **members})
    conversation["variables"] = conversation["variables"] or None
    first = calls[0]["tool_call_id"] if calls else None
    return Received(TOOL_CALLED, f"{vendor}:tool:{first}" if first else None, conversation, tool_calls=calls)


def ringing(vendor: str, raw: Any, key: str | None, kind: str, **members: Any) -> Received:
    """A call that comes in: inbound, by phone, nothing said yet."""
    sides = {"channel": "phone", "direction": "inbound", "status": "ringing", "variables": {}}
    made = interaction(raw, **{**members, **sides})
    contact = {"phone": made["contact_number"]} if made["contact_number"] else {}
    return Received(f"{vendor}.{kind}", key, made, contact, data=dict(raw), ringing=True)


def as_texts(variables: Mapping[str, Any]) -> dict[str, str]:
    """Variables for vendors that take nothing but texts: true is "true", null is "", objects are their JSON."""
    return {name: to_text(value) for name, value in variables.items()}


def split_off(variables: Mapping[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    """The variable that chooses who takes the call, "" where the flow gave none, and all others."""
    return to_text(variables.get(name)), {key: value for key, value in variables.items() if key != name}


def all_receivers() -> list[Receiver]:
    """One of each vendor."""
    found: dict[str, Receiver] = {}
    for module in pkgutil.iter_modules(__path__):
        for thing in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(thing, type) and issubclass(thing, Receiver) and thing.name:
                found[thing.name] = thing()
    return list(found.values())
