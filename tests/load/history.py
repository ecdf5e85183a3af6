"""`python -m tests.load.history [runs]`: how fast the pages of history answer over very many stored runs.

Fills a database of its own (SQLite in a temporary folder, or the empty one that DATABASE_URL names) with runs of twenty
flows over ninety days, three steps each; then opens each page a few times and prints the first answer (nothing is
counted yet), the median and the slowest of the others, and how fast old runs are forgotten. Nothing is
kept. `--on <database url>` looks at a database that was filled before (`--keep` fills one and stops).
"""

import argparse
import os
import statistics
import tempfile
import time
from datetime import timedelta

ROUNDS = 7


def prepare(folder: str, database: str | None) -> None:
    os.environ.update(DATA_DIR=folder, DJANGO_SETTINGS_MODULE="builder.settings", ALLOWED_HOSTS="testserver")
    os.environ.setdefault("SECRET_KEY", "only for measuring, and only on this machine: 0123456789 abcdefghijklmnop")
    os.environ.setdefault("SECRET_KEKS", "bench:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")
    if database:
        os.environ["DATABASE_URL"] = database
    import django

    django.setup()
    from django.conf import settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}  # nothing was collected
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)


def fill(count: int) -> None:
    from tests.load import many_runs

    begun = time.perf_counter()
    many_runs.fill(count)
    print(f"{count:,} runs with {3 * count:,} steps stored in {time.perf_counter() - begun:.0f} s", flush=True)


def pages() -> list[tuple[str, str]]:
    from runtime.models import Flow, Run

    flow = Flow.objects.filter(workspace__name="Large").order_by("id").first().pk
    middle = Run.objects.filter(status="succeeded").order_by("id")[Run.objects.count() // 2]
    number, call = middle.event.contact_number, middle.event.interaction_id
    deep = Run.objects.order_by("id")[1000].pk
    return [
        ("runs, newest", "/runs/"),
        ("runs, the last page", f"/runs/?before={deep}"),
        ("runs of one flow", f"/runs/?flow={flow}"),
        ("runs that failed", "/runs/?status=failed"),
        ("runs that were cancelled: none", "/runs/?status=cancelled"),
        ("tests: none", "/runs/?mode=test"),
        ("runs of one flow that failed", f"/runs/?flow={flow}&status=failed"),
        ("runs of a day two months ago", f"/runs/?since={_day(60)}&until={_day(60)}"),
        ("search by phone", f"/runs/?q=%2B{number[1:]}"),
        ("search by call id", f"/runs/?q={call}"),
        ("search by run id", f"/runs/?q={middle.pk}"),
        ("search for what is not there", "/runs/?q=nothing-like-it"),
        ("a call", f"/calls/?q={call}"),
        ("a run", f"/runs/{middle.pk}/"),
        ("waiting", "/waiting/"),
        ("flow list", "/"),
        ("dashboard, 24 hours", "/dashboard/?window=24h"),
        ("dashboard, 7 days", "/dashboard/?window=7d"),
        ("dashboard, 30 days", "/dashboard/?window=30d"),
        ("API: runs", "/api/v1/runs/"),
        ("API: flows", "/api/v1/flows/"),
        ("API: a flow's traffic, 7 days", f"/api/v1/flows/{flow}/traffic/?window=7d"),
        ("metrics", "/metrics"),
    ]


def _day(ago: int) -> str:
    from django.utils import timezone

    return (timezone.now() - timedelta(days=ago)).date().isoformat()


def look() -> None:
    from django.test import Client

    from runtime.models import User

    client = Client()
    client.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    client.get("/settings/members/")  # what a process loads with its first page
    print(f"{'milliseconds':34} {'first':>9} {'median':>9} {'slowest':>9} {'processor':>9}")
    for name, path in pages():
        (first, _), *others = (timed(client, path) for _ in range(ROUNDS))
        middle, worst = statistics.median(taken for taken, _ in others), max(taken for taken, _ in others)
        processor = statistics.median(used for _, used in others)
        print(f"{name:34} {first:9.1f} {middle:9.1f} {worst:9.1f} {processor:9.1f}", flush=True)


def timed(client, path) -> tuple[float, float]:
    """Milliseconds: by the clock, and of this process's processor (SQLite is in it, PostgreSQL is not)."""
    started, before = time.perf_counter(), time.process_time()
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return (time.perf_counter() - started) * 1000, (time.process_time() - before) * 1000


def forget(days: float = 1.0) -> None:
    """Prune what is older than all but the oldest `days`, as the hourly chore does."""
    from builder.pruning import prune
    from runtime.models import Workspace
    from tests.load.many_runs import DAYS

    Workspace.objects.update(retention_days=DAYS - days)
    begun = time.perf_counter()
    gone = prune()
    seconds = time.perf_counter() - begun
    print(f"pruning: {gone['runs']:,} runs in {seconds:.0f} s, {gone['runs'] / seconds:,.0f} a second", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--on", metavar="URL", help="a database filled before")
    parser.add_argument("--keep", metavar="URL", help="fill this one and stop")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder, options.on or options.keep)
        if not options.on:
            fill(options.runs)
        if not options.keep:
            look()
        if not options.on and not options.keep:
            forget()


if __name__ == "__main__":
    main()
