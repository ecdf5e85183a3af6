"""The nouns of ARCHITECTURE section 2 that the runtime owns, one module a family."""

from runtime.models.conversations import Contact, Conversation, Message
from runtime.models.events import Event, IdempotentAnswer
from runtime.models.flows import Flow, FlowVersion, Trigger
from runtime.models.gates import Gate, Turn
from runtime.models.hooks import Hook
from runtime.models.operating import FlowDay, Operation, OperationItem
from runtime.models.people import ROLES, SCOPES, Agent, ApiKey, Membership, User, Workspace
from runtime.models.runs import FINAL, OPEN, Reference, Run, Status, StepRun, Tally, Wait, WorkerBeat

__all__ = [
    "FINAL",
    "OPEN",
    "ROLES",
    "SCOPES",
    "Agent",
    "ApiKey",
    "Contact",
    "Conversation",
    "Event",
    "Flow",
    "FlowDay",
    "FlowVersion",
    "Gate",
    "Hook",
    "IdempotentAnswer",
    "Membership",
    "Message",
    "Operation",
    "OperationItem",
    "Reference",
    "Run",
    "Status",
    "StepRun",
    "Tally",
    "Trigger",
    "Turn",
    "User",
    "Wait",
    "WorkerBeat",
    "Workspace",
]
