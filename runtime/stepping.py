"""What a node sees of its run (the engine's `Step` protocol), and performing one try of it."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from runtime import gates, parking, present
from runtime.active import ActiveRun, iso
from runtime.engine import conditions, template
from runtime.engine.errors import NoConnection, StepError
from runtime.engine.interpreter import runs_anew
from runtime.engine.outcomes import Done, End, Fail, Outcome, Wait
from runtime.history_room import Kept, fit
from runtime.interactions import e164
from runtime.lasting import lasting
from runtime.zones import zone_of_number

log = logging.getLogger("segue.runner")
TIMED = ("time", "event", "approval")  # waits that their moment ends, unless something comes before
LONGEST_STEP = 60  # seconds; runtime.engine.graph.Node.timeout_seconds caps at the same


class RunningStep:
    """One try of one visit. Renders templates against the run's scope and gathers what history will show."""

    def __init__(self, run: ActiveRun, started: float):
        node = run.node
        self.run, self.node = run, node
        self.config = node.values
        self.scope = run.scope()
        self.attempt, self.mode = run.state.attempt, run.mode
        self.warnings: list[dict[str, Any]] = []
        self.rendered: dict[str, Any] = {}
        self.request: Mapping[str, Any] | None = None
        self.deadline = started + node.timeout_seconds
        if run.deadline is not None and not run.options.get("respond_then_continue"):
            self.deadline = min(self.deadline, run.deadline)

    @cached_property
    def now(self) -> datetime:
        """What waits counts from the moment it begins to, not from the last record: that lies before slow steps."""
        waits = self.node.node_type is not None and self.node.node_type.waits
        return present.now() if waits else datetime.fromisoformat(self.run.as_of)

    @property
    def idempotency_key(self) -> str:
        """A failed visit that a retry copied keeps the key it was tried under (SETTLED 7.10)."""
        index = self.run.state.index
        keys: Mapping[str, str] = self.run.options.get("keys") or {}
        return keys.get(str(index)) or f"{self.run.id}:{index}"

    @property
    def timeout(self) -> float:
        """Seconds left for this try."""
        return max(0.05, self.deadline - time.monotonic())

    @property
    def workspace_id(self) -> Any:
        return self.run.workspace_id

    @property
    def kind(self) -> str:
        """The flow's: whether somebody waits for what it says."""
        return self.run.kind

    @property
    def secure(self) -> Mapping[str, Any]:
        return self.run.secure

    @property
    def came(self) -> Mapping[str, Any]:
        """What started the run, as its trigger asks about it (runtime.engine.starting.Came)."""
        type = "" if self.run.event_type == "test" else self.run.event_type  # a sample that says no type
        agent = self.run.agent or self.scope["interaction"].get("agent")
        known = {"workspace": self.scope["workspace"], "at": iso(self.run.created_at), "flow": self.run.flow_id}
        return {**self.run.event, **known, "type": type, "agent": agent}

    @property
    def contact_zone(self) -> str | None:
        """The contact's time zone: as it is known, or as their number tells where that is unmistakable."""
        contact, interaction = self.scope["contact"], self.scope["interaction"]
        own = contact.get("time_zone") or contact.get("timezone")
        if isinstance(own, str) and own in available_timezones():
            return own
        return zone_of_number(str(interaction.get("contact_number") or contact.get("phone") or ""))

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone: that of moments without one."""
        return ZoneInfo(str(self.scope["workspace"].get("time_zone") or "UTC"))

    @property
    def data_url(self) -> str:
        """Where the agent of this conversation wants its data sent."""
        return str(self.run.options.get("data_url") or "")

    @property
    def handed_over(self) -> bool:
        """Whether a person has taken over the conversation: then the flow says nothing more."""
        return bool(self.run.state.chat.get("handed_over"))

    @property
    def waited_for(self) -> Mapping[str, Any]:
        """What this visit waited for until now, as its Wait named it."""
        return (self.run.state.wait or {}).get("for") or {}

    @property
    def response_schema(self) -> Mapping[str, Any]:
        triggers = self.run.graph.triggers  # none where one step is sent alone
        action = triggers[0] if triggers and triggers[0].type == "action_called" else None
        schema = action.config.get("response_schema") if action else None
        return schema if isinstance(schema, Mapping) else {}

    @property
    def called_number(self) -> str:
        return e164(self.scope["interaction"].get("to"))

    def text(self, value: str) -> str:
        if "{{" not in value:
            return value
        return self._show(value, template.compile_template(value).render_text(self.scope, self.warnings))

    def value(self, value: Any) -> Any:
        if not isinstance(value, str) or "{{" not in value:
            return value
        return self._show(value, template.compile_template(value).render_value(self.scope, self.warnings))

    def json(self, text: str) -> Any:
        return self._show(text, template.render_json(text, self.scope, self.warnings))

    def url(self, text: str) -> str:
        return self._show(text, template.render_url(text, self.scope, self.warnings))

    def header(self, text: str) -> str:
        return self._show(text, template.render_header(text, self.scope, self.warnings))

    def conditions(self, value: Any, quietly: bool = False) -> tuple[bool, list[dict[str, Any]]]:
        return conditions.evaluate(value, self.scope, [] if quietly else self.warnings)

    def warn(self, code: str, message: str) -> None:
        self.warnings.append({"code": code, "message": message})

    def record_request(self, request: Mapping[str, Any]) -> None:
        """What history shows as the input; secrets are masked by whoever made the request."""
        self.request = request

    def reference(self, label: str, value: Any) -> None:
        """Keep a number of somebody else's system, so that the run is found by it."""
        if value not in (None, ""):
            self.run.references.append((label[:80], str(value)[:255]))

    def connection(self, connection_id: str | None) -> Any:
        if not connection_id:
            return None
        found = self.run.connections.get(connection_id)
        if found is None:
            text = "The connection this step uses no longer exists; choose another."
            raise NoConnection(text, "no_connection", connection_id)
        return found

    def shown_input(self) -> Any:
        """The request, or what each template became."""
        if self.request is not None:
            return self.request
        return self.rendered or None

    def _show(self, written: str, became: Any) -> Any:
        self.rendered[written if len(written) <= 200 else written[:200] + "…"] = became
        return became


def perform(run: ActiveRun) -> Outcome:
    """One try of the node under the cursor; appends its row to `run.steps`."""
    node, state = run.node, run.state
    started_at, started = present.now(), time.monotonic()
    if node.node_type is None:
        outcome: Outcome = Fail(f"This instance does not know the node type {node.type!r}.", code="unknown_type")
        _add_row(run, outcome, started_at, started, None)
        return outcome
    if node.disabled:
        outcome = Done(port=node.first_port)
        _add_row(run, outcome, started_at, started, None, status="skipped")
        return outcome
    step = RunningStep(run, started)
    if run.unknown_try:
        run.unknown_try = False
        text = "The worker stopped in the middle of this step. Whether it worked is unknown, so it is not repeated."
        outcome = Fail(text, code="unknown")
        _add_row(run, outcome, started_at, started, step, status="unknown")
        return outcome
    run.step_ends = step.deadline
    outcome = _try(run, step, waking=state.wait is not None and not runs_anew(state))
    run.step_ends = None
    if isinstance(outcome, Wait):
        outcome = _or_gone_on(run, step, outcome)
    _add_row(run, outcome, started_at, started, step)
    return outcome


def _or_gone_on(run: ActiveRun, step: RunningStep, wait: Wait) -> Outcome:
    """The pause, or going on at once where nothing is waited for: in a dry run, and where there is nobody to answer."""
    asks = wait.for_ is not None and wait.for_["kind"] == "reply"
    if asks and run.options.get("conversation"):
        return wait
    if not asks and run.mode != "dry":
        return wait
    if asks:
        step.warn("not_asked", "There is no conversation to ask in, so this step went on at once.")
    else:
        step.warn("not_waited", "Dry run: this step did not wait.")
    return Done(port=run.node.first_port)


def _try(run: ActiveRun, step: RunningStep, waking: bool) -> Outcome:
    node_type = run.node.node_type
    assert node_type is not None
    try:
        if waking:
            return node_type.resume(step, run.arrived)
        if run.node.effect == "none" or run.version_id is None:  # without a version no row knows it
            return node_type.run(step)
        _tell_of_its_turn(run, step)
        with gates.visiting(run):
            return node_type.run(step)
    except gates.MustWait as turn:
        step.warn("waits_for_turn", f"Waits for its turn at {turn.why}.")
        return Wait(until=turn.until, for_={"kind": "turn", "key": turn.key, "why": turn.why})
    except NoConnection as error:
        if waking or not parking.may_park(run):
            return Fail(error.message, error.code)
        step.warn("parked", error.message)
        return parking.until_connected(error)
    except StepError as error:
        return Fail(error.message, error.code, error.retryable, error.retry_after, error.detail)
    except template.TemplateError as error:
        return Fail(str(error), code="template")
    except Exception:
        wrong = list(node_type.check_fields(run.node.config))
        if wrong:  # a draft may be tried with a config that could not be published
            return Fail("; ".join(f"{pointer}: {message}" for pointer, message in wrong[:5]), code="invalid_config")
        log.exception("Node %s of run %s has a bug", run.node.type, run.id)
        return Fail("This step failed inside Segue; the log has the details.", code="internal")


def _tell_of_its_turn(run: ActiveRun, step: RunningStep) -> None:
    """History says why a step that had to wait for its turn was late."""
    wait = run.state.wait
    if wait is not None and wait["kind"] == "turn" and run.open_row is not None:
        seconds = (present.now() - run.open_row[3]).total_seconds()
        step.warn("waited_for_turn", f"Waited {lasting(seconds)} for its turn at {wait['for']['why']}.")


def _add_row(
    run: ActiveRun, outcome: Outcome, started_at: datetime, started: float, step: RunningStep | None, status: str = ""
) -> None:
    state, node = run.state, run.node
    key = (state.index, state.attempt)
    row = run.steps[-1] if run.steps else None
    if row is None or (row["index"], row["attempt"]) != key:
        row = _new_row(run, started_at)
        run.steps.append(row)
    row.update(
        node=node.id, type=node.type, label=node.label or (node.node_type.label if node.node_type else node.key),
        status=status or _STATUS[type(outcome)],
        seconds=round((started_at - row["started_at"]).total_seconds() + time.monotonic() - started, 6),
        input=fit(step.shown_input()) if step else None, warnings=step.warnings[:50] if step else [],
        port=outcome.port if isinstance(outcome, Done) else "", output=None, error=None, reason=None,
        late=_late(run, started_at),
    )  # fmt: skip
    match outcome:
        case Done():
            row.update(output=fit(outcome.output), reason=fit(outcome.reason))
        case Wait():
            said = [each["text"] for each in outcome.chat if each["do"] == "say"]
            row["output"] = fit({"until": iso(outcome.until) if outcome.until else None, "seconds": outcome.seconds,
                                 **({"said": said} if said else {})})  # fmt: skip
        case Fail():
            row["error"] = _error(outcome)
        case End():
            row["output"] = fit({"outcome": outcome.outcome}) if outcome.outcome else None


def _late(run: ActiveRun, started_at: datetime) -> float | None:
    """How many seconds after its moment a run goes on that waited for it; None where something else ended the wait."""
    wait = run.state.wait
    if wait is None or wait["kind"] not in TIMED or not wait["until"] or run.arrived is not None:
        return None
    late = (started_at - datetime.fromisoformat(wait["until"])).total_seconds()
    return late if late >= 0 else None


def running_row(run: ActiveRun) -> None:
    """The row of a step that is about to start, for "once" effects and for test runs."""
    node = run.node
    row = _new_row(run, present.now())
    row.update(
        node=node.id, type=node.type, label=node.label, status="running", port="", input=None, output=None, error=None,
        warnings=[], reason=None, seconds=0.0,
    )  # fmt: skip
    run.steps.append(row)
    run.open_row = (row["index"], row["attempt"], row["seq"], row["started_at"])


def _new_row(run: ActiveRun, started_at: datetime) -> dict[str, Any]:
    """A visit that was recorded as started, or that waited, keeps its number and its beginning."""
    index, attempt = run.state.index, run.state.attempt
    if run.open_row is not None and run.open_row[:2] == (index, attempt):
        return {"index": index, "attempt": attempt, "seq": run.open_row[2], "started_at": run.open_row[3]}
    run.seq += 1
    return {"index": index, "attempt": attempt, "seq": run.seq, "started_at": started_at}


def _error(outcome: Fail) -> Kept | None:
    detail = fit(outcome.detail)
    return fit({"message": outcome.message, "code": outcome.code, "detail": detail and detail.value})


_STATUS = {Done: "succeeded", Wait: "waiting", Fail: "failed", End: "succeeded"}
