"""Gates as people see them: the limits of a connection, the state of its breaker, and the hand that resets it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from builder.auditing import record
from runtime import gatekeeping, gates
from runtime.models import Gate, Wait

MOST_AT_ONCE, HIGHEST_RATE, MOST_FAILURES = 10_000, 100_000, 10_000


def key_of(connection: Any) -> str:
    return f"connection:{connection.pk}"


def gate_of(connection: Any) -> Gate:
    """The connection's gate; one that nobody needed yet is not stored."""
    own = {"workspace_id": connection.workspace_id, "key": key_of(connection)}
    return Gate.objects.filter(**own).first() or Gate(**own, name=connection.name)


def begin_with(connection: Any, limits: Mapping[str, int]) -> None:
    """The limits of a connection that is being made, as its type has them."""
    Gate.objects.create(workspace_id=connection.workspace_id, key=key_of(connection), name=connection.name, **limits)
    transaction.on_commit(gates.forget)


@transaction.atomic
def set_limits(connection: Any, actor: Any, **limits: Any) -> Gate:
    """Hold for every worker within a second."""
    gate = gatekeeping.locked(connection.workspace_id, key_of(connection), connection.name)
    gate.name = connection.name
    for name, value in limits.items():
        setattr(gate, name, value)
    if "rate" in limits or "per" in limits:
        gate.free_at = None
    gate.save()
    gatekeeping.pump(gate)
    transaction.on_commit(gates.forget)
    record(connection.workspace, actor, "connection.limited", connection, **limits)
    return gate


@transaction.atomic
def reset(gate: Gate, actor: Any) -> None:
    """All is well again; who waits goes on."""
    gatekeeping.reset(gate)
    transaction.on_commit(gates.forget)
    record(gate.workspace, actor, "gate.reset", gate, key=gate.key)


def shut(workspace: Any) -> QuerySet[Gate]:
    """Gates that keep runs waiting now: open breakers and pauses that peers asked for, and full ones with a queue."""
    now = timezone.now()
    why = Q(opened_at__isnull=False) | Q(held_until__gt=now) | Q(queued=True)
    return Gate.objects.for_workspace(workspace).filter(why).order_by("name")


def waiting(workspace: Any) -> dict[str, int]:
    """{key of a gate: how many runs wait for their turn at it}."""
    waits = Wait.objects.for_workspace(workspace).filter(kind="turn", closed_at=None, run__status="waiting")
    return dict(waits.order_by().values_list("key").annotate(Count("id")))


def gate_json(gate: Gate) -> dict[str, Any]:
    return {
        "at_once": gate.at_once, "rate": gate.rate, "per": gate.per, "opens_after": gate.opens_after,
        "state": gate.state, "failures": gate.failures, "last_error": gate.last_error,
        "waiting": gatekeeping.waiting(gate).count() if gate.pk else 0, "held_until": gate.held_until,
        "opened_at": gate.opened_at, "probe_at": gate.probe_at,
    }  # fmt: skip
