"""/metrics: the useful few figures, in Prometheus' text format, read from the database when asked.

Every web process of every host gives the same answer. What has ended (steps, runs, timers) is counted as it is
recorded, in counters and histograms (runtime/tallies.py); what stands now is looked up, in gauges. README.md lists all.
"""

import hmac
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django_q.conf import Conf
from django_q.models import OrmQ
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from runtime import present, tallies
from runtime.engine import registry
from runtime.health import health
from runtime.models import FINAL, OPEN, Run, Tally, WorkerBeat, Workspace
from runtime.problem import problem

BOUNDS = [*map(floatToGoString, tallies.BUCKETS), "+Inf"]


def metrics(request: HttpRequest) -> HttpResponse:
    """Open, or with METRICS_TOKEN only for who sends it as a bearer token."""
    token = settings.METRICS_TOKEN
    if token and not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        return problem(401, "not_authenticated", "Send METRICS_TOKEN as a bearer token.")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures:
    """Reads everything anew for each scrape."""

    def collect(self) -> Iterator[Metric]:
        now = present.now()
        standing = health()
        yield _gauge("segue_due_seconds", "Age of the oldest work that is due.", standing["due_seconds"])
        yield _gauge("segue_due_runs", "Runs that are due now.", standing["queued"])
        yield from _queue(now)
        yield _runs()
        yield from _counted()
        yield _beats(now)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _queue(now: Any) -> Iterator[Metric]:
    """Hints that nobody has taken yet, and for how long the oldest lies there."""
    unclaimed = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=now)
    yield _gauge("segue_queue_hints", "Messages in the queue that no worker has taken.", unclaimed.count())
    oldest = unclaimed.aggregate(oldest=Min("lock"))["oldest"]
    lag = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    yield _gauge("segue_queue_lag_seconds", "How long the oldest of them has waited for a worker.", lag)


def _runs() -> Metric:
    found = GaugeMetricFamily("segue_runs_open", "Runs that have not ended, by status.", labels=["status"])
    everywhere = list(Workspace.objects.values_list("pk", flat=True))  # the index begins with the workspace
    standing = Run.objects.filter(workspace__in=everywhere, status__in=OPEN)
    counted = dict(standing.order_by().values_list("status").annotate(Count("id")))
    for status in OPEN:
        found.add_metric([status], counted.get(status, 0))
    return found


def _counted() -> Iterator[Metric]:
    """What runtime/tallies.py counted; what this process has not added to it yet first."""
    tallies.flush()
    rows = list(Tally.objects.all())
    yield from _steps([row for row in rows if row.type not in (tallies.RUN, tallies.TIMER)])
    ended = CounterMetricFamily("segue_runs_ended", "Runs that ended, by status.", labels=["status"])
    ways = Counter({status.value: 0 for status in FINAL})
    for row in rows:
        if row.type == tallies.RUN:
            ways[row.outcome] += row.count
    for status, count in ways.items():
        ended.add_metric([status], count)
    yield ended
    late = HistogramMetricFamily("segue_timer_lateness_seconds", "How much after their moment waits ended.")
    _fill(late, [], [row for row in rows if row.type == tallies.TIMER])
    yield late


def _steps(rows: list[Tally]) -> Iterator[Metric]:
    steps = CounterMetricFamily("segue_steps", "Steps that ended, by type and how.", labels=["type", "outcome"])
    took = HistogramMetricFamily("segue_step_seconds", "How long steps took, by type.", labels=["type"])
    calls: Counter[str] = Counter()
    counted: Counter[tuple[str, str]] = Counter()
    types: dict[str, list[Tally]] = defaultdict(list)
    for row in rows:
        counted[row.type, row.outcome] += row.count
        types[row.type].append(row)
        if row.outcome != "skipped" and (known := registry.find(row.type)) is not None and known.calls_out:
            calls[row.outcome] += row.count
    for labels, count in sorted(counted.items()):
        steps.add_metric(labels, count)
    yield steps
    for type, its in sorted(types.items()):
        _fill(took, [type], its)
    yield took
    words = "Steps that called somebody outside (HTTP, mail, databases): succeeded, or why they failed."
    outcomes = CounterMetricFamily("segue_calls", words, labels=["outcome"])
    for outcome, count in sorted(calls.items()):
        outcomes.add_metric([outcome], count)
    yield outcomes


def _fill(histogram: HistogramMetricFamily, labels: list[str], rows: list[Tally]) -> None:
    counts = [0] * len(BOUNDS)
    for row in rows:
        counts[row.bucket] += row.count
    histogram.add_metric(labels, list(zip(BOUNDS, accumulate(counts), strict=True)), sum(row.seconds for row in rows))


def _beats(now: Any) -> Metric:
    found = GaugeMetricFamily(
        "segue_worker_beat_seconds", "Since each host's worker last gave a sign.", labels=["host"]
    )
    for host, beat_at in WorkerBeat.objects.values_list("host", "beat_at"):
        found.add_metric([host], (now - beat_at).total_seconds())
    return found
