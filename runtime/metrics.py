"""/metrics: the useful few figures, in Prometheus' text format, read from the database when asked.

Nothing is counted in processes, so every web process of every host gives the same answer. What looks back does so over
the last five minutes and at most the newest ten thousand rows; so it goes up and down, and is a gauge, never a counter.
"""

import hmac
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from statistics import fmean as mean
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Min
from django.http import HttpRequest, HttpResponse
from django_q.conf import Conf
from django_q.models import OrmQ
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from runtime import present
from runtime.engine import registry
from runtime.health import health
from runtime.models import FINAL, OPEN, Run, StepRun, Wait, WorkerBeat, Workspace
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
        yield from _steps(since)
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


def _steps(since: Any) -> Iterator[Metric]:
    seconds: dict[str, list[float]] = defaultdict(list)
    calls: Counter[str] = Counter()
    rows = StepRun.objects.order_by("-id").values_list("type", "status", "seconds", "error", "started_at")[:NEWEST]
    for type, status, took, error, started_at in rows:
        if started_at < since:
            break
        seconds[type].append(took)
        if status not in ("skipped", "running") and (known := registry.find(type)) is not None and known.calls_out:
            calls[(error or {}).get("code") or status] += 1
    yield _by_type("segue_steps", "Steps of the last five minutes, the newest ten thousand.", seconds, len)
    yield _by_type("segue_step_seconds_mean", "Seconds that they took on average.", seconds, mean)
    yield _by_type("segue_step_seconds_p95", "95 % of them took at most this.", seconds, _p95)
    words = "Steps among them that called out over HTTP: succeeded, waiting for a turn, or why they failed."
    outcomes = GaugeMetricFamily("segue_http_calls", words, labels=["outcome"])
    for outcome, count in sorted(calls.items()):
        outcomes.add_metric([outcome], count)
    yield outcomes


def _by_type(name: str, words: str, seconds: Mapping[str, list[float]], of: Callable[[list[float]], float]) -> Metric:
    found = GaugeMetricFamily(name, words, labels=["type"])
    for type, taken in sorted(seconds.items()):
        found.add_metric([type], of(taken))
    return found


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]


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
