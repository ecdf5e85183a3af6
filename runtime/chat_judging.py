"""Asking a model whether a message means what a flow waits for: before it is stored, where likeness cannot tell."""

import asyncio
import logging
from typing import Any

from runtime import reaching_out
from runtime.chat_starts import to_be_judged, triggers_of
from runtime.engine.intents import Match, settled
from runtime.group_commit import loader
from runtime.models import Conversation, Run, Status

log = logging.getLogger("segue.conversations")
MOST_ASKED = 5  # models for one message
WITHIN = 10.0  # seconds


async def judged(conversation: Conversation, text: str) -> dict[str, Match]:
    """{trigger: what a model made of the message}; without an answer in time likeness decides."""
    if not text or conversation.status in ("with_human", "ended", "waiting", "with_ai") or conversation.mode != "live":
        return {}
    asked = await asyncio.wrap_future(loader().submit(_open, (conversation.pk, conversation.workspace_id, text)))
    if not asked:
        return {}
    found: list[Any] = await asyncio.gather(*(_ask(text, *each) for each in asked))
    return dict(found)


Asked = tuple[str, Any, list[str], float, Match]  # trigger, resolved connection, phrases, threshold, open decision


def _open(items: list[tuple[Any, Any, str]]) -> list[list[Asked]]:
    return [_open_of(*item) for item in items]


def _open_of(conversation_id: Any, workspace_id: Any, text: str) -> list[Asked]:
    run_id = Conversation.objects.values_list("run_id", flat=True).get(pk=conversation_id)
    if run_id and Run.objects.filter(pk=run_id, status__in=(Status.WAITING, Status.RUNNING, Status.QUEUED)).exists():
        return []
    found: list[Asked] = []
    for trigger in triggers_of("message_received", workspace_id):
        match = to_be_judged(trigger, text)
        if match is not None and len(found) < MOST_ASKED:
            config = trigger.config
            connection = reaching_out.connections(workspace_id, [config["connection"]]).get(config["connection"])
            threshold = float(config.get("threshold") or 0)
            found.append((str(trigger.pk), connection, list(config["phrases"]), threshold, match))
    return found


async def _ask(
    text: str, trigger: str, connection: Any, phrases: list[str], threshold: float, match: Match
) -> tuple[str, Match]:
    answer = None
    try:
        async with asyncio.timeout(WITHIN):
            answer = await asyncio.to_thread(reaching_out.judge, connection, text, phrases)
    except Exception:
        log.warning("No model said what a message means; likeness decides", exc_info=True)
    return trigger, settled(match, answer, threshold)
