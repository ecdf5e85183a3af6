"""Remember: tags of the contact or conversation, attributes of the contact. In a chat, and after any conversation."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine import chat
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, KeyValues, List, TextField
from runtime.engine.node_type import NodeType
from runtime.engine.outcomes import Done, Outcome
from runtime.engine.values import excerpt, items_of, to_text
from runtime.nodes.chat_start import CHAT_APP

LONGEST_VALUE = 2_000
TAG = TextField("Tag", required=True, max_length=200)


class Tag(NodeType):
    """Tags the conversation or the contact. Tags are for reports, and for flows that start by them; one that is filled
    in with an empty value is left out.
    """

    type, label, icon, order = "tag", "Tag", "tag", 5
    app, group, kinds = CHAT_APP, "conversation", ("conversation", "post_call")
    keywords = ("label", "segment")
    on = Choice(
        "On", options=[("conversation", "The conversation"), ("contact", "The contact")], default="conversation"
    )
    add = List("Add", default=[], max_items=20, item=TAG)
    remove = List("Take away", default=[], max_items=20, item=TAG)
    summary = ({"field": "add"},)
    outputs = (
        {"name": "added", "label": "Added", "type": "list", "scope": "steps", "sample": ["hot"]},
        {"name": "removed", "label": "Taken away", "type": "list", "scope": "steps", "sample": []},
    )
    example = {"type": "tag", "key": "hot", "label": "Tag hot",
               "config": {"on": "contact", "add": ["hot"], "remove": ["cold"]}}  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        if not (node.config.get("add") or node.config.get("remove")):
            yield "F006", "/config/add", "Say which tag to add or to take away."

    def run(self, step: Any) -> Outcome:
        add, remove = (list(dict.fromkeys(_words(step, step.config[name]))) for name in ("add", "remove"))
        on = step.config["on"]
        change: dict[str, Any] = {"do": "tag", "on": on, "add": add, "remove": remove}
        if on == "contact":
            known = (step.scope.get("contact") or {}).get("tags") or []
            change["now"] = chat.tags_after(known if isinstance(known, list) else [], add, remove)
        return Done(output={"added": add, "removed": remove}, chat=(change,))


class SetContact(NodeType):
    """Remembers something about the contact, for this flow and all later ones: `{{contact.<name>}}`.

    A lone placeholder keeps its type. name, email, phone and language are the contact's own; any other name is an
    attribute. An empty value forgets it.
    """

    type, label, icon, order = "set_contact", "Remember of contact", "contact", 6
    app, group, kinds = CHAT_APP, "conversation", ("conversation",)
    keywords = ("memory", "attribute", "profile", "crm", "remember")
    attributes = KeyValues("Remember", required=True, default=[], max_items=50)
    summary = ({"field": "attributes", "as": "names"},)
    outputs = ({"name": "set", "label": "Remembered", "type": "object", "scope": "steps", "sample": {"plan": "pro"}},)
    example = {"type": "set_contact", "key": "plan", "label": "Remember the plan",
               "config": {"attributes": [{"name": "plan", "value": "{{vars.plan | default: \"free\"}}"}]}}  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        for at, row in enumerate(items_of(node.config.get("attributes"))):
            name = row.get("name") if isinstance(row, Mapping) else None
            if name in ("id", "tags", "references"):
                yield "F006", f"/config/attributes/{at}/name", f"{name!r} is not set here."

    def run(self, step: Any) -> Outcome:
        found = {str(row["name"]).strip()[:60]: _value(step, row) for row in items_of(step.config["attributes"])}
        return Done(output={"set": found}, chat=({"do": "contact", "set": found},))


def _words(step: Any, rows: Any) -> Iterator[str]:
    for row in items_of(rows):
        value = step.value(row)
        for each in value if isinstance(value, list) else [value]:
            if word := to_text(each).strip()[: chat.LONGEST_TAG]:
                yield word


def _value(step: Any, row: Mapping[str, Any]) -> Any:
    value = excerpt(step.value(row.get("value") or ""), LONGEST_VALUE)
    kinds = {"email": "email", "phone": "phone"}
    if (
        row["name"] in kinds
        and value not in (None, "")
        and chat.read(kinds[row["name"]], {"text": to_text(value)}) is None
    ):
        raise StepError(f"{to_text(value)[:80]!r} is no {row['name']}.", code="wrong_contact")
    return value
