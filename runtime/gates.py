"""The gates as steps see them: ask before a peer is called, tell how it went (runtime/gatekeeping.py has the rules).

A step that calls nobody, and one that calls a peer of which nothing is known but good, costs a look into a mapping that
each process reads anew once a second. What is limited, failing or held asks the database, on a lane of its own. Only
the first request of a step asks for each gate; a step under way is not stopped between its requests.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from runtime import gatekeeping, present
from runtime.engine.errors import StepError
from runtime.gatekeeping import Verdict
from runtime.group_commit import gate_lane, loader
from runtime.models import Gate

FRESH_SECONDS = 1.0
LOOK_AGAIN = timedelta(seconds=60)  # should a wake-up be lost
LOOK_AGAIN_SOON = timedelta(seconds=0.1)  # where somebody waits for the answer
FAILURES = frozenset({"unreachable", "timeout", "connection_lost", "tls", "tls_certificate", "unknown_host", "failed",
                      "proxy"})  # fmt: skip


class MustWait(Exception):
    """This step may not call its peer now; it is tried anew once its turn has come."""

    def __init__(self, key: str, why: str, until: datetime):
        super().__init__(why)
        self.key, self.why, self.until = key, why, until


@dataclass(slots=True)
class _Visit:
    """One step under way: its run, and the gates it has passed (whether there is a turn to give back)."""

    run: Any
    passed: dict[str, bool]


_thread = threading.local()


@contextmanager
def visiting(run: Any) -> Iterator[None]:
    """Around a step of a stored run: its first request of each kind asks; its turns are given back at the end."""
    visit = _thread.visit = _Visit(run, {})
    try:
        yield
    finally:
        _thread.visit = None
        for key, turn in visit.passed.items():
            if turn:
                gate_lane().submit(_serve, _Job(run.workspace_id, key, "", run.id, "give_back"))


def enter(key: str, name: str) -> None:
    """Before a request. Raises MustWait, or StepError where somebody waits for an answer that would come too late."""
    visit = getattr(_thread, "visit", None)
    if visit is None or key in visit.passed:
        return
    run = visit.run
    known = _standing().get((run.workspace_id, key))
    if known is None or not known.asks:
        visit.passed[key] = False
        return
    verdict: Verdict = gate_lane().submit(_serve, _Job(run.workspace_id, key, name, run.id, "admit")).result()
    if verdict.why:
        raise _must_wait(run, key, verdict)
    time.sleep(verdict.pause)
    visit.passed[key] = verdict.turn


def _must_wait(run: Any, key: str, verdict: Verdict) -> Exception:
    now = present.now()
    if run.deadline is None or run.answer is not None or run.state.responded:
        return MustWait(key, verdict.why, now + LOOK_AGAIN)
    left = timedelta(seconds=run.deadline - time.monotonic())
    soonest = max(now + LOOK_AGAIN_SOON, verdict.at or now)
    if soonest >= now + left:
        return StepError(f"{verdict.why}. The deadline does not leave the time to wait.", code="no_turn")
    return MustWait(key, verdict.why, min(soonest, now + LOOK_AGAIN_SOON) if verdict.at is None else soonest)


def tell(key: str, name: str, wrong: str = "", retry_after: float | None = None) -> None:
    """After a request: what went `wrong` with the peer ("" = it answered), and the pause it asked for."""
    visit = getattr(_thread, "visit", None)
    if visit is None:
        return
    workspace_id = visit.run.workspace_id
    if not wrong and retry_after is None:
        known = _standing().get((workspace_id, key))
        if known is None or not known.failing:
            return
    job = _Job(workspace_id, key, name, visit.run.id, "wrong" if wrong else "well", wrong, retry_after)
    gate_lane().submit(_serve, job)


@dataclass(frozen=True, slots=True)
class _Job:
    workspace_id: Any
    key: str
    name: str
    run_id: Any
    do: str
    words: str = ""
    retry_after: float | None = None


def _serve(jobs: list[_Job]) -> list[Verdict]:
    """On the gates' lane: in the order of their keys, so that processes never wait for each other crosswise. Each gate
    is locked once; where nobody waits, all that come and go pass it together."""
    answers: dict[int, Verdict] = {}
    of_gate: dict[tuple[str, str], list[int]] = {}
    for number, job in enumerate(jobs):
        of_gate.setdefault((str(job.workspace_id), job.key), []).append(number)
    for _, numbers in sorted(of_gate.items()):
        answers.update(_serve_gate({number: jobs[number] for number in numbers}))
    if any(job.do in ("wrong", "well") for job in jobs):
        forget()
    return [answers[number] for number in range(len(jobs))]


def _serve_gate(jobs: Mapping[int, _Job]) -> dict[int, Verdict]:
    first = next(iter(jobs.values()))
    gate = gatekeeping.locked(first.workspace_id, first.key, next((job.name for job in jobs.values() if job.name), ""))
    answers = _together(gate, jobs) if gatekeeping.is_clear(gate) else {}
    return answers | {number: _do(job, gate) for number, job in jobs.items() if number not in answers}


def _together(gate: Gate, jobs: Mapping[int, _Job]) -> dict[int, Verdict]:
    """The answers of those that pass a clear gate together; none where somebody tells how it went."""
    if any(job.do not in ("admit", "give_back") for job in jobs.values()):
        return {}
    going = {number: job.run_id for number, job in jobs.items() if job.do == "give_back"}
    coming = {number: job.run_id for number, job in jobs.items() if job.do == "admit"}
    verdicts = gatekeeping.pass_together(gate, list(going.values()), list(coming.values()))
    return dict.fromkeys(going, gatekeeping.GO) | dict(zip(coming, verdicts, strict=False))


def _do(job: _Job, gate: Gate) -> Verdict:
    if job.do == "admit":
        return gatekeeping.admit(gate, job.run_id)
    if job.do == "give_back":
        gatekeeping.give_back(gate, job.run_id)
        return gatekeeping.GO
    if job.retry_after is not None:
        gatekeeping.hold(gate, job.retry_after)
    if job.do == "wrong":
        gatekeeping.went_wrong(gate, job.words)
    elif gate.failures or gate.opened_at is not None:
        gatekeeping.went_well(gate)
    return gatekeeping.GO


@dataclass(frozen=True, slots=True)
class _Known:
    asks: bool  # it is limited, held or open
    failing: bool  # a request that goes well changes something


_seen: tuple[float, Mapping[Any, _Known]] = (0.0, {})


def _standing() -> Mapping[Any, _Known]:
    """The gates of which there is something to know, at most a second old."""
    global _seen
    if time.monotonic() - _seen[0] > FRESH_SECONDS:
        _seen = (time.monotonic(), loader().submit(_look, None).result())
    return _seen[1]


def forget() -> None:
    """Look anew at the next request: something changed here."""
    global _seen
    _seen = (0.0, _seen[1])


def _look(asked: list[None]) -> list[Mapping[Any, _Known]]:
    now = present.now()
    found = {}
    standing = Q(at_once__isnull=False) | Q(rate__isnull=False) | Q(failures__gt=0) | Q(opened_at__isnull=False)
    for gate in Gate.objects.filter(standing | Q(held_until__gt=now)):
        shut = gate.opened_at is not None or (gate.held_until is not None and gate.held_until > now)
        failing = gate.failures > 0 or gate.opened_at is not None
        found[gate.workspace_id, gate.key] = _Known(shut or gate.limited, failing)
    return [found for _ in asked]
