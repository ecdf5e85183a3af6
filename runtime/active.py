"""ActiveRun: a claimed run in memory, with all it needs to be driven without a database.

Loading happens on the loader's thread, recording on the recorder's (runtime/recording.py); the threads that drive
runs touch neither.
"""

import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from runtime import reaching_out, vault
from runtime.awaiting import arrived
from runtime.engine.fields import ConnectionRef
from runtime.engine.graph import Graph
from runtime.engine.interpreter import begin
from runtime.engine.state import WAITING, RunState
from runtime.models import Event, FlowVersion, StepRun, Workspace
from runtime.rows import id_of, look_up, moment_of

log = logging.getLogger("segue.runner")
WORKSPACE_FRESH_SECONDS = 5.0
LATEST_SECONDS = 30.0  # after its time-out a step has long come back, unless something is wrong with its node


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that is this process's now, under `fence` (runtime/claiming.py)."""

    id: Any
    fence: int
    took_over: bool  # its last owner vanished in the middle of something
    suspect: bool  # processes died while they drove it


@dataclass(frozen=True, slots=True)
class Unborn:
    """What a run that has no row yet will be written with: its event, and the key a repetition is known by."""

    event: Event
    call_key: str | None


@dataclass
class ActiveRun:
    """One claimed run. `steps` are the rows not recorded yet; `as_of` is the time templates see."""

    id: Any
    workspace_id: Any
    flow_id: Any
    version_id: Any
    kind: str
    mode: str
    graph: Graph
    state: RunState
    fence: int
    seq: int
    event: Mapping[str, Any]
    secure_sealed: str = ""
    event_type: str = ""
    agent: str = ""  # of the event
    event_id: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime = field(default_factory=timezone.now)
    started_at: datetime | None = None
    workspace: Mapping[str, Any] = field(default_factory=dict)
    connections: Mapping[str, Any] = field(default_factory=dict)
    took_over: bool = False  # its last owner vanished in the middle of something
    parent: tuple[Any, int] | None = None  # the run and visit that started this one
    arrived: Mapping[str, Any] | None = None  # what came for a run that was paused
    suspect: bool = False  # processes died while they drove it; nothing else is claimed beside it
    unknown_try: bool = False  # a "once" effect was started by that owner and never finished
    held: bool = False  # somebody waits for the answer: the lease is kept through short waits
    deadline: float | None = None  # monotonic; only for runs somebody waits for
    steps: list[dict[str, Any]] = field(default_factory=list)
    references: list[tuple[str, str]] = field(default_factory=list)
    chat: list[Mapping[str, Any]] = field(default_factory=list)  # done to the conversation and not recorded yet
    answer: dict[str, Any] | None = None
    stopped: str = ""  # "timed_out", or why a test run stopped early
    open_row: tuple[int, int, int, datetime] | None = None  # index, attempt, seq, start of a row that is not final
    effect_unrecorded: bool = False
    repeat_unrecorded: bool = False
    fresh: bool = False  # its row holds no state yet
    unborn: Unborn | None = None  # it has no row yet: the first record writes it
    step_ends: float | None = None  # monotonic; when the step under way has to be over
    history_bytes: int = 0  # what its recorded steps fill
    handed_on: bool = False  # the next effect is another process's; this one goes
    superseded: bool = False  # another run with its key was written first; nothing of this one is
    _decided: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self):
        self.as_of = self.state.as_of

    @property
    def node(self):
        return self.graph.nodes[self.state.node]

    @property
    def overdue(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def overstayed(self) -> bool:
        """Whether its step ought to have ended long ago."""
        return self.step_ends is not None and time.monotonic() > self.step_ends + LATEST_SECONDS

    def decide(self, outcome: str) -> bool:
        """Settle, once, whether the caller gets an answer or the time-out; True for the first who says."""
        with self._lock:
            if not self._decided:
                self._decided = outcome
            return self._decided == outcome

    @cached_property
    def given(self) -> dict[str, Any]:
        """The parts of the scope that stay the same for the whole run."""
        secure = dict.fromkeys(self.secure, "") if self.secure_sealed else {}
        return {
            "interaction": self.event.get("interaction") or {},
            "contact": self.event.get("contact") or {},
            "visitor": self.event.get("visitor") or {},
            "message": self.event.get("message") or {},
            "analysis": self.event.get("analysis") or {},
            "args": self.event.get("args") or {},
            "trigger": self.event.get("trigger") or self.event.get("data") or {},
            "secure": secure,
            "workspace": self.workspace,
        }

    @cached_property
    def secure(self) -> Mapping[str, Any]:
        """The event's encrypted values, opened only when a field marked for them asks."""
        if not self.secure_sealed:
            return {}
        opened: dict[str, Any] = json.loads(
            vault.open_sealed(self.secure_sealed, self.workspace_id, self.event_id, "secure")
        )
        return opened

    @cached_property
    def _itself(self) -> dict[str, Any]:
        return {"id": str(self.id), "started_at": iso(self.started_at or self.created_at)}

    def scope(self) -> dict[str, Any]:
        """What templates see now."""
        state = self.state
        run = {**self._itself, "attempt": state.attempt}
        now = self.as_of.replace("+00:00", "Z")
        scope = {**self.given, "vars": state.vars, "steps": state.steps, "run": run, "now": now}
        if state.chat:
            scope["contact"] = {**scope["contact"], **state.chat.get("contact", {})}
            scope["message"] = state.chat.get("message") or scope["message"]
        return scope


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_LOAD = """SELECT run.id, run.workspace_id, run.flow_id, run.version_id, run.event_id, run.kind, run.mode, run.state,
run.options, run.seq, run.created_at, run.started_at, run.answer, run.parent_id, run.parent_index,
run.history_bytes, event.payload, event.secure_sealed, event.type, event.agent, event.interaction_id
FROM runtime_run AS run
LEFT JOIN runtime_event AS event ON event.id = run.event_id
WHERE TRUE"""


@dataclass(slots=True)
class Stored:
    """What driving needs of a run's row and its event's."""

    id: Any
    workspace_id: Any
    flow_id: Any
    version_id: Any
    event_id: Any
    kind: str
    mode: str
    state: Any
    options: Any
    seq: int
    created_at: Any
    started_at: Any
    answer: Any
    parent_id: Any
    parent_index: int | None
    history_bytes: int
    payload: Any
    secure_sealed: str | None
    event_type: str | None
    agent: str | None
    interaction_id: str | None

    @classmethod
    def read(cls, row: tuple[Any, ...]) -> "Stored":
        stored = cls(*row)
        for name in ("id", "workspace_id", "flow_id", "version_id", "event_id", "parent_id"):
            setattr(stored, name, id_of(getattr(stored, name)))
        for name in ("state", "options", "answer", "payload"):
            text = getattr(stored, name)
            setattr(stored, name, json.loads(text) if text is not None else None)
        stored.created_at, stored.started_at = moment_of(stored.created_at), moment_of(stored.started_at)
        return stored


def load(batches: list[list[Claimed]]) -> list[tuple[list[ActiveRun], list[tuple[Any, str]]]]:
    """For each list of claimed runs: those made ready to drive, and (run, why not) of those that cannot be read.

    One broken row must never keep the others waiting. On the loader's lane.
    """
    claimed = {one.id: one for batch in batches for one in batch}
    rows = look_up(_LOAD, {"run.id": "uuid"}, [[run_id] for run_id in claimed])
    texts = {id_of(row[0]): row for row in rows}
    said = _set_during_calls(rows)
    return [_made_ready([one for one in batch if one.id in texts], texts, said) for batch in batches]


def _made_ready(batch: list[Claimed], rows, said) -> tuple[list[ActiveRun], list[tuple[Any, str]]]:
    ready: list[ActiveRun] = []
    broken: list[tuple[Any, str]] = []
    for claimed in batch:
        try:
            ready.append(make_ready(Stored.read(rows[claimed.id]), claimed, said.get(claimed.id)))
        except DatabaseError:
            raise  # nothing is wrong with the run
        except Exception as error:
            log.exception("Run %s cannot be read", claimed.id)
            broken.append((claimed.id, f"Parked: what is stored of this run cannot be read ({error})."))
    return ready, broken


# CROSS JOIN: SQLite keeps to that order. From its own it walks through every run there is, for it knows no statistics.
_SET_DURING_CALLS = """SELECT run.id, event.workspace_id, event.interaction_id, run.state
FROM runtime_event AS event CROSS JOIN runtime_run AS run
WHERE run.event_id = event.id AND run.kind = 'action' AND run.mode = 'live'"""
_CALL = {"event.workspace_id": "uuid", "event.interaction_id": "text"}


def _set_during_calls(rows: list[tuple[Any, ...]]) -> dict[Any, dict[str, Any]]:
    """For each run that is about to start after a conversation: the variables that actions set during it."""
    calls = {
        (id_of(workspace_id), interaction_id): id_of(run_id)
        for run_id, workspace_id, _, _, _, kind, _, state, *_, interaction_id in rows
        if kind == "post_call" and interaction_id and state == "{}"
    }
    found: dict[Any, dict[str, Any]] = {}
    for _, workspace_id, interaction_id, state in sorted(look_up(_SET_DURING_CALLS, _CALL, calls), key=itemgetter(0)):
        run_id = calls.get((id_of(workspace_id), interaction_id))
        if run_id is not None:
            found.setdefault(run_id, {}).update(json.loads(state).get("vars") or {})
    return found


def make_ready(run: Stored, claimed: Claimed, said: Mapping[str, Any] | None = None) -> ActiveRun:
    """`said`: variables that actions set during the conversation; they come before what the event brings."""
    graph = graph_of(run.version_id)
    payload = {} if run.payload is None else run.payload
    workspace = _workspace(run.workspace_id)
    variables = {**(payload.get("variables") or {}), **(said or {})}
    fresh = not run.state
    state = begin(graph, variables, run.created_at) if fresh else RunState.from_json(run.state)
    return ActiveRun(
        id=run.id, workspace_id=run.workspace_id, flow_id=run.flow_id, version_id=run.version_id, kind=run.kind,
        mode=run.mode, graph=graph, state=state, fence=claimed.fence, seq=run.seq, event=payload,
        secure_sealed=run.secure_sealed or "", event_type=run.event_type or "", agent=run.agent or "",
        event_id=run.event_id, options=run.options,
        created_at=run.created_at, started_at=run.started_at, workspace=workspace,
        connections=_connections(run),
        took_over=claimed.took_over, unknown_try=claimed.took_over and _left_unfinished(run, state, graph),
        suspect=claimed.suspect, fresh=fresh, open_row=_open_row(run, state), answer=run.answer,
        history_bytes=run.history_bytes, parent=(run.parent_id, run.parent_index or 0) if run.parent_id else None,
        arrived=_arrived(run, state),
    )  # fmt: skip


def _connections(run: Stored) -> Mapping[str, Any]:
    """{id as the version names it: resolved connection}, or the one a person chose instead (runtime/parking.py)."""
    named, instead = _connection_ids(run.version_id), run.options.get("connections") or {}
    found = reaching_out.connections(run.workspace_id, [instead.get(each, each) for each in named])
    return {each: found[instead.get(each, each)] for each in named if instead.get(each, each) in found}


def _arrived(run: Stored, state: RunState) -> Mapping[str, Any] | None:
    """What came for a paused run; a retry waits for nothing but its time."""
    if state.status != WAITING or state.wait is None or state.wait["kind"] == "retry":
        return None
    found: Mapping[str, Any] | None = arrived(run.id, run.workspace_id, state.index, state.wait, run.created_at)
    return found


def _open_row(run: Stored, state: RunState) -> tuple[int, int, int, datetime] | None:
    """A row of the present visit that is already there: it was recorded as started, or it waits."""
    if not run.seq:
        return None
    rows = StepRun.objects.filter(run_id=run.id, index=state.index, attempt=state.attempt)
    return rows.values_list("index", "attempt", "seq", "started_at").first()


def _left_unfinished(run: Stored, state: RunState, graph: Graph) -> bool:
    if graph.nodes[state.node].effect != "once":
        return False
    rows = StepRun.objects.filter(run_id=run.id, index=state.index, attempt=state.attempt)
    return rows.filter(status="running").exists()


@lru_cache(maxsize=512)
def graph_of(version_id: Any) -> Graph:
    """A version's graph; versions never change, so it is built once per process."""
    from runtime.engine.document import upgrade

    return Graph.from_document(upgrade(FlowVersion.objects.values_list("document", flat=True).get(pk=version_id)))


@lru_cache(maxsize=512)
def _connection_ids(version_id: Any) -> tuple[str, ...]:
    found = []
    for node in graph_of(version_id).nodes.values():
        for name, declared in (node.node_type.fields if node.node_type else {}).items():
            if type(declared) is ConnectionRef and isinstance(node.config.get(name), str):
                found.append(node.config[name])
    return tuple(dict.fromkeys(found))


def forget_workspaces() -> None:
    """Read the workspaces' settings anew: one has changed here."""
    _workspace_at.cache_clear()


def _workspace(workspace_id: Any) -> Mapping[str, Any]:
    return _workspace_at(workspace_id, int(time.monotonic() / WORKSPACE_FRESH_SECONDS))


@lru_cache(maxsize=256)
def _workspace_at(workspace_id: Any, moment: int) -> Mapping[str, Any]:
    workspace = Workspace.objects.get(pk=workspace_id)
    return {**workspace.constants, "name": workspace.name, "time_zone": workspace.time_zone,
            "availability": workspace.availability}  # fmt: skip
