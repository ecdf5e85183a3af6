"""Whether a message to a person can go out at night: the check before publishing that asks for quiet hours."""

from typing import Any


def is_within_hours(node: Any, graph: Any) -> bool:
    """Whether every way to `node` passes a Wait that keeps to hours, so that nobody is woken.

    An answer during a conversation is awaited by somebody awake, so steps of an action are not asked for one.
    """
    triggers = graph.triggers
    if not triggers or triggers[0].type in ("action_called", "inbound_call"):
        return True
    keepers = {each.id for each in graph.nodes.values()
               if each.type == "wait" and not each.disabled and each.config.get("only_within") is True}  # fmt: skip
    seen, pending = {triggers[0].id}, [triggers[0].id]
    while pending:
        at = pending.pop()
        if at == node.id:
            return False
        if at in keepers:
            continue
        for target in graph.next_of(at):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return True
