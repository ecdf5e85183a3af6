"""/healthz: this process answers. /readyz: database, queue and a worker are there, and work is not left lying."""

import shutil
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.http import HttpRequest, JsonResponse

from runtime import present
from runtime.models import Run, WorkerBeat

LATE = timedelta(seconds=60)


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 or 503 with what is wrong."""
    try:
        checks = health()
    except Exception:
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    ready = bool(checks["database"] and checks["worker"] and checks["due_seconds"] < LATE.total_seconds())
    return JsonResponse({"status": "ready" if ready else "unavailable", **checks}, status=200 if ready else 503)


def health() -> dict:
    """{"database", "worker", "worker_beat_seconds", "queued", "due_seconds", "disk_free", "database_bytes"}."""
    present.look()
    now = present.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    beat = WorkerBeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    due = Run.objects.filter(due_at__lte=now)
    earliest = due.aggregate(earliest=Min("due_at"))["earliest"]
    return {
        "database": True,
        "worker": beat is not None and now - beat < timedelta(seconds=15),
        "worker_beat_seconds": (now - beat).total_seconds() if beat else None,
        "queued": due.count(),
        "due_seconds": (now - earliest).total_seconds() if earliest else 0.0,
        "disk_free": shutil.disk_usage(settings.DATA_DIR).free,
        "database_bytes": _database_bytes(),
    }


def _database_bytes() -> int:
    """How much the database takes on its disk."""
    sql = "SELECT pg_database_size(current_database())"
    if connection.vendor == "sqlite":
        sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
