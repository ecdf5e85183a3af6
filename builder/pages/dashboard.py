"""The dashboard: how much ran, how well, how fast, where it fails, and whether the queue keeps up."""

from django.template.defaultfilters import filesizeformat, pluralize
from django.views.decorators.http import require_GET

from builder import gating
from builder.counting import counted
from builder.pages.access import member_required
from builder.pages.figures import failing_flows, over_time, slowest_steps, timings, totals
from builder.pages.rendering import page
from builder.slots import day_slots, hour_slots
from builder.templatetags.ui import duration
from integrations.sandbox.pool import weakness
from runtime.health import LATE, health
from runtime.models import Run, Status, WorkerBeat

LOW_DISK = 1 << 30
WINDOWS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}


@require_GET
@member_required()
def dashboard(request):
    window = request.GET.get("window") if request.GET.get("window") in WINDOWS else "7d"
    zone = request.workspace.time_zone
    slots = hour_slots(24, zone) if window == "24h" else day_slots(int(window[:-1]), zone)
    counts = counted(request.workspace, slots)
    return page(
        request,
        "pages/dashboard.html",
        windows=WINDOWS,
        window=window,
        slots=over_time(request.workspace, slots, counts),
        totals=totals(request.workspace, slots, counts),
        speed=timings(slots, counts),
        names=("p50", "p95"),
        slowest=slowest_steps(request.workspace, slots[0].start),
        failing=failing_flows(request.workspace, counts),
        queue=_queue(request.workspace),
        weakness=weakness(),
        may_edit=request.membership.may("editor"),
        any_runs=Run.objects.for_workspace(request.workspace).filter(mode="live").exists(),
    )  # fmt: skip


def _queue(workspace):
    """Queue health in this workspace's words; the workers are everybody's. `troubles` is what a person should look at;
    a peer's limits and its own pauses are not."""
    found = health()
    runs = Run.objects.for_workspace(workspace)
    waits, gates = gating.waiting(workspace), list(gating.shut(workspace)[:20])
    for gate in gates:
        gate.waiting_now = waits.get(gate.key, 0)
    gates = [gate for gate in gates if gate.waiting_now or gate.state != "closed"]
    found |= {
        "low": found["disk_free"] < LOW_DISK,
        "gates": gates,
        "waiting": runs.filter(status=Status.WAITING).count(),
        "queued_here": runs.filter(status=Status.QUEUED).count(),
        "parked": runs.filter(status=Status.PARKED).count(),
        "workers": list(WorkerBeat.objects.order_by("host")[:20]),
    }
    return {**found, "troubles": list(_troubles(found))}


def _troubles(found):
    if not found["worker"]:
        yield "No worker gives a sign of life."
    if found["due_seconds"] >= LATE.total_seconds():
        yield f"Work that is due has waited for {duration(found['due_seconds'])}: the workers do not keep up."
    if parked := found["parked"]:
        yield f"{parked:,} run{'s are' if parked > 1 else ' is'} parked."
    for gate in found["gates"]:
        if gate.opened_at is not None:
            times = f"{gate.failures} time{pluralize(gate.failures)} in a row"
            yield f"{gate.name} failed {times} and is asked only now and then."
    if found["low"]:
        yield f"The disk has {filesizeformat(found['disk_free'])} left."
