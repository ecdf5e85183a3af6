"""What a visitor says: stored, with the claim of the run that waits for it, in one transaction (see conversing)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime import present
from runtime.active import Claimed
from runtime.chatting import add_message
from runtime.claiming import claim_to_answer
from runtime.conversing import Turn, hear, start
from runtime.engine.intents import Match
from runtime.engine.starting import MESSAGE
from runtime.models import FINAL, Conversation, Message, Run, Status, Wait
from runtime.models.base import time_ordered_id

MOST_MESSAGES = 2_000  # of one conversation
A_MINUTE, MOST_A_MINUTE = 60.0, 30  # messages of one visitor


@dataclass(slots=True)
class Reply:
    """What a visitor (or, as "human", a colleague) says. `judged` is what models made of it, by trigger."""

    conversation_id: Any
    client_id: str
    role: str = "user"
    text: str = ""
    choice: str = ""
    form: Mapping[str, Any] | None = None
    judged: Mapping[str, Match] = field(default_factory=dict)


def reply(batch: list[Reply]) -> list[Turn]:
    """Store what visitors say, with the claims of the runs that wait for it. On the recorder's lane."""
    order = sorted(range(len(batch)), key=lambda at: str(batch[at].conversation_id))
    done = {at: _reply(batch[at]) for at in order}
    return [done[at] for at in range(len(batch))]


def _reply(said: Reply) -> Turn:
    """The first answer again, a refusal, or the turn that this reply takes."""
    before = Conversation.objects.get(pk=said.conversation_id)
    earlier = Message.objects.filter(conversation=before, client_id=said.client_id).first()
    if earlier is not None:
        return Turn(before.pk, since=earlier.seq, message_id=earlier.pk, repeated=True)
    refused = _refusal(before, said)
    return Turn(before.pk, refused=refused) if refused is not None else _taken(before, said)


def _taken(before: Conversation, said: Reply) -> Turn:
    """Claim who waits for it, store it, tell who else hears it; lost where another reply was quicker."""
    message_id, claimed = time_ordered_id(), None
    if said.role == "user" and before.run_id and before.status != "with_human":
        claimed, busy = _claim(before.run_id, message_id)
        if busy:
            return _lost(before)
    conversation = Conversation.objects.select_for_update().get(pk=before.pk)
    if claimed is None and (conversation.run_id != before.run_id or conversation.status == "ended"):
        return _lost(before)
    message = _store(conversation, said, message_id)
    if said.role == "user" and conversation.mode == "live":
        claimed = _tell(conversation, said, message, claimed)
    _move_on(conversation, said, claimed)
    return Turn(conversation.pk, claimed, message.seq, message.pk)


def _move_on(conversation: Conversation, said: Reply, claimed: Claimed | None) -> None:
    """The conversation's state once this was said: a person has it, or the flow goes on."""
    if said.role == "human" and conversation.status != "with_human":
        conversation.status, conversation.expects = "with_human", None
    if claimed is not None:
        conversation.status, conversation.expects = "open", None
    conversation.last_at = present.now()
    conversation.save()


def _tell(conversation: Conversation, said: Reply, message: Message, claimed: Claimed | None) -> Claimed | None:
    """What a visitor says is an event. Where nobody leads the conversation it may start the flow that will."""
    shown = {"id": str(message.pk), "text": message.text, "choice": said.choice or None, "form": said.form}
    if claimed is None and conversation.status != "with_human" and _leads_nothing(conversation):
        return start(conversation, conversation.workspace, "message_received", MESSAGE, shown, said.judged)
    hear(conversation, shown)
    return claimed


def _lost(conversation: Conversation) -> Turn:
    words = "Another reply came first and is being answered; say it again afterwards."
    return Turn(conversation.pk, refused=(409, "reply_lost", words))


def _refusal(conversation: Conversation, said: Reply) -> tuple[int, str, str] | None:
    if conversation.status == "ended":
        return 409, "ended", "This conversation has ended; begin a new one."
    if conversation.said >= MOST_MESSAGES:
        return 409, "too_long", f"A conversation has at most {MOST_MESSAGES:,} messages; begin a new one."
    mine = conversation.messages.filter(role=said.role).order_by("-seq").values_list("at", flat=True)
    oldest = mine[MOST_A_MINUTE - 1 : MOST_A_MINUTE]
    if oldest and (present.now() - oldest[0]).total_seconds() < A_MINUTE:
        return 429, "throttled", f"More than {MOST_A_MINUTE} messages in a minute; wait a little."
    return None


def _claim(run_id: Any, message_id: Any) -> tuple[Claimed | None, bool]:
    """(the run, if it waited for a reply; whether it is busy with another)."""
    status = Run.objects.filter(pk=run_id).values_list("status", flat=True).first()
    if status in (Status.RUNNING, Status.QUEUED):
        return None, True
    waits = Wait.objects.filter(run_id=run_id, closed_at=None, kind="reply")
    if status != Status.WAITING or not waits.exists():
        return None, False  # it pauses for something else, or has ended
    claimed = claim_to_answer(run_id)
    if claimed is None:
        return None, True
    # Where an operator ended the wait a moment ago, that stands; the run goes on all the same.
    waits.filter(decision="").update(decision="replied", note=str(message_id), decided_at=present.now())
    return claimed, False


def _leads_nothing(conversation: Conversation) -> bool:
    """Whether no flow leads the conversation: then what is said may start one."""
    if conversation.run_id is None:
        return True
    status = Run.objects.filter(pk=conversation.run_id).values_list("status", flat=True).first()
    return status is None or status in FINAL or status == Status.PARKED


def _store(conversation: Conversation, said: Reply, message_id: Any) -> Message:
    body = {name: value for name, value in (("choice", said.choice), ("filled", said.form)) if value}
    message = add_message(conversation, said.role, said.text, body, client_id=said.client_id, id=message_id)
    if said.role == "user" and said.choice and not said.text:
        message.text = _label_of(conversation, said.choice)
        message.save(update_fields=["text"])
    return message


def _label_of(conversation: Conversation, choice: str) -> str:
    """A choice reads as what was tapped."""
    rows = (conversation.expects or {}).get("choices") or []
    return str(next((row["label"] for row in rows if row["value"] == choice), choice))
