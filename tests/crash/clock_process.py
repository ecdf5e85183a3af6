"""`python -m tests.crash.clock_process prepare|fire|count ...` in the database of the environment.

prepare <count> <now>: live schedules that fall due at <now> (ISO), every hour. fire <now> <gate>: what a worker's clock
does, until nothing is due, from the moment the file <gate> is there. count: JSON of what came of it.
"""

import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.models import Count  # noqa: E402

from runtime.models import Event, Flow, FlowVersion, Run, Trigger, Workspace  # noqa: E402
from runtime.schedules import fire  # noqa: E402
from tests import flows  # noqa: E402
from tests.until import until  # noqa: E402

HOURLY = {"mode": "every", "count": 1, "unit": "hours", "time_zone": "UTC", "overlap": "allow"}


def prepare(count: str, now: str) -> None:
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    workspace = Workspace.objects.create(name="Clocks")
    document = flows.chain(flows.node("start", "schedule", HOURLY), flows.end())
    for number in range(int(count)):
        flow = Flow(workspace=workspace, name=f"Flow {number}", kind="automation", enabled=True)
        flow.save()
        version = FlowVersion.objects.create(workspace=workspace, flow=flow, number=1, document=document)
        Trigger.objects.create(workspace=workspace, flow=flow, version=version, type="schedule", config=HOURLY,
                               next_at=datetime.fromisoformat(now))  # fmt: skip


def go(now: str, gate: str) -> None:
    moment, fired = datetime.fromisoformat(now), 0
    until(Path(gate).exists, pause=lambda: None)  # all clocks at the very same moment
    began, late = time.monotonic(), []
    while Trigger.objects.filter(next_at__lte=moment).exists():
        new = fire(moment)
        fired += new
        late += [time.monotonic() - began] * new
    print(json.dumps({"fired": fired, "late": late}))


def count() -> None:
    twice = Event.objects.values("key").annotate(times=Count("id")).filter(times__gt=1).count()
    runs = Run.objects.values("flow").annotate(times=Count("id"))
    moments = sorted({event.payload["trigger"]["scheduled_for"] for event in Event.objects.all()})
    print(json.dumps({
        "runs": Run.objects.count(), "flows": len(runs), "events twice": twice,
        "most of one flow": max((row["times"] for row in runs), default=0), "moments": moments,
        "due": Trigger.objects.filter(next_at__lte=datetime.fromisoformat(moments[-1]) + timedelta(0)).count(),
    }))  # fmt: skip


if __name__ == "__main__":
    {"prepare": prepare, "fire": go, "count": count}[sys.argv[1]](*sys.argv[2:])
