"""OpenTelemetry: a span for every run and for each try of its steps, sent where OTEL_EXPORTER_OTLP_ENDPOINT says.

A run's spans share one trace although days and several processes may lie between them, because nothing about them is
left to chance: the trace id is the run's id (both have 128 bits), a step's span id comes from its place in the run.
Spans are made from what has just been recorded, so a trace never tells more than history. Texts of customers stay out.
"""

import hashlib
import os
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from runtime.active import ActiveRun

SEND_EVERY_MS = 1000
NOT_FINAL = ("running", "waiting")


def recorded(run: "ActiveRun") -> None:
    """Tell of the steps that were just written, and of the run once it has ended."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return
    processor = _processor(os.getpid())
    for step in run.steps:
        if step["status"] not in NOT_FINAL:
            processor.on_end(_step_span(run, step))
    if run.state.finished or run.stopped:
        processor.on_end(_run_span(run))


def _run_span(run: "ActiveRun") -> Any:
    name = f"run {run.kind}"
    status = run.stopped or run.state.status
    attributes = {**_of_run(run), "segue.run.status": status}
    return _span(run.id, name, "run", run.started_at or run.created_at, timezone.now(), attributes, status)


def _step_span(run: "ActiveRun", step: dict[str, Any]) -> Any:
    attributes = {
        **_of_run(run), "segue.node.id": step["node"], "segue.node.type": step["type"],
        "segue.step.status": step["status"], "segue.step.attempt": step["attempt"],
    }  # fmt: skip
    if step["error"] is not None:
        attributes["error.type"] = str(step["error"].value.get("code") or "failed")
    end = step["started_at"] + timedelta(seconds=step["seconds"])
    own = f"step {step['index']} {step['attempt']}"
    return _span(run.id, f"step {step['type']}", own, step["started_at"], end, attributes, step["status"], child=True)


def _of_run(run: "ActiveRun") -> dict[str, Any]:
    return {"segue.run.id": str(run.id), "segue.run.mode": run.mode, "segue.flow.id": str(run.flow_id),
            "segue.workspace.id": str(run.workspace_id)}  # fmt: skip


def _span(
    run_id: UUID, name: str, own: str, start: datetime, end: datetime, attributes: dict[str, Any], status: str,
    child: bool = False,
) -> Any:  # fmt: skip
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import Status, StatusCode

    code = StatusCode.ERROR if status in ("failed", "timed_out", "parked", "unknown") else StatusCode.OK
    return ReadableSpan(
        name, context=_place(run_id, own), parent=_place(run_id, "run") if child else None, resource=_resource(),
        attributes=attributes, status=Status(code), start_time=_nanoseconds(start),
        end_time=_nanoseconds(end), instrumentation_scope=InstrumentationScope("segue"),
    )  # fmt: skip


def _place(run_id: UUID, own: str) -> Any:
    """The span context of the run itself ("run") or of one of its steps."""
    from opentelemetry.trace import SpanContext, TraceFlags

    span_id = int.from_bytes(hashlib.sha256(f"{run_id} {own}".encode()).digest()[:8], "big") or 1
    return SpanContext(UUID(str(run_id)).int, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000


@lru_cache(maxsize=1)
def _resource() -> Any:
    from opentelemetry.sdk.resources import Resource

    return Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "segue")})


@lru_cache(maxsize=4)
def _processor(pid: int) -> "BatchSpanProcessor":
    """One a process, for its thread does not live on in a fork."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=SEND_EVERY_MS)
