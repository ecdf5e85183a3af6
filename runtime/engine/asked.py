"""Asked: one thing that a trigger asks of what came, with the values it had (starting, starting_chats)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]
#: {"type", "agent", "interaction", "contact", "analysis", "variables", "data", "trigger", "moment": ended | analysed,
#: "called_number": as +E.164}; of conversations also "visitor", "message", "workspace", and what the message was found
#: to mean: "match", later "heard": {flow: {"score", "phrase"}}. "flow": whose trigger asks; "at": when it came, ISO
#: 8601. What is not known is left out.
Came = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing asked: whether it holds, why not in words, and what was compared, in the form of a Decision's rows."""

    holds: bool
    words: str
    rows: list[Row]


def one(name: str, value: Any, operator: str, right: Any, holds: bool, words: str) -> Asked:
    """What a single comparison answers; `words` say why it does not hold."""
    row = {"left": name, "left_value": value, "operator": operator, "right": right, "right_value": right,
           "result": holds}  # fmt: skip
    return Asked(holds, words, [row])
