"""Gatekeeping: who may go to a peer now. What is true of a gate is in the database, so it holds for every host.

Theory of operation. A run whose step wants to call a peer asks (`admit`). If it may not go now it becomes a wait of
kind "turn" under the gate's key; those rows, in the order of their ids, are the queue. `pump` gives turns to the heads
of the queue as limits, the peer's Retry-After and the breaker allow, and makes their runs due at the moment they may
go; it runs when a turn is given back, and with every tick of the clock. A newcomer never goes before somebody who
waits. A turn that nobody gives back (its process died) ends by itself.

A rate is spread evenly: `free_at` moves on by one interval with every request that goes. Whose moment is less than a
quarter of a second away goes then (a pause, as a slow line would be one); everybody else waits.

The breaker opens after so many failures in a row, and from then on everybody waits. After its cool-down one request is
let through; if it goes well the gate is closed (all is well) and the queue drains in order, if not, the cool-down
doubles. All of it happens under the gate's row lock, on a lane of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from runtime import broker, present
from runtime.models import Gate, Run, Status, Turn, Wait
from runtime.rows import Table, change, execute, id_of, marks

FIRST_COOL_DOWN, LONGEST_COOL_DOWN = 30.0, 600.0
TURN_SECONDS = 90.0  # the longest step takes 60
AHEAD = timedelta(seconds=0.3)  # turns are given this much before their moment, so that a rate is kept between ticks
LONGEST_PAUSE = timedelta(seconds=0.25)
UNTAKEN_SECONDS = 10.0  # who does not come for its turn in this time waits anew, with its old place
MOST_AT_A_TIME = 50
LONGEST_HOLD = 3600.0
KEEP_QUEUED = timedelta(seconds=10)  # between being told to wait and waiting
_ANEW = "(gate_id, run_id) DO UPDATE SET from_at = excluded.from_at, until = excluded.until, taken = excluded.taken"
TURNS = Table(Turn, ["gate", "run", "from_at", "until", "taken"], f"ON CONFLICT {_ANEW}")
_TURNS = """SELECT run_id, 0 FROM runtime_turn WHERE gate_id = %s AND run_id IN ({marks})
UNION ALL SELECT NULL, COUNT(*) FROM runtime_turn WHERE gate_id = %s AND until > %s"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`why` is empty for who may go, after `pause` seconds. `at`: not before then, if that is known; `turn`: to be
    given back."""

    why: str = ""
    at: datetime | None = None
    turn: bool = False
    pause: float = 0.0


GO = Verdict()


def locked(workspace_id: Any, key: str, name: str = "") -> Gate:
    """The gate, made if it is missing, its row locked. A transaction is open."""
    found = Gate.objects.select_for_update().filter(workspace_id=workspace_id, key=key).first()
    if found is not None:
        return found
    Gate.objects.get_or_create(workspace_id=workspace_id, key=key, defaults={"name": name[:255]})
    return Gate.objects.select_for_update().get(workspace_id=workspace_id, key=key)


def is_clear(gate: Gate) -> bool:
    """Nobody waits here and nothing is shut: many may pass together (`pass_together`)."""
    held = gate.held_until is not None and gate.held_until > present.now()
    return not gate.queued and gate.opened_at is None and not held


def pass_together(gate: Gate, going: list[Any], coming: list[Any]) -> list[Verdict]:
    """At a clear gate: runs that are `going` give their turns back, those `coming` are let in while there is room.

    Verdicts for as many of them, in their order; the others ask one by one (`admit`). The same as that for each, in
    three statements for all.
    """
    now = present.now()
    if going:
        change(f"DELETE FROM runtime_turn WHERE gate_id = %s AND run_id IN ({marks(len(going))})", [gate.pk, *going])
    known, under_way = _turns(gate, coming, now) if gate.at_once is not None and coming else (set(), 0)
    pauses: list[float] = []
    for run_id in coming:
        if run_id not in known and not _room(gate, under_way, now):
            break
        pauses.append(_take_moment(gate, now))
        under_way += run_id not in known
    if pauses and gate.at_once is not None:
        until = now + timedelta(seconds=TURN_SECONDS)
        TURNS.insert([[gate.pk, run_id, now, until, True] for run_id in dict.fromkeys(coming[: len(pauses)])])
    if pauses and gate.rate is not None:
        change("UPDATE runtime_gate SET free_at = %s WHERE id = %s", [gate.free_at, gate.pk])
    return [Verdict(turn=gate.at_once is not None, pause=pause) for pause in pauses]


def _turns(gate: Gate, runs: list[Any], now: datetime) -> tuple[set[Any], int]:
    """(which of these runs have a turn already, of a process that died; how many turns are under way)."""
    found = execute(_TURNS.format(marks=marks(len(runs))), [gate.pk, *runs, gate.pk, now])
    return {id_of(run_id) for run_id, _ in found if run_id is not None}, sum(count for _, count in found)


def _room(gate: Gate, under_way: int, now: datetime) -> bool:
    if gate.at_once is not None and under_way >= gate.at_once:
        return False
    return gate.rate is None or gate.free_at is None or gate.free_at <= now + LONGEST_PAUSE


def _take_moment(gate: Gate, now: datetime) -> float:
    """The next moment that the rate gives, taken: the pause until then. Not kept yet."""
    if gate.rate is None:
        return 0.0
    moment = max(now, gate.free_at or now)
    gate.free_at = moment + interval(gate)
    return (moment - now).total_seconds()


def admit(gate: Gate, run_id: Any) -> Verdict:
    """Whether this run may go now; if so, it has gone."""
    now = present.now()
    given = Turn.objects.filter(gate=gate, run_id=run_id).first()
    if given is not None and not given.taken and gate.held_until is not None and gate.held_until > now:
        given = given.delete() and None  # the pause was asked for after the turn was given
    why, at = _obstacle(gate, now) if given is None else ("", None)
    if why:
        gate.queued, gate.changed_at = True, now
        gate.save(update_fields=["queued", "changed_at"])
        return Verdict(f"{gate.name}: {why}", at)
    return _let_in(gate, run_id, now, given)


def _obstacle(gate: Gate, now: datetime) -> tuple[str, datetime | None]:
    """Why nobody else may go now, and until when at least."""
    if gate.opened_at is not None:
        return _broken(gate, now)
    if gate.held_until is not None and gate.held_until > now:
        return "the peer asked for a pause (Retry-After)", gate.held_until
    if not gate.limited:
        return "", None
    if gate.at_once is not None and _under_way(gate, now) >= gate.at_once:
        return f"{gate.at_once} at once are under way", None
    if gate.rate is not None and gate.free_at is not None and gate.free_at > now + LONGEST_PAUSE:
        return f"{gate.rate} a {gate.get_per_display()} have gone", gate.free_at
    before = gate.queued and (waiting(gate).exists() or _not_taken(gate).exists())
    return ("others are before it", None) if before else ("", None)


def _broken(gate: Gate, now: datetime) -> tuple[str, datetime | None]:
    if gate.probing_until is not None and gate.probing_until > now:
        return f"it failed {gate.failures} times in a row; one request is trying now", None
    if gate.probe_at is not None and gate.probe_at > now:
        return f"it failed {gate.failures} times in a row ({gate.last_error[:120]})", gate.probe_at
    return "", None


def _let_in(gate: Gate, run_id: Any, now: datetime, given: Turn | None) -> Verdict:
    probing, until = gate.opened_at is not None, now + timedelta(seconds=TURN_SECONDS)
    if probing:
        gate.probing_until = until
    pause = _take_moment(gate, now)
    if probing or gate.rate is not None:
        gate.save(update_fields=["probing_until", "free_at"])
    if given is None and not probing and gate.at_once is None:
        return Verdict(pause=pause)
    turn = given or Turn(gate=gate, run_id=run_id)
    turn.from_at, turn.until, turn.taken = now, until, True
    turn.save()
    return Verdict(turn=True, pause=pause)


def interval(gate: Gate) -> timedelta:
    """Between two requests."""
    return timedelta(seconds=gate.per / (gate.rate or 1))


def _under_way(gate: Gate, now: datetime) -> int:
    return Turn.objects.filter(gate=gate, until__gt=now).count()


def waiting(gate: Gate) -> Any:
    """The queue: waits of runs that have been given no turn yet, the first in front."""
    waits = Wait.objects.filter(workspace_id=gate.workspace_id, key=gate.key, closed_at=None, kind="turn")
    given = Turn.objects.filter(gate=gate).values("run_id")
    return waits.filter(run__status=Status.WAITING).exclude(run_id__in=given).order_by("id")


def pump(gate: Gate) -> int:
    """Give turns to those in front as things stand; how many. The gate's row is locked."""
    now = present.now()
    Turn.objects.filter(gate=gate, until__lte=now).delete()
    _remind(gate, now)
    slots = _slots(gate, now)
    heads = list(waiting(gate).values_list("run_id", flat=True)[: len(slots)])
    for run_id, slot in zip(heads, slots, strict=False):
        until = slot + timedelta(seconds=UNTAKEN_SECONDS)
        Turn.objects.create(gate=gate, run_id=run_id, from_at=slot, until=until)
        Run.objects.filter(pk=run_id, status=Status.WAITING).update(due_at=slot, changes=F("changes") + 1)
    if heads:
        if gate.opened_at is not None:
            gate.probing_until = now + timedelta(seconds=UNTAKEN_SECONDS)
            gate.save(update_fields=["probing_until"])
        broker.hint()
    elif gate.changed_at < now - KEEP_QUEUED and not waiting(gate).exists() and not _not_taken(gate).exists():
        gate.queued = False
        gate.save(update_fields=["queued"])
    return len(heads)


def _slots(gate: Gate, now: datetime) -> list[datetime]:
    """The moments at which the next ones may go, as far as turns are given now."""
    if gate.opened_at is not None:
        return [] if _broken(gate, now)[0] else [now]
    if gate.held_until is not None and gate.held_until > now:
        return []
    count = MOST_AT_A_TIME
    if gate.at_once is not None:
        count = min(count, max(0, gate.at_once - _under_way(gate, now)))
    if gate.rate is None:
        return [now] * count
    first, before = max(now, gate.free_at or now), _not_taken(gate).count()
    slots = [first + interval(gate) * (before + number) for number in range(count)]
    return [slot for slot in slots if slot <= now + AHEAD]


def _not_taken(gate: Gate) -> Any:
    return Turn.objects.filter(gate=gate, taken=False, run__status=Status.WAITING)


def _remind(gate: Gate, now: datetime) -> None:
    """A turn may have been given while its run was being written as waiting: make it due once more."""
    late = _not_taken(gate).filter(from_at__lte=now).filter(Q(run__due_at__gt=now) | Q(run__due_at=None))
    Run.objects.filter(pk__in=list(late.values_list("run_id", flat=True))).update(due_at=now)


def give_back(gate: Gate, run_id: Any) -> None:
    """The run's request is over: somebody else may go."""
    Turn.objects.filter(gate=gate, run_id=run_id).delete()
    if gate.opened_at is not None and gate.probing_until is not None:
        gate.probing_until = None  # the one that tried said nothing: another may
        gate.save(update_fields=["probing_until"])
    if gate.queued:  # else nobody waits, and letting somebody in costs more than the request
        pump(gate)


def went_well(gate: Gate) -> None:
    """The peer answered: close the breaker."""
    was_open = gate.opened_at is not None
    gate.failures, gate.last_error, gate.opened_at, gate.probe_at, gate.probing_until = 0, "", None, None, None
    gate.cool_down, gate.changed_at = 0, present.now()
    gate.save()
    if was_open:
        pump(gate)


def went_wrong(gate: Gate, words: str) -> None:
    """The peer failed: count it; open the breaker, or leave it open for longer."""
    now = present.now()
    gate.failures, gate.last_error, gate.changed_at = gate.failures + 1, words[:500], now
    opens = gate.opened_at is None and gate.opens_after and gate.failures >= gate.opens_after
    if opens:
        gate.opened_at, gate.cool_down = now, FIRST_COOL_DOWN
    elif gate.opened_at is not None and gate.probing_until is not None:
        gate.cool_down = min(gate.cool_down * 2, LONGEST_COOL_DOWN)
    else:
        gate.save()
        return
    gate.probing_until, gate.probe_at = None, now + timedelta(seconds=gate.cool_down)
    gate.save()


def hold(gate: Gate, seconds: float) -> None:
    """The peer asked for a pause: nobody goes before it is over."""
    until = present.now() + timedelta(seconds=min(seconds, LONGEST_HOLD))
    if gate.held_until is None or until > gate.held_until:
        gate.held_until = until
        gate.save(update_fields=["held_until"])


@transaction.atomic
def reset(gate: Gate) -> None:
    """By a person's hand: all is well again; who waits goes on."""
    gate = Gate.objects.select_for_update().get(pk=gate.pk)
    gate.held_until = None
    went_well(gate)
    pump(gate)


def pump_all() -> int:
    """Let in who may go by now, at every gate where somebody waits. With every tick of the clock."""
    given = 0
    for gate_id in list(Gate.objects.filter(queued=True).order_by("id").values_list("id", flat=True)):
        with transaction.atomic():
            gate = Gate.objects.select_for_update().filter(pk=gate_id).first()
            given += pump(gate) if gate else 0
    return given
