"""System checks: settings that would lose work or open a door are refused at start, each with an id and a hint."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from runtime.stepping import LONGEST_STEP


@register("queue")
def queue_numbers(app_configs, **kwargs):
    """The numbers of ARCHITECTURE section 6; each was measured to matter."""
    queue = settings.Q_CLUSTER
    rules = [
        (queue["retry"] >= 4 * queue["timeout"], "E001", "retry must be at least 4 x timeout",
         "The lock starts when a row is fetched; shorter and tasks run twice."),
        (queue["queue_limit"] <= queue["workers"], "E002", "queue_limit must not exceed workers",
         "What is fetched ahead waits under a running lock."),
        (queue["max_attempts"] == 1 and queue["ack_failures"], "E003",
         "max_attempts=1 and ack_failures=True are needed",
         "Retries are the runs' own; a task that kills its worker would come back for ever."),
        (not queue.get("sync"), "E004", "sync must be off", "Tasks would run inside the request."),
        (not queue.get("scheduler", True), "E005", "scheduler must be off",
         "The clock is runtime/clock.py; one bad Schedule row stops all of django-q2's schedules."),
        (queue["timeout"] >= LONGEST_STEP + 40, "E006", "timeout must leave room for a step of 60 s",
         "A step's time-out has to end before the queue's."),
        (settings.LEASE_SECONDS >= 1, "E007", "LEASE_SECONDS must be at least 1",
         "Leases are renewed every third of it."),
    ]  # fmt: skip
    return [
        Error(f"Q_CLUSTER: {text}.", hint=hint, id=f"builder.{code}") for holds, code, text, hint in rules if not holds
    ]


@register(Tags.security, deploy=True)
def production(app_configs, **kwargs):
    """What a server on the internet needs beyond Django's own list."""
    found = []
    if not settings.SECRET_KEKS:
        found.append(Error("SECRET_KEKS is empty: connections cannot be stored.", id="builder.E010",
                           hint='Set SECRET_KEKS to "<id>:<32 bytes in base64>".'))  # fmt: skip
    if settings.EMBEDDED:
        found.append(Warning("SECRET_KEY comes from the data directory.", id="builder.W011",
                             hint="Set SECRET_KEY in the environment of web and worker."))  # fmt: skip
    if not settings.HTTPS:
        found.append(Warning("PUBLIC_URL is not https.", id="builder.W012",
                             hint="Cookies, HSTS and redirects follow its scheme."))  # fmt: skip
    return found


@register(Tags.database)
def no_schedules(app_configs, databases=None, **kwargs):
    """Whoever can write a Schedule row can run code; Segue uses none."""
    if not databases:
        return []
    from django.db import connection
    from django_q.models import Schedule

    if Schedule._meta.db_table in connection.introspection.table_names() and Schedule.objects.exists():
        return [Error("There are rows in django-q2's schedule table.", id="builder.E008",
                      hint="Delete them: their functions would run with the worker's rights.")]  # fmt: skip
    return []
