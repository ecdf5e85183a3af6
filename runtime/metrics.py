"""/metrics: the useful few figures, in Prometheus' text format, read from the database when asked.

Every web process of every host gives the same answer. Steps are counters and a histogram, counted as they are recorded
(runtime/tallies.py). Ended runs and how late timers were look back over the last five minutes and at most the newest
ten thousand rows; so they go up and down, and are gauges. README.md lists them all.
"""

import hmac
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import accumulate
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Min
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
from runtime.models import FINAL, OPEN, Run, Tally, Wait, WorkerBeat, Workspace
from runtime.models.base import first_id
from runtime.problem import problem

WINDOW = timedelta(minutes=5)
NEWEST = 10_000
LOOKING_BACK = timedelta(hours=1)  # runs begun before that are not looked at: of those that waited, the waits tell


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
        since = now - WINDOW
        standing = health()
        yield _gauge("segue_due_seconds", "Age of the oldest work that is due.", standing["due_seconds"])
        yield _gauge("segue_due_runs", "Runs that are due now.", standing["queued"])
        yield from _queue(now)
        yield from _runs(since)
        yield from _steps()
        yield _timers(since)
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


def _runs(since: Any) -> Iterator[Metric]:
    found = GaugeMetricFamily("segue_runs_open", "Runs that have not ended, by status.", labels=["status"])
    everywhere = list(Workspace.objects.values_list("pk", flat=True))  # the index begins with the workspace
    standing = Run.objects.filter(workspace__in=everywhere, status__in=OPEN)
    counted = dict(standing.order_by().values_list("status").annotate(Count("id")))
    for status in OPEN:
        found.add_metric([status], counted.get(status, 0))
    yield found
    ended = GaugeMetricFamily("segue_runs_ended", "Runs that ended in the last five minutes.", labels=["status"])
    recent = Run.objects.filter(id__gte=first_id(since - LOOKING_BACK), finished_at__gte=since)
    counted = Counter(recent.order_by("-id").values_list("status", flat=True)[:NEWEST])
    for status in FINAL:
        ended.add_metric([status], counted[status])
    yield ended


def _steps() -> Iterator[Metric]:
    """What runtime/tallies.py counted; what this process has not added to it yet first."""
    tallies.flush()
    steps = CounterMetricFamily("segue_steps", "Steps that ended, by type and how.", labels=["type", "outcome"])
    calls: Counter[str] = Counter()
    buckets: dict[str, list[int]] = defaultdict(lambda: [0] * (len(tallies.BUCKETS) + 1))
    seconds: Counter[str] = Counter()
    counted: Counter[tuple[str, str]] = Counter()
    for row in Tally.objects.all():
        counted[row.type, row.outcome] += row.count
        buckets[row.type][row.bucket] += row.count
        seconds[row.type] += row.seconds
        if row.outcome != "skipped" and (known := registry.find(row.type)) is not None and known.calls_out:
            calls[row.outcome] += row.count
    for labels, count in sorted(counted.items()):
        steps.add_metric(labels, count)
    yield steps
    yield _histogram(buckets, seconds)
    words = "Steps that called somebody outside (HTTP, mail, databases): succeeded, or why they failed."
    outcomes = CounterMetricFamily("segue_calls", words, labels=["outcome"])
    for outcome, count in sorted(calls.items()):
        outcomes.add_metric([outcome], count)
    yield outcomes


def _histogram(buckets: Mapping[str, list[int]], seconds: Mapping[str, float]) -> Metric:
    found = HistogramMetricFamily("segue_step_seconds", "How long steps took, by type.", labels=["type"])
    bounds = [*map(floatToGoString, tallies.BUCKETS), "+Inf"]
    for type, counts in sorted(buckets.items()):
        found.add_metric([type], list(zip(bounds, accumulate(counts), strict=True)), seconds[type])
    return found


def _timers(since: Any) -> Metric:
    """How much later than their moment runs went on that waited for it."""
    ended = Wait.objects.filter(
        closed_at__gte=since, until__lte=F("closed_at"), event=None, decision="", kind__in=("time", "event", "approval")
    )
    late = sorted(
        (closed - until).total_seconds() for closed, until in ended.values_list("closed_at", "until")[:NEWEST]
    )
    return _gauge(
        "segue_timer_lateness_seconds_p99",
        "How late waits ended in the last five minutes.",
        late[int(len(late) * 0.99)] if late else 0.0,
    )


def _beats(now: Any) -> Metric:
    found = GaugeMetricFamily(
        "segue_worker_beat_seconds", "Since each host's worker last gave a sign.", labels=["host"]
    )
    for host, beat_at in WorkerBeat.objects.values_list("host", "beat_at"):
        found.add_metric([host], (now - beat_at).total_seconds())
    return found
