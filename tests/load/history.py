"""`python -m tests.load.history [runs]`: how fast the pages of history answer over very many stored runs.

Fills a database of its own (SQLite in a temporary folder, or the empty one that DATABASE_URL names) with ended runs of
twenty flows over ninety days, two steps each, by bulk inserts; then opens each page a few times and prints the median
and the slowest answer in milliseconds. Nothing is kept.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from uuid import UUID

ROUNDS = 7
BATCH = 2_000
DAYS = 90


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(DATA_DIR=folder, DJANGO_SETTINGS_MODULE="builder.settings", ALLOWED_HOSTS="testserver")
        os.environ.setdefault("SECRET_KEY", "only for measuring, and only on this machine: 0123456789 abcdefghijklmnop")
        os.environ.setdefault("SECRET_KEKS", "bench:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")
        import django

        django.setup()
        from django.conf import settings

        plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}  # nothing was collected
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        client, sought = fill(count)
        for name, path in pages(sought):
            taken = sorted(timed(client, path) for _ in range(ROUNDS))
            print(f"{name:34} {statistics.median(taken):8.1f} ms  slowest {taken[-1]:8.1f} ms", flush=True)


def pages(sought):
    flow, number, call = sought
    return [
        ("runs, newest", "/runs/"),
        ("runs of one flow", f"/runs/?flow={flow}"),
        ("runs that failed", "/runs/?status=failed"),
        ("runs of one flow that failed", f"/runs/?flow={flow}&status=failed"),
        ("search by phone", f"/runs/?q=%2B{number[1:]}"),
        ("search by call id", f"/runs/?q={call}"),
        ("a call", f"/calls/?q={call}"),
        ("waiting", "/waiting/"),
        ("flow list", "/"),
        ("dashboard, 24 hours", "/dashboard/?window=24h"),
        ("dashboard, 30 days", "/dashboard/?window=30d"),
        ("API: runs", "/api/v1/runs/"),
    ]


def timed(client, path) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return (time.perf_counter() - started) * 1000


def fill(count):
    """(a signed-in client, (a flow, a phone number, a call id) to look for)."""
    from django.db import transaction
    from django.test import Client
    from django.utils import timezone

    from builder.flows import create_flow
    from builder.publishing import publish
    from runtime.models import Event, Membership, Run, StepRun, User, Workspace
    from tests.flows import call_ended, chain, end

    workspace = Workspace.objects.create(name="Large")
    user = User.objects.create_user("owner@large.example", "a password for measuring only")
    Membership.objects.create(workspace=workspace, user=user, role="owner")
    flows = [create_flow(workspace, user, name=f"Flow {n}", kind="post_call", document=chain(call_ended(), end()))
             for n in range(20)]  # fmt: skip
    for flow in flows:
        publish(flow, user)
        flow.refresh_from_db()
    begun, chance = time.perf_counter(), random.Random(7)
    first = timezone.now() - timedelta(days=DAYS)
    apart = timedelta(days=DAYS) / count
    for start in range(0, count, BATCH):
        events, runs, steps = [], [], []
        for n in range(start, min(start + BATCH, count)):
            at, flow = first + apart * n, flows[n % 20]
            number = f"+1415{n % 10_000_000:07}"
            own = UUID(int=(int(at.timestamp() * 1000) << 80) + chance.getrandbits(62))
            interaction = {"id": f"call_{n}", "contact_number": number, "status": "completed"}
            events.append(Event(id=own, workspace=workspace, source="api", type="call.ended", received_at=at,
                                interaction_id=f"call_{n}", contact_number=number,
                                payload={"interaction": interaction}))  # fmt: skip
            runs.append(Run(id=own, workspace=workspace, flow=flow, version_id=flow.published_id, event_id=own,
                            kind="post_call", status="failed" if n % 50 == 0 else "succeeded", seq=2, created_at=at,
                            due_at=None, started_at=at, finished_at=at + timedelta(seconds=0.2)))  # fmt: skip
            steps += [StepRun(run_id=own, index=k, seq=k + 1, node=("start", "end")[k], type=("call_ended", "end")[k],
                              status="succeeded", started_at=at, seconds=0.01) for k in (0, 1)]  # fmt: skip
        with transaction.atomic():
            Event.objects.bulk_create(events, batch_size=BATCH)
            Run.objects.bulk_create(runs, batch_size=BATCH)
            StepRun.objects.bulk_create(steps, batch_size=BATCH)
    print(f"{count:,} runs with {2 * count:,} steps stored in {time.perf_counter() - begun:.0f} s", flush=True)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    middle = count // 2
    return client, (flows[0].pk, f"+1415{middle % 10_000_000:07}", f"call_{middle}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
